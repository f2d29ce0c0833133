"""The one way in: events are checked, completed, kept, folded and told, with their audit entry, in one transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from bluelamp.incidents.access import INCIDENTS_CONTRIBUTE, INCIDENTS_OPEN
from bluelamp.incidents.domain.carrying import id_in
from bluelamp.incidents.domain.events import REASON_MAX, Opened, plain
from bluelamp.incidents.domain.fold import Event, apply
from bluelamp.incidents.domain.rules import STAYS, Author, New, check
from bluelamp.incidents.domain.state import IncidentState
from bluelamp.incidents.errors import IdTakenError, NoSuchIncidentError, NotOpenedError
from bluelamp.incidents.log import store
from bluelamp.incidents.log.enrich import enriched, follow_up
from bluelamp.incidents.log.states import States, states_of
from bluelamp.incidents.tables import subject_of
from bluelamp.incidents.terms.store import meaning_of
from bluelamp.incidents.told import encode, told_of
from bluelamp.kit.ids import new_id
from bluelamp.spine import audit, outbox
from bluelamp.spine.errors import BluelampError
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Connection

SNAPSHOT_EVERY = 500
MEMBERSHIP = frozenset({"incident.opened", "agency.joined", "agency.left", "lead.passed"})


class Result(NamedTuple):
    """What became of one event."""

    id: str
    state: Literal["accepted", "repeated", "refused"]
    sequence: int = 0
    code: str = ""
    message: str = ""
    incident: str = ""
    """Where it is kept, if not in the incident that it was sent to: that one was merged into this."""


@asynccontextmanager
async def changing_survivor(
    spine: Spine, incident: str, *, both: bool = False, taken_in: bool = False
) -> AsyncIterator[tuple[Connection, str]]:
    """A transaction as `States.changing` gives, of the incident in which this one goes on (itself, if it was not merged), and its id.

    `both`: of the incident itself as well; `taken_in`: of all that were merged into the one that goes on.
    """
    states = states_of(spine.db)
    for _ in range(store.MERGES_MAX):
        target = await store.goes_on_in(spine.db, incident) if incident else ""
        turns = {target, incident} if both else {target}
        if taken_in:
            turns |= await store.taken_in(spine.db, target)
        async with states.changing(spine.db, *turns) as connection:
            if target:
                await store.hold(connection, turns)
                if await store.goes_on_in(connection, incident) != target:
                    continue  # it was merged just now
                if taken_in and not turns >= await store.taken_in(connection, target):
                    continue  # another one was merged into it just now
            yield connection, target
            return
    raise NoSuchIncidentError


async def append(spine: Spine, author: Author, incident: str, news: list[New], *, action: str = INCIDENTS_CONTRIBUTE) -> list[Result]:
    """Keep events of an incident, in this order; what became of each. One that is refused keeps none of the others back.

    Where the incident was merged into another, what is said goes on there, and the result says so.

    Raises:
        NoSuchIncidentError: there is none that the author sees.
    """
    leaving = any(new.kind == "agency.left" for new in news)
    async with changing_survivor(spine, incident, both=True, taken_in=leaving) as (connection, target):
        if target == incident:
            results = await within(connection, spine, states_of(spine.db), author, incident, news, action)
        else:
            results = await _append_to_ended(connection, spine, author, incident, target, news, action)
        accepted = {result.id for result in results if result.state == "accepted"}
        await put_out_of_taken_in(connection, spine, incident, [new for new in news if new.id in accepted], action)
        return results


async def _append_to_ended(
    connection: Connection, spine: Spine, author: Author, incident: str, target: str, news: list[New], action: str
) -> list[Result]:
    """What is said of an incident that was merged: most goes on in the other one, what is about itself stays with it."""
    if not author.platform and await store.head(connection, incident, author.agency, author.roles) is None:
        raise NoSuchIncidentError
    states, results = states_of(spine.db), dict[str, Result]()
    if going := [new for new in news if new.kind not in STAYS]:
        where = f"kept in {await store.number_of(connection, target)}, where this incident goes on"
        for r in await within(connection, spine, states, author, target, going, action):
            results[r.id] = r if r.state == "refused" or r.incident else r._replace(incident=target, message=where)
    if staying := [new for new in news if new.kind in STAYS]:
        results |= {r.id: r for r in await within(connection, spine, states, author, incident, staying, action)}
    return [results[new.id] for new in news]


async def put_out_of_taken_in(connection: Connection, spine: Spine, incident: str, news: list[New], action: str) -> None:
    """Who is put out of an incident is put out of those that were merged into it as well, but for one that they lead themselves.

    For whoever has the turns of all of these. Ids follow from those of `news`, so that another region that does the same says the same.
    """
    left = [new for new in news if new.kind == "agency.left"]
    if not left:
        return
    states = states_of(spine.db)
    where = f"Put out of {await store.number_of(connection, incident)}, where this goes on: "
    for one in sorted(await store.taken_in(connection, incident)):
        head = await store.head_of_any(connection, one)
        state = await states.as_of(connection, one, head.sequence if head else 0)
        again = [
            new._replace(id=id_in(one, new.id), data={**new.data, "reason": (where + new.data["reason"])[:REASON_MAX]})
            for new in left
            if new.data["agency"] in state.agencies and new.data["agency"] != state.lead
        ]
        if again:
            platform = Author(audit.SYSTEM, "Bluelamp", state.lead, frozenset(), frozenset(), platform=True)
            await within(connection, spine, states, platform, one, again, action)


async def within(
    connection: Connection, spine: Spine, states: States, author: Author, incident: str, news: list[New], action: str
) -> list[Result]:
    """The same inside a transaction of `States.changing`."""
    results, events = await keep(connection, spine, states, author, incident, news)
    await _note(connection, author, incident, events, results, action)
    return results


async def keep(
    connection: Connection, spine: Spine, states: States, author: Author, incident: str, news: list[New]
) -> tuple[list[Result], list[Event]]:
    """The same without the audit entry, for a verb that writes its own."""
    if author.platform:
        head = await store.head_of_any(connection, incident, lock=True)
    else:
        head = await store.head(connection, incident, author.agency, author.roles, lock=True)
    if head is None:
        raise NoSuchIncidentError
    state = await states.as_of(connection, incident, head.sequence)
    known = await store.known_ids(connection, [new.id for new in news])
    at = max(spine.clock(), head.updated_at)
    results, kept, members = [], [], members_of(state)
    for new in news:
        if new.id in known:
            results.append(await _repeated(connection, known[new.id], new, incident, author))
            continue
        try:
            check(state, author, new)
            data = await enriched(connection, state, author, new)
        except BluelampError as error:
            results.append(Result(new.id, "refused", 0, error.code, error.message))
            continue
        event = Event(
            incident, state.sequence + 1, new.id, new.kind, at, min(new.happened_at, at), author.actor.id, author.name, author.agency,
            author.call_sign, author.device, new.audience, data,
        )  # fmt: skip
        apply(state, event)
        await follow_up(connection, new, data, incident, event.happened_at)
        members |= members_of(state)
        known[new.id] = (incident, event.sequence, author.actor.id)
        kept.append((event, dict(members)))
        members = members_of(state)
        results.append(Result(new.id, "accepted", event.sequence))
    if kept:
        await write(connection, state, kept, at)
    return results, [event for event, _ in kept]


def members_of(state: IncidentState) -> dict[str, tuple[str, ...]]:
    """Agency -> roles that see the incident. An event is told to those before and after it: who is put out hears just that."""
    return {member.agency: tuple(member.roles) for member in state.agencies.values()}


async def _repeated(connection: Connection, found: tuple[str, int, str], new: New, incident: str, author: Author) -> Result:
    where, sequence, person = found
    if person == author.actor.id and where == incident:
        return Result(new.id, "repeated", sequence)
    if person == author.actor.id and await store.goes_on_in(connection, where) == incident:
        return Result(new.id, "repeated", sequence, incident=where)  # it was said before the merging, and carried
    return Result(new.id, "refused", 0, IdTakenError.code, "another event bears this id: make a new one")


async def write(connection: Connection, state: IncidentState, kept: list[tuple[Event, dict[str, tuple[str, ...]]]], at: int) -> None:
    """Keep events that are folded already, each with who is to hear it, and all that follows from them."""
    events = [event for event, _ in kept]
    await store.add_events(connection, events)
    await store.keep_row(connection, state, at)
    if any(event.kind in MEMBERSHIP for event in events):
        await store.keep_agencies(connection, state)
    if state.sequence // SNAPSHOT_EVERY > (state.sequence - len(events)) // SNAPSHOT_EVERY:
        await store.keep_snapshot(connection, state, at)
    told = [(subject_of(event.incident), encode(told_of(event, members)), _urgent(event)) for event, members in kept]
    await outbox.post_all(connection, told)


def _urgent(event: Event) -> bool:
    """Whether it overtakes what waits. What was carried has been told of already, and keeps its place."""
    return event.kind.startswith("emergency.") and event.carried is None


async def _note(connection: Connection, author: Author, incident: str, events: list[Event], results: list[Result], action: str) -> None:
    """One entry for all that came together. What was said is in the incident itself, which nobody can change."""
    vrms = {event.data["vrm"] for event in events if event.data.get("vrm")}
    refused = sorted({result.code for result in results if result.state == "refused"})
    detail: dict[str, Any] = {"events": [[event.sequence, event.kind] for event in events[:200]], "count": len(events)}
    kind: audit.Kind = "alteration" if events else "refusal" if refused else "consultation"
    if refused:
        detail["refused"] = refused
    await audit.record(connection, author.actor, kind, action, subjects=(incident, *sorted(vrms)), detail=detail)


async def open_incident(
    spine: Spine, author: Author, opened: Opened, *, incident: str = "", event: str = "", share: list[New] | None = None
) -> str:
    """Open an incident of the author's agency, and share it at once; its id. The same id again opens nothing.

    `opened.number` and `opened.lead` are filled here.

    Raises:
        UnknownTermError: the agency has no such type or grade.
        NotOpenedError: it cannot be shared as wanted; nothing was opened.
        IdTakenError: another agency's incident bears this id.
    """
    incident, now = incident or new_id(), spine.clock()
    states = states_of(spine.db)
    async with states.changing(spine.db, incident) as connection:
        if await connection.fetchval("SELECT true FROM incidents WHERE id = $1", incident):
            if await store.head(connection, incident, author.agency, author.roles):
                await within(connection, spine, states, author, incident, [], INCIDENTS_OPEN)
                return incident
            raise IdTakenError("another incident bears this id: make a new one")
        told = opened.model_copy(
            update={
                "lead": author.agency,
                "type": await meaning_of(connection, author.agency, "type", opened.type),
                "grade": await meaning_of(connection, author.agency, "grade", opened.grade),
                "number": await store.next_number(connection, author.agency, datetime.fromtimestamp(now / 1000, UTC).date()),
            }
        )
        row = IncidentState(id=incident, number=told.number, lead=told.lead, title=told.title, type=told.type, grade=told.grade)
        await store.add_incident(connection, row, now)
        news = [New(event or new_id(), "incident.opened", now, plain(told)), *(share or [])]
        results = await within(connection, spine, states, author._replace(platform=True), incident, news, INCIDENTS_OPEN)
        for result in results:
            if result.state == "refused":
                raise NotOpenedError(result.message)
    return incident
