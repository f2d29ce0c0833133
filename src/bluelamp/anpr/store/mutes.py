"""Mutes in PostgreSQL: the only SQL about them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bluelamp.anpr.matching.hits import Mutes
from bluelamp.kit.clock import to_ms
from bluelamp.spine.relational import Connection, Database, Record

_NOTIFY = "SELECT pg_notify('voi', '')"


async def insert_mute(connection: Connection, row: dict[str, Any]) -> None:
    await connection.execute(
        "INSERT INTO mutes (id, agency, camera, entry, reason, until, created_by, created_by_name)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        row["id"], row["agency"], row["camera"], row["entry"], row["reason"], row["until"], row["by"], row["by_name"],
    )  # fmt: skip
    await connection.execute(_NOTIFY)


async def delete_mute(connection: Connection, mute: str, agency: str) -> Record | None:
    """Remove a mute of this agency; returns it, or None where there is none."""
    row = await connection.fetchrow("DELETE FROM mutes WHERE id = $1 AND agency = $2 RETURNING *", mute, agency)
    await connection.execute(_NOTIFY)
    return row


async def mutes_of(database: Database, agency: str) -> list[Record]:
    """The agency's mutes in force, newest first."""
    return await database.fetch("SELECT * FROM mutes WHERE agency = $1 AND until > now() ORDER BY id DESC LIMIT 500", agency)


async def mutes_in_force(database: Database) -> Mutes:
    """All mutes in force, for the matcher."""
    rows = await database.fetch("SELECT agency, camera, entry, until FROM mutes WHERE until > now()")
    return Mutes((row["agency"], row["camera"], row["entry"], to_ms(row["until"])) for row in rows)


async def delete_ended_mutes(connection: Connection, before: datetime) -> None:
    await connection.execute("DELETE FROM mutes WHERE until < $1", before)
