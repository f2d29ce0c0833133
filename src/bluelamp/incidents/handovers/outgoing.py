"""What partners are to be told: queued as events happen, and made of the incident's state, as their agency sees it, when it is sent."""

from __future__ import annotations

from typing import Any

from bluelamp.incidents.domain.fold import view
from bluelamp.incidents.domain.state import IncidentState
from bluelamp.incidents.gateways.message import AREAS_MAX, PERSONS_MAX, POINTS_MAX, Area, Coded, HandoverMessage, PersonTold, Where
from bluelamp.incidents.gateways.registry import FORMATS
from bluelamp.incidents.handovers import partner_store, store
from bluelamp.incidents.handovers.partner_store import Partner
from bluelamp.incidents.handovers.store import Link, Outgoing, Transfer
from bluelamp.incidents.log.store import moment
from bluelamp.incidents.terms.defaults import MEANINGS
from bluelamp.incidents.terms.store import word_of
from bluelamp.incidents.told import Told
from bluelamp.kit.clock import to_ms
from bluelamp.kit.ids import new_id
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Connection

UPDATES = frozenset(
    {
        "incident.amended", "incident.reopened", "report.sent", "log.written", "casualty.found", "casualty.triaged", "casualty.moved",
        "casualty.handed_over", "casualty.struck", "person.recorded", "feature.drawn", "feature.removed",
    }
)  # fmt: skip
"""After these, partners who work on the incident are told how it stands."""
TOLD = UPDATES | {"agency.left", "incident.closed", "incident.merged"}
CLOSING = frozenset({"incident.closed", "incident.merged"})
AREA_TYPES = frozenset({"inner_cordon", "outer_cordon", "area", "hazard", "search_sector"})


async def follow(spine: Spine, event: Told) -> None:
    """Queue what an event means for partners; told twice, it queues once."""
    if not event.incident or not event.sequence or event.carried is not None:
        return  # what was carried was told from its own incident; that there is more now, the merging itself tells
    if event.kind == "agency.joined":
        await _joined(spine, event)
    elif event.kind in TOLD and await store.links_of(spine.db, event.incident):
        async with spine.db.transaction() as connection:
            for known in await store.links_of(connection, event.incident):
                partner = await partner_store.by_id(connection, known.partner)
                if partner is not None and _concerns(event, partner, known) and await store.turn_to(connection, known, event.sequence):
                    await _tell(connection, spine, event, known)


async def _joined(spine: Spine, event: Told) -> None:
    """An agency that is reached by a partner's gateway is told of the incident that is shared with it."""
    async with spine.db.transaction() as connection:
        lead = await connection.fetchval("SELECT lead FROM incidents WHERE id = $1", event.incident)
        known = {link.partner: link for link in await store.links_of(connection, event.incident)}
        for partner in await partner_store.of_agency(connection, lead or "", event.data["agency"]):
            before = known.get(partner.id)
            if not FORMATS[partner.format].joins or (before is not None and not before.ended):
                continue
            link = before or await store.link(connection, partner.id, event.incident, event.incident, theirs=False)
            if await store.turn_to(connection, link, event.sequence):
                await begin(connection, spine, link, f"{event.incident}{event.sequence:012d}", event.data.get("reason", ""))


async def begin(connection: Connection, spine: Spine, link: Link, cause: str, note: str) -> str:
    """Tell a partner of an incident, from now on; id of the transfer."""
    await store.link(connection, link.partner, link.shared, link.incident, theirs=link.theirs)
    kind = "create" if await store.last_sent(connection, link.partner, link.shared) is None and not link.theirs else "update"
    out = Outgoing(new_id(), link.partner, kind, link.incident, link.shared, cause, [note] if note else [])
    await store.queue(connection, out, moment(spine.clock()))
    return out.id


def _concerns(event: Told, partner: Partner, known: Link) -> bool:
    """Whether a partner is to hear of it: never their own words back, never what is not for their agency."""
    if known.ended or not partner.active or not partner.url or event.agency == partner.agency:
        return False
    if event.kind in CLOSING and event.data.get("direction") != "from":
        return True
    if not FORMATS[partner.format].joins:
        return False  # each further warning is a person's decision
    if event.kind == "agency.left":
        return bool(event.data["agency"] == partner.agency)
    return partner.agency in event.agencies and (not event.audience or partner.agency in event.audience)


async def _tell(connection: Connection, spine: Spine, event: Told, known: Link) -> None:
    taken_in = event.data.get("direction") == "from"
    closing = event.kind == "agency.left" or (event.kind in CLOSING and not taken_in)
    note = event.data.get("text" if event.kind == "log.written" else "reason", "") if closing or event.kind == "log.written" else ""
    if event.kind == "incident.merged":
        note = f"Took in {event.data['number']}" if taken_in else f"It goes on as {event.data['number']}"
    if not closing and await store.join_waiting(connection, known, note):
        return
    cause = f"{event.incident}{event.sequence:012d}"
    kind = "close" if closing else "update"
    out = Outgoing(new_id(), known.partner, kind, known.incident, known.shared, cause, [note] if note else [])
    await store.queue(connection, out, moment(spine.clock()))
    if event.kind == "agency.left":
        await store.end_link(connection, known)


async def message_of(connection: Connection, partner: Partner, transfer: Transfer, state: IncidentState, at_ms: int) -> HandoverMessage:
    """The message that a transfer is to carry."""
    earlier = await store.last_sent(connection, partner.id, transfer.shared)
    heading = {
        "id": transfer.message_id, "kind": transfer.kind, "sender": partner.ours, "receiver": partner.theirs, "at": at_ms // 1000 * 1000,
        "incident": transfer.shared, "reference": state.number, "note": "\n".join(transfer.notes), "major": state.major,
        "answers": earlier.message_id if earlier else "", "answers_at": to_ms(earlier.sent_at) if earlier and earlier.sent_at else 0,
        "type": Coded(code=state.type, words=await word_of(connection, partner.agency, "type", state.type)),
        "grade": Coded(code=state.grade, words=await word_of(connection, partner.agency, "grade", state.grade)),
    }  # fmt: skip
    place = Where(said=state.place.said, latitude=state.place.latitude, longitude=state.place.longitude)
    seen = view(state, partner.agency)
    areas = tuple(_areas(seen))
    if not FORMATS[partner.format].joins and partner.format == "cap":
        # The public reads an alert: what it says was written for them, and nothing of the incident's own words goes with it.
        words = MEANINGS["type"].get(state.type, "Incident")
        title = f"{words}, {place.said}" if place.said else words
        return HandoverMessage(**heading | {"note": "", "description": heading["note"], "title": title}, place=place, areas=areas)
    persons = [
        PersonTold(name=one["name"], role=one["role"], born=one["born"], description=one["description"]) for one in seen["persons"].values()
    ]
    return HandoverMessage(
        **heading, title=state.title, place=place, description=state.description, areas=areas, persons=tuple(persons[:PERSONS_MAX]),
        casualties={category: count for category, count in seen["casualty_count"].items() if count},
    )  # fmt: skip


def _areas(seen: dict[str, Any]) -> list[Area]:
    found = []
    for feature in seen["features"].values():
        if feature["type"] in AREA_TYPES and feature["geometry"]["type"] == "Polygon":
            ring = [(latitude, longitude) for longitude, latitude in feature["geometry"]["coordinates"][0]]
            if len(ring) <= POINTS_MAX:
                label = feature["label"] or feature["type"].replace("_", " ").capitalize()
                found.append(Area(label=label, ring=tuple(ring)))
    return found[:AREAS_MAX]
