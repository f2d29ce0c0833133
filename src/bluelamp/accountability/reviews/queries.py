"""Questions about reviews. Each records itself: opening a story is a look at a colleague and at what they looked at."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from bluelamp.accountability.reviews import drawing, looks, store
from bluelamp.accountability.reviews.access import REVIEWS_EXPLAIN, REVIEWS_STATISTICS
from bluelamp.accountability.reviews.domain import Reviewer
from bluelamp.accountability.reviews.errors import NoSuchDrawError, NoSuchReviewError
from bluelamp.accountability.reviews.looks import Look
from bluelamp.spine import audit
from bluelamp.spine.audit.entries import Wanted
from bluelamp.spine.http import Caller
from bluelamp.spine.identity.access import AUDIT_ALL
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Record

AROUND = timedelta(hours=2)
SAME_SUBJECT = timedelta(days=90)
SHOWN_MAX = 25
OUTCOME_DAYS = 90


class Story(NamedTuple):
    """A review with all that helps to decide it."""

    review: Record
    looks: list[Look]
    around: list[Look]
    same_subject: list[Look]
    steps: list[Record]


class Redrawn(NamedTuple):
    """A draw beside what the same plan draws now."""

    draw: Record
    population: int
    entries: list[str]
    put_up: set[str]
    as_recorded: bool


async def reviewer_of(spine: Spine, caller: Caller) -> Reviewer:
    return Reviewer(caller.id, caller.agency, await store.line_of(spine.db, caller.id))


async def queue(spine: Spine, caller: Caller, states: list[str], kind: str, after: tuple[float, str] | None, count: int) -> list[Record]:
    intent = await audit.intend(spine.db, caller.actor, "reviews.reviews.list", detail={"states": states, "kind": kind})
    rows = await store.queue(spine.db, await reviewer_of(spine, caller), states, kind, after, count)
    await audit.conclude(spine.db, intent, "answered", len(rows))
    return rows


async def story(spine: Spine, caller: Caller, review: str) -> Story:
    """Raises `NoSuchReviewError`: there is none, or it is not the caller's to see."""
    held = await store.by_id(spine.db, await reviewer_of(spine, caller), review)
    subjects = (held["person"], *held["subjects"][: looks.SUBJECTS_MAX]) if held else ()
    intent = await audit.intend(spine.db, caller.actor, "reviews.reviews.open", subjects=(review, *subjects))
    if held is None:
        await audit.conclude(spine.db, intent, "refused", 0)
        raise NoSuchReviewError("there is no such review")
    told = await _told(spine, held)
    await audit.conclude(spine.db, intent, "answered", len(told.looks) + len(told.around) + len(told.same_subject))
    return told


async def _told(spine: Spine, held: Record) -> Story:
    agency, person, at = held["agency"], held["person"], held["looked_at"]
    own = await looks.of_entries(spine, agency, held["entries"])
    shown = frozenset(look.entry for look in own)
    around = await looks.newest(spine, agency, Wanted(actors=(person,), since=at - AROUND, until=at + AROUND), SHOWN_MAX, shown)
    same: list[Look] = []
    if held["subjects"]:
        wanted = Wanted(subjects=tuple(held["subjects"]), since=at - SAME_SUBJECT, until=at + SAME_SUBJECT)
        same = await looks.newest(spine, agency, wanted, SHOWN_MAX, shown)
    return Story(held, own, around, same, await store.steps_of(spine.db, [held["id"]]))


async def asked_of(spine: Spine, caller: Caller) -> tuple[list[Record], list[Record]]:
    """What the caller was asked about, and its steps."""
    intent = await audit.intend(spine.db, caller.actor, REVIEWS_EXPLAIN)
    rows = await store.of_person(spine.db, caller.id)
    steps = await store.steps_of(spine.db, [row["id"] for row in rows])
    await audit.conclude(spine.db, intent, "answered", len(rows))
    return rows, steps


def _reach(caller: Caller) -> str:
    """Whose figures: an auditor's are of all agencies."""
    return "" if caller.may(AUDIT_ALL) else caller.agency


async def statistics(spine: Spine, caller: Caller) -> tuple[Record, list[Record]]:
    intent = await audit.intend(spine.db, caller.actor, REVIEWS_STATISTICS)
    standing = await store.standing(spine.db, _reach(caller))
    outcomes = await store.outcomes(spine.db, _reach(caller), OUTCOME_DAYS)
    await audit.conclude(spine.db, intent, "answered", len(outcomes))
    return standing, outcomes


async def draws(spine: Spine, caller: Caller, before: date, count: int) -> list[Record]:
    intent = await audit.intend(spine.db, caller.actor, "reviews.draws.list")
    rows = await store.draws(spine.db, _reach(caller), before, count)
    await audit.conclude(spine.db, intent, "answered", len(rows))
    return rows


async def redrawn(spine: Spine, caller: Caller, draw: str) -> Redrawn:
    """Raises `NoSuchDrawError`: there is none, or it is another agency's."""
    intent = await audit.intend(spine.db, caller.actor, "reviews.draws.check", subjects=(draw,))
    held = await store.draw(spine.db, _reach(caller), draw)
    if held is None:
        await audit.conclude(spine.db, intent, "refused", 0)
        raise NoSuchDrawError("there is no such draw")
    population, chosen = await drawing.draw_again(spine, held)
    put_up = await store.put_up_of(spine.db, draw)
    await audit.conclude(spine.db, intent, "answered", len(chosen))
    return Redrawn(held, population, chosen, put_up, await drawing.is_as_recorded(spine, held))
