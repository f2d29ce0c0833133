"""Searches: made once, run page by page; each run leaves its intent before and its outcome, with the count, before the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import NamedTuple, TypeVar

from bluelamp.anpr.errors import NeedsAuthorityError, NoSuchSearchError
from bluelamp.anpr.queries import history, preservation
from bluelamp.anpr.queries.lawful import Narrowed, Ruling, rule
from bluelamp.anpr.queries.shown import gaps_of
from bluelamp.anpr.schemas.searches import GapShown, ReadShown
from bluelamp.anpr.searching.criteria import Criteria
from bluelamp.anpr.searching.ranking import Position
from bluelamp.anpr.store import searches as store
from bluelamp.anpr.store.searches import Search
from bluelamp.kit.clock import to_rfc3339
from bluelamp.kit.ids import new_id
from bluelamp.spine import audit
from bluelamp.spine.audit import Actor, Purpose
from bluelamp.spine.deciding import facts_of
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine

RUN = "anpr.searches.run"
T = TypeVar("T")


class PageFound(NamedTuple):
    """A page of answers with what may be missing from them."""

    items: list[ReadShown]
    gaps: list[GapShown]
    gaps_more: bool
    next: str | None
    narrowed: Narrowed | None = None


def described(criteria: Criteria) -> dict[str, str]:
    """The criteria as the audit keeps them."""
    return {label.lower(): value for label, value in criteria.in_words()}


async def recorded(spine: Spine, intent: str, run: Callable[[], Awaitable[T]], count: Callable[[T], int]) -> T:
    """Run a question whose intent is committed, and commit its outcome before the answer leaves."""
    try:
        answer = await run()
    except BaseException:
        # Also a caller who hangs up: the question was put, so how it ended is noted.
        await asyncio.shield(audit.conclude(spine.db, intent, "failed", 0))
        raise
    await audit.conclude(spine.db, intent, "answered", count(answer))
    return answer


async def make(
    spine: Spine, caller: Caller, criteria: Criteria, why: Purpose, limit: int, *, action: str = RUN, open_start: bool = False
) -> tuple[str, PageFound]:
    """Store a search with the intent to run it, then run it; returns its id and the first page.

    Raises:
        NeedsAuthorityError: it reaches further back than is open.
    """
    ruling = await rule(spine, caller, action, criteria, why, open_start=open_start)
    criteria = ruling.criteria
    search = new_id()
    created_at = datetime.fromtimestamp(spine.clock() / 1000, UTC)
    async with spine.db.transaction() as connection:
        await store.add_search(connection, search, caller.actor, criteria, why, created_at)
        intent = await audit.record(
            connection, caller.actor, "consultation", RUN, subjects=criteria.subjects, why=why,
            detail={"search": search, **described(criteria), **ruling.detail},
        )  # fmt: skip
    made = Asked(search, why, ruling)
    return search, await recorded(spine, intent, lambda: _page(spine, caller, made, None, limit), lambda page: len(page.items))


class Asked(NamedTuple):
    """A search that is put to the history: its id, its reason, and what of it is lawful."""

    search: str
    why: Purpose
    ruling: Ruling


async def _page(spine: Spine, caller: Caller, asked: Asked, after: Position | None, limit: int) -> PageFound:
    lawful, criteria = asked.ruling.lawful, asked.ruling.criteria
    found, (gaps, gaps_more), kept = await asyncio.gather(
        history.find(spine, lawful, criteria, after, limit + 1),
        gaps_of(spine, criteria, lawful),
        preservation.preserved(spine, caller, criteria, asked.why),
    )
    found = preservation.merged(found, kept, criteria, after, limit + 1)
    page = found[:limit]
    more = page[-1].position.cursor() if len(found) > limit else None
    return PageFound(await preservation.shown(spine, lawful, page, kept, asked.search), gaps, gaps_more, more, asked.ruling.narrowed)


async def visible(spine: Spine, caller: Caller, search: str) -> Search:
    """Raises `NoSuchSearchError`: there is none, or it is neither the caller's nor shared in their agency."""
    opened = await store.visible_search(spine.db, search, caller.id, caller.agency)
    if opened is None:
        raise NoSuchSearchError("there is no such search")
    return opened


async def ruled(spine: Spine, caller: Caller, search: str, action: str) -> tuple[Search, Ruling]:
    """A search that the caller may see, and what of it policy opens to them now, whatever it opened when it was made.

    Raises:
        NoSuchSearchError: none that they may see.
        NeedsAuthorityError: it reaches further back than is open now; with what it asks, so that authority can be asked for from there.
    """
    found = await visible(spine, caller, search)
    mine = found.owner == caller.id
    try:
        return found, await rule(spine, caller, action, found.criteria, found.why, made_ms=found.made_ms, mine=mine)
    except NeedsAuthorityError as error:
        error.members |= {"criteria": criteria_shown(found.criteria), "reason": found.why._asdict()}
        raise


async def intend(spine: Spine, actor: Actor, search: Search, action: str, ruling: Ruling | None = None) -> str:
    """The intent of looking at what a search finds, for the reason it was made for."""
    return await audit.intend(
        spine.db, actor, action, subjects=search.criteria.subjects, why=search.why,
        detail={"search": search.id, **described(search.criteria), **(ruling.detail if ruling else {})},
    )  # fmt: skip


async def reopen(spine: Spine, caller: Caller, search: str, cursor: str, limit: int) -> tuple[Search, PageFound]:
    """A search again, or its next page: looked up anew, and audited as a new look."""
    opened, ruling = await ruled(spine, caller, search, RUN)
    after = Position.parse(cursor) if cursor else None
    intent = await intend(spine, caller.actor, opened, RUN, ruling)
    asked = Asked(opened.id, opened.why, ruling)
    page = await recorded(spine, intent, lambda: _page(spine, caller, asked, after, limit), lambda p: len(p.items))
    return opened, page


async def listed(spine: Spine, caller: Caller, saved: bool | None, before: str, count: int) -> list[Search]:
    """Also of those that the caller may not open for their marking: the route leaves these out."""
    return await store.list_searches(spine.db, caller.id, caller.agency, saved, before, count)


def may_open(spine: Spine, caller: Caller, search: Search) -> bool:
    """Whether policy lets this person open a search at all, whatever the age of what it finds."""
    marking = spine.policy.rules.terms.purpose(search.why.purpose).marking
    mine = search.owner == caller.id
    return mine or spine.policy.decide(facts_of(caller, RUN, purpose=search.why.purpose, marking=marking, mine=mine)).allowed


def criteria_shown(criteria: Criteria) -> dict[str, object]:
    """Criteria in the words of the request that makes such a search."""
    answer: dict[str, object] = {"from": to_rfc3339(criteria.start), "to": to_rfc3339(criteria.end), "tolerance": criteria.tolerance}
    if len(criteria.vrms) == 1:
        answer["vrm"] = criteria.vrms[0]
    elif criteria.vrms:
        answer["vrms"] = list(criteria.vrms)
    if criteria.bbox:
        answer["bbox"] = list(criteria.bbox)
    if criteria.area:
        answer["area"] = {"type": "Polygon", "coordinates": [[list(p) for p in ring] for ring in criteria.area]}
    if criteria.cameras:
        answer["cameras"] = [str(number) for number in criteria.cameras]
    for name in ("pattern", "direction", "make", "model", "colour"):
        if getattr(criteria, name):
            answer[name] = getattr(criteria, name)
    return answer
