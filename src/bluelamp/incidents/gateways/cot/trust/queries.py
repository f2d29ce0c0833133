"""Questions about devices."""

from __future__ import annotations

from bluelamp.incidents.access import TAK_DEVICES_MANAGE
from bluelamp.incidents.gateways.cot.trust import store
from bluelamp.spine import audit
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Record


async def devices(spine: Spine, caller: Caller) -> list[Record]:
    """The caller's own, or all of their agency where they may manage those; left in the audit."""
    manages = caller.may(TAK_DEVICES_MANAGE)
    intent = await audit.intend(spine.db, caller.actor, TAK_DEVICES_MANAGE, subjects=(), detail={"agency": manages})
    found = await store.devices(spine.db, agency=caller.agency) if manages else await store.devices(spine.db, person=caller.id)
    await audit.conclude(spine.db, intent, "answered", len(found))
    return found
