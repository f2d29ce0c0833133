"""Handovers at the end of a shift, in PostgreSQL: the only SQL about them."""

from __future__ import annotations

from typing import Any

from bluelamp.spine.relational import Connection, Database, Record


async def insert_handover(connection: Connection, row: dict[str, Any]) -> Record:
    return await connection.fetchrow(
        "INSERT INTO handovers (id, agency, created_by, created_by_name, note, summary)"
        " VALUES ($1, $2, $3, $4, $5, $6) RETURNING *",
        row["id"], row["agency"], row["by"], row["by_name"], row["note"], row["summary"],
    )  # fmt: skip


async def handovers_of(database: Database, agency: str, before: str, limit: int) -> list[Record]:
    """The agency's handovers before an id, newest first."""
    return await database.fetch(
        "SELECT * FROM handovers WHERE agency = $1 AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3",
        agency, before, limit,
    )  # fmt: skip
