"""When somebody records a vehicle's plate on an incident, it is looked up for them, and their agency sees what they may see."""

from __future__ import annotations

import logging

from bluelamp.contracts.lookups import Wanted, vehicle_lookups
from bluelamp.incidents import told
from bluelamp.incidents.domain.rules import Author, New
from bluelamp.incidents.log.actions import append
from bluelamp.incidents.log.store import named
from bluelamp.incidents.settings import incident_settings
from bluelamp.incidents.tables import EVENTS, INCIDENTS_STREAM
from bluelamp.spine.audit import Actor
from bluelamp.spine.bus import Message
from bluelamp.spine.errors import BluelampError, EngineDownError
from bluelamp.spine.module import Spine

log = logging.getLogger(__name__)


def answer_id(event: str, source: str) -> str:
    """The id of the answer follows from the question's, so that a question delivered twice is answered once."""
    return f"{event[:24]}{source}"[:36]


def purpose_for(incident_type: str) -> str:
    """By the longest configured type that it is, or is below of."""
    purposes = incident_settings().lookup_purposes
    while incident_type and incident_type not in purposes:
        incident_type = incident_type.rpartition(".")[0]
    return purposes.get(incident_type, "")


async def look_up(spine: Spine, event: told.Told) -> None:
    """Ask every source, and write what it found into the incident, as the person's own look."""
    row = await named(spine.db, event.incident)
    purpose = purpose_for(row["type"]) if row else ""
    if row is None or not purpose:
        return
    wanted = Wanted(event.person, event.agency, event.data["vrm"], purpose, row["number"])
    actor = Actor(event.person, event.name, event.agency)
    author = Author(actor, event.name, event.agency, frozenset(), frozenset(), event.call_sign, platform=True)
    for source, lookups in vehicle_lookups(spine).items():
        found = await lookups.look_up(wanted)
        if found is None:
            continue
        data = {"vehicle": event.data["vehicle"], "source": source, "found": found}
        new = New(answer_id(event.id, source), "vehicle.looked_up", spine.clock(), data, (event.agency,))
        await append(spine, author, event.incident, [new], action="incidents.vehicles.look_up")


async def run(spine: Spine) -> None:
    """Follow the stream for ever."""

    async def handle(messages: list[Message]) -> None:
        for message in messages:
            if not message.subject.startswith(EVENTS):
                continue  # not an event, whatever it is
            event = told.decode(message.payload)
            if event.kind != "vehicle.recorded" or not event.data.get("vrm") or event.carried is not None:
                continue  # a carried one was looked up where it was recorded, and the answers came with it
            try:
                await look_up(spine, event)
            except EngineDownError:
                raise
            except BluelampError as error:
                log.warning("a look-up for an incident was refused: %s", error.code)

    await spine.bus.consume(INCIDENTS_STREAM, "incidents-lookups", handle, batch_max=32)
