"""Deleting what is past its time: whole partitions of the columnar store, whole days of pictures, whole exports."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from bluelamp.kit.ids import new_id
from bluelamp.spine.blobs import Blobs
from bluelamp.spine.columnar import Columnar
from bluelamp.spine.relational import Connection, Database, Record

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
    await columnar.mutate(table, "DELETE WHERE captured_at < fromUnixTimestamp64Milli({before:Int64}, 'UTC')", times)
    return int(rows[0]["count"])


async def forget_plates(columnar: Columnar, before: datetime) -> int:
    """Delete plates not seen since `before` from the dictionary; returns how many rows that were."""
    rows = await columnar.query(
        "SELECT count() AS count FROM plates WHERE last_seen < fromUnixTimestamp64Milli({before:Int64}, 'UTC')",
        {"before": int(before.timestamp() * 1000)},
    )
    count = int(rows[0]["count"])
    if count:
        where = "last_seen < fromUnixTimestamp64Milli({before:Int64}, 'UTC')"
        await columnar.mutate("plates", f"DELETE WHERE {where}", {"before": int(before.timestamp() * 1000)})
    return count


async def forget_plate(columnar: Columnar, vrm: str) -> int:
    """Take a plate out of the dictionary if no read of it is left; how many rows that was."""
    left = await columnar.query("SELECT count() AS count FROM reads_by_plate WHERE vrm = {vrm:String}", {"vrm": vrm})
    rows = await columnar.query("SELECT count() AS count FROM plates WHERE vrm = {vrm:String}", {"vrm": vrm})
    if left[0]["count"] or not rows[0]["count"]:
        return 0
    first, second = secrets.randbits(63), secrets.randbits(63)
    hashed = await columnar.query(f"SELECT sipHash64Keyed((toUInt64({first}), toUInt64({second})), {{vrm:String}}) AS hash", {"vrm": vrm})
    condition = f"sipHash64Keyed((toUInt64({first}), toUInt64({second})), vrm) = {int(hashed[0]['hash'])}"
    await columnar.mutate("plates", f"DELETE WHERE {condition}")
    return int(rows[0]["count"])


async def expired_picture_days(blobs: Blobs, before: datetime) -> dict[str, list[str]]:
    """Keys of the picture objects of each day that ended by `before`."""
    days: dict[str, list[str]] = {}
    for key in await blobs.keys("pictures/"):
        day = key.split("/")[1]
        if datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC) + timedelta(days=1) <= before:
            days.setdefault(day, []).append(key)
    return dict(sorted(days.items()))


async def rows_in(columnar: Columnar, partition: Partition) -> int:
    """How many rows a partition has now."""
    rows = await columnar.query(
        "SELECT sum(rows) AS count FROM system.parts WHERE active AND database = currentDatabase() AND table = {table:String}"
        " AND partition = {partition:String}",
        {"table": partition.table, "partition": partition.id},
    )
    return int(rows[0]["count"] or 0)


async def expired_export_groups(blobs: Blobs, before: datetime) -> list[str]:
    """Groups of data keys of the days of exports that ended by `before`."""
    days = {name.split("/")[2] for name in await blobs.vault.names("exports")}
    return [
        f"exports/{day}" for day in sorted(days) if datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC) + timedelta(days=1) <= before
    ]


async def delete_asked(connection: Connection, before: datetime) -> dict[str, int]:
    """Delete notices, searches that nobody saved, and entries removed long ago; how many rows of each."""
    gone = {
        "search_notices": await connection.execute("DELETE FROM search_notices WHERE at < $1", before),
        "searches": await connection.execute("DELETE FROM searches WHERE created_at < $1 AND NOT saved", before),
        "voi_entries": await connection.execute("DELETE FROM voi_entries WHERE removed_at < $1", before),
    }
    return {table: int(done.split()[-1]) for table, done in gone.items()}


async def add_run(connection: Connection, now: datetime, before: datetime, deleted: int, report: dict[str, Any], sha256: str) -> str:
    """Keep the report of a round; returns its id."""
    run = new_id()
    await connection.execute(
        "INSERT INTO retention_runs (id, at, before, deleted, report, sha256) VALUES ($1, $2, $3, $4, $5, $6)",
        run, now, before, deleted, report, sha256,
    )  # fmt: skip
    return run


async def proof_due(db: Database, since: datetime) -> bool:
    """Whether nobody has looked since then."""
    return not await db.fetchval("SELECT true FROM retention_runs WHERE at >= $1 LIMIT 1", since)


async def runs(db: Database, count: int) -> list[Record]:
    """The last rounds, newest first."""
    return await db.fetch("SELECT id, at, before, deleted, report, sha256 FROM retention_runs ORDER BY id DESC LIMIT $1", count)


async def held(db: Database) -> dict[str, int]:
    """How much is preserved: reads, preservations in force, and legal holds among them."""
    row = await db.fetchrow(
        "SELECT (SELECT count(*) FROM preserved_reads) AS reads, count(*) AS preservations, count(held_at) AS holds"
        " FROM preservations WHERE released_at IS NULL"
    )
    return dict(row) if row else {"reads": 0, "preservations": 0, "holds": 0}
