"""SQL of emergencies."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bluelamp.spine.relational import Connection, Database, Record


async def add(connection: Connection, row: dict[str, Any]) -> bool:
    """Whether it is new: a phone repeats its call until it is answered."""
    names = ", ".join(row)
    marks = ", ".join(f"${at}" for at in range(1, len(row) + 1))
    found = await connection.fetchval(
        f"INSERT INTO emergencies ({names}) VALUES ({marks}) ON CONFLICT (id) DO NOTHING RETURNING true", *row.values()
    )
    return bool(found)


async def by_id(db: Connection | Database, emergency: str, *, lock: bool = False) -> Record | None:
    return await db.fetchrow("SELECT * FROM emergencies WHERE id = $1" + (" FOR UPDATE" if lock else ""), emergency)


_SEEN = (
    "(e.agency = $1 OR e.level >= 2 AND e.agency = ANY($3::text[]) OR EXISTS (SELECT FROM incident_agencies a WHERE a.incident = e.incident"
    " AND a.agency = $1 AND (a.roles = '{}' OR a.roles && $2::text[])))"
)


async def open_ones(db: Database, agency: str, roles: list[str], partners: list[str]) -> list[Record]:
    """Those not closed that an agency's control room is to answer or know of, the newest first."""
    return await db.fetch(
        f"SELECT e.* FROM emergencies e WHERE e.state <> 'closed' AND {_SEEN} ORDER BY e.received_at DESC LIMIT 200",
        agency,
        roles,
        partners,
    )


async def seen(connection: Connection, emergency: str, agency: str, roles: list[str], partners: list[str]) -> Record | None:
    """One that this agency may answer, locked."""
    return await connection.fetchrow(
        f"SELECT e.* FROM emergencies e WHERE e.id = $4 AND {_SEEN} FOR UPDATE OF e", agency, roles, partners, emergency
    )


async def change(connection: Connection, emergency: str, values: dict[str, Any]) -> None:
    sets = ", ".join(f"{name} = ${at}" for at, name in enumerate(values, 2))
    await connection.execute(f"UPDATE emergencies SET {sets} WHERE id = $1", emergency, *values.values())


async def may_join(connection: Connection, incident: str, agency: str) -> bool:
    """Whether an emergency of this agency belongs to this incident: it is open, and the agency part of it."""
    found = await connection.fetchval(
        "SELECT true FROM incident_agencies a JOIN incidents i ON i.id = a.incident"
        " WHERE a.incident = $1 AND a.agency = $2 AND i.status = 'open' FOR UPDATE OF i",
        incident, agency,
    )  # fmt: skip
    return bool(found)


async def lock_of(connection: Connection, incident: str) -> None:
    """Hold the emergencies of an incident."""
    await connection.execute("SELECT id FROM emergencies WHERE incident = $1 ORDER BY id FOR UPDATE", incident)


async def move_all(connection: Connection, incident: str, into: str) -> None:
    """Emergencies of an incident belong to another from now on, those that are over as well."""
    await connection.execute("UPDATE emergencies SET incident = $2 WHERE incident = $1", incident, into)


async def move(connection: Connection, emergency: str, into: str, agency: str) -> None:
    """One of them, where it is of ours, and of this agency."""
    await connection.execute("UPDATE emergencies SET incident = $2 WHERE id = $1 AND agency = $3", emergency, into, agency)


async def due(db: Database, now: datetime) -> list[Record]:
    """Those that nobody acknowledged in time."""
    return await db.fetch(
        "SELECT id, incident FROM emergencies WHERE state = 'raised' AND escalates_at <= $1 ORDER BY escalates_at LIMIT 100", now
    )
