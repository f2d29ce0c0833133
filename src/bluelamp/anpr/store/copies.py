"""Every place where reads, plates or pictures are kept, how each lets go of them, and a look at what is there past its time.

This list is the answer to "is it really gone?": a new place that keeps personal data gets a line here (docs/retention.md).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from bluelamp.anpr.store.retention import DAYS, MONTHS
from bluelamp.anpr.tables import HITS_STREAM, READS_STREAM
from bluelamp.spine.module import Spine


class Place(NamedTuple):
    """A place. `sql` counts what is past its time, and tells the oldest moment there."""

    what: str
    where: str
    goes: str
    left: str
    """Why something past its time may be there for a while."""
    sql: str = ""


class Left(NamedTuple):
    """What a place holds that is past its time."""

    place: Place
    overdue: int | None
    oldest: datetime | None
    """Of all that is there, whether past its time or not."""


_TRIMMED = "the month that is only partly past its time is written anew every ten days; no search reaches past the retention meanwhile"

COLUMNAR = (
    *(Place(table, "ClickHouse", "whole months are dropped; the month in between is trimmed", _TRIMMED) for table in MONTHS),
    *(
        Place(table, "ClickHouse", "whole days are dropped", "the day that is only partly past its time goes when it is over")
        for table in DAYS
    ),
    Place("plates", "ClickHouse", "a plate not seen within the retention is forgotten", "forgotten every hour, if there are any"),
)

_OLDER = "SELECT count(*) FILTER (WHERE {time} < $1) AS overdue, min({time}) AS oldest FROM {table}"


def _records(table: str, time: str, goes: str, left: str = "deleted every day") -> Place:
    return Place(table, "PostgreSQL", goes, left, _OLDER.format(table=table, time=time))


RECORDS = (
    _records("exports", "created_at", "their files and rows go when they are as old as the retention", "deleted every hour"),
    _records("search_notices", "at", "deleted with the retention", "deleted every hour"),
    Place(
        "searches", "PostgreSQL", "what was asked goes when it is as old as the retention, unless its owner saved it",
        "saved searches stay with their owner; deleted every hour",
        "SELECT count(*) FILTER (WHERE created_at < $1) AS overdue, min(created_at) AS oldest FROM searches WHERE NOT saved",
    ),
    _records("search_findings", "found_at", "deleted after three days"),
    Place(
        "voi_entries", "PostgreSQL", "entries that were removed go when that was as long ago as the retention", "deleted every hour",
        "SELECT count(*) FILTER (WHERE removed_at < $1) AS overdue, min(removed_at) AS oldest FROM voi_entries",
    ),
    _records("anpr_rejects", "last_at", "deleted after 90 days", "deleted every ten minutes"),
    _records("handovers", "created_at", "deleted with the retention"),
    _records("set_aside_messages", "at", "deleted with the retention"),
)  # fmt: skip

ELSEWHERE = (
    Place(
        "audit",
        "PostgreSQL",
        "has a retention of its own: it proves who looked at which plate",
        "not reads, and kept by law",
    ),
    Place(
        "backups", "where the deployer keeps them", "with the backup itself", "the platform does not know them: end them with the retention"
    ),
    Place("memory of the intake", "memory", "hashes of events, forgotten after 24 hours", "not plates"),
    Place("browsers", "devices", "answers and pictures are sent as not to be stored", "nothing is kept"),
    Place("logs and metrics", "files", "hold no plates, bodies or paths", "nothing is kept"),
)


async def look(spine: Spine, before: datetime) -> list[Left]:
    """Look at every place again: what is past its time now, whether or not anything says that it was deleted."""
    found = [await _columnar(spine, place, before) for place in COLUMNAR]
    for place in RECORDS:
        row = await spine.db.fetchrow(place.sql, before)
        found.append(Left(place, row["overdue"] if row else 0, row["oldest"] if row else None))
    found += [await _pictures(spine, before), await _data_keys(spine, before)]
    found += [await _stream(spine, name) for name in (READS_STREAM, HITS_STREAM)]
    return [*found, *(Left(place, None, None) for place in ELSEWHERE)]


async def _columnar(spine: Spine, place: Place, before: datetime) -> Left:
    time = "last_seen" if place.what == "plates" else "captured_at"
    rows = await spine.columnar.query(
        f"SELECT countIf({time} < fromUnixTimestamp64Milli({{before:Int64}}, 'UTC')) AS overdue, count() AS total,"
        f" toUnixTimestamp64Milli(min({time})) AS oldest FROM {place.what}",
        {"before": int(before.timestamp() * 1000)},
        max_execution_time=300,
    )
    oldest = datetime.fromtimestamp(rows[0]["oldest"] / 1000, UTC) if rows[0]["total"] else None
    return Left(place, int(rows[0]["overdue"]), oldest)


def _day(name: str) -> datetime:
    return datetime.strptime(name, "%Y-%m-%d").replace(tzinfo=UTC)


async def _pictures(spine: Spine, before: datetime) -> Left:
    place = Place("pictures", "blob store", "a day's objects are deleted, its data keys first", "deleted every hour")
    days = [_day(key.split("/")[1]) for key in await spine.blobs.keys("pictures/")]
    return Left(place, sum(day + timedelta(days=1) <= before for day in days), min(days, default=None))


async def _data_keys(spine: Spine, before: datetime) -> Left:
    place = Place("data keys of pictures and exports", "blob store", "overwritten and deleted with their day", "deleted every hour")
    names = [name for name in await spine.blobs.vault.names() if name.split("/")[1] in ("pictures", "exports")]
    days = [_day(name.split("/")[2]) for name in names]
    return Left(place, sum(day + timedelta(days=1) <= before for day in days), min(days, default=None))


async def _stream(spine: Spine, name: str) -> Left:
    days, oldest = await spine.bus.age(name)
    place = Place(
        f"stream {name}", "NATS", f"messages end {days:g} days after they came in",
        f"a read that comes in late is in the stream for {days:g} days beyond its time at most; no search asks the stream",
    )  # fmt: skip
    return Left(place, None, oldest)
