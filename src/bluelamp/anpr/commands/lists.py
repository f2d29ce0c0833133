"""`bluelamp lists`: VOI lists from files, beside a running platform."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from bluelamp.anpr.actions import lists as actions
from bluelamp.anpr.actions.list_imports import import_entries
from bluelamp.anpr.commands.sources import COMMAND_LINE
from bluelamp.anpr.store.lists import find_list_by_name
from bluelamp.spine.errors import InvalidError
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Connection


@click.group("lists")
def lists() -> None:
    """Lists of vehicles of interest."""


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(1 << 18):
            yield chunk


def _told(done: dict[str, Any]) -> Iterable[str]:
    yield f"{done['imported']} entries added, {done['updated']} updated, {done['rejected_total']} rows refused."
    for row in done["rejected"]:
        yield f"line {row['line']}: {row['message']} ({row['code']})"


async def _owner(connection: Connection, agency: str | None) -> str:
    """The agency that the list belongs to: the one named, or the first that the platform knew."""
    if agency is None:
        first: str | None = await connection.fetchval(
            "SELECT agency FROM users GROUP BY agency ORDER BY min(created_at), count(*) DESC, agency LIMIT 1"
        )
        if first is None:
            raise InvalidError("there is no agency yet: name one with --agency")
        return first
    if not await connection.fetchval("SELECT true FROM agencies WHERE code = $1", agency):
        raise InvalidError(f"there is no agency with the code {agency[:20]!r}")
    return agency


@lists.command("import")
@click.argument("name")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--agency", help="Code of the agency that owns the list; default: the first agency with accounts.")
@click.pass_obj
def import_list(platform: Any, name: str, file: Path, agency: str | None) -> None:
    """Put the entries of FILE (vrm,reason,priority,starts,expires,marker,instruction) on the list NAME, made if new."""

    async def work(spine: Spine) -> dict[str, Any]:
        async with spine.db.transaction() as connection:
            actor = COMMAND_LINE._replace(agency=await _owner(connection, agency))
            held = await find_list_by_name(connection, name.strip(), actor.agency)
            list_id = held["id"] if held else await actions.add_list(connection, actor, name)
        done = await import_entries(spine.db, actor, list_id, _chunks(file))
        return {"list": list_id, "agency": actor.agency, **asdict(done)}

    platform.emit(platform.run(work), _told)
