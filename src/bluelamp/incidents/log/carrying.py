"""Events of an ended incident are said again in the one that goes on: once, in one transaction, each with its source."""

from __future__ import annotations

from bluelamp.incidents.domain.carrying import said_again, source_of
from bluelamp.incidents.domain.fold import Event, apply
from bluelamp.incidents.domain.state import IncidentState
from bluelamp.incidents.log import store
from bluelamp.incidents.log.actions import members_of, write
from bluelamp.spine import audit
from bluelamp.spine.audit import Actor
from bluelamp.spine.relational import Connection

ACTION = "incidents.incidents.carry"
CARRIED_MAX = 20_000
"""Events of the incident that ends."""
SUBJECTS_MAX = 200


async def carry(connection: Connection, actor: Actor, into: IncidentState, number: str, events: list[Event], at: int) -> int:
    """Keep what `into` does not have yet; how many. The caller holds both incidents' turns and rows; `number` is the ended one's.

    They change nothing but the log and its fold: what they asked for was done where they were said first.
    """
    sources = [source_of(event, number) for event in events]
    known = await store.known_sources(connection, into.id, [source.id for source in sources])
    members, kept = members_of(into), []
    for event, source in zip(events, sources, strict=True):
        if source.id in known:
            continue
        known.add(source.id)
        carried = said_again(event, source, into.id, into.sequence + 1, at)
        apply(into, carried)
        kept.append((carried, members))
    if kept:
        await write(connection, into, kept, at)
        pictures = [(e.data["media"], e.sequence) for e, _ in kept if e.kind == "media.added"]
        await store.show_media_in(connection, into.id, pictures)
        vrms = sorted({e.data["vrm"] for e, _ in kept if e.data.get("vrm")})[:SUBJECTS_MAX]
        detail = {"from": number, "carried": len(kept)}
        await audit.record(connection, actor, "alteration", ACTION, subjects=(into.id, events[0].incident, *vrms), detail=detail)
    return len(kept)
