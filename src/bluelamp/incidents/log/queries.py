"""Questions of incidents: lists, the state now and at any second, the log. Opening an incident is a look, and on record."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bluelamp.incidents.access import INCIDENTS_VIEW
from bluelamp.incidents.domain.fold import Event, view
from bluelamp.incidents.domain.state import IncidentState
from bluelamp.incidents.errors import NoSuchIncidentError
from bluelamp.incidents.log import store
from bluelamp.incidents.log.states import state_at, states_of
from bluelamp.spine import audit
from bluelamp.spine.errors import InvalidError
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Record


async def listed(spine: Spine, caller: Caller, statuses: list[str], before: tuple[datetime, str] | None, limit: int) -> list[Record]:
    return await store.listed(spine.db, caller.agency, caller.roles, statuses, before, limit)


async def head_of(spine: Spine, caller: Caller, incident: str) -> store.Head:
    """Raises `NoSuchIncidentError`, also where it is not shared with this caller."""
    found = await store.head(spine.db, incident, caller.agency, caller.roles)
    if found is None:
        raise NoSuchIncidentError
    return found


async def shown(spine: Spine, caller: Caller, incident: str, *, at_ms: int | None = None) -> dict[str, Any]:
    """The incident as the caller's agency sees it, now or as it was at a moment; left in the audit.

    Raises:
        NoSuchIncidentError: none that the caller sees.
        InvalidError: it had not begun at that moment.
    """
    intent = await audit.intend(spine.db, caller.actor, INCIDENTS_VIEW, subjects=(incident,), detail={"at": at_ms} if at_ms else None)
    try:
        state = await _seen(spine, caller, incident, at_ms)
    except (NoSuchIncidentError, InvalidError):
        await audit.conclude(spine.db, intent, "refused", 0)
        raise
    await audit.conclude(spine.db, intent, "answered", 1)
    return state


async def _seen(spine: Spine, caller: Caller, incident: str, at_ms: int | None) -> dict[str, Any]:
    if at_ms is not None:
        await head_of(spine, caller, incident)
        sequence = await store.sequence_at(spine.db, incident, at_ms)
        if not sequence:
            raise InvalidError("the incident had not begun then: ask for a later moment")
        return view(await state_at(spine.db, incident, sequence), caller.agency)
    states = states_of(spine.db)
    async with states.turn(incident):
        head = await head_of(spine, caller, incident)
        return view(await states.as_of(spine.db, incident, head.sequence), caller.agency)


async def state_now(spine: Spine, incident: str) -> IncidentState:
    """A copy of the whole state, for the platform's own gateways.

    Raises:
        NoSuchIncidentError: there is none.
    """
    states = states_of(spine.db)
    async with states.turn(incident):
        head = await store.head_of_any(spine.db, incident)
        if head is None:
            raise NoSuchIncidentError
        return (await states.as_of(spine.db, incident, head.sequence)).model_copy(deep=True)


async def log_of(spine: Spine, caller: Caller, incident: str, after: int, kinds: list[str], limit: int, *, newest: bool) -> list[Event]:
    """Events that the caller's agency sees, in order; with `newest` the last ones before `after`, the newest first.

    Raises:
        NoSuchIncidentError: none that the caller sees.
    """
    await head_of(spine, caller, incident)
    detail = {"log_after": after, **({"kinds": kinds} if kinds else {})}
    intent = await audit.intend(spine.db, caller.actor, INCIDENTS_VIEW, subjects=(incident,), detail=detail)
    events = await store.events_shown(spine.db, incident, caller.agency, after, kinds, limit, newest=newest)
    await audit.conclude(spine.db, intent, "answered", len(events))
    return events
