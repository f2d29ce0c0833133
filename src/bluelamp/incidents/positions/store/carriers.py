"""Whose positions these are: the resource that a person crews or a device sits in, from the records of resources."""

from __future__ import annotations

from bluelamp.incidents.positions.reports import Carrier
from bluelamp.kit.clock import to_ms
from bluelamp.spine.relational import Database, Record

OFF_DUTY = "off_duty"
CHANNEL = "resource_changed"
"""PostgreSQL tells on it which resource (its id) or whose crew (`person:` and an id) has changed."""

_COLUMNS = (
    "r.id, r.agency, r.call_sign, r.type, r.covert, r.status, r.closed_at,"
    " EXISTS (SELECT FROM resource_crews c WHERE c.resource = r.id) AS crewed"
)


def _carrier(row: Record) -> Carrier:
    on_duty = row["status"] != OFF_DUTY and row["closed_at"] is None
    return Carrier(row["id"], row["agency"], row["call_sign"], row["type"], row["covert"], on_duty, row["crewed"])


async def crewed_by(db: Database, person: str) -> tuple[str, int] | None:
    """The resource that somebody crews now, and since when (epoch milliseconds)."""
    row = await db.fetchrow("SELECT resource, since FROM resource_crews WHERE person = $1", person)
    return None if row is None else (row["resource"], to_ms(row["since"]))


async def of_resources(db: Database, resources: list[str]) -> dict[str, Carrier]:
    """These resources, by id; those that are not known are missing."""
    rows = await db.fetch(f"SELECT {_COLUMNS} FROM resources r WHERE r.id = ANY($1)", resources)
    return {row["id"]: _carrier(row) for row in rows}


async def on_duty_of(db: Database, agency: str, limit: int) -> list[Carrier]:
    """Resources of an agency that are on duty."""
    rows = await db.fetch(
        f"SELECT {_COLUMNS} FROM resources r WHERE r.agency = $1 AND r.closed_at IS NULL AND r.status <> $2 ORDER BY r.call_sign LIMIT $3",
        agency, OFF_DUTY, limit,
    )  # fmt: skip
    return [_carrier(row) for row in rows]


async def on_incidents_of(db: Database, agency: str, roles: frozenset[str]) -> set[str]:
    """Resources of any agency on open incidents that this agency sees with one of these roles."""
    rows = await db.fetch(
        "SELECT r.id FROM incident_agencies a JOIN incidents i ON i.id = a.incident AND i.status = 'open'"
        " JOIN (SELECT id, incident FROM resources UNION ALL SELECT resource, incident FROM resources_elsewhere) r"
        " ON r.incident = a.incident WHERE a.agency = $1 AND (a.roles = '{}' OR a.roles && $2::text[])",
        agency, sorted(roles),
    )  # fmt: skip
    return {row["id"] for row in rows}
