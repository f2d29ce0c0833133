"""Verbs of reviews: decide, ask for an explanation, give one. A decision on a finding teaches the detector in the same transaction."""

from __future__ import annotations

from datetime import UTC, datetime

from bluelamp.accountability.misuse import store as findings
from bluelamp.accountability.reviews import store
from bluelamp.accountability.reviews.access import REVIEWS_DECIDE, REVIEWS_EXPLAIN
from bluelamp.accountability.reviews.domain import Outcome, Reviewer, SecondPerson, Verdict, needs_second
from bluelamp.accountability.reviews.errors import (
    NoSuchReviewError,
    NotAskedError,
    NoteMissingError,
    ReviewDecidedError,
    SecondPersonNeededError,
)
from bluelamp.spine import audit
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Connection, Record


def _now(spine: Spine) -> datetime:
    return datetime.fromtimestamp(spine.clock() / 1000, UTC)


async def decide(spine: Spine, caller: Caller, review: str, verdict: Verdict, note: str, rule: SecondPerson) -> Record:
    """Say what came of a second look; the review as it then stands.

    Raises:
        NoSuchReviewError: there is none, or it is not this person's to decide.
        ReviewDecidedError: somebody has decided it already.
        SecondPersonNeededError: the one who proposed the outcome cannot agree with it themselves.
        NoteMissingError: an outcome that somebody must answer for needs words.
    """
    if verdict != "proper" and not note:
        raise NoteMissingError("say in a note what is wrong, or what you want explained")
    async with spine.db.transaction() as connection:
        reviewer = Reviewer(caller.id, caller.agency, await store.line_of(connection, caller.id))
        held = await store.by_id(connection, reviewer, review, lock=True)
        if held is None:
            raise NoSuchReviewError("there is no such review")
        if held["state"] == "decided":
            raise ReviewDecidedError("this review is decided already")
        if held["state"] == "seconding" and held["proposed_by"] == caller.id:
            raise SecondPersonNeededError("somebody else has to agree with the outcome that you proposed")
        step = await _take(connection, caller, held, verdict, rule, _now(spine))
        await store.add_step(connection, review, _now(spine), (caller.id, caller.username), (step, verdict, note))
        detail = {"kind": held["kind"], "source": held["source"], "step": step, "outcome": verdict, "note": note}
        await audit.record(connection, caller.actor, "alteration", REVIEWS_DECIDE, subjects=(review, held["person"]), detail=detail)
        changed = await store.by_id(connection, reviewer, review)
    assert changed is not None  # noqa: S101 - held and locked above
    return changed


async def _take(connection: Connection, caller: Caller, held: Record, verdict: Verdict, rule: SecondPerson, now: datetime) -> str:
    """Write what the verdict means; the step that it is."""
    nobody = {"proposed": "", "proposed_by": ""}
    if verdict == "needs_explaining":
        await store.update(connection, held["id"], {"state": "asked", **nobody})
        return "asked"
    if held["state"] == "seconding" and verdict != held["proposed"]:
        await store.update(connection, held["id"], {"state": "waiting", **nobody})
        return "sent_back"
    if held["state"] != "seconding" and needs_second(rule, verdict):
        await store.update(connection, held["id"], {"state": "seconding", "proposed": verdict, "proposed_by": caller.id})
        return "proposed"
    decided = {"state": "decided", "outcome": verdict, "decided_by": caller.id, "decided_at": now}
    await store.update(connection, held["id"], decided)
    await _teach(connection, held, verdict, caller, now)
    return "decided"


async def _teach(connection: Connection, held: Record, outcome: Outcome, caller: Caller, now: datetime) -> None:
    if held["kind"] == "finding":
        await findings.set_state(connection, held["source"], "upheld" if outcome == "improper" else "cleared", caller.id, now)
    elif held["kind"] == "override":
        await store.close_override(connection, held["source"])


async def answer(spine: Spine, caller: Caller, review: str, text: str) -> Record:
    """Explain a look of one's own; the review goes back to who reviews.

    Raises:
        NoSuchReviewError: one was never asked about such a thing.
        NotAskedError: it is answered or decided already.
    """
    async with spine.db.transaction() as connection:
        held = next(iter(await store.of_person(connection, caller.id, review, lock=True)), None)
        if held is None:
            raise NoSuchReviewError("there is no such review")
        if held["state"] != "asked":
            raise NotAskedError("nobody waits for an answer to this any more")
        await store.update(connection, review, {"state": "answered"})
        await store.add_step(connection, review, _now(spine), (caller.id, caller.username), ("answered", "", text))
        await audit.record(connection, caller.actor, "alteration", REVIEWS_EXPLAIN, subjects=(review,), detail={"answer": text})
        return (await store.of_person(connection, caller.id, review))[0]
