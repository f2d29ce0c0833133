"""What an owner may do to a search once made: name, save, share it, or keep it standing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bluelamp.anpr.access import SEARCHES_KEEP
from bluelamp.anpr.errors import NoSuchSearchError, TooManyStandingError
from bluelamp.anpr.queries.searches import described, visible
from bluelamp.anpr.schemas.searches import SearchChange
from bluelamp.anpr.settings import history_settings
from bluelamp.anpr.store import searches as store
from bluelamp.anpr.store.searches import Search
from bluelamp.spine import audit
from bluelamp.spine.deciding import demand, facts_of
from bluelamp.spine.errors import InvalidError
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine


async def change_search(spine: Spine, caller: Caller, search: str, question: SearchChange) -> Search:
    """Change one's own search.

    Raises:
        NoSuchSearchError: none of the caller's; a search shared by somebody else is changed by its owner only.
        TooManyStandingError: each standing search is run again and again, so a person keeps a few.
    """
    if question.standing:
        kept = await visible(spine, caller, search)
        facts = facts_of(caller, SEARCHES_KEEP, purpose=kept.why.purpose, mine=kept.owner == caller.id)
        await demand(spine, caller, facts, subjects=kept.criteria.subjects, why=kept.why)
    async with spine.db.transaction() as connection:
        held = await store.visible_search(connection, search, caller.id, "", lock=True)
        if held is None:
            raise NoSuchSearchError("there is no such search of yours")
        changes = _changes(held, question)
        if changes.get("standing") and not held.standing:
            if not (held.criteria.vrms or held.criteria.pattern):
                raise InvalidError("a standing search is for a plate, plates or a pattern: for a place, look at it live")
            most = history_settings().standing_per_person_max
            if await store.count_standing(connection, caller.id) >= most:
                raise TooManyStandingError(f"you keep {most} standing searches already: end one first")
            changes |= {"standing_since": datetime.fromtimestamp(spine.clock() / 1000, UTC), "looked_at": None}
        if changes:
            await store.update_search(connection, search, changes)
            await audit.record(
                connection, caller.actor, "alteration", "anpr.searches.change", subjects=held.criteria.subjects, why=held.why,
                detail={"search": search, **question.model_dump(exclude_none=True), **described(held.criteria)},
            )  # fmt: skip
        changed = await store.visible_search(connection, search, caller.id, "")
    if changed is None:
        raise NoSuchSearchError("there is no such search of yours")
    return changed


def _changes(held: Search, question: SearchChange) -> dict[str, Any]:
    """Columns to set. Sharing or keeping standing saves; no longer saving ends both."""
    changes = question.model_dump(exclude_none=True)
    if "name" in changes:
        changes["name"] = changes["name"].strip()
    if changes.get("saved") is False:
        if changes.get("shared") or changes.get("standing"):
            raise InvalidError("a shared or standing search is saved: leave 'saved' out")
        changes |= {"shared": False, "standing": False}
    elif changes.get("shared") or changes.get("standing"):
        changes["saved"] = True
    return {name: value for name, value in changes.items() if value != getattr(held, name)}
