"""What a control room has muted. Looking is a consultation and leaves an entry in the audit."""

from __future__ import annotations

from bluelamp.anpr.store import mutes as store
from bluelamp.spine import audit
from bluelamp.spine.audit import Actor
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Record


async def mutes(spine: Spine, actor: Actor) -> list[Record]:
    """The agency's mutes in force."""
    look = await audit.intend(spine.db, actor, "anpr.mutes.list")
    found = await store.mutes_of(spine.db, actor.agency)
    await audit.conclude(spine.db, look, "answered", len(found))
    return found
