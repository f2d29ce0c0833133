"""Questions at the end of a shift: what is open, and what earlier shifts handed over."""

from __future__ import annotations

from typing import Any

from bluelamp.anpr.matching.tolerance import PRIORITIES
from bluelamp.anpr.queries.hits import open_hits
from bluelamp.anpr.store import handovers as store
from bluelamp.anpr.store.mutes import mutes_of
from bluelamp.kit.clock import to_rfc3339
from bluelamp.spine import audit
from bluelamp.spine.audit import Actor
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Record

_TOLD_MAX = 100


async def summary(spine: Spine, actor: Actor) -> dict[str, Any]:
    """Hits of the last twelve hours that nobody has decided about (the gravest first) and the mutes in force."""
    look = await audit.intend(spine.db, actor, "anpr.handovers.summary")
    views = await open_hits(spine, actor)
    await audit.conclude(spine.db, look, "answered", len(views))
    views.sort(key=lambda view: (-view.hit.entry.priority, -view.hit.captured_at))
    hits = [
        {
            "id": view.hit.id,
            "vrm": view.hit.vrm,
            "priority": PRIORITIES[view.hit.entry.priority],
            "camera": view.hit.camera.name,
            "captured_at": to_rfc3339(view.hit.captured_at),
            "taken_by": view.state["taken_by"]["name"] if view.state["taken_by"] else None,
        }
        for view in views[:_TOLD_MAX]
    ]
    taken = sum(view.stage == "taken" for view in views)
    mutes = await mutes_of(spine.db, actor.agency)
    return {"open": len(views) - taken, "taken": taken, "hits": hits, "mutes": len(mutes)}


async def handovers(spine: Spine, actor: Actor, before: str, limit: int) -> list[Record]:
    """The agency's handovers before an id, the latest first."""
    look = await audit.intend(spine.db, actor, "anpr.handovers.list")
    rows = await store.handovers_of(spine.db, actor.agency, before, limit)
    await audit.conclude(spine.db, look, "answered", len(rows))
    return rows
