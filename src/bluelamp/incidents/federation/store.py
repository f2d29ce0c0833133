"""SQL of what regions tell each other beside events: whose resources and receipts are shared, and how far another's people have read."""

from __future__ import annotations

from typing import NamedTuple

from bluelamp.incidents.domain.fold import REGION
from bluelamp.spine.relational import Connection, Database, Record

SHARED_MAX = 20_000
ORIGINS_MAX = 64


class SharedResource(NamedTuple):
    """A resource of ours on an open incident that an agency elsewhere sees."""

    resource: str
    incident: str
    agency: str
    """The agency elsewhere."""
    covert: bool


async def shared_resources(db: Database, elsewhere: list[str]) -> list[SharedResource]:
    """At this moment: who has been put out is not in it."""
    rows = await db.fetch(
        "SELECT r.id, r.incident, a.agency, r.covert FROM resources r JOIN incidents i ON i.id = r.incident AND i.status = 'open'"
        " JOIN incident_agencies a ON a.incident = r.incident AND a.agency = ANY($1)"
        " WHERE r.closed_at IS NULL AND NOT r.agency = ANY($1) ORDER BY r.id LIMIT $2",
        elsewhere, SHARED_MAX,
    )  # fmt: skip
    return [SharedResource(*row) for row in rows]


async def theirs_on_incidents(db: Database, resources: list[str], agencies: list[str]) -> dict[str, str]:
    """Resource -> the open incident that it is on, of these agencies elsewhere, where somebody here sees the incident."""
    rows = await db.fetch(
        "SELECT e.resource, e.incident FROM resources_elsewhere e JOIN incidents i ON i.id = e.incident AND i.status = 'open'"
        " WHERE e.resource = ANY($1) AND e.agency = ANY($2)"
        " AND EXISTS (SELECT FROM incident_agencies a WHERE a.incident = e.incident AND NOT a.agency = ANY($2))",
        resources, agencies,
    )  # fmt: skip
    return {row["resource"]: row["incident"] for row in rows}


async def put_on(connection: Connection, resource: str, incident: str, agency: str) -> None:
    """Another region's resource is on this incident."""
    await connection.execute(
        "INSERT INTO resources_elsewhere (resource, incident, agency) SELECT $1, $2, $3"
        " WHERE NOT EXISTS (SELECT FROM resources WHERE id = $1)"
        " ON CONFLICT (resource) DO UPDATE SET incident = excluded.incident, agency = excluded.agency",
        resource, incident, agency,
    )  # fmt: skip


async def take_off(connection: Connection, resource: str, incident: str) -> None:
    await connection.execute("DELETE FROM resources_elsewhere WHERE resource = $1 AND incident = $2", resource, incident)


async def put_own_on(connection: Connection, resource: str, incident: str, agency: str) -> None:
    """A resource of ours goes on with the incident that it was on, unless it has gone elsewhere meanwhile."""
    await connection.execute(
        "UPDATE resources SET incident = $2 WHERE id = $1 AND agency = $3 AND incident IS NULL AND closed_at IS NULL",
        resource, incident, agency,
    )  # fmt: skip


async def take_own_off(connection: Connection, resource: str, incident: str, agency: str) -> None:
    """A resource of ours was released before we heard of the merging."""
    await connection.execute(
        "UPDATE resources SET incident = NULL WHERE id = $1 AND incident = $2 AND agency = $3", resource, incident, agency
    )


async def agencies_seeing(db: Database | Connection, incident: str, agencies: list[str]) -> list[str]:
    """Of these agencies, those that see the incident now."""
    rows = await db.fetch("SELECT agency FROM incident_agencies WHERE incident = $1 AND agency = ANY($2)", incident, agencies)
    return [row["agency"] for row in rows]


async def shared_incidents(db: Database, elsewhere: list[str]) -> list[str]:
    """Open incidents that an agency elsewhere sees."""
    rows = await db.fetch(
        "SELECT DISTINCT i.id FROM incidents i JOIN incident_agencies a ON a.incident = i.id AND a.agency = ANY($1)"
        " WHERE i.status = 'open' LIMIT $2",
        elsewhere, SHARED_MAX,
    )  # fmt: skip
    return [row["id"] for row in rows]


async def own_receipts(db: Database, incident: str) -> list[Record]:
    """How far our own people have received and read an incident."""
    return await db.fetch(
        "SELECT person, name, agency, delivered, read FROM incident_receipts WHERE incident = $1 AND region = ''"
        " ORDER BY person LIMIT 2000",
        incident,
    )


_ORIGIN = f"CASE WHEN device LIKE '{REGION}%' THEN substr(device, {len(REGION) + 1}) ELSE $1 END"


async def marks(db: Database, here: str, incident: str, up_to: int, seeing: list[str], regions: list[str]) -> dict[str, str]:
    """Region -> id of its last event up to a number, of those that an agency of `seeing` sees. Each region's events keep their order in
    every log, though between regions the logs differ.
    """
    found: dict[str, str] = {}
    for origin in [here, *regions][:ORIGINS_MAX]:
        last = await db.fetchval(
            f"SELECT id FROM incident_events WHERE incident = $2 AND sequence <= $3 AND (audience = '{{}}' OR audience && $4)"
            f" AND {_ORIGIN} = $5 ORDER BY sequence DESC LIMIT 1",
            here, incident, up_to, seeing, origin,
        )  # fmt: skip
        if last is not None:
            found[origin] = last
    return found


async def reached(connection: Connection, here: str, incident: str, marks: dict[str, str], seeing: list[str], known: int) -> int:
    """How far somebody elsewhere has come in our log: the place before the first event that they see and have not come to.

    `known`: how far they had come before, from where it is looked on.
    """
    rows = await connection.fetch(
        f"WITH marked AS (SELECT {_ORIGIN} AS origin, max(sequence) AS sequence FROM incident_events"
        " WHERE incident = $2 AND id = ANY($3) GROUP BY 1)"
        f" SELECT min(e.sequence) - 1 AS reached FROM (SELECT sequence, {_ORIGIN} AS origin FROM incident_events"
        "  WHERE incident = $2 AND (audience = '{}' OR audience && $4)"
        "  AND sequence > $5) e"
        " LEFT JOIN marked m ON m.origin = e.origin WHERE m.sequence IS NULL OR e.sequence > m.sequence",
        here, incident, list(marks.values()), seeing, known,
    )  # fmt: skip
    first = rows[0]["reached"]
    if first is not None:
        return max(int(first), 0)
    return int(await connection.fetchval("SELECT sequence FROM incidents WHERE id = $1", incident) or 0)


async def come_so_far(connection: Connection, incident: str, region: str) -> dict[str, tuple[int, int]]:
    """Person of another region -> how far they have received and read."""
    rows = await connection.fetch(
        "SELECT person, delivered, read FROM incident_receipts WHERE incident = $1 AND region = $2", incident, region
    )
    return {row["person"]: (row["delivered"], row["read"]) for row in rows}


async def keep_receipt(
    connection: Connection, incident: str, region: str, person: str, name: str, agency: str, delivered: int, read: int
) -> Record | None:
    """Never back; None: nothing new, or the person is one of ours or of a third region."""
    return await connection.fetchrow(
        "INSERT INTO incident_receipts AS r (incident, person, name, agency, delivered, read, at, region)"
        " SELECT $1, $3, $4, $5, $6, $7, now(), $2 WHERE NOT EXISTS (SELECT FROM users WHERE id = $3)"
        " ON CONFLICT (incident, person) DO UPDATE SET delivered = greatest(r.delivered, excluded.delivered),"
        " read = greatest(r.read, excluded.read), at = excluded.at, name = excluded.name"
        " WHERE r.region = $2 AND (r.delivered < excluded.delivered OR r.read < excluded.read) RETURNING delivered, read",
        incident, region, person, name, agency, max(delivered, read), read,
    )  # fmt: skip
