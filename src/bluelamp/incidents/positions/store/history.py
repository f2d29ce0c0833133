"""The history of positions in ClickHouse: what goes in, where each was at a second, the track of one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from bluelamp.incidents.positions.domain import Position
from bluelamp.spine.columnar import Columnar

TABLE = "positions"
LAST = "positions_last"
_DEGREE = 10_000_000
"""Degrees are kept as whole ten-millionths, a centimetre: differences of neighbours are then small whole numbers."""
_NONE_16 = 65_535
_NONE_ALTITUDE = -32_768

_SHOWN = (
    "resource, toUnixTimestamp64Milli(at) AS at_ms, latitude, longitude, agency, at_ms + received_after AS received_ms,"
    " kind, call_sign, source, covert, gone, accuracy, speed, course, altitude, clock_off"
)


def _scaled(values: list[float | None], factor: float) -> pa.Array:
    """Whole numbers with 65,535 for unknown; what is too large is the largest."""
    given = np.array([np.nan if value is None else value for value in values])
    whole = np.where(np.isnan(given), _NONE_16, np.clip(np.round(np.nan_to_num(given) * factor), 0, _NONE_16 - 1))
    return pa.array(whole.astype(np.uint16))


def _altitudes(values: list[float | None]) -> pa.Array:
    given = np.array([np.nan if value is None else value for value in values])
    whole = np.where(np.isnan(given), _NONE_ALTITUDE, np.clip(np.round(np.nan_to_num(given)), -32_000, 32_000))
    return pa.array(whole.astype(np.int16))


def to_table(positions: list[Position]) -> pa.Table:
    """Positions as rows of the table."""
    return pa.table(
        {
            "resource": pa.array([p.resource for p in positions]),
            "at": pa.array([p.at for p in positions], pa.timestamp("ms", "UTC")),
            "received_after": pa.array([max(0, min(p.received_at - p.at, 2**32 - 1)) for p in positions], pa.uint32()),
            "latitude": pa.array(np.round(np.array([p.latitude for p in positions]) * _DEGREE).astype(np.int32)),
            "longitude": pa.array(np.round(np.array([p.longitude for p in positions]) * _DEGREE).astype(np.int32)),
            "agency": pa.array([p.agency for p in positions]),
            "kind": pa.array([p.kind for p in positions]),
            "call_sign": pa.array([p.call_sign for p in positions]),
            "source": pa.array([p.source for p in positions]),
            "covert": pa.array([int(p.covert) for p in positions], pa.uint8()),
            "gone": pa.array([int(p.gone) for p in positions], pa.uint8()),
            "accuracy": _scaled([p.accuracy_m for p in positions], 10),
            "speed": _scaled([p.speed_mps for p in positions], 100),
            "course": _scaled([None if p.course_deg is None else p.course_deg % 360 for p in positions], 10),
            "altitude": _altitudes([p.altitude_m for p in positions]),
            "clock_off": pa.array([max(-(2**31), min(p.clock_off_ms, 2**31 - 1)) for p in positions], pa.int32()),
        }
    )


def _position(row: dict[str, Any]) -> Position:
    def number(name: str, factor: float) -> float | None:
        return None if row[name] == _NONE_16 else row[name] / factor

    return Position(
        row["resource"], row["at_ms"], row["latitude"] / _DEGREE, row["longitude"] / _DEGREE, row["agency"], row["received_ms"],
        row["kind"], row["call_sign"], row["source"], bool(row["covert"]), bool(row["gone"]), number("accuracy", 10), number("speed", 100),
        number("course", 10), None if row["altitude"] == _NONE_ALTITUDE else float(row["altitude"]), row["clock_off"],
    )  # fmt: skip


async def insert(columnar: Columnar, positions: list[Position]) -> None:
    """Store positions; the same again changes nothing that is shown.

    Raises:
        EngineDownError: nothing may be relied on; insert all of it again.
    """
    await columnar.insert(TABLE, to_table(positions), max_insert_threads=1, max_threads=1, optimize_on_insert=0)


async def where_at(columnar: Columnar, resources: list[str], at: datetime, back_s: int) -> list[Position]:
    """The last word about each of these resources at a moment, looking back at most `back_s` seconds; none for who had left."""
    rows = await columnar.query(
        f"SELECT {_SHOWN} FROM (SELECT * FROM {TABLE} WHERE resource IN {{resources:Array(String)}}"
        " AND at <= {at:DateTime64(3, 'UTC')} AND at > {at:DateTime64(3, 'UTC')} - toIntervalSecond({back:UInt32})"
        " ORDER BY resource, at DESC, received_after DESC LIMIT 1 BY resource)",
        {"resources": resources, "at": at, "back": back_s},
    )
    return [position for position in map(_position, rows) if not position.gone]


async def track(columnar: Columnar, resource: str, start: datetime, end: datetime, every_s: int, count: int) -> list[Position]:
    """Where one resource was from `start` until before `end`, in order; with `every_s`, the first of each so many seconds."""
    rows = await columnar.query(
        f"SELECT {_SHOWN} FROM (SELECT * FROM {TABLE} WHERE resource = {{resource:String}}"
        " AND at >= {start:DateTime64(3, 'UTC')} AND at < {end:DateTime64(3, 'UTC')}"
        " ORDER BY at, received_after DESC LIMIT 1 BY at)"
        " ORDER BY at LIMIT 1 BY intDiv(at_ms, {every:UInt32}) LIMIT {count:UInt32}",
        {"resource": resource, "start": start, "end": end, "every": every_s * 1000 if every_s else 1, "count": count},
    )
    return [_position(row) for row in rows]


async def tracks(columnar: Columnar, resources: list[str], start: datetime, end: datetime, every_s: int, count: int) -> list[Position]:
    """Where each of these resources was from `start` until before `end`, by resource and in order: the first of each `every_s`.

    That one had left (`gone`) is among them, whatever else its seconds hold.
    """
    rows = await columnar.query(
        f"SELECT {_SHOWN} FROM (SELECT * FROM {TABLE} WHERE resource IN {{resources:Array(String)}}"
        " AND at >= {start:DateTime64(3, 'UTC')} AND at < {end:DateTime64(3, 'UTC')}"
        " ORDER BY resource, at, received_after DESC LIMIT 1 BY resource, at)"
        " ORDER BY resource, at LIMIT 1 BY resource, gone, intDiv(at_ms, {every:UInt32}) LIMIT {count:UInt32}",
        {"resources": resources, "start": start, "end": end, "every": max(1, every_s) * 1000, "count": count},
    )
    return [_position(row) for row in rows]


async def last_words(columnar: Columnar, since: datetime) -> list[Position]:
    """The last word about every resource of which something was heard since: what a book begins with."""
    rows = await columnar.query(
        f"SELECT {_SHOWN} FROM {LAST} FINAL WHERE at >= {{since:DateTime64(3, 'UTC')}} LIMIT 1000000", {"since": since}
    )
    return [_position(row) for row in rows]


async def expired(columnar: Columnar, before: datetime) -> list[dict[str, Any]]:
    """Days of the history that lie wholly before a moment: `table`, `partition` and how many `rows`."""
    return await columnar.query(
        "SELECT table, partition, sum(rows) AS rows FROM system.parts WHERE database = currentDatabase()"
        " AND table IN ({table:String}, {local:String}) AND active GROUP BY table, partition"
        " HAVING toUInt32(partition) < {day:UInt32} ORDER BY partition",
        {"table": TABLE, "local": f"{TABLE}_local", "day": int(before.strftime("%Y%m%d"))},
    )


async def drop_day(columnar: Columnar, table: str, partition: str) -> None:
    """Names come from the store's own catalogue, and a partition's id is digits."""
    await columnar.execute(f"ALTER TABLE {table} DROP PARTITION {int(partition)}")


async def forget_last(columnar: Columnar, before: datetime) -> None:
    """Last words from before a moment go too."""
    old = await columnar.query(f"SELECT count() AS rows FROM {LAST} WHERE at < {{before:DateTime64(3, 'UTC')}}", {"before": before})
    if old[0]["rows"]:
        stored = await columnar.query(
            "SELECT name FROM system.tables WHERE database = currentDatabase()"
            " AND name IN ({last:String}, {local:String}) AND engine ILIKE '%MergeTree'",
            {"last": LAST, "local": f"{LAST}_local"},
        )
        for table in stored:
            await columnar.mutate(table["name"], "DELETE WHERE at < {before:DateTime64(3, 'UTC')}", {"before": before})
