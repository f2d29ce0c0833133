"""What a review is. No I/O."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, NamedTuple

Kind = Literal["sample", "finding", "override"]
State = Literal["waiting", "asked", "answered", "seconding", "decided"]
Outcome = Literal["proper", "improper"]
Verdict = Literal["proper", "needs_explaining", "improper"]
SecondPerson = Literal["never", "improper", "always"]

LOOKS = ("anpr.searches.", "anpr.reads.", "anpr.pictures.", "anpr.exports.")
"""Actions that look at a vehicle's history. Lists and hits are how a control room works, the audit and reviews how one reviews."""
LOOK_KINDS = ("consultation", "disclosure")


class Reviewer(NamedTuple):
    """Who reviews, and whom they may not: those above and below them in the line."""

    person: str
    agency: str
    line: tuple[str, ...]


class Item(NamedTuple):
    """What is put up for review."""

    kind: Kind
    source: str
    agency: str
    person: str
    username: str
    roles: tuple[str, ...]
    unit: str
    rank: str
    manager: str
    risk: float
    looked_at: datetime
    entries: tuple[str, ...]
    subjects: tuple[str, ...]
    purpose: str
    reference: str
    reasons: tuple[dict[str, Any], ...]
    draw: str | None = None


def is_look(action: str) -> bool:
    return action.startswith(LOOKS)


def needs_second(rule: SecondPerson, outcome: Outcome) -> bool:
    return rule == "always" or (rule == "improper" and outcome == "improper")
