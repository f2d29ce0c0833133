"""SQL of missions: incidents by name, subscriptions, and what devices call drawings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from bluelamp.spine.relational import Connection, Database, Record


class Alias(NamedTuple):
    """A drawing as the device that drew it calls it."""

    uid: str
    type: str


async def incident_named(db: Database, name: str, agency: str, roles: Iterable[str]) -> str:
    """Id of the incident with this number or id, where this agency and role see it; empty: none."""
    found = await db.fetchval(
        "SELECT i.id FROM incidents i JOIN incident_agencies a ON a.incident = i.id AND a.agency = $2"
        " WHERE (i.number = $1 OR i.id = $1) AND (a.roles = '{}' OR a.roles && $3::text[]) ORDER BY i.number = $1 DESC LIMIT 1",
        name, agency, list(roles),
    )  # fmt: skip
    return str(found or "")


async def call(db: Database, feature: str, alias: Alias) -> None:
    await db.execute(
        "INSERT INTO cot_features (feature, uid, type) VALUES ($1, $2, $3)"
        " ON CONFLICT (feature) DO UPDATE SET uid = excluded.uid, type = excluded.type",
        feature, *alias,
    )  # fmt: skip


async def aliases(db: Database, features: Iterable[str]) -> dict[str, Alias]:
    rows = await db.fetch("SELECT feature, uid, type FROM cot_features WHERE feature = ANY($1)", list(features))
    return {row["feature"]: Alias(row["uid"], row["type"]) for row in rows}


async def subscribe(connection: Connection, device: str, incident: str, uid: str) -> Record:
    """The subscription as it stands; said again it only changes the uid."""
    row = await connection.fetchrow(
        "INSERT INTO cot_subscriptions (device, incident, uid) VALUES ($1, $2, $3)"
        " ON CONFLICT (device, incident) DO UPDATE SET uid = excluded.uid RETURNING uid, at",
        device, incident, uid,
    )  # fmt: skip
    assert row is not None  # noqa: S101 - inserted or updated
    return row


async def unsubscribe(connection: Connection | Database, device: str, incident: str) -> None:
    await connection.execute("DELETE FROM cot_subscriptions WHERE device = $1 AND incident = $2", device, incident)


async def all_subscriptions(db: Database) -> list[Record]:
    return await db.fetch(
        "SELECT s.device, s.incident FROM cot_subscriptions s JOIN cot_devices d ON d.id = s.device"
        " WHERE d.revoked_at IS NULL AND d.expires_at > now() LIMIT 200000"
    )


async def subscribers(db: Database, incident: str, agency: str, device: str, *, controls: bool) -> list[Record]:
    """Devices that want to be told of an incident's changes, of agencies that still see it, as a device of this agency may see them:
    of covert crews its own, and with `controls` those of its agency.
    """
    return await db.fetch(
        "SELECT s.device, s.uid, s.at, u.username, d.agency, d.call_sign FROM cot_subscriptions s JOIN cot_devices d ON d.id = s.device"
        " JOIN users u ON u.id = d.person JOIN incident_agencies a ON a.incident = s.incident AND a.agency = d.agency"
        " WHERE s.incident = $1 AND d.revoked_at IS NULL AND d.expires_at > now()"
        " AND (d.id = $3 OR $4 AND d.agency = $2 OR NOT EXISTS"
        " (SELECT FROM resource_crews c JOIN resources r ON r.id = c.resource WHERE c.person = d.person AND r.covert))"
        " ORDER BY s.at LIMIT 2000",
        incident,
        agency,
        device,
        controls,
    )
