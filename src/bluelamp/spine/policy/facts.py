"""All that a decision may read, and what it says. A fact that is not here cannot change a decision."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal, NamedTuple

Authority = Literal["none", "granted", "override"]
Relation = Literal["own", "shared", "other", "national"]
Marking = Literal["OFFICIAL", "OFFICIAL-SENSITIVE"]

AUTHORITIES: tuple[Authority, ...] = ("none", "granted", "override")
RELATIONS: tuple[Relation, ...] = ("own", "shared", "other", "national")
MARKINGS: tuple[Marking, ...] = ("OFFICIAL", "OFFICIAL-SENSITIVE")

BEYOND = "beyond"
"""The tier of data that is older than every configured tier."""


class Tier(NamedTuple):
    """An age of data: up to so many days, and older than the tier before."""

    name: str
    days: int


class Facts(NamedTuple):
    """What is known when somebody wants to do something."""

    action: str
    roles: frozenset[str]
    rank: str = ""
    unit: str = ""
    agency: str = ""
    acting_for: str = ""
    """Agency that lent this person; empty: none."""
    deputy: bool = False
    """Stands in now for somebody who may give authority."""
    purpose: str = ""
    age_days: int = 0
    """Age of the oldest data that is asked for."""
    authority: Authority = "none"
    relation: Relation = "national"
    """Whose data it is, seen from the person's agency. Reads are national."""
    marking: Marking = "OFFICIAL"
    mine: bool = False
    """The person made it, or asked for it."""
    line: bool = False
    """It is of somebody whom this person manages."""


class Decision(NamedTuple):
    """`policies`: the ids of those that decided. `why` and `lawful_if` are sentences for the person."""

    allowed: bool
    policies: tuple[str, ...]
    why: tuple[str, ...]
    lawful_if: tuple[str, ...] = ()


def parse_tiers(text: str) -> tuple[Tier, ...]:
    """Tiers from `recent:90,extended:365`, youngest first.

    Raises:
        ValueError: not of that shape, or the days do not rise.
    """
    tiers = []
    for part in text.split(","):
        name, _, days = part.strip().partition(":")
        if not name.isidentifier() or name == BEYOND or not days.isdigit():
            raise ValueError(f"age tiers are written name:days,name:days, not {text!r}")
        tiers.append(Tier(name, int(days)))
    if any(a.days >= b.days for a, b in pairwise(tiers)) or len({t.name for t in tiers}) != len(tiers):
        raise ValueError(f"age tiers rise in days, each name once: {text!r}")
    return tuple(tiers)


def tier_of(tiers: tuple[Tier, ...], age_days: int) -> str:
    """The name of the tier that data of this age is in."""
    return next((tier.name for tier in tiers if age_days <= tier.days), BEYOND)
