"""Questions about hits. A hit is seen by the camera's force, by the list's owner, and by whom the owner's sharing rules name."""

from __future__ import annotations

from typing import Any, NamedTuple

from bluelamp.anpr.errors import NoSuchHitError, SharedToSeeError
from bluelamp.anpr.matching.hits import Hit
from bluelamp.anpr.store import hits as store
from bluelamp.anpr.store.hits import state_json
from bluelamp.spine import audit
from bluelamp.spine.audit import Actor
from bluelamp.spine.module import Spine

NEWEST = (1 << 42, "")
"""Before this (milliseconds, id) is everything."""

_ROUNDS_MAX = 8
_OPEN_HOURS = 12
_OPEN_MAX = 500


class HitView(NamedTuple):
    """A hit with what people decided: `state` holds `taken_by` and `disposition`."""

    hit: Hit
    state: dict[str, Any]

    @property
    def stage(self) -> str:
        """open, taken or closed."""
        if self.state["disposition"] or self.hit.withdrawn:
            return "closed"
        return "taken" if self.state["taken_by"] else "open"


class NewestPage(NamedTuple):
    """Hits, newest first, and the position after which the next page begins; None at the end."""

    views: list[HitView]
    following: tuple[int, str] | None


async def hit(spine: Spine, actor: Actor, hit_id: str) -> HitView:
    """One hit. Raises `NoSuchHitError`, also to who may not see it."""
    look = await audit.intend(spine.db, actor, "anpr.hits.view", subjects=(hit_id,))
    found = await store.hit_by_id(spine.columnar, hit_id, await store.scope_of(spine.db, actor.agency))
    await audit.conclude(spine.db, look, "answered", int(found is not None))
    if found is None:
        raise NoSuchHitError("there is no such hit at your cameras or on your lists")
    return (await _views(spine, [found]))[0]


async def own_hit(spine: Spine, actor: Actor, hit_id: str) -> HitView:
    """One hit to do something about.

    Raises:
        NoSuchHitError: none that the agency sees.
        SharedToSeeError: another agency's, shared to be looked at.
    """
    view = await hit(spine, actor, hit_id)
    if actor.agency not in view.hit.agencies:
        raise SharedToSeeError(f"this hit is {view.hit.entry.agency}'s, shared with you to see: tell them, they decide about it")
    return view


async def newest(spine: Spine, actor: Actor, before: tuple[int, str], limit: int, stage: str = "") -> NewestPage:
    """Hits before a position, newest first, only of a stage if one is given."""
    look = await audit.intend(spine.db, actor, "anpr.hits.list")
    scope = await store.scope_of(spine.db, actor.agency)
    views: list[HitView] = []
    following: tuple[int, str] | None = before
    for _ in range(_ROUNDS_MAX):
        page = await store.newest_hits(spine.columnar, scope, following or NEWEST, spine.clock(), limit + 1)
        following = None
        for view in await _views(spine, page):
            if len(views) == limit:
                break
            following = (view.hit.captured_at, view.hit.id)
            if not stage or view.stage == stage:
                views.append(view)
        if len(page) <= limit and (not page or following == (page[-1].captured_at, page[-1].id)):
            following = None
        if following is None or len(views) == limit:
            break
    await audit.conclude(spine.db, look, "answered", len(views))
    return NewestPage(views, following)


async def since(spine: Spine, actor: Actor, position: int, found_since: int, limit: int) -> tuple[list[HitView], int]:
    """Hits new or amended after a position (or found since a time), oldest first, and the position reached."""
    look = await audit.intend(spine.db, actor, "anpr.hits.list")
    rows = await store.hits_after(spine.columnar, await store.scope_of(spine.db, actor.agency), position, found_since, limit)
    views = await _views(spine, [hit for _, hit in rows])
    await audit.conclude(spine.db, look, "answered", len(views))
    return views, rows[-1][0] if rows else position


async def open_hits(spine: Spine, actor: Actor) -> list[HitView]:
    """The latest hits of the last twelve hours that nobody has decided about, newest first; at most 500."""
    found = await store.newest_hits(spine.columnar, store.Scope(actor.agency), NEWEST, spine.clock(), _OPEN_MAX)
    oldest = spine.clock() - _OPEN_HOURS * 3_600_000
    return [view for view in await _views(spine, found) if view.stage != "closed" and view.hit.captured_at >= oldest]


async def _views(spine: Spine, hits: list[Hit]) -> list[HitView]:
    states = await store.states(spine.db, [hit.id for hit in hits]) if hits else {}
    return [HitView(hit, state_json(states.get(hit.id))) for hit in hits]
