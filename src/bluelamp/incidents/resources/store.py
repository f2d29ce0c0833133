"""SQL of resources: call signs, what they are, where they stand, who crews them."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import asyncpg

from bluelamp.incidents.errors import CallSignTakenError
from bluelamp.incidents.log.store import moment
from bluelamp.spine.relational import Connection, Database, Record


class Resource(NamedTuple):
    """A unit, vehicle, person or drone with a call sign."""

    id: str
    agency: str
    call_sign: str
    type: str
    skills: tuple[str, ...]
    covert: bool
    code: str
    """Its status in its agency's own code."""
    status: str
    """What that means to all."""
    status_at: datetime
    incident: str
    """Where it is assigned; empty: nowhere."""
    closed: bool


_COLUMNS = "r.id, r.agency, r.call_sign, r.type, r.skills, r.covert, r.code, r.status, r.status_at, r.incident, r.closed_at"


def _resource(row: Record) -> Resource:
    return Resource(
        row["id"], row["agency"], row["call_sign"], row["type"], tuple(row["skills"]), row["covert"], row["code"], row["status"],
        row["status_at"], row["incident"] or "", row["closed_at"] is not None,
    )  # fmt: skip


async def by_id(db: Connection | Database, resource: str, *, lock: bool = False) -> Resource | None:
    row = await db.fetchrow(f"SELECT {_COLUMNS} FROM resources r WHERE r.id = $1" + (" FOR UPDATE" if lock else ""), resource)
    return _resource(row) if row else None


async def of_person(db: Connection | Database, person: str) -> Resource | None:
    """What somebody crews now."""
    row = await db.fetchrow(
        f"SELECT {_COLUMNS} FROM resource_crews c JOIN resources r ON r.id = c.resource WHERE c.person = $1 AND r.closed_at IS NULL", person
    )
    return _resource(row) if row else None


async def of_agency(db: Database, agency: str, *, covert: bool, after: str = "", limit: int = 500) -> list[Resource]:
    """Those in use, by call sign; without `covert` none that is hidden."""
    rows = await db.fetch(
        f"SELECT {_COLUMNS} FROM resources r WHERE r.agency = $1 AND r.closed_at IS NULL AND ($2 OR NOT r.covert) AND r.call_sign > $3"
        " ORDER BY r.call_sign LIMIT $4",
        agency, covert, after, limit,
    )  # fmt: skip
    return [_resource(row) for row in rows]


async def by_ids(db: Database, ids: list[str]) -> dict[str, Resource]:
    rows = await db.fetch(f"SELECT {_COLUMNS} FROM resources r WHERE r.id = ANY($1)", ids)
    return {row["id"]: _resource(row) for row in rows}


async def add(connection: Connection, resource: Resource, at_ms: int) -> None:
    """Raises `CallSignTakenError`."""
    try:
        await connection.execute(
            "INSERT INTO resources (id, agency, call_sign, type, skills, covert, code, status, status_at, created_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)",
            resource.id, resource.agency, resource.call_sign, resource.type, list(resource.skills), resource.covert, resource.code,
            resource.status, moment(at_ms),
        )  # fmt: skip
    except asyncpg.UniqueViolationError as error:
        raise CallSignTakenError(f"your agency has a resource {resource.call_sign} already") from error


async def change(connection: Connection, resource: Resource, *, closed_at: datetime | None) -> None:
    """What may be changed of it. Raises `CallSignTakenError`."""
    try:
        await connection.execute(
            "UPDATE resources SET call_sign = $2, type = $3, skills = $4, covert = $5, closed_at = $6 WHERE id = $1",
            resource.id, resource.call_sign, resource.type, list(resource.skills), resource.covert, closed_at,
        )  # fmt: skip
    except asyncpg.UniqueViolationError as error:
        raise CallSignTakenError(f"your agency has a resource {resource.call_sign} already") from error


async def set_status(connection: Connection, resource: str, code: str, status: str, at_ms: int) -> bool:
    """Whether it counted: what happened before the status that is known does not."""
    done = await connection.fetchval(
        "UPDATE resources SET code = $2, status = $3, status_at = $4 WHERE id = $1 AND status_at <= $4 RETURNING true",
        resource, code, status, moment(at_ms),
    )  # fmt: skip
    return bool(done)


async def put_on(connection: Connection, resource: str, incident: str) -> None:
    await connection.execute("UPDATE resources SET incident = $2 WHERE id = $1", resource, incident)


async def move_all(connection: Connection, incident: str, into: str) -> None:
    """Whatever is on an incident is on another from now on."""
    await connection.execute("UPDATE resources SET incident = $2 WHERE incident = $1", incident, into)
    await connection.execute("UPDATE resources_elsewhere SET incident = $2 WHERE incident = $1", incident, into)


async def take_off(connection: Connection, resources: list[str] | None, incident: str) -> None:
    """These, or all, are no longer on the incident."""
    await connection.execute(
        "UPDATE resources SET incident = NULL WHERE incident = $1 AND ($2::text[] IS NULL OR id = ANY($2))", incident, resources
    )
    await connection.execute(
        "DELETE FROM resources_elsewhere WHERE incident = $1 AND ($2::text[] IS NULL OR resource = ANY($2))", incident, resources
    )


async def take_off_agency(connection: Connection, agency: str, incident: str) -> None:
    await connection.execute("UPDATE resources SET incident = NULL WHERE incident = $1 AND agency = $2", incident, agency)
    await connection.execute("DELETE FROM resources_elsewhere WHERE incident = $1 AND agency = $2", incident, agency)


async def crew(connection: Connection, resource: str, person: str, at_ms: int) -> None:
    """From now on this person is in this crew, and in no other."""
    await connection.execute(
        "INSERT INTO resource_crews (person, resource, since) VALUES ($1, $2, $3)"
        " ON CONFLICT (person) DO UPDATE SET resource = excluded.resource, since = excluded.since",
        person, resource, moment(at_ms),
    )  # fmt: skip


async def leave_crew(connection: Connection, person: str) -> bool:
    return bool(await connection.fetchval("DELETE FROM resource_crews WHERE person = $1 RETURNING true", person))


async def crews_of(db: Database, resources: list[str]) -> list[Record]:
    return await db.fetch(
        "SELECT c.resource, u.id, u.name FROM resource_crews c JOIN users u ON u.id = c.person WHERE c.resource = ANY($1) ORDER BY u.name",
        resources,
    )
