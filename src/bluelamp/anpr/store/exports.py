"""Exports as they are kept: their files in the blob store, what they are in PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

from bluelamp.spine.audit import Actor, Purpose
from bluelamp.spine.relational import Connection, Database


class Export(NamedTuple):
    """An export as it was made. `files`: name, sha256 and bytes of each."""

    id: str
    search: str
    owner: str
    created_at: datetime
    format: str
    reads: int
    why: Purpose
    files: list[dict[str, Any]]


def blob_key(export: str, name: str) -> str:
    """Where a file of an export is kept."""
    return f"exports/{export}/{name}"


def key_group(created_at: datetime) -> str:
    """The group of data keys that seal the exports of a day."""
    return f"exports/{created_at.astimezone(UTC).date().isoformat()}"


async def add_export(connection: Connection, export: Export, actor: Actor) -> None:
    await connection.execute(
        "INSERT INTO exports (id, search, owner, agency, created_at, format, count, purpose, reference, files)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        export.id, export.search, actor.id, actor.agency, export.created_at, export.format, export.reads, export.why.purpose,
        export.why.reference, export.files,
    )  # fmt: skip


async def own_export(db: Database, export: str, person: str) -> Export | None:
    """The export, if this person made it."""
    row = await db.fetchrow(
        "SELECT id, search, owner, created_at, format, count, purpose, reference, files FROM exports WHERE id = $1 AND owner = $2",
        export, person,
    )  # fmt: skip
    if row is None:
        return None
    return Export(
        row["id"], row["search"], row["owner"], row["created_at"], row["format"], row["count"],
        Purpose(row["purpose"], row["reference"]), row["files"],
    )  # fmt: skip


async def exports_before(db: Database, before: datetime) -> list[str]:
    return [row["id"] for row in await db.fetch("SELECT id FROM exports WHERE created_at < $1 ORDER BY id", before)]


async def delete_exports(connection: Connection, exports: list[str]) -> None:
    await connection.execute("DELETE FROM exports WHERE id = ANY($1)", exports)
