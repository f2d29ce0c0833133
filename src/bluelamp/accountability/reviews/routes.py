"""Doors of reviews: the queue and the story for supervisors, one's own questions for everybody who looks, the check for auditors."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query

from bluelamp.accountability.reviews import actions, queries, store
from bluelamp.accountability.reviews.access import REVIEWS_DECIDE, REVIEWS_EXPLAIN, REVIEWS_STATISTICS
from bluelamp.accountability.reviews.domain import Kind, State
from bluelamp.accountability.reviews.schemas import (
    AskedShown,
    DrawChecked,
    DrawShown,
    ExplanationQuestion,
    ReviewShown,
    ReviewStatistics,
    StoryShown,
    VerdictQuestion,
)
from bluelamp.accountability.reviews.settings import review_settings
from bluelamp.kit.paging import decode_cursor, encode_cursor
from bluelamp.spine.errors import InvalidError
from bluelamp.spine.http import Caller, Id, SpineHere, permit
from bluelamp.spine.wire import Page

router = APIRouter(tags=["reviews"])

Supervisor = Annotated[Caller, permit(REVIEWS_DECIDE)]
Statistician = Annotated[Caller, permit(REVIEWS_STATISTICS)]
Asked = Annotated[Caller, permit(REVIEWS_EXPLAIN)]
Cursor = Annotated[str, Query(max_length=200)]
OPEN: list[State] = ["waiting", "asked", "answered", "seconding"]


@router.get("/reviews")
async def list_reviews(
    spine: SpineHere,
    caller: Supervisor,
    state: State | None = None,
    kind: Kind | None = None,
    cursor: Cursor = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[ReviewShown]:
    """Reviews of your agency, neither yours nor of your line: the gravest first, then the oldest. Without `state`, all that are open."""
    after = None
    if cursor:
        try:
            risk, last = decode_cursor(cursor, str, str)
            after = (float(risk), str(last).replace("\0", ""))
        except ValueError as error:
            raise InvalidError("not a cursor of this list") from error
    rows = await queries.queue(spine, caller, [state] if state else list(OPEN), kind or "", after, limit + 1)
    more = encode_cursor(repr(rows[limit - 1]["risk"]), rows[limit - 1]["id"]) if len(rows) > limit else None
    return Page(items=[ReviewShown.of(row) for row in rows[:limit]], next=more)


@router.get("/reviews/statistics")
async def read_statistics(spine: SpineHere, caller: Statistician) -> ReviewStatistics:
    """How many wait and for how long, and what came of those decided in the last 90 days, by kind and unit."""
    standing, rows = await queries.statistics(spine, caller)
    return ReviewStatistics.of(standing, rows, queries.OUTCOME_DAYS)


@router.get("/reviews/draws")
async def list_draws(
    spine: SpineHere,
    caller: Statistician,
    before: date | None = None,
    limit: Annotated[int, Query(ge=1, le=400)] = 100,
) -> Page[DrawShown]:
    """The samples that were drawn, one for each agency and day, the latest first. `before` continues with earlier days."""
    rows = await queries.draws(spine, caller, before or date.max, limit)
    return Page(items=[DrawShown.of(row) for row in rows], next=None)


@router.get("/reviews/draws/{draw}")
async def check_draw(draw: Id, spine: SpineHere, caller: Statistician) -> DrawChecked:
    """Draws the same day again from the audit with the plan of then, and compares: what was skipped, what slipped in."""
    return DrawChecked.of(await queries.redrawn(spine, caller, draw))


@router.get("/reviews/{review}")
async def open_review(review: Id, spine: SpineHere, caller: Supervisor) -> StoryShown:
    """The story of one review. Opening it is a look at a colleague, and on record."""
    return StoryShown.of(await queries.story(spine, caller, review))


@router.post("/reviews/{review}/decision")
async def decide_review(review: Id, question: VerdictQuestion, spine: SpineHere, caller: Supervisor) -> ReviewShown:
    """Proper, improper, or ask the person first. Some outcomes may need a second supervisor who says the same."""
    rule = review_settings().second_person
    return ReviewShown.of(await actions.decide(spine, caller, review, question.outcome, question.note.strip(), rule))


@router.get("/me/reviews")
async def list_own_reviews(spine: SpineHere, caller: Asked) -> Page[AskedShown]:
    """Looks of your own that you were asked to explain, the newest first."""
    rows, steps = await queries.asked_of(spine, caller)
    return Page(items=[AskedShown.of(row, steps) for row in rows], next=None)


@router.post("/me/reviews/{review}/answer")
async def answer_review(review: Id, question: ExplanationQuestion, spine: SpineHere, caller: Asked) -> AskedShown:
    """Explain a look that you were asked about. What is answered cannot be changed."""
    row = await actions.answer(spine, caller, review, question.text.strip())
    return AskedShown.of(row, await store.steps_of(spine.db, [review]))
