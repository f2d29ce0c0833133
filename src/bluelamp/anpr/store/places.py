"""Cameras as the history's answers need them: which stand in a place, and what each is called."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from bluelamp.anpr.searching.areas import bounds, contains
from bluelamp.anpr.searching.criteria import Criteria
from bluelamp.spine.relational import Database


class CameraView(NamedTuple):
    """A camera beside a read. `id` is the public one."""

    id: str
    name: str
    agency: str
    road: str
    longitude: float
    latitude: float


async def cameras_in(db: Database, criteria: Criteria) -> tuple[int, ...] | None:
    """Numbers of the cameras that a search is about, also those out of service by now; None: all."""
    if not criteria.has_place:
        return None
    box = bounds(criteria.area) if criteria.area else criteria.bbox
    west, south, east, north = box or (None, None, None, None)
    rows = await db.fetch(
        "SELECT number, longitude, latitude FROM anpr_cameras WHERE ($1::int[] IS NULL OR number = ANY($1))"
        " AND ($2::float8 IS NULL OR (longitude BETWEEN $2 AND $4 AND latitude BETWEEN $3 AND $5)) ORDER BY number",
        list(criteria.cameras) or None, west, south, east, north,
    )  # fmt: skip
    if not criteria.area:
        return tuple(row["number"] for row in rows)
    return tuple(row["number"] for row in rows if contains(criteria.area, row["longitude"], row["latitude"]))


async def camera_views(db: Database, numbers: Iterable[int]) -> dict[int, CameraView]:
    rows = await db.fetch(
        "SELECT number, name, agency, road, longitude, latitude FROM anpr_cameras WHERE number = ANY($1)", sorted(set(numbers))
    )
    return {
        row["number"]: CameraView(str(row["number"]), row["name"], row["agency"], row["road"], row["longitude"], row["latitude"])
        for row in rows
    }
