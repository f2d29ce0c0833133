"""The SQL of the camera register."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from bluelamp.spine.relational import Connection, Database, Record


class Camera(NamedTuple):
    """A camera as registered, with what is known of its health."""

    number: int
    source: int
    source_name: str
    external_id: str
    name: str
    agency: str
    latitude: float
    longitude: float
    road: str
    bearing: int | None
    lane: int | None
    active: bool
    created_at: datetime
    status: str
    since: datetime | None
    last_received_at: datetime | None
    reads_last_hour: int
    usual_reads_per_hour: float | None
    clock_drift_ms: int | None
    late_share: float | None
    unread_share: float | None


class CameraRow(NamedTuple):
    """A row of a camera import, checked."""

    source: int
    external_id: str
    name: str
    agency: str
    latitude: float
    longitude: float
    road: str
    bearing: int | None
    lane: int | None


class CameraMark(NamedTuple):
    """A camera on the map."""

    number: int
    longitude: float
    latitude: float
    status: str
    name: str
    agency: str


BBox = tuple[float, float, float, float]
"""West, south, east, north in degrees."""

STATUS = "CASE WHEN NOT c.active THEN 'inactive' ELSE coalesce(h.status, 'never') END"

_CAMERA = (
    "c.number, c.source, s.name AS source_name, c.external_id, c.name, c.agency, c.latitude, c.longitude, c.road, c.bearing, c.lane,"
    f" c.active, c.created_at, {STATUS} AS status, h.since, h.last_received_at, coalesce(h.reads_last_hour, 0) AS reads_last_hour,"
    " h.usual_reads_per_hour, h.clock_drift_ms, h.late_share, h.unread_share"
)
_FROM = "FROM anpr_cameras c JOIN anpr_sources s ON s.id = c.source LEFT JOIN anpr_camera_health h ON h.camera = c.number"


def _camera(row: Record) -> Camera:
    return Camera(**dict(row))


async def camera(db: Database | Connection, number: int) -> Camera | None:
    row = await db.fetchrow(f"SELECT {_CAMERA} {_FROM} WHERE c.number = $1", number)
    return _camera(row) if row else None


async def cameras(
    db: Database,
    *,
    agency: str,
    statuses: tuple[str, ...],
    text: str,
    bbox: BBox | None,
    after: int,
    count: int,
) -> list[Camera]:
    """By number, after `after`. What is empty or None does not narrow; `text` is part of a name, road or external id."""
    west, south, east, north = bbox or (None, None, None, None)
    rows = await db.fetch(
        f"SELECT {_CAMERA} {_FROM} WHERE c.number > $1 AND ($2 = '' OR c.agency = $2)"
        f" AND (cardinality($3::text[]) = 0 OR {STATUS} = ANY($3))"
        " AND ($4 = '' OR position(lower($4) IN lower(c.name || ' ' || c.road || ' ' || c.external_id)) > 0)"
        " AND ($5::float8 IS NULL OR (c.longitude BETWEEN $5 AND $7 AND c.latitude BETWEEN $6 AND $8)) ORDER BY c.number LIMIT $9",
        after, agency, list(statuses), text, west, south, east, north, count,
    )  # fmt: skip
    return [_camera(row) for row in rows]


async def marks(db: Database) -> list[CameraMark]:
    """Every active camera, as little of it as a map needs."""
    rows = await db.fetch(
        f"SELECT c.number, c.longitude, c.latitude, {STATUS} AS status, c.name, c.agency"
        " FROM anpr_cameras c LEFT JOIN anpr_camera_health h ON h.camera = c.number WHERE c.active ORDER BY c.number"
    )
    return [CameraMark(*row) for row in rows]


async def every_camera(connection: Connection) -> AsyncIterator[Record]:
    """All cameras in the columns of an import, one by one, within the caller's transaction."""
    async for row in connection.cursor(
        "SELECT c.external_id, c.name, c.agency, s.name AS source, c.latitude, c.longitude, c.road, c.bearing, c.lane"
        " FROM anpr_cameras c JOIN anpr_sources s ON s.id = c.source ORDER BY c.number",
        prefetch=1000,
    ):
        yield row


async def upsert_cameras(connection: Connection, rows: Sequence[CameraRow]) -> tuple[int, int]:
    """Insert or update by source and external id, each of which occurs once in `rows`; returns how many of either."""
    columns: list[list[Any]] = [list(column) for column in zip(*rows, strict=True)]
    done = await connection.fetch(
        "INSERT INTO anpr_cameras AS c (source, external_id, name, agency, latitude, longitude, road, bearing, lane)"
        " SELECT * FROM unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::float8[], $6::float8[], $7::text[], $8::smallint[],"
        " $9::smallint[]) ON CONFLICT (source, external_id) DO UPDATE SET name = excluded.name, agency = excluded.agency,"
        " latitude = excluded.latitude, longitude = excluded.longitude, road = excluded.road, bearing = excluded.bearing,"
        " lane = excluded.lane RETURNING (xmax = 0) AS inserted",
        *columns,
    )
    inserted = sum(row["inserted"] for row in done)
    return inserted, len(done) - inserted


async def lock_camera(connection: Connection, number: int) -> Record | None:
    """Agency and active of a camera, held against concurrent changes until the transaction ends."""
    return await connection.fetchrow("SELECT number, agency, active FROM anpr_cameras WHERE number = $1 FOR UPDATE", number)


async def update_camera(connection: Connection, number: int, values: dict[str, Any]) -> None:
    """`values`: columns of the table, chosen by code and never by a caller."""
    sets = ", ".join(f"{name} = ${at}" for at, name in enumerate(values, 2))
    await connection.execute(f"UPDATE anpr_cameras SET {sets} WHERE number = $1", number, *values.values())


async def agency_codes(connection: Connection | Database) -> set[str]:
    return {row["code"] for row in await connection.fetch("SELECT code FROM agencies")}
