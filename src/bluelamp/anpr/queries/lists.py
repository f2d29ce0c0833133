"""Questions about VOI lists: an agency's own, and those shared with it. Looking at entries is a consultation: it leaves an entry."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from bluelamp.anpr.errors import NoSuchEntryError, NoSuchListError
from bluelamp.anpr.matching.hits import entry_id
from bluelamp.anpr.matching.settings import MatchingSettings
from bluelamp.anpr.store import lists as store
from bluelamp.spine import audit
from bluelamp.spine.audit import Actor
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Record

FIRST_LIST = ""


class ReviewRow(NamedTuple):
    """An entry that wants a look, and why."""

    entry: Record
    expiring: bool
    stale: bool


async def lists(spine: Spine, actor: Actor, after: str, limit: int) -> list[Record]:
    """The agency's lists by id, after one."""
    look = await audit.intend(spine.db, actor, "anpr.lists.list")
    found = await store.lists_of(spine.db, actor.agency, after, limit)
    await audit.conclude(spine.db, look, "answered", len(found))
    return found


async def one_list(spine: Spine, actor: Actor, list_id: str) -> Record:
    """One list, for whoever has just changed it. Raises `NoSuchListError`."""
    found = await store.list_of(spine.db, list_id, actor.agency)
    if found is None:
        raise NoSuchListError("your agency has no such list")
    return found


async def look_at_list(spine: Spine, actor: Actor, list_id: str) -> Record:
    """One list, shown to somebody who asked for it. Raises `NoSuchListError`."""
    look = await audit.intend(spine.db, actor, "anpr.lists.view", subjects=(list_id,))
    found = await store.list_of(spine.db, list_id, actor.agency)
    await audit.conclude(spine.db, look, "answered", int(found is not None))
    if found is None:
        raise NoSuchListError("your agency has no such list")
    return found


async def entries(spine: Spine, actor: Actor, list_id: str, vrm: str, after: int, limit: int) -> list[Record]:
    """A page of a list's entries by number, those whose mark begins with `vrm`. Raises `NoSuchListError`."""
    await one_list(spine, actor, list_id)
    subjects = (list_id, vrm) if vrm else (list_id,)
    look = await audit.intend(spine.db, actor, "anpr.lists.entries", subjects=subjects)
    found = await store.entries_of(spine.db, list_id, vrm, after, limit)
    await audit.conclude(spine.db, look, "answered", len(found))
    return found


async def entry(spine: Spine, actor: Actor, number: int) -> Record:
    """One entry. Raises `NoSuchEntryError`."""
    look = await audit.intend(spine.db, actor, "anpr.lists.entry", subjects=(entry_id(number),))
    found = await store.visible_entry(spine.db, number, actor.agency)
    await audit.conclude(spine.db, look, "answered", int(found is not None))
    if found is None:
        raise NoSuchEntryError("your agency has no such entry")
    return found


async def review(spine: Spine, actor: Actor, after: int, limit: int) -> list[ReviewRow]:
    """Entries that expire soon or that nobody has looked at for long, by number."""
    settings = MatchingSettings()
    now = datetime.fromtimestamp(spine.clock() / 1000, UTC)
    look = await audit.intend(spine.db, actor, "anpr.lists.review")
    found = await store.review_of(
        spine.db,
        actor.agency,
        now - timedelta(days=settings.review_days),
        now + timedelta(days=settings.remind_days),
        after,
        limit,
    )
    await audit.conclude(spine.db, look, "answered", len(found))
    return [ReviewRow(row, row["expiring"], row["stale"]) for row in found]
