"""Registering cameras, one by one or by file. Every intake hears of it when the transaction commits."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, NamedTuple

from bluelamp.anpr.actions.camera_rows import CameraTable, RejectedLine, read_lines
from bluelamp.anpr.errors import NoSuchCameraError
from bluelamp.anpr.store import cameras as store
from bluelamp.anpr.store import sources
from bluelamp.anpr.store.cameras import CameraRow
from bluelamp.spine import audit
from bluelamp.spine.audit import Actor
from bluelamp.spine.errors import InvalidError
from bluelamp.spine.relational import Connection

ROWS_AT_ONCE = 2000
REJECTED_MAX = 10_000
"""Bad rows told one by one; of more than these a file is wrong as a whole."""


class Imported(NamedTuple):
    """What became of a file of cameras."""

    imported: int
    updated: int
    rejected: list[RejectedLine]


async def import_cameras(connection: Connection, actor: Actor, agency: str | None, chunks: AsyncIterator[bytes]) -> Imported:
    """Register the cameras of a CSV file as it streams in; bad rows are told by line, good ones are kept.

    `agency`: whose cameras the actor may register, None for all. A camera known by its source and external id is updated.

    Raises:
        InvalidError: no header with the columns, not UTF-8, or more bad rows than are told one by one.
    """
    table = CameraTable(await sources.source_ids_by_name(connection), await store.agency_codes(connection), agency)
    inserted = updated = 0
    rejected: list[RejectedLine] = []
    batch: list[CameraRow] = []
    async for line, fields in read_lines(chunks):
        row = table.check(line, fields)
        if isinstance(row, RejectedLine):
            rejected.append(row)
            if len(rejected) > REJECTED_MAX:
                raise InvalidError(f"more than {REJECTED_MAX} rows are wrong, the first in line {rejected[0].line}: {rejected[0].message}")
            continue
        batch.append(row)
        if len(batch) == ROWS_AT_ONCE:
            new, known = await store.upsert_cameras(connection, batch)
            inserted, updated = inserted + new, updated + known
            batch.clear()
    if batch:
        new, known = await store.upsert_cameras(connection, batch)
        inserted, updated = inserted + new, updated + known
    detail = {"imported": inserted, "updated": updated, "rejected": len(rejected)}
    await audit.record(connection, actor, "collection", "anpr.cameras.import", detail=detail)
    await sources.announce(connection)
    return Imported(inserted, updated, rejected)


async def change_camera(connection: Connection, actor: Actor, number: int, agency: str | None, values: dict[str, Any]) -> None:
    """Change what is given; `agency`: whose cameras the actor may change, None for all.

    Raises:
        NoSuchCameraError: not there, or another agency's (cameras are visible to all, so this hides nothing).
        InvalidError: an unknown agency.
    """
    before = await store.lock_camera(connection, number)
    if before is None or (agency is not None and before["agency"] != agency):
        raise NoSuchCameraError("there is no such camera in your agency")
    if "agency" in values and values["agency"] not in await store.agency_codes(connection):
        raise InvalidError(f"there is no agency with the code {values['agency'][:20]!r}")
    if not values:
        return
    await store.update_camera(connection, number, values)
    await audit.record(connection, actor, "alteration", "anpr.cameras.change", subjects=(f"camera:{number}",), detail=values)
    await sources.announce(connection)
