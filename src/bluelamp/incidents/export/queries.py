"""Statistics of times, without a package."""

from __future__ import annotations

from bluelamp.incidents.access import INCIDENTS_VIEW
from bluelamp.incidents.errors import NoSuchIncidentError
from bluelamp.incidents.export import store
from bluelamp.incidents.export.times import KINDS, Stopwatch, Times
from bluelamp.incidents.log import store as log_store
from bluelamp.spine import audit
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine


async def times(spine: Spine, caller: Caller, incident: str) -> Times:
    """Raises NoSuchIncidentError: none that the caller sees."""
    head = await log_store.head(spine.db, incident, caller.agency, caller.roles)
    if head is None:
        raise NoSuchIncidentError
    intent = await audit.intend(spine.db, caller.actor, INCIDENTS_VIEW, subjects=(incident,), detail={"statistics": True})
    watch = Stopwatch()
    async for event in store.events(spine.db, incident, caller.agency, head.sequence, list(KINDS)):
        watch.see(event)
    await audit.conclude(spine.db, intent, "answered", 1)
    return watch.times()
