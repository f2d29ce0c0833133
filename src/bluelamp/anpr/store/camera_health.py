"""The SQL of camera health: hours counted, habits, states and the periods a camera was down."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

from bluelamp.spine.relational import Connection, Database, Record

HOURS_DAYS_MAX = 15


class CameraCount(Protocol):
    """What came from a camera since the last hand-over (`intake.tally.CameraTally` is one)."""

    reads: int
    unplated: int
    late: int
    lag_ms_sum: int
    lag_ms_min: int | None
    last_received_at: int


class SourceCount(Protocol):
    """What came from a source since the last hand-over (`intake.tally.SourceTally` is one)."""

    accepted: int
    duplicates: int
    amended: int
    unplated: int
    rejected: int


class Downtime(NamedTuple):
    """A time in which a camera gave nothing although it should have."""

    started_at: datetime
    ended_at: datetime | None


class Hour(NamedTuple):
    hour: datetime
    reads: int
    unplated: int
    late: int


def moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


async def add_camera_counts(connection: Connection, counts: Mapping[int, CameraCount], now: int) -> None:
    """Add what came since the last time to the hour of `now`. Cameras that no longer exist are left out."""
    numbers = sorted(counts)  # one order for all processes: none waits for another in a circle
    rows = [counts[number] for number in numbers]
    await connection.execute(
        "INSERT INTO anpr_camera_hours AS h (camera, hour, reads, unplated, late, lag_ms_sum, lag_ms_min)"
        " SELECT n.camera, date_trunc('hour', $7::timestamptz, 'UTC'), n.reads, n.unplated, n.late, n.lag_ms_sum, n.lag_ms_min"
        " FROM unnest($1::int[], $2::int[], $3::int[], $4::int[], $5::bigint[], $6::bigint[])"
        " AS n(camera, reads, unplated, late, lag_ms_sum, lag_ms_min) JOIN anpr_cameras c ON c.number = n.camera"
        " ON CONFLICT (camera, hour) DO UPDATE SET reads = h.reads + excluded.reads, unplated = h.unplated + excluded.unplated,"
        " late = h.late + excluded.late, lag_ms_sum = h.lag_ms_sum + excluded.lag_ms_sum,"
        " lag_ms_min = least(h.lag_ms_min, excluded.lag_ms_min)",
        numbers, [row.reads for row in rows], [row.unplated for row in rows], [row.late for row in rows],
        [row.lag_ms_sum for row in rows], [row.lag_ms_min for row in rows], moment(now),
    )  # fmt: skip
    await connection.execute(
        "INSERT INTO anpr_camera_health AS h (camera, first_received_at, last_received_at)"
        " SELECT n.camera, n.at, n.at FROM unnest($1::int[], $2::timestamptz[]) AS n(camera, at) JOIN anpr_cameras c ON c.number = n.camera"
        " ON CONFLICT (camera) DO UPDATE SET last_received_at = greatest(h.last_received_at, excluded.last_received_at),"
        " first_received_at = coalesce(h.first_received_at, excluded.first_received_at)",
        numbers, [moment(row.last_received_at) for row in rows],
    )  # fmt: skip


async def reads_today(db: Database, now: int) -> int:
    """Reads of the day, as the United Kingdom's clocks divide days; a few seconds behind."""
    total = await db.fetchval(
        "SELECT coalesce(sum(reads), 0) FROM anpr_camera_hours WHERE hour >= date_trunc('day', $1::timestamptz, 'Europe/London')",
        moment(now),
    )
    return int(total)


async def add_source_counts(connection: Connection, counts: Mapping[int, SourceCount], now: int) -> None:
    numbers = sorted(counts)
    rows = [counts[number] for number in numbers]
    await connection.execute(
        "INSERT INTO anpr_source_hours AS h (source, hour, accepted, duplicates, amended, unplated, rejected)"
        " SELECT n.source, date_trunc('hour', $7::timestamptz, 'UTC'), n.accepted, n.duplicates, n.amended, n.unplated, n.rejected"
        " FROM unnest($1::int[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])"
        " AS n(source, accepted, duplicates, amended, unplated, rejected) JOIN anpr_sources s ON s.id = n.source"
        " ON CONFLICT (source, hour) DO UPDATE SET accepted = h.accepted + excluded.accepted,"
        " duplicates = h.duplicates + excluded.duplicates, amended = h.amended + excluded.amended,"
        " unplated = h.unplated + excluded.unplated, rejected = h.rejected + excluded.rejected",
        numbers, [row.accepted for row in rows], [row.duplicates for row in rows], [row.amended for row in rows],
        [row.unplated for row in rows], [row.rejected for row in rows], moment(now),
    )  # fmt: skip


async def look(connection: Connection, now: datetime, gap_seconds_max: int) -> datetime:
    """Note that the job looks now; returns since when the platform has listened without a gap."""
    since: datetime = await connection.fetchval(
        "INSERT INTO anpr_health_watch AS w (looked_at, listening_since) VALUES ($1, $1) ON CONFLICT (only_row) DO UPDATE SET"
        " looked_at = $1, listening_since = CASE WHEN w.looked_at < $1 - make_interval(secs => $2) OR w.looked_at > $1 THEN $1"
        " ELSE w.listening_since END RETURNING listening_since",
        now, float(gap_seconds_max),
    )  # fmt: skip
    return since


async def observed(connection: Connection, now: datetime) -> list[Record]:
    """Every active camera: its state, its habit and what came in this hour and the last."""
    rows: list[Record] = await connection.fetch(
        "SELECT c.number, h.status, h.first_received_at, h.last_received_at, b.days, b.reads AS habit,"
        " coalesce(r.reads, 0) AS reads, coalesce(r.unplated, 0) AS unplated, coalesce(r.late, 0) AS late,"
        " r.lag_ms_min, coalesce(r.lag_ms_sum, 0) AS lag_ms_sum, coalesce(r.reads_this_hour, 0) AS reads_this_hour"
        " FROM anpr_cameras c LEFT JOIN anpr_camera_health h ON h.camera = c.number"
        " LEFT JOIN anpr_camera_habits b ON b.camera = c.number"
        " LEFT JOIN (SELECT camera, sum(reads)::int AS reads, sum(unplated)::int AS unplated, sum(late)::int AS late,"
        "   min(lag_ms_min) AS lag_ms_min, sum(lag_ms_sum)::bigint AS lag_ms_sum,"
        "   sum(reads) FILTER (WHERE hour = date_trunc('hour', $1::timestamptz, 'UTC'))::int AS reads_this_hour"
        "   FROM anpr_camera_hours WHERE hour >= date_trunc('hour', $1::timestamptz, 'UTC') - interval '1 hour' GROUP BY camera) r"
        "   ON r.camera = c.number WHERE c.active ORDER BY c.number",
        now,
    )
    return rows


class State(NamedTuple):
    """A camera's health as found."""

    camera: int
    status: str
    reads_last_hour: int
    usual_reads_per_hour: float | None
    clock_drift_ms: int | None
    late_share: float | None
    unread_share: float | None


async def write_states(connection: Connection, states: list[State], now: datetime) -> None:
    """Write what changed; `since` moves only with the status."""
    await connection.execute(
        "INSERT INTO anpr_camera_health AS h (camera, status, since, reads_last_hour, usual_reads_per_hour, clock_drift_ms, late_share,"
        " unread_share) SELECT n.camera, n.status, $8, n.reads, n.usual, n.drift, n.late, n.unread FROM unnest($1::int[], $2::text[],"
        " $3::int[], $4::real[], $5::bigint[], $6::real[], $7::real[]) AS n(camera, status, reads, usual, drift, late, unread)"
        " ON CONFLICT (camera) DO UPDATE SET since = CASE WHEN h.status = excluded.status THEN h.since ELSE excluded.since END,"
        " status = excluded.status, reads_last_hour = excluded.reads_last_hour, usual_reads_per_hour = excluded.usual_reads_per_hour,"
        " clock_drift_ms = excluded.clock_drift_ms, late_share = excluded.late_share, unread_share = excluded.unread_share"
        " WHERE (h.status, h.reads_last_hour, h.usual_reads_per_hour, h.clock_drift_ms, h.late_share, h.unread_share) IS DISTINCT FROM"
        " (excluded.status, excluded.reads_last_hour, excluded.usual_reads_per_hour, excluded.clock_drift_ms, excluded.late_share,"
        " excluded.unread_share)",
        *[list(column) for column in zip(*states, strict=True)], now,
    )  # fmt: skip


async def open_downtimes(connection: Connection, since: Mapping[int, datetime]) -> None:
    """Camera -> when it fell silent."""
    await connection.execute(
        "INSERT INTO anpr_camera_downtimes (camera, started_at) SELECT * FROM unnest($1::int[], $2::timestamptz[])"
        " ON CONFLICT (camera) WHERE ended_at IS NULL DO NOTHING",
        list(since), list(since.values()),
    )  # fmt: skip


async def close_downtimes(connection: Connection, now: datetime) -> None:
    """End the periods of cameras that were heard again, and of those taken out of service."""
    await connection.execute(
        "UPDATE anpr_camera_downtimes d SET ended_at = greatest(d.started_at, CASE WHEN c.active THEN h.last_received_at ELSE $1 END)"
        " FROM anpr_cameras c LEFT JOIN anpr_camera_health h ON h.camera = c.number"
        " WHERE d.ended_at IS NULL AND c.number = d.camera AND (NOT c.active OR h.last_received_at > d.started_at)",
        now,
    )


async def make_habits(connection: Connection, now: datetime) -> None:
    """Average each camera's hours over the days it was heard of, without the hours it was down; forget the hours too old."""
    await connection.execute(
        "WITH h AS (SELECT date_trunc('hour', $1::timestamptz, 'UTC') AS now), known AS ("
        "  SELECT camera, least(14, greatest(1, floor(extract(epoch FROM max(h.now) - min(hour)) / 86400)))::int AS days"
        "  FROM anpr_camera_hours, h WHERE hour < h.now GROUP BY camera),"
        " came AS (SELECT x.camera, extract(hour FROM x.hour AT TIME ZONE 'UTC')::int AS clock, sum(x.reads) AS reads"
        "  FROM anpr_camera_hours x JOIN known k USING (camera), h WHERE x.hour < h.now AND x.hour >= h.now - make_interval(days => k.days)"
        "  GROUP BY 1, 2),"
        " down AS (SELECT d.camera, extract(hour FROM m AT TIME ZONE 'UTC')::int AS clock, count(*) AS days"
        "  FROM anpr_camera_downtimes d, h,"
        "  generate_series(date_trunc('hour', greatest(d.started_at, h.now - interval '14 days'), 'UTC') + interval '1 hour',"
        "   least(coalesce(d.ended_at, h.now), h.now) - interval '1 hour', interval '1 hour') AS m WHERE d.ended_at IS NULL"
        "  OR d.ended_at > h.now - interval '14 days' GROUP BY 1, 2)"
        " INSERT INTO anpr_camera_habits (camera, days, reads, made_at)"
        " SELECT k.camera, k.days,"
        "  array_agg((coalesce(came.reads, 0) / greatest(1, k.days - coalesce(down.days, 0)))::real ORDER BY g.clock), $1"
        " FROM known k CROSS JOIN generate_series(0, 23) AS g(clock)"
        " LEFT JOIN came ON came.camera = k.camera AND came.clock = g.clock"
        " LEFT JOIN down ON down.camera = k.camera AND down.clock = g.clock"
        " GROUP BY k.camera, k.days"
        " ON CONFLICT (camera) DO UPDATE SET days = excluded.days, reads = excluded.reads, made_at = excluded.made_at",
        now, timeout=300,
    )  # fmt: skip
    await connection.execute("DELETE FROM anpr_camera_hours WHERE hour < $1::timestamptz - make_interval(days => $2)", now, HOURS_DAYS_MAX)
    await connection.execute("DELETE FROM anpr_source_hours WHERE hour < $1::timestamptz - interval '400 days'", now)


async def habits_made_at(connection: Connection) -> datetime | None:
    made: datetime | None = await connection.fetchval("SELECT max(made_at) FROM anpr_camera_habits")
    return made


async def hours(db: Database, camera: int, since: datetime) -> list[Hour]:
    rows = await db.fetch(
        "SELECT hour, reads, unplated, late FROM anpr_camera_hours WHERE camera = $1 AND hour >= $2 ORDER BY hour", camera, since
    )
    return [Hour(*row) for row in rows]


async def downtimes(db: Database, camera: int, count: int) -> list[Downtime]:
    """Newest first."""
    rows = await db.fetch(
        "SELECT started_at, ended_at FROM anpr_camera_downtimes WHERE camera = $1 ORDER BY started_at DESC LIMIT $2", camera, count
    )
    return [Downtime(*row) for row in rows]


async def down_between(
    db: Database, start: datetime, end: datetime, numbers: list[int] | None, bbox: tuple[float, float, float, float] | None, count: int
) -> list[Record]:
    """Cameras with a downtime that meets the window, each with its periods, and cameras that stood there and were never heard of."""
    west, south, east, north = bbox or (None, None, None, None)
    rows: list[Record] = await db.fetch(
        "SELECT c.number, c.name, c.agency, c.latitude, c.longitude, c.road, p.starts, p.ends FROM anpr_cameras c JOIN ("
        " SELECT camera, array_agg(started_at ORDER BY started_at) AS starts, array_agg(ended_at ORDER BY started_at) AS ends"
        "  FROM anpr_camera_downtimes WHERE started_at < $2 AND (ended_at IS NULL OR ended_at > $1) GROUP BY camera"
        " UNION ALL SELECT n.number, array[n.created_at], array[h.first_received_at] FROM anpr_cameras n"
        "  LEFT JOIN anpr_camera_health h ON h.camera = n.number WHERE n.active AND h.first_received_at IS NULL AND n.created_at < $2) p"
        " ON p.camera = c.number WHERE ($3::int[] IS NULL OR c.number = ANY($3))"
        " AND ($4::float8 IS NULL OR (c.longitude BETWEEN $4 AND $6 AND c.latitude BETWEEN $5 AND $7)) ORDER BY c.number LIMIT $8",
        start, end, numbers, west, south, east, north, count,
    )  # fmt: skip
    return rows
