"""Deleting what is past its time: whole partitions of the columnar store, whole days of pictures, whole exports."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from bluelamp.spine.blobs import Blobs
from bluelamp.spine.columnar import Columnar

MONTHS = ("reads_by_plate", "reads_evidence", "reads_variants", "hits")
DAYS = ("reads_by_camera",)


class Partition(NamedTuple):
    """A partition whose newest possible read is past its time."""

    table: str
    id: str
    rows: int


def last_day(table: str, partition: str) -> datetime:
    """The first moment after a partition, whose id is YYYYMMDD or YYYYMM."""
    if table in DAYS:
        return datetime.strptime(partition, "%Y%m%d").replace(tzinfo=UTC) + timedelta(days=1)
    first = datetime.strptime(partition, "%Y%m").replace(tzinfo=UTC)
    return (first + timedelta(days=32)).replace(day=1)


async def expired_partitions(columnar: Columnar, before: datetime) -> list[Partition]:
    """Partitions that hold nothing newer than `before`, oldest first."""
    tables = ",".join(f"'{table}'" for table in (*MONTHS, *DAYS))
    rows = await columnar.query(
        "SELECT table, partition, sum(rows) AS count FROM system.parts WHERE active AND database = currentDatabase()"
        f" AND table IN ({tables}) GROUP BY table, partition ORDER BY table, partition"
    )
    found = [Partition(row["table"], row["partition"], row["count"]) for row in rows]
    return [p for p in found if last_day(p.table, p.id) <= before]


async def drop_partition(columnar: Columnar, partition: Partition) -> None:
    """Names come from the store's own catalogue, and a partition's id is digits."""
    await columnar.execute(f"ALTER TABLE {partition.table} DROP PARTITION {int(partition.id)}")


async def trim_month(columnar: Columnar, table: str, before: datetime, lag: timedelta) -> int:
    """Delete what is past its time from the month that `before` falls in; returns how many rows that were.

    It writes what is left of the month anew, so it waits until there is `lag` to delete at once.
    """
    times = {"before": int(before.timestamp() * 1000), "due": int((before - lag).timestamp() * 1000)}
    rows = await columnar.query(
        "SELECT count() AS count, min(captured_at) < fromUnixTimestamp64Milli({due:Int64}, 'UTC') AS due"
        f" FROM {table} WHERE captured_at < fromUnixTimestamp64Milli({{before:Int64}}, 'UTC')",
        times,
    )
    if not rows[0]["count"] or not rows[0]["due"]:
        return 0
    await columnar.execute(
        f"ALTER TABLE {table} DELETE IN PARTITION {before:%Y%m} WHERE captured_at < fromUnixTimestamp64Milli({{before:Int64}}, 'UTC')",
        times, mutations_sync=2,
    )  # fmt: skip
    return int(rows[0]["count"])


async def forget_plates(columnar: Columnar, before: datetime) -> int:
    """Delete plates not seen since `before` from the dictionary; returns how many rows that were."""
    rows = await columnar.query(
        "SELECT count() AS count FROM plates WHERE last_seen < fromUnixTimestamp64Milli({before:Int64}, 'UTC')",
        {"before": int(before.timestamp() * 1000)},
    )
    count = int(rows[0]["count"])
    if count:
        await columnar.execute(
            "ALTER TABLE plates DELETE WHERE last_seen < fromUnixTimestamp64Milli({before:Int64}, 'UTC')",
            {"before": int(before.timestamp() * 1000)},
            mutations_sync=2,
        )
    return count


async def expired_picture_days(blobs: Blobs, before: datetime) -> dict[str, list[str]]:
    """Keys of the picture objects of each day that ended by `before`."""
    days: dict[str, list[str]] = {}
    for key in await blobs.keys("pictures/"):
        day = key.split("/")[1]
        if datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC) + timedelta(days=1) <= before:
            days.setdefault(day, []).append(key)
    return dict(sorted(days.items()))
