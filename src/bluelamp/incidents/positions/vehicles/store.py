"""SQL of devices in vehicles."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import asyncpg

from bluelamp.incidents.positions.errors import SourceNameTakenError
from bluelamp.spine.relational import Connection, Database, Record


class VehicleSource(NamedTuple):
    """A device, and the resource that it sits in."""

    id: str
    name: str
    resource: str
    key_hash: bytes


async def add(connection: Connection, source: VehicleSource, at: datetime) -> None:
    """Raises `SourceNameTakenError`."""
    try:
        await connection.execute(
            "INSERT INTO position_sources (id, name, resource, key_hash, created_at) VALUES ($1, $2, $3, $4, $5)", *source, at
        )
    except asyncpg.UniqueViolationError as error:
        raise SourceNameTakenError(f"there is a device called {source.name} already") from error


async def working(db: Database, source: str) -> VehicleSource | None:
    """A device by its id, unless its key was revoked."""
    row = await db.fetchrow("SELECT id, name, resource, key_hash FROM position_sources WHERE id = $1 AND revoked_at IS NULL", source)
    return None if row is None else VehicleSource(*row)


async def revoke(connection: Connection, source: str, at: datetime) -> bool:
    """Whether it was working until now."""
    done = await connection.fetchval(
        "UPDATE position_sources SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING true", source, at
    )
    return bool(done)


async def listed(db: Database) -> list[Record]:
    return await db.fetch(
        "SELECT s.id, s.name, s.created_at, s.revoked_at, r.agency, r.call_sign FROM position_sources s"
        " JOIN resources r ON r.id = s.resource ORDER BY s.name LIMIT 100000"
    )


async def resource_called(connection: Connection, agency: str, call_sign: str) -> str | None:
    """Id of a resource in use."""
    found: str | None = await connection.fetchval(
        "SELECT id FROM resources WHERE agency = $1 AND lower(call_sign) = lower($2) AND closed_at IS NULL", agency, call_sign
    )
    return found
