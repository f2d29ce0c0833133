"""Which cameras there are, where, and how they do."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from bluelamp.anpr.actions.camera_rows import COLUMNS, FORMULA, OPTIONAL
from bluelamp.anpr.errors import NoSuchCameraError
from bluelamp.anpr.store import camera_health
from bluelamp.anpr.store import cameras as store
from bluelamp.anpr.store.camera_health import Downtime, Hour
from bluelamp.anpr.store.cameras import BBox, Camera, CameraMark
from bluelamp.spine.relational import Database

UNWELL = ("quiet", "late", "drifting", "unread")
"""Statuses of cameras that send, and not as they should."""

HOURS_SHOWN = 48
DOWNTIMES_SHOWN = 100


class CameraView(NamedTuple):
    """A camera with its last two days and its downtimes, newest first."""

    camera: Camera
    hours: list[Hour]
    downtimes: list[Downtime]


async def cameras(
    db: Database, *, agency: str = "", status: str = "", text: str = "", bbox: BBox | None = None, after: int = 0, count: int = 100
) -> list[Camera]:
    """By number; what is empty does not narrow. `status` is one of a camera's, or `unwell` for all of `UNWELL`."""
    statuses = UNWELL if status == "unwell" else (status,) if status else ()
    return await store.cameras(db, agency=agency, statuses=statuses, text=text, bbox=bbox, after=after, count=count)


async def camera(db: Database, number: int, now: int) -> CameraView:
    """Raises `NoSuchCameraError`."""
    found = await store.camera(db, number)
    if found is None:
        raise NoSuchCameraError("there is no such camera")
    since = datetime.fromtimestamp(now / 1000, UTC) - timedelta(hours=HOURS_SHOWN)
    hours = await camera_health.hours(db, number, since)
    return CameraView(found, hours, await camera_health.downtimes(db, number, DOWNTIMES_SHOWN))


async def marks(db: Database) -> list[CameraMark]:
    """Every active camera, for a map."""
    return await store.marks(db)


async def reads_today(db: Database, now: int) -> int:
    """Of the whole nation, since midnight."""
    return await camera_health.reads_today(db, now)


def _safe(text: str) -> str:
    """A spreadsheet runs what begins like a formula; an apostrophe keeps it text."""
    return f"'{text}" if text[:1] in FORMULA else text


async def export_csv(db: Database) -> AsyncIterator[bytes]:
    """All cameras as a file that an import takes again, in pieces of about 64 KB."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    names = (*COLUMNS, *OPTIONAL)
    writer.writerow(names)
    async with db.transaction() as connection:
        async for row in store.every_camera(connection):
            writer.writerow(
                [_safe(value) if isinstance(value, str) else "" if value is None else value for value in (row[n] for n in names)]
            )
            if buffer.tell() > 1 << 16:
                yield buffer.getvalue().encode()
                buffer.seek(0)
                buffer.truncate()
    yield buffer.getvalue().encode()
