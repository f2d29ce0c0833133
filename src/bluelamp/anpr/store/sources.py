"""The SQL of sources and their keys."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from bluelamp.spine.relational import Connection, Database, Record

REGISTRY = "anpr_registry"
"""NOTIFY on it in the transaction that changes a source, a key or a camera: every intake then reads the register afresh."""

_SOURCE = "id, name, agency, format, timezone, date_order, body_bytes_max, picture_bytes_max, items_per_minute_max, active, created_at"


class Source(NamedTuple):
    """Who sends reads in one format, and how they are to be understood."""

    id: int
    name: str
    agency: str
    format: str
    timezone: str
    date_order: str | None
    body_bytes_max: int
    picture_bytes_max: int
    items_per_minute_max: int
    active: bool
    created_at: datetime


class SourceKey(NamedTuple):
    """A key of a source, without the key."""

    id: str
    source: int
    prefix: str
    created_at: datetime
    revoked_at: datetime | None


class SourceCounts(NamedTuple):
    """What came from a source in the last 24 hours of arrival."""

    accepted: int
    duplicates: int
    amended: int
    unplated: int
    rejected: int


def _source(row: Record) -> Source:
    return Source(**dict(row))


async def announce(connection: Connection) -> None:
    """Make every intake read the register afresh once the transaction commits."""
    await connection.execute("SELECT pg_notify($1, '')", REGISTRY)


async def insert_source(connection: Connection, values: dict[str, Any]) -> int | None:
    """The new source's number, or None where the name is taken."""
    names = list(values)
    slots = ", ".join(f"${at}" for at in range(1, len(names) + 1))
    number: int | None = await connection.fetchval(
        f"INSERT INTO anpr_sources ({', '.join(names)}) VALUES ({slots}) ON CONFLICT (name) DO NOTHING RETURNING id", *values.values()
    )
    return number


async def lock_source(connection: Connection, source: int) -> Source | None:
    """The source, held against concurrent changes until the transaction ends."""
    row = await connection.fetchrow(f"SELECT {_SOURCE} FROM anpr_sources WHERE id = $1 FOR UPDATE", source)
    return _source(row) if row else None


async def update_source(connection: Connection, source: int, values: dict[str, Any]) -> None:
    """`values`: columns of the table, chosen by code and never by a caller."""
    sets = ", ".join(f"{name} = ${at}" for at, name in enumerate(values, 2))
    await connection.execute(f"UPDATE anpr_sources SET {sets} WHERE id = $1", source, *values.values())


async def source(db: Database | Connection, number: int) -> Source | None:
    row = await db.fetchrow(f"SELECT {_SOURCE} FROM anpr_sources WHERE id = $1", number)
    return _source(row) if row else None


async def sources(db: Database, agency: str | None, after: int, count: int) -> list[Source]:
    """In the order of their making, after number `after`; `agency` None: all."""
    rows = await db.fetch(
        f"SELECT {_SOURCE} FROM anpr_sources WHERE id > $1 AND ($2::text IS NULL OR agency = $2) ORDER BY id LIMIT $3", after, agency, count
    )
    return [_source(row) for row in rows]


async def source_ids_by_name(connection: Connection | Database) -> dict[str, tuple[int, str]]:
    """Name -> number and agency of every source: what a camera import looks names up in."""
    return {row["name"]: (row["id"], row["agency"]) for row in await connection.fetch("SELECT id, name, agency FROM anpr_sources")}


async def insert_key(connection: Connection, key_id: str, source_number: int, key_sha256: bytes, prefix: str) -> None:
    await connection.execute(
        "INSERT INTO anpr_source_keys (id, source, key_sha256, prefix) VALUES ($1, $2, $3, $4)", key_id, source_number, key_sha256, prefix
    )


async def revoke_key(connection: Connection, source_number: int, key_id: str) -> bool:
    """False where the source has no such live key."""
    done = await connection.execute(
        "UPDATE anpr_source_keys SET revoked_at = now() WHERE id = $1 AND source = $2 AND revoked_at IS NULL", key_id, source_number
    )
    return bool(done == "UPDATE 1")


async def keys(db: Database, source_numbers: list[int]) -> list[SourceKey]:
    """Live keys, and those revoked in the last 30 days, newest first."""
    rows = await db.fetch(
        "SELECT id, source, prefix, created_at, revoked_at FROM anpr_source_keys WHERE source = ANY($1)"
        " AND (revoked_at IS NULL OR revoked_at > now() - interval '30 days') ORDER BY created_at DESC, id",
        source_numbers,
    )
    return [SourceKey(**dict(row)) for row in rows]


async def live_key_count(connection: Connection, source_number: int) -> int:
    count: int = await connection.fetchval("SELECT count(*) FROM anpr_source_keys WHERE source = $1 AND revoked_at IS NULL", source_number)
    return count


async def counts(db: Database, source_numbers: list[int]) -> dict[int, SourceCounts]:
    """What came from each source in the last 24 hours; sources that sent nothing are absent."""
    rows = await db.fetch(
        "SELECT source, sum(accepted)::bigint AS accepted, sum(duplicates)::bigint AS duplicates, sum(amended)::bigint AS amended,"
        " sum(unplated)::bigint AS unplated, sum(rejected)::bigint AS rejected FROM anpr_source_hours"
        " WHERE source = ANY($1) AND hour > now() - interval '24 hours' GROUP BY source",
        source_numbers,
    )
    return {row["source"]: SourceCounts(*tuple(row)[1:]) for row in rows}
