"""Receipts of chat: how far each person has received and read an incident's log. One row a person, told in passing."""

from __future__ import annotations

import msgspec

from bluelamp.incidents.access import INCIDENTS_CONTRIBUTE
from bluelamp.incidents.log.store import moment
from bluelamp.incidents.tables import RECEIPTS_SUBJECT
from bluelamp.spine import audit
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Record


async def acknowledge(spine: Spine, caller: Caller, incident: str, delivered: int, read: int) -> None:
    """A receipt never goes back. `delivered` and `read` are places in the log."""
    async with spine.db.transaction() as connection:
        row = await connection.fetchrow(
            "INSERT INTO incident_receipts AS r (incident, person, name, agency, delivered, read, at)"
            " SELECT $1, $2, $3, $4, least($5, i.sequence), least($6, i.sequence), $7 FROM incidents i WHERE i.id = $1"
            " ON CONFLICT (incident, person) DO UPDATE SET delivered = greatest(r.delivered, excluded.delivered),"
            " read = greatest(r.read, excluded.read), at = excluded.at, name = excluded.name, agency = excluded.agency"
            " RETURNING delivered, read",
            incident, caller.id, caller.name, caller.agency, max(delivered, read), read, moment(spine.clock()),
        )  # fmt: skip
        detail = {"delivered": delivered, "read": read}
        await audit.record(connection, caller.actor, "alteration", INCIDENTS_CONTRIBUTE, subjects=(incident,), detail=detail)
    if row is not None:
        await whisper(spine, incident, caller.id, caller.name, caller.agency, row)


async def whisper(spine: Spine, incident: str, person: str, name: str, agency: str, row: Record, region: str = "") -> None:
    """Tell whoever follows the incident. `region`: the other one that the person is in."""
    told = {"incident": incident, "person": person, "name": name, "agency": agency, **dict(row)} | ({"region": region} if region else {})
    await spine.bus.whisper(RECEIPTS_SUBJECT, msgspec.json.encode(told))


async def of_incident(spine: Spine, incident: str) -> list[Record]:
    return await spine.db.fetch(
        "SELECT person, name, agency, delivered, read, at FROM incident_receipts WHERE incident = $1 ORDER BY name LIMIT 2000", incident
    )
