"""`bluelamp audit`: print the section 62 log, show and renew the key that signs the check-points."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import click

from bluelamp.spine import audit as entries
from bluelamp.spine.audit import keys, notes, store
from bluelamp.spine.audit.log import Output, print_log
from bluelamp.spine.audit.settings import audit_settings
from bluelamp.spine.commands import CommandLine
from bluelamp.spine.module import Spine


def _moment(_context: click.Context, parameter: click.Parameter, value: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a date or an RFC 3339 time", param=parameter) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@click.group("audit")
def audit() -> None:
    """Print the audit's log; show and renew the keys that sign it. `bluelamp verify audit` proves it."""


@audit.command("log")
@click.option("--from", "since", required=True, callback=_moment, help="First moment: 2026-11-01 (UTC) or an RFC 3339 time.")
@click.option("--to", "until", required=True, callback=_moment, help="First moment after it.")
@click.option("--agency", default="", help="Only this agency's people and sources.")
@click.option("--format", "output", type=click.Choice(["csv", "json", "pdf"]), default="csv", help="[csv]")
@click.option("--output", "target", type=click.Path(path_type=Path, dir_okay=False), default=None, help="File; otherwise standard output.")
@click.pass_obj
def log(platform: CommandLine, since: datetime, until: datetime, agency: str, output: str, target: Path | None) -> None:
    """The log under section 62 of the Data Protection Act 2018 for a period. That it was printed is an entry too."""

    async def work(spine: Spine) -> int:
        pieces = await print_log(spine, entries.SYSTEM, since, until, agency, cast("Output", output))
        written = 0
        if target is None:
            async for piece in pieces:
                written += sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
            return written
        # Never over an older print: it may be evidence.
        with target.open("xb") as file:
            async for piece in pieces:
                written += file.write(piece)
        return written

    try:
        written = platform.run(work)
    except FileExistsError:
        raise click.ClickException(f"{target} exists; name another file") from None
    if target is not None:
        platform.emit({"file": str(target), "bytes": written}, lambda a: [f"Wrote {a['bytes']} bytes to {a['file']}."])


@audit.command("keys")
@click.pass_obj
def show_keys(platform: CommandLine) -> None:
    """The public keys of the check-points, oldest first."""

    async def work(spine: Spine) -> dict[str, Any]:
        async with spine.db.connection() as connection:
            return {"origin": await store.origin(connection), "keys": await store.verify_keys(connection)}

    platform.emit(platform.run(work), lambda answer: answer["keys"])


@audit.command("rotate-key")
@click.pass_obj
def rotate_key(platform: CommandLine) -> None:
    """Make a new signing key. The next check-point bears both signatures; from then on the new key signs alone."""

    async def work(spine: Spine) -> dict[str, Any]:
        key = keys.add(spine.settings.data, audit_settings())
        async with spine.db.connection() as connection:
            origin = await store.origin(connection)
        return {"key": str(notes.verify_key(origin, key)), "file": str(keys.key_file(spine.settings.data, audit_settings()))}

    platform.emit(platform.run(work), lambda a: [f"New key {a['key']}", f"It is in {a['file']} and signs from the next check-point on."])
