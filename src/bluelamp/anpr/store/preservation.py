"""The SQL of preservation: cases that keep reads, the copies of those reads, and where the copies of their pictures are."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from bluelamp.anpr.domain import Read
from bluelamp.anpr.store.evidence import Evidence
from bluelamp.spine.relational import Connection, Database, Record

LOCK = 7_245_012
"""Held while copies are made or removed: one case is not given a copy that another's release is about to delete."""


class Kept(msgspec.Struct, frozen=True):
    """A read with everything that stood behind it: what a copy holds, and all that is left of it after twelve months."""

    read: Read
    evidence: Evidence | None
    camera_name: str
    camera_agency: str
    road: str
    position: tuple[float, float] | None

    def encode(self) -> bytes:
        return msgspec.json.encode(self)


def decode_kept(body: bytes) -> Kept:
    return msgspec.json.decode(body, type=Kept)


class Copy(NamedTuple):
    """A read's copy, as it is written."""

    read: str
    vrm: str
    captured_at: datetime
    body: bytes
    sha256: bytes
    pictures: tuple[tuple[str, str, str, int], ...]
    """Reference of the original, object of the copy, SHA-256 and size."""


def holding(db: Database) -> AbstractAsyncContextManager[None]:
    """One at a time, in all processes."""
    return db.exclusively(LOCK)


async def known(db: Database, reads: list[str]) -> dict[str, bytes]:
    """Which of these reads have a copy already, with its hash."""
    rows = await db.fetch("SELECT read, sha256 FROM preserved_reads WHERE read = ANY($1)", reads)
    return {row["read"]: row["sha256"] for row in rows}


async def add(connection: Connection, preservation: dict[str, Any], copies: list[Copy], reads: list[str], now: datetime) -> None:
    """A preservation over `reads`, of which `copies` are new."""
    names = ", ".join(preservation)
    places = ", ".join(f"${at}" for at in range(1, len(preservation) + 1))
    await connection.execute(f"INSERT INTO preservations ({names}) VALUES ({places})", *preservation.values())
    await connection.executemany(
        "INSERT INTO preserved_reads (read, vrm, captured_at, body, sha256, preserved_at) VALUES ($1, $2, $3, $4, $5, $6)",
        [(c.read, c.vrm, c.captured_at, c.body, c.sha256, now) for c in copies],
    )
    await connection.executemany(
        "INSERT INTO preserved_pictures (ref, read, object, sha256, bytes) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        [(ref, c.read, place, sha256, size) for c in copies for ref, place, sha256, size in c.pictures],
    )
    await connection.execute("INSERT INTO preservation_reads (preservation, read) SELECT $1, unnest($2::text[])", preservation["id"], reads)


async def one(db: Database | Connection, preservation: str, agency: str, *, lock: bool = False) -> Record | None:
    """The agency's preservation with this id."""
    return await db.fetchrow(
        "SELECT * FROM preservations WHERE id = $1 AND agency = $2" + (" FOR UPDATE" if lock else ""), preservation, agency
    )


async def listed(db: Database, agency: str, *, released: bool, before: str, count: int) -> list[Record]:
    """The agency's, newest first."""
    rows: list[Record] = await db.fetch(
        "SELECT * FROM preservations WHERE agency = $1 AND (released_at IS NOT NULL) = $2 AND ($3 = '' OR id < $3)"
        " ORDER BY id DESC LIMIT $4",
        agency, released, before, count,
    )  # fmt: skip
    return rows


async def change(connection: Connection, preservation: str, values: dict[str, Any]) -> None:
    """`values`: columns of the table, chosen by code and never by a caller."""
    sets = ", ".join(f"{name} = ${at}" for at, name in enumerate(values, 2))
    await connection.execute(f"UPDATE preservations SET {sets} WHERE id = $1", preservation, *values.values())


async def let_go(connection: Connection, preservation: str) -> tuple[int, list[str]]:
    """Take a preservation's reads away, and the copies that no other holds; how many copies went, and the objects to delete."""
    rows = await connection.fetch("DELETE FROM preservation_reads WHERE preservation = $1 RETURNING read", preservation)
    return await delete_unheld(connection, [row["read"] for row in rows])


async def delete_unheld(connection: Connection, reads: list[str]) -> tuple[int, list[str]]:
    """Delete the copies of those reads that nothing holds any more."""
    rows = await connection.fetch(
        "SELECT read FROM preserved_reads r WHERE read = ANY($1) AND NOT EXISTS (SELECT FROM preservation_reads h WHERE h.read = r.read)",
        reads,
    )
    gone = [row["read"] for row in rows]
    pictures = await connection.fetch("DELETE FROM preserved_pictures WHERE read = ANY($1) RETURNING object", gone)
    await connection.execute("DELETE FROM preserved_reads WHERE read = ANY($1)", gone)
    return len(gone), [row["object"] for row in pictures]


async def delete_restricted(connection: Connection, before: datetime) -> int:
    """Restricted reads are kept no longer than others: delete those captured before; how many."""
    rows = await connection.fetch(
        "DELETE FROM preservation_reads h USING preservations p, preserved_reads r WHERE p.id = h.preservation AND p.kind = 'restriction'"
        " AND r.read = h.read AND r.captured_at < $1 RETURNING h.read",
        before,
    )
    return (await delete_unheld(connection, [row["read"] for row in rows]))[0]


async def of_case(db: Database, agency: str, case: str, start: datetime, end: datetime, limit: int) -> list[Record]:
    """Copies that the agency's case holds of reads captured in a time, newest first, with the preservation that holds each."""
    rows: list[Record] = await db.fetch(
        "SELECT DISTINCT ON (r.captured_at, r.read) r.read, r.body, p.id, p.case_reference, p.review_at FROM preservations p"
        " JOIN preservation_reads h ON h.preservation = p.id JOIN preserved_reads r ON r.read = h.read"
        " WHERE p.agency = $1 AND lower(p.case_reference) = lower($2) AND p.released_at IS NULL AND p.kind = 'case'"
        " AND r.captured_at >= $3 AND r.captured_at < $4 ORDER BY r.captured_at DESC, r.read LIMIT $5",
        agency, case, start, end, limit,
    )  # fmt: skip
    return rows


async def of_plate(db: Database, vrm: str, start: datetime, end: datetime, limit: int) -> list[Record]:
    """Copies of a plate's reads that a case keeps, newest first."""
    rows: list[Record] = await db.fetch(
        "SELECT r.read, r.body FROM preserved_reads r WHERE r.vrm = $1 AND r.captured_at >= $2 AND r.captured_at < $3 AND EXISTS"
        " (SELECT FROM preservation_reads h JOIN preservations p ON p.id = h.preservation WHERE h.read = r.read AND p.kind = 'case')"
        " ORDER BY r.captured_at DESC LIMIT $4",
        vrm, start, end, limit,
    )  # fmt: skip
    return rows


async def bodies(db: Database, preservation: str) -> list[bytes]:
    """The copies that one preservation holds."""
    rows = await db.fetch(
        "SELECT r.body FROM preservation_reads h JOIN preserved_reads r ON r.read = h.read WHERE h.preservation = $1 ORDER BY r.read",
        preservation,
    )
    return [row["body"] for row in rows]


async def picture(db: Database, ref: str) -> Record | None:
    """Where the copy of a picture is, by the reference of the original."""
    return await db.fetchrow("SELECT object, sha256 FROM preserved_pictures WHERE ref = $1", ref)


async def take_due(connection: Connection, due: datetime, now: datetime, limit: int) -> list[Record]:
    """Preservations whose review is due by a time and of whom nobody was reminded, marked as reminded."""
    rows: list[Record] = await connection.fetch(
        "UPDATE preservations SET reminded_at = $2 WHERE id IN (SELECT id FROM preservations WHERE review_at <= $1 AND released_at IS NULL"
        " AND reminded_at IS NULL AND kind = 'case' ORDER BY review_at LIMIT $3 FOR UPDATE SKIP LOCKED)"
        " RETURNING id, agency, case_reference, review_at, reads",
        due, now, limit,
    )  # fmt: skip
    return rows


async def objects(db: Database) -> set[str]:
    """Every object that holds a copy."""
    return {row["object"] for row in await db.fetch("SELECT object FROM preserved_pictures")}


async def vacuum(db: Database) -> None:
    """Let PostgreSQL overwrite the rows that were deleted: until then their bytes lie in its files, though nobody sees them."""
    for table in ("preserved_reads", "preserved_pictures", "preservation_reads"):
        await db.execute(f"VACUUM {table}")
