"""Which cameras gave nothing although they should have: what stands beside every answer of the history."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from bluelamp.anpr.store import camera_health
from bluelamp.anpr.store.cameras import BBox
from bluelamp.kit.clock import to_ms
from bluelamp.spine.module import Spine

GAPS_MAX = 1000


class Gap(NamedTuple):
    """A camera and the parts of a window in which it was down."""

    camera: int
    name: str
    agency: str
    longitude: float
    latitude: float
    road: str
    periods: list[tuple[int, int | None]]
    """From and to in ms, clipped to the window; None: down still."""


async def cameras_down(
    spine: Spine, from_ms: int, to_ms_: int, camera_numbers: list[int] | None = None, bbox: BBox | None = None, count: int = GAPS_MAX
) -> list[Gap]:
    """Cameras that were down in [from, to), or were registered then and have never been heard of; by number.

    `camera_numbers` and `bbox` (west, south, east, north) narrow to the cameras that a question was about; None: all.
    """
    start, end = (datetime.fromtimestamp(ms / 1000, UTC) for ms in (from_ms, to_ms_))
    rows = await camera_health.down_between(spine.db, start, end, camera_numbers, bbox, count)
    return [
        Gap(
            row["number"],
            row["name"],
            row["agency"],
            row["longitude"],
            row["latitude"],
            row["road"],
            [
                (max(to_ms(a), from_ms), None if b is None else min(to_ms(b), to_ms_))
                for a, b in zip(row["starts"], row["ends"], strict=True)
            ],
        )
        for row in rows
    ]
