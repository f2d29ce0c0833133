"""Merging: two control rooms took the same call. One incident goes on; the other ends in it, and its log stays."""

from __future__ import annotations

from bluelamp.incidents.access import INCIDENTS_COMMAND
from bluelamp.incidents.domain.rules import Author, New
from bluelamp.incidents.errors import IncidentClosedError, NoSuchIncidentError, NotTheLeadError
from bluelamp.incidents.log import store
from bluelamp.incidents.log.actions import within
from bluelamp.incidents.log.states import states_of
from bluelamp.kit.ids import new_id
from bluelamp.spine.errors import InvalidError
from bluelamp.spine.module import Spine


async def merge(spine: Spine, author: Author, incident: str, into: str, reason: str) -> str:
    """The number of the incident that goes on. Agencies and resources of the other one join it.

    Raises:
        NoSuchIncidentError: either is not there for the author.
        NotTheLeadError: another agency leads one of them.
        IncidentClosedError: one of them is closed.
    """
    states = states_of(spine.db)
    async with states.changing(spine.db, incident, into) as connection:
        found = {}
        for one in sorted({incident, into}):
            head = await store.head(connection, one, author.agency, author.roles, lock=True)
            if head is None:
                raise NoSuchIncidentError
            found[one] = await states.as_of(connection, one, head.sequence)
        if incident == into:
            raise InvalidError("an incident is not merged into itself")
        ending, going_on = found[incident], found[into]
        for state in (ending, going_on):
            if state.lead != author.agency:
                raise NotTheLeadError(f"{state.lead} leads {state.number}: ask its control room")
            if state.status != "open":
                raise IncidentClosedError(f"{state.number} is closed")
        by_platform, now, number = author._replace(platform=True), spine.clock(), going_on.number
        moving = [assigned for assigned in ending.resources.values() if not assigned.released_at]
        joining = [member for member in ending.agencies.values() if member.agency not in going_on.agencies]
        here = [
            New(new_id(), "log.written", now, {"text": f"Merged into {number}: {reason}"}),
            New(new_id(), "incident.merged", now, {"incident": into, "number": number, "direction": "into"}),
        ]
        there = [New(new_id(), "incident.merged", now, {"incident": incident, "number": ending.number, "direction": "from"})]
        there += [New(new_id(), "agency.joined", now, {"agency": member.agency, "roles": member.roles}) for member in joining]
        await within(connection, spine, states, by_platform, incident, here, INCIDENTS_COMMAND)
        await within(connection, spine, states, by_platform, into, there, INCIDENTS_COMMAND)
        for assigned in moving:
            own = by_platform._replace(agency=assigned.agency)
            again = New(new_id(), "resource.assigned", now, {"resource": assigned.id, "task": assigned.task})
            await within(connection, spine, states, own, into, [again], INCIDENTS_COMMAND)
    return number
