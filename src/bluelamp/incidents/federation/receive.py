"""In: what another region says joins the same incident here, once, under the same ids. A region speaks for its own agencies only.

An incident has the same id in every region and a log of its own in each: the events are the same, their numbers may differ where the link
was cut. The fold takes the last word by the time it happened, so the states agree once the events have arrived.
"""

from __future__ import annotations

import logging
from typing import Any, NamedTuple

import msgspec
from pydantic import ValidationError

from bluelamp.incidents.domain.carrying import chosen_late
from bluelamp.incidents.domain.events import ADAPTERS, plain
from bluelamp.incidents.domain.fold import REGION, Event, apply
from bluelamp.incidents.domain.rules import BY_LEAD, New
from bluelamp.incidents.domain.state import IncidentState
from bluelamp.incidents.federation import effects, receipts
from bluelamp.incidents.federation.link import Link, inbound
from bluelamp.incidents.federation.parcels import Parcel, decode
from bluelamp.incidents.log import store
from bluelamp.incidents.log.actions import changing_survivor, members_of, put_out_of_taken_in, write
from bluelamp.incidents.log.carrying import carry
from bluelamp.incidents.log.states import states_of
from bluelamp.incidents.told import Told
from bluelamp.kit.clock import from_rfc3339
from bluelamp.spine import audit
from bluelamp.spine.bus import Message, PoisonError
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Connection

log = logging.getLogger(__name__)

ACTION = "incidents.federation.receive"


class Received(NamedTuple):
    """How many events were new, were known, and were not the region's to say."""

    kept: int
    known: int
    refused: int


def may_say(event: Told, sender: str, lead: str, regions: dict[str, list[str]]) -> bool:
    """Its own agencies' words; and, where it is home to the agency that leads, what others said before they could reach us."""
    at_home = regions.get(sender, [])
    own_affair = event.data.get("agency") == event.agency and event.kind in {"agency.joined", "agency.left"}
    if event.kind in BY_LEAD and lead not in at_home and not own_affair:
        return False
    elsewhere = {agency for agencies in regions.values() for agency in agencies}
    # Nobody speaks for an agency of ours; a third region's words may come by way of the lead's.
    # (What an agency of ours said, carried from an incident that was merged, is compared with our own log: `_vouched`.)
    return event.agency in at_home or (lead in at_home and event.agency in elsewhere)


async def receive(spine: Spine, sender: str, parcel: Parcel, regions: dict[str, list[str]]) -> Received:
    """Keep what is new of it.

    Raises:
        PoisonError: it begins in the middle of an incident that is not known here.
    """
    states = states_of(spine.db)
    leaving = any(event.kind == "agency.left" for event in parcel.events)
    async with changing_survivor(spine, parcel.incident, both=True, taken_in=leaving) as (connection, survivor):
        head = await store.head_of_any(connection, parcel.incident, lock=True)
        lead = await store.lead_of(connection, parcel.incident) if head else parcel.lead
        known = await store.known_ids(connection, [event.id for event in parcel.events])
        new = [event for event in parcel.events if event.id not in known]
        vouched = await _vouched(connection, new, lead, regions.get(sender, []))
        allowed = [
            vouched.get(event.id, event)
            for event in new
            if event.incident == parcel.incident and (event.id in vouched or may_say(event, sender, lead, regions))
        ]
        refused = len(new) - len(allowed)
        if head is None:
            head = await _begin(connection, spine, sender, allowed, regions)
        state = await states.as_of(connection, parcel.incident, head.sequence)
        at, kept = max(spine.clock(), head.updated_at), []
        guests = _Guests(connection, parcel.incident) if lead not in regions.get(sender, []) else None
        for one in allowed:
            may = guests is None or await guests.may_say(state, one)
            event = _replica(one, sender, state.sequence + 1, at) if may else None
            if event is None:
                refused += 1
                continue
            before = members_of(state)
            apply(state, event)
            kept.append((event, before | members_of(state)))
        if kept:
            await write(connection, state, kept, at)
            events = [event for event, _ in kept]
            for event in events:
                await effects.follow(connection, event, sender)
            left = [New(event.id, event.kind, event.happened_at, event.data) for event in events if event.kind == "agency.left"]
            await put_out_of_taken_in(connection, spine, parcel.incident, left, ACTION)
            if survivor != parcel.incident and lead not in {code for codes in regions.values() for code in codes}:
                # They could not know yet that we had merged it: what they said goes on like all before it.
                into = await states.as_of(connection, survivor, (await store.head_of_any(connection, survivor) or head).sequence)
                await carry(connection, audit.SYSTEM, into, state.number, chosen_late(events, into), max(at, from_rfc3339(into.updated_at)))
        detail = {"region": sender, "kept": len(kept), "known": len(known), "refused": refused}
        kind: audit.Kind = "collection" if kept else "refusal" if refused else "consultation"
        await audit.record(connection, audit.SYSTEM, kind, ACTION, subjects=(parcel.incident,), detail=detail)
    if refused:
        log.warning("region %s said %d things that are not its to say", sender, refused)
    return Received(len(kept), len(known), refused)


class _Guests:
    """Another region's agencies on an incident that is not led there: they speak while they are part of it, and nobody asks himself in."""

    def __init__(self, connection: Connection, incident: str) -> None:
        self._connection, self._incident = connection, incident
        self._left: dict[str, int] = {}

    async def may_say(self, state: IncidentState, one: Told) -> bool:
        """What happened before they were put out may come late."""
        if one.agency in state.agencies:
            return True
        if one.kind == "agency.joined":
            return False
        if one.agency not in self._left:
            self._left[one.agency] = await store.left_at(self._connection, self._incident, one.agency)
        return one.happened_at <= self._left[one.agency]


async def _vouched(connection: Connection, events: list[Told], lead: str, at_home: list[str]) -> dict[str, Told]:
    """By id, events that the lead's region carried here from another incident of its own, and that our own log has there just so."""
    carried = {event.carried.id: event for event in events if event.carried is not None}
    if lead not in at_home or not carried:
        return {}
    known = {event.id: event for event in await store.events_by_id(connection, list(carried))}
    places = {first.incident for first in known.values()}
    theirs = {one for one in places if await store.lead_of(connection, await store.goes_on_in(connection, one)) in at_home}
    return {
        event.id: msgspec.structs.replace(event, happened_at=first.happened_at)  # clocks of two regions differ: ours counts for our words
        for source, event in carried.items()
        if (first := known.get(source)) is not None and first.incident in theirs and _said(first) == _said(event)
    }


def _said(event: Event | Told) -> tuple[Any, ...]:
    return event.kind, event.agency, event.person, event.name, event.call_sign, event.audience, _data(event)


async def _begin(connection: Connection, spine: Spine, sender: str, events: list[Told], regions: dict[str, list[str]]) -> store.Head:
    """The row of an incident that another region opened."""
    opened = next((event for event in events if event.kind == "incident.opened"), None)
    if opened is None or opened.data.get("lead") not in regions.get(sender, []):
        raise PoisonError("an incident of another region begins with its opening, by an agency of that region")
    now = spine.clock()
    named = {name: opened.data[name] for name in ("number", "lead", "title", "type", "grade")}
    await store.add_incident(connection, IncidentState(id=opened.incident, **named), now)
    return store.Head(0, now)


def _replica(one: Told, sender: str, sequence: int, at: int) -> Event | None:
    """The event as it is kept here; None: not of a shape that we know."""
    data = _data(one)
    if data is None:
        return None
    return Event(
        one.incident, sequence, one.id, one.kind, at, min(one.happened_at, at), one.person, one.name, one.agency, one.call_sign,
        f"{REGION}{sender}", one.audience, data, one.carried,
    )  # fmt: skip


def _data(event: Event | Told) -> dict[str, Any] | None:
    """What it says, in the one form that logs keep; None: not of a shape that we know."""
    try:
        return plain(ADAPTERS[event.kind].validate_python(event.data))
    except (KeyError, ValidationError):
        return None


async def run(spine: Spine, link: Link, sender: str) -> None:
    """Take what a region sends, for ever."""

    async def handle(messages: list[Message]) -> None:
        for message in messages:
            try:
                parcel = decode(message.payload)
            except ValueError as error:
                raise PoisonError("not a parcel of events") from error
            if parcel.events:
                await receive(spine, sender, parcel, link.settings.regions)
            if parcel.receipts:
                await receipts.receive(spine, link.settings.region, sender, parcel, link.settings.regions[sender])

    await link.bus.consume(inbound(sender), "incident-federation", handle, batch_max=64)
