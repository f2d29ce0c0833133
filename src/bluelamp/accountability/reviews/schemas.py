"""Shapes on the wire of reviews."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, Field

from bluelamp.accountability.reviews.domain import Kind, State, Verdict
from bluelamp.accountability.reviews.looks import Look
from bluelamp.accountability.reviews.queries import Redrawn, Story
from bluelamp.spine.relational import Record
from bluelamp.spine.wire import Instant, Question

NOTE_LENGTH_MAX = 2000


class ReviewPerson(BaseModel):
    """Whose look it is, in the post they held then."""

    id: str
    username: str
    roles: list[str]
    unit: str
    rank: str
    manager: str


class ReviewReason(BaseModel):
    """Why somebody should look, in words. `score` from 0 to 1: how much speaks for misuse; 0 for a sample drawn by chance."""

    name: str
    score: float
    why: str


class ReviewShown(BaseModel):
    """One review. `kind`: drawn by chance, found by the misuse detector, or an emergency override."""

    id: str
    kind: Kind
    state: State
    risk: float
    person: ReviewPerson
    looked_at: Instant
    looks: int
    subjects: list[str]
    purpose: str
    reference: str
    reasons: list[ReviewReason]
    created_at: Instant
    proposed: Literal["", "proper", "improper"]
    outcome: Literal["", "proper", "improper"]
    decided_at: Instant | None

    @classmethod
    def of(cls, row: Record) -> ReviewShown:
        values = {name: row[name] for name in cls.model_fields if name not in {"person", "looks"}}
        person = {name: row[name] for name in ("username", "roles", "unit", "rank", "manager")}
        return cls.model_validate(values | {"looks": len(row["entries"]), "person": {"id": row["person"], **person}})


class LookShown(BaseModel):
    """One look from the audit, with how many records it showed."""

    entry: str
    at: Instant
    person: str
    username: str
    action: str
    subjects: list[str]
    purpose: str
    reference: str
    outcome: str
    results: int

    @classmethod
    def all_of(cls, looks: Iterable[Look]) -> list[LookShown]:
        return [cls.model_validate(look._asdict()) for look in looks]


class StepShown(BaseModel):
    """What was done about a review, by whom."""

    at: Instant
    username: str
    step: Literal["asked", "answered", "proposed", "sent_back", "decided"]
    outcome: str
    note: str


class StoryShown(BaseModel):
    """All that helps to decide: the looks themselves, others by the same person around them, others at the same subject."""

    review: ReviewShown
    looks: list[LookShown]
    around: list[LookShown]
    same_subject: list[LookShown]
    steps: list[StepShown]

    @classmethod
    def of(cls, told: Story) -> StoryShown:
        return cls(
            review=ReviewShown.of(told.review),
            looks=LookShown.all_of(told.looks),
            around=LookShown.all_of(told.around),
            same_subject=LookShown.all_of(told.same_subject),
            steps=[StepShown.model_validate(dict(step)) for step in told.steps],
        )


class VerdictQuestion(Question):
    """`needs_explaining` asks the person, who sees the note; it and `improper` need one."""

    outcome: Verdict
    note: str = Field("", max_length=NOTE_LENGTH_MAX)


class ExplanationQuestion(Question):
    text: str = Field(min_length=1, max_length=NOTE_LENGTH_MAX, pattern=r"\S")


class AskedShown(BaseModel):
    """A look of one's own that one was asked about. Who asks is not told."""

    id: str
    state: State
    looked_at: Instant
    subjects: list[str]
    purpose: str
    reference: str
    question: str
    asked_at: Instant
    answer: str
    outcome: Literal["", "proper", "improper"]

    @classmethod
    def of(cls, row: Record, steps: Iterable[Record]) -> AskedShown:
        own = [step for step in steps if step["review"] == row["id"]]
        question = [step for step in own if step["step"] == "asked"][-1]
        answers = [step["note"] for step in own if step["step"] == "answered" and step["id"] > question["id"]]
        values = {name: row[name] for name in ("id", "state", "looked_at", "subjects", "purpose", "reference", "outcome")}
        told = {"question": question["note"], "asked_at": question["at"], "answer": answers[-1] if answers else ""}
        return cls.model_validate(values | told)


class OutcomeTally(BaseModel):
    """Reviews of one kind or unit that were decided; `hours_median` from being put up to the decision is of one kind and unit."""

    kind: Kind
    unit: str
    decided: int
    improper: int
    share_improper: float
    hours_median: float


class ReviewStatistics(BaseModel):
    """How reviews stand. Decided ones are of the last `days` days."""

    waiting: int
    asked: int
    age_hours_median: float
    age_hours_max: float
    days: int
    decided: int
    improper: int
    outcomes: list[OutcomeTally]

    @classmethod
    def of(cls, standing: Record, rows: list[Record], days: int) -> ReviewStatistics:
        tallies = [OutcomeTally.model_validate({**row, "share_improper": row["improper"] / row["decided"]}) for row in rows]
        decided, improper = sum(row["decided"] for row in rows), sum(row["improper"] for row in rows)
        return cls.model_validate({**standing, "days": days, "decided": decided, "improper": improper, "outcomes": tallies})


class DrawShown(BaseModel):
    """The sample of an agency's day."""

    id: str
    agency: str
    period: str
    population: int
    drawn: int
    drawn_at: Instant

    @classmethod
    def of(cls, row: Record) -> DrawShown:
        values = {name: row[name] for name in ("id", "agency", "population", "drawn", "drawn_at")}
        return cls.model_validate(values | {"period": row["period"].isoformat()})


class DrawChecked(BaseModel):
    """A draw, and what the same plan draws from the audit today. `same`: nothing was skipped and nothing slipped in.

    `as_recorded`: its plan and its looks are those that the audit entry of the draw holds, so nobody has edited them since.
    `not_put_up` are drawn looks that are no reviews: none, unless the decided ones are past the time that reviews are kept.
    """

    draw: DrawShown
    method: str
    seed: str
    rates: str
    least: int
    most: int
    same: bool
    as_recorded: bool
    population_now: int
    entries: list[str]
    skipped: list[str]
    slipped_in: list[str]
    not_put_up: list[str]

    @classmethod
    def of(cls, told: Redrawn) -> DrawChecked:
        held, then, now = told.draw, set(told.draw["entries"]), set(told.entries)
        shown = DrawShown.of({**held, "drawn": len(then)})
        return cls(
            draw=shown,
            **{name: held[name] for name in ("method", "seed", "rates", "least", "most")},
            same=then == now and told.population == held["population"],
            as_recorded=told.as_recorded,
            population_now=told.population,
            entries=list(held["entries"]),
            skipped=sorted(now - then),
            slipped_in=sorted(then - now),
            not_put_up=sorted(then - told.put_up),
        )
