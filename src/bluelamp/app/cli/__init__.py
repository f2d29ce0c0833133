"""The command `bluelamp`. Each command is one line in `COMMANDS`, or comes with a capability's module; all are loaded when asked for."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from bluelamp.spine.commands import CommandLine
from bluelamp.spine.config import PlatformSettings
from bluelamp.spine.errors import BluelampError
from bluelamp.spine.module import Spine

COMMANDS = {
    "up": "bluelamp.app.cli.up:up",
    "demo": "bluelamp.app.cli.demo:demo",
    "serve": "bluelamp.app.cli.serve:serve",
    "token": "bluelamp.app.cli.token:token",
    "users": "bluelamp.app.cli.users:users",
    "agencies": "bluelamp.app.cli.agencies:agencies",
    "people": "bluelamp.app.cli.people:people",
    "purposes": "bluelamp.app.cli.purposes:purposes",
    "policy": "bluelamp.app.cli.policy:policy",
    "keys": "bluelamp.app.cli.keys:keys",
    "doctor": "bluelamp.app.cli.doctor:doctor",
    "migrate": "bluelamp.app.cli.migrate:migrate",
    "backup": "bluelamp.app.cli.backup:backup",
    "restore": "bluelamp.app.cli.restore:restore",
    "verify": "bluelamp.app.cli.verify:verify",
    "audit": "bluelamp.app.cli.audit:audit",
    "bench": "bluelamp.app.cli.bench:bench",
    "misuse": "bluelamp.app.cli.misuse:misuse",
}
"""Name -> where the command is. One whose file is not there is not offered."""


def _open_spine(settings: PlatformSettings) -> AbstractAsyncContextManager[Spine]:
    from bluelamp.app.wiring import open_spine  # noqa: PLC0415 - loads every capability

    return open_spine(settings)


def _from_modules() -> dict[str, click.Command]:
    from bluelamp.app.wiring import MODULES  # noqa: PLC0415

    return {command.name: command for module in MODULES for command in module.commands if command.name}


def _set_data(context: click.Context, _parameter: click.Parameter, value: Path | None) -> None:
    if value is not None:
        context.ensure_object(CommandLine).data = value


def _set_json(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value:
        context.ensure_object(CommandLine).json = True


def _shared_options() -> tuple[click.Option, click.Option]:
    data = click.Option(
        ["--data"],
        type=click.Path(path_type=Path, file_okay=False),
        expose_value=False,
        callback=_set_data,
        help="Folder that holds everything the platform keeps [$BLUELAMP_DATA, else ~/.local/share/bluelamp].",
    )
    as_json = click.Option(["--json"], is_flag=True, expose_value=False, callback=_set_json, help="Answer in JSON, for programs.")
    return data, as_json


def _with_shared_options(command: click.Command) -> click.Command:
    """The command with `--data` and `--json`, and its subcommands too, so that they may stand anywhere in the line."""
    known = {option for parameter in command.params for option in parameter.opts}
    command.params += [option for option in _shared_options() if option.opts[0] not in known]
    if isinstance(command, click.Group):
        for below in command.commands.values():
            _with_shared_options(below)
    return command


class Commands(click.Group):
    """Finds commands by name, so that `bluelamp token` does not load what only `bluelamp demo` needs."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        there = [name for name, place in COMMANDS.items() if importlib.util.find_spec(place.partition(":")[0])]
        return sorted([*there, *_from_modules()])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        place, _, attribute = COMMANDS.get(cmd_name, "").partition(":")
        if place and importlib.util.find_spec(place):
            return _with_shared_options(getattr(importlib.import_module(place), attribute))
        found = _from_modules().get(cmd_name)
        return _with_shared_options(found) if found else None


@click.group(cls=Commands, params=list(_shared_options()), context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("bluelamp"), prog_name="bluelamp")
def cli() -> None:
    """Bluelamp: what any one force knows reaches the officer who needs it, now, and every look is accounted for.

    Settings come from the command line, then from the environment as BLUELAMP_*, then from defaults (docs/settings.md).
    """


def main(arguments: Sequence[str] | None = None, **options: Any) -> None:
    """Run a command; failures that have a name end it with one line instead of a traceback."""
    try:
        cli(args=list(arguments) if arguments is not None else None, obj=CommandLine(_open_spine), **options)
    except BluelampError as error:
        click.echo(f"Error: {error.message}", err=True)
        sys.exit(1)
    except ValidationError as error:
        for mistake in error.errors():
            name = "_".join(str(step) for step in mistake["loc"]).upper()
            click.echo(f"Error: BLUELAMP_{name}: {mistake['msg']}", err=True)
        sys.exit(2)
