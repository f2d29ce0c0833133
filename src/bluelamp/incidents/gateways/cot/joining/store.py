"""SQL that the gateway asks incidents at its start, and about emergencies."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bluelamp.incidents.log.store import moment
from bluelamp.spine.relational import Database, Record


async def open_incidents(db: Database) -> list[Record]:
    return await db.fetch("SELECT id, number FROM incidents WHERE status = 'open' ORDER BY updated_at DESC LIMIT 2000")


async def merged_incidents(db: Database) -> list[Record]:
    """Numbers of ended incidents, each with the open one in which it goes on."""
    return await db.fetch(
        "SELECT i.number, t.id FROM incidents i JOIN incidents t ON t.id = i.merged_into WHERE i.status = 'merged' AND t.status = 'open'"
        " ORDER BY i.updated_at DESC LIMIT 2000"
    )


async def is_open(db: Database, emergency: str) -> bool:
    """Whether somebody still calls for help."""
    return bool(await db.fetchval("SELECT true FROM emergencies WHERE id = $1 AND state <> 'closed'", emergency))


async def assigned(db: Database) -> dict[str, str]:
    """Resource -> the incident that it is on."""
    rows = await db.fetch(
        "SELECT id, incident FROM resources WHERE incident IS NOT NULL AND closed_at IS NULL"
        " UNION ALL SELECT resource, incident FROM resources_elsewhere LIMIT 100000"
    )
    return {row["id"]: row["incident"] for row in rows}


async def crew(db: Database, resource: str) -> set[str]:
    """Who crews a resource now."""
    return {row["person"] for row in await db.fetch("SELECT person FROM resource_crews WHERE resource = $1 LIMIT 100", resource)}


async def emergency(db: Database, number: str) -> dict[str, Any] | None:
    row = await db.fetchrow("SELECT id AS emergency, person_name, call_sign, place FROM emergencies WHERE id = $1", number)
    return dict(row) if row else None


async def open_emergencies(db: Database) -> list[Record]:
    """Those that are not over, the oldest first."""
    return await db.fetch(
        "SELECT * FROM (SELECT id AS emergency, agency, incident, person_name, call_sign, place, received_at FROM emergencies"
        " WHERE state <> 'closed' ORDER BY received_at DESC LIMIT 2000) AS latest ORDER BY received_at"
    )


async def chat_since(db: Database, incidents: list[str], since: datetime, agency: str, device: str) -> list[Record]:
    """What was said in these rooms after a moment, as far as this agency hears it, without this device's own words; the oldest first."""
    rows = await db.fetch(
        "SELECT e.incident, i.number, e.id, e.at, e.sequence, e.person, e.name, e.call_sign, e.audience, e.data FROM incidents i"
        " CROSS JOIN LATERAL (SELECT * FROM incident_events WHERE incident = i.id AND kind = 'chat.said'"
        " ORDER BY sequence DESC LIMIT 500) e"
        " WHERE i.id = ANY($1) AND i.updated_at >= $2 AND e.at >= $2 AND e.carried IS NULL AND (e.audience = '{}' OR $3 = ANY(e.audience))"
        " AND e.device <> $4 ORDER BY e.at DESC, e.sequence DESC LIMIT 1000",
        incidents, since, agency, device,
    )  # fmt: skip
    return rows[::-1]


async def open_emergency_of(db: Database, person: str, before_ms: int) -> str:
    """The emergency of a person that is not closed, raised in the hour before a moment; empty: none."""
    found = await db.fetchval(
        "SELECT id FROM emergencies WHERE person = $1 AND state <> 'closed' AND received_at < $2 AND received_at > $2 - interval '1 hour'"
        " ORDER BY received_at DESC LIMIT 1",
        person, moment(before_ms),
    )  # fmt: skip
    return str(found or "")
