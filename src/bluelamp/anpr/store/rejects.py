"""The SQL of rejects: kept in one statement a batch, equal items counted instead of stored twice."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from bluelamp.spine.relational import Connection, Database, Record


class Rejected(Protocol):
    """An item to keep (`intake.RejectedItem` is one)."""

    @property
    def code(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def raw(self) -> bytes: ...


class Reject(NamedTuple):
    """An item that did not become a read, without its bytes."""

    id: int
    source: int
    source_name: str
    code: str
    message: str
    size: int
    """In bytes."""
    times: int
    """How often it came."""
    first_at: datetime
    last_at: datetime
    replayed_at: datetime | None


_REJECT = (
    "r.id, r.source, s.name AS source_name, r.code, r.message, octet_length(r.raw) AS size, r.count AS times, r.first_at, r.last_at,"
    " r.replayed_at"
)


def _reject(row: Record) -> Reject:
    return Reject(**dict(row))


def _storable(text: str) -> str:
    """PostgreSQL's text holds no NUL, and a camera's words may hold anything."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()


async def keep(connection: Connection | Database, source: int, items: Sequence[Rejected]) -> None:
    """Durably keep items; one that is kept already counts up and takes the newer reason."""
    latest: dict[bytes, tuple[Rejected, int]] = {}
    for item in items:
        digest = hashlib.sha256(item.raw).digest()
        latest[digest] = (item, latest[digest][1] + 1 if digest in latest else 1)
    # In the order of their digests, so that two batches with the same items cannot wait for each other in a circle.
    rows = sorted(latest.items(), key=lambda row: row[0])
    await connection.execute(
        "INSERT INTO anpr_rejects AS kept (source, digest, code, message, raw, count)"
        " SELECT $1, * FROM unnest($2::bytea[], $3::text[], $4::text[], $5::bytea[], $6::int[])"
        " ON CONFLICT (source, digest) DO UPDATE SET code = excluded.code, message = excluded.message,"
        " count = least(kept.count::bigint + excluded.count, 2147483647), last_at = clock_timestamp()",
        source,
        [digest for digest, _ in rows],
        [item.code for _, (item, _) in rows],
        [_storable(item.message)[:1000] for _, (item, _) in rows],
        [item.raw for _, (item, _) in rows],
        [count for _, (_, count) in rows],
    )


async def rejects(db: Database, agency: str | None, source: int | None, code: str, before: int, count: int) -> list[Reject]:
    """Newest first, of lower id than `before`; `agency` None: of every agency; `code` empty: of every kind."""
    rows = await db.fetch(
        f"SELECT {_REJECT} FROM anpr_rejects r JOIN anpr_sources s ON s.id = r.source WHERE r.id < $1"
        " AND ($2::text IS NULL OR s.agency = $2) AND ($3::int IS NULL OR r.source = $3) AND ($4 = '' OR r.code = $4)"
        " ORDER BY r.id DESC LIMIT $5",
        before, agency, source, code, count,
    )  # fmt: skip
    return [_reject(row) for row in rows]


async def reject(db: Database, number: int) -> tuple[Reject, bytes, str] | None:
    """A reject with its bytes and the agency of its source."""
    row = await db.fetchrow(
        f"SELECT {_REJECT}, r.raw, s.agency FROM anpr_rejects r JOIN anpr_sources s ON s.id = r.source WHERE r.id = $1", number
    )
    return (Reject(*tuple(row)[:-2]), row["raw"], row["agency"]) if row else None


async def tallies(db: Database, agency: str | None) -> list[tuple[int, str, int]]:
    """Source, code and number of rejects kept."""
    rows = await db.fetch(
        "SELECT r.source, r.code, count(*) AS kept FROM anpr_rejects r JOIN anpr_sources s ON s.id = r.source"
        " WHERE $1::text IS NULL OR s.agency = $1 GROUP BY 1, 2 ORDER BY 1, 2",
        agency,
    )
    return [(row["source"], row["code"], row["kept"]) for row in rows]


async def to_replay(db: Database, source: int, ids: list[int] | None, code: str, after: int, count: int) -> list[tuple[int, bytes]]:
    """Ids and bytes, oldest first, of higher id than `after`: the given ones, or all (of one code)."""
    rows = await db.fetch(
        "SELECT id, raw FROM anpr_rejects WHERE source = $1 AND id > $2 AND ($3::bigint[] IS NULL OR id = ANY($3))"
        " AND ($4 = '' OR code = $4) ORDER BY id LIMIT $5",
        source, after, ids, code, count,
    )  # fmt: skip
    return [(row["id"], row["raw"]) for row in rows]


async def settle_replay(connection: Connection, became_reads: list[int], still: list[int]) -> None:
    """Forget what is a read now; of the others note that they were tried, which was no new arrival."""
    await connection.execute("DELETE FROM anpr_rejects WHERE id = ANY($1)", became_reads)
    await connection.execute(
        "UPDATE anpr_rejects SET replayed_at = clock_timestamp(), count = greatest(count - 1, 1) WHERE id = ANY($1)", still
    )


async def trim(connection: Connection, items_max: int, bytes_max: int, days_max: int) -> int:
    """Give up the oldest rejects of sources over their bounds, and all that are too old; returns how many."""
    rows = await connection.fetch(
        "WITH ranked AS (SELECT id, last_at, row_number() OVER newest AS place, sum(octet_length(raw)) OVER newest AS total"
        " FROM anpr_rejects WINDOW newest AS (PARTITION BY source ORDER BY id DESC)),"
        " gone AS (DELETE FROM anpr_rejects WHERE id IN (SELECT id FROM ranked WHERE place > $1 OR total > $2"
        " OR last_at < now() - make_interval(days => $3)) RETURNING source)"
        " SELECT source, count(*) AS items FROM gone GROUP BY source",
        items_max, bytes_max, days_max,
    )  # fmt: skip
    await connection.executemany(
        "INSERT INTO anpr_rejects_dropped AS d (source, items, last_at) VALUES ($1, $2, now())"
        " ON CONFLICT (source) DO UPDATE SET items = d.items + excluded.items, last_at = excluded.last_at",
        [(row["source"], row["items"]) for row in rows],
    )
    return sum(row["items"] for row in rows)
