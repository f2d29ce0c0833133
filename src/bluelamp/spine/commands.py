"""What a command-line command is handed: settings, a spine beside a running platform, and one way to print.

A capability's command takes `@click.pass_obj` and runs one coroutine against the spine:

    @click.command("list")
    @click.pass_obj
    def list_sources(platform: CommandLine) -> None:
        platform.emit(platform.run(queries.sources), lambda rows: [row["name"] for row in rows["items"]])

`--data` and `--json` are added to every command by the group; no command declares them.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from bluelamp.spine.config import PlatformSettings
from bluelamp.spine.errors import BluelampError
from bluelamp.spine.module import Spine

T = TypeVar("T")
OpenSpine = Callable[[PlatformSettings], AbstractAsyncContextManager[Spine]]


@dataclass
class CommandLine:
    """`ctx.obj` of every command. The application fills `open_spine`, since only it knows every capability."""

    open_spine: OpenSpine
    data: Path | None = None
    json: bool = False

    def settings(self, **overrides: Any) -> PlatformSettings:
        """Settings with the command line's values first; None means not given."""
        given = {name: value for name, value in ({"data": self.data} | overrides).items() if value is not None}
        return PlatformSettings(**given)

    def run(self, work: Callable[[Spine], Awaitable[T]]) -> T:
        """Run `work` against the engines of the running platform; a named failure ends the command with its message."""

        async def within() -> T:
            async with self.open_spine(self.settings()) as spine:
                return await work(spine)

        try:
            return asyncio.run(within())
        except BluelampError as error:
            raise click.ClickException(error.message) from error

    def emit(self, answer: Any, lines: Callable[[Any], Iterable[str]]) -> None:
        """Print the answer: as JSON where a program reads it, otherwise the lines made from it."""
        if self.json:
            click.echo(json.dumps(answer, ensure_ascii=False))
        else:
            for line in lines(answer):
                click.echo(line)
