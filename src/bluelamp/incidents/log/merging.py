"""Merging: two control rooms took the same call. One incident goes on with what both knew; the other ends in it, and its log stays."""

from __future__ import annotations

from typing import NamedTuple

from bluelamp.incidents.access import INCIDENTS_COMMAND
from bluelamp.incidents.domain.carrying import chosen, roles_in_both
from bluelamp.incidents.domain.fold import Event
from bluelamp.incidents.domain.rules import Author, New
from bluelamp.incidents.domain.state import IncidentState
from bluelamp.incidents.emergencies import store as emergencies
from bluelamp.incidents.errors import IncidentClosedError, MergeTooLargeError, NoSuchIncidentError, NotMergedError, NotTheLeadError
from bluelamp.incidents.log import store
from bluelamp.incidents.log.actions import within
from bluelamp.incidents.log.carrying import CARRIED_MAX, carry
from bluelamp.incidents.log.states import READ_AT_ONCE, states_of
from bluelamp.incidents.resources import store as resources
from bluelamp.kit.ids import new_id
from bluelamp.spine import audit
from bluelamp.spine.errors import InvalidError
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Connection

TEXT_MAX = 4000


class _Merging(NamedTuple):
    connection: Connection
    spine: Spine
    author: Author
    """The platform, for the control room that merges."""
    ending: IncidentState
    going_on: IncidentState
    reason: str


async def merge(spine: Spine, author: Author, incident: str, into: str, reason: str) -> str:
    """The number of the incident that goes on. Agencies, resources, emergencies and all that was said of the other one go with it.

    Raises:
        NoSuchIncidentError: either is not there for the author.
        NotTheLeadError: another agency leads one of them.
        IncidentClosedError: one of them is closed.
        MergeTooLargeError: too much was said of the one that is to end.
    """
    states = states_of(spine.db)
    async with states.changing(spine.db, incident, into) as connection:
        await emergencies.lock_of(connection, incident)  # before the incidents, as those do who answer an emergency
        found = {}
        for one in sorted({incident, into}):
            head = await store.head(connection, one, author.agency, author.roles, lock=True)
            if head is None:
                raise NoSuchIncidentError
            found[one] = await states.as_of(connection, one, head.sequence)
        if incident == into:  # not before: who sees none of it is told that there is none
            raise InvalidError("an incident is not merged into itself")
        ending, going_on = found[incident], found[into]
        _check(author, ending, going_on)
        log = await _log_of(connection, ending)
        carried = chosen(ending, log, going_on)
        order = _Merging(connection, spine, author._replace(platform=True), ending, going_on, reason)
        labels = {casualty.id: casualty.label for casualty in ending.casualties.values()}
        await resources.move_all(connection, incident, into)
        await emergencies.move_all(connection, incident, into)
        await _say(order, incident, _here(order))
        await _say(order, into, _there(order))
        at = max(spine.clock(), (await _kept_at(connection, into)))
        await carry(connection, author.actor, going_on, ending.number, carried, at)
        for author_of_it, new in _renumbered(order, labels):
            await _say(order._replace(author=author_of_it), into, [new])
    return going_on.number


async def _kept_at(connection: Connection, incident: str) -> int:
    head = await store.head_of_any(connection, incident)
    return head.updated_at if head else 0


def _check(author: Author, ending: IncidentState, going_on: IncidentState) -> None:
    for state in (ending, going_on):
        if state.lead != author.agency:
            raise NotTheLeadError(f"{state.lead} leads {state.number}: ask its control room")
        if state.status != "open":
            raise IncidentClosedError(f"{state.number} is closed")
    if ending.sequence > CARRIED_MAX:
        raise MergeTooLargeError(
            f"{ending.number} has {ending.sequence} events, {CARRIED_MAX} at most are carried: merge {going_on.number} into it instead"
        )


async def _log_of(connection: Connection, state: IncidentState) -> list[Event]:
    log: list[Event] = []
    while len(log) < state.sequence:
        log += await store.events_between(connection, state.id, len(log), state.sequence, READ_AT_ONCE)
    return log


async def _say(order: _Merging, incident: str, news: list[New]) -> None:
    """Raises NotMergedError: the platform's own word was refused, so none of it is done."""
    if not news:
        return
    states = states_of(order.spine.db)
    for result in await within(order.connection, order.spine, states, order.author, incident, news, INCIDENTS_COMMAND):
        if result.state == "refused":
            raise NotMergedError(f"the incidents stay as they are: {result.message}")


def _here(order: _Merging) -> list[New]:
    now, into = order.spine.clock(), order.going_on
    return [
        New(new_id(), "log.written", now, {"text": f"Merged into {into.number}: {order.reason}"}),
        New(new_id(), "incident.merged", now, {"incident": into.id, "number": into.number, "direction": "into"}),
    ]


def _there(order: _Merging) -> list[New]:
    """Who comes to see it, before what was said: so that all who are to hear it do."""
    now, ending, into = order.spine.clock(), order.ending, order.going_on
    news = [New(new_id(), "incident.merged", now, {"incident": ending.id, "number": ending.number, "direction": "from"})]
    for member in ending.agencies.values():
        known = into.agencies.get(member.agency)
        roles = list(member.roles) if known is None else roles_in_both(known.roles, member.roles)
        if known is None or roles != sorted(known.roles):
            data = {"agency": member.agency, "roles": roles, "reason": f"{ending.number} is merged into this"}
            news.append(New(new_id(), "agency.joined", now, data))
    if ending.major and not into.major:
        news.append(New(new_id(), "incident.amended", now, {"major": True}))
    reference = f" Reference of who told us: {ending.reference}." if ending.reference else ""
    known_as = f"{ending.title}, {ending.place.said}.{reference}\n{ending.description}".strip()
    text = f"Took in {ending.number}: {order.reason}\nIt was known as: {known_as}"
    return [*news, New(new_id(), "log.written", now, {"text": text[:TEXT_MAX]})]


def _renumbered(order: _Merging, labels: dict[str, str]) -> list[tuple[Author, New]]:
    """Casualties that people knew by a number of the ended incident, and what they are called now; told to those who see them."""
    by_audience: dict[tuple[str, ...], list[str]] = {}
    for casualty, label in labels.items():
        now = order.going_on.casualties.get(casualty)
        if now is not None and now.label != label:
            by_audience.setdefault(tuple(now.audience), []).append(f"{label} is {now.label}")
    at, said = order.spine.clock(), f"Casualties of {order.ending.number} have new numbers here: "
    found = []
    for to, told in by_audience.items():
        # What is for others only is told by the platform itself: the control room that merges does not see it.
        platform = Author(audit.SYSTEM, "Bluelamp", to[0], frozenset(), frozenset(), platform=True) if to else order.author
        found.append((platform, New(new_id(), "log.written", at, {"text": (said + ", ".join(told))[:TEXT_MAX]}, to)))
    return found
