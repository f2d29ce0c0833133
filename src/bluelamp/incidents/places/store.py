"""SQL of the deployer's data about places."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from bluelamp.kit.geo import Form, Found, Point
from bluelamp.spine.relational import Connection, Database


class KnownPlace(NamedTuple):
    """A row: the form, its normal key, and where it is."""

    form: Form
    key: str
    point: Point
    within_m: float | None


async def put(connection: Connection, rows: Iterable[KnownPlace]) -> tuple[int, int]:
    """Add or move places; how many were new and how many were known."""
    await connection.execute("CREATE TEMPORARY TABLE IF NOT EXISTS places_in (LIKE known_places) ON COMMIT DELETE ROWS")
    await connection.copy_records_to_table(
        "places_in", records=[(row.form.value, row.key, *row.point, row.within_m) for row in rows]
    )  # fmt: skip
    done = await connection.fetchrow(
        "WITH put AS (INSERT INTO known_places SELECT DISTINCT ON (form, key) * FROM places_in"
        " ON CONFLICT (form, key) DO UPDATE SET latitude = excluded.latitude, longitude = excluded.longitude, within_m = excluded.within_m"
        " RETURNING xmax = 0 AS fresh) SELECT count(*) FILTER (WHERE fresh) AS added, count(*) FILTER (WHERE NOT fresh) AS moved FROM put"
    )
    await connection.execute("DELETE FROM places_in")
    return (done["added"], done["moved"]) if done is not None else (0, 0)


async def find(db: Database, form: Form, key: str) -> list[Found]:
    """The place of that key; for a marker post without its carriageway, each carriageway's."""
    if form is Form.MARKER_POST:
        road_post = " ".join(key.split()[:2])
        keys = [key, road_post] if key != road_post else [f"{key} {side}" for side in "ABCDJKLM"] + [key]
    else:
        keys = [key]
    rows = await db.fetch("SELECT key, latitude, longitude, within_m FROM known_places WHERE form = $1 AND key = ANY($2)", form.value, keys)
    exact = [row for row in rows if row["key"] == key] or rows
    return [Found(Point(row["latitude"], row["longitude"]), row["within_m"]) for row in exact]


async def has(db: Database, form: Form) -> bool:
    """Whether anything of this form was loaded."""
    return bool(await db.fetchval("SELECT EXISTS (SELECT FROM known_places WHERE form = $1)", form.value))
