"""`bluelamp cameras`: the camera register from files, beside a running platform."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import click

from bluelamp.anpr.actions import cameras as actions
from bluelamp.anpr.commands.sources import COMMAND_LINE
from bluelamp.anpr.queries import cameras as queries
from bluelamp.spine.commands import CommandLine
from bluelamp.spine.module import Spine


@click.group("cameras")
def cameras() -> None:
    """The camera register."""


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(1 << 16):
            yield chunk


def _told(done: dict[str, Any]) -> Iterable[str]:
    yield f"{done['imported']} cameras registered, {done['updated']} updated, {len(done['rejected'])} rows refused."
    for row in done["rejected"]:
        yield f"line {row['line']}: {row['message']} ({row['code']})"


@cameras.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_obj
def import_cameras(platform: CommandLine, file: Path) -> None:
    """Register the cameras of FILE (external_id,name,agency,source,latitude,longitude,road,bearing); bad rows are told by line."""

    async def work(spine: Spine) -> dict[str, Any]:
        async with spine.db.transaction() as connection:
            done = await actions.import_cameras(connection, COMMAND_LINE, None, _chunks(file))
        return {"imported": done.imported, "updated": done.updated, "rejected": [row._asdict() for row in done.rejected]}

    platform.emit(platform.run(work), _told)


@cameras.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_obj
def export_cameras(platform: CommandLine, file: Path) -> None:
    """Write all cameras to FILE, in a form that an import takes again."""

    async def work(spine: Spine) -> dict[str, Any]:
        with file.open("wb") as out:
            async for chunk in queries.export_csv(spine.db):
                out.write(chunk)
        return {"file": str(file)}

    platform.emit(platform.run(work), lambda done: [f"Written to {done['file']}."])
