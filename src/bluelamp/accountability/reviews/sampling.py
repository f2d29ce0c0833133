"""The sampling plan: which looks of a day are reviewed. Pure, so that anybody who has the entries can draw the same sample.

Each look has a position between 0 and 1: the first eight bytes of SHA-256 over the seed, a colon and the entry's id. It is drawn when
its position is below the rate of its role and purpose. Nobody can choose the id of their look, and no choice of ours comes in.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable
from typing import NamedTuple

METHOD = "sha256-1"
ANY = "*"
Rates = dict[tuple[str, str], float]
"""(role, purpose), each possibly `*` -> share from 0 to 1."""


class Candidate(NamedTuple):
    """A look that may be drawn."""

    entry: str
    roles: tuple[str, ...]
    purpose: str


class Plan(NamedTuple):
    """All that decides a draw, besides the looks."""

    seed: str
    rates: Rates
    least: int
    most: int


def seed_of(agency: str, period: str) -> str:
    """`period` is a day in UTC, `2026-11-20`."""
    return f"{agency}:{period}"


def parse_rates(text: str) -> Rates:
    """`*:*=0.02,officer:vehicle_stop=0.005` as rates; what no rule names has none.

    Raises:
        ValueError: not of this form, a share is not between 0 and 1, or one pair stands twice.
    """
    rates: Rates = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        pair, equals, share = part.partition("=")
        role, colon, purpose = (word.strip() for word in pair.partition(":"))
        if not (equals and colon and role and purpose):
            raise ValueError(f"{part!r} is not of the form role:purpose=share")
        if not 0 <= (value := float(share)) <= 1:
            raise ValueError(f"the share in {part!r} is not between 0 and 1")
        if (role, purpose) in rates:
            raise ValueError(f"{role}:{purpose} stands twice")
        rates[role, purpose] = value
    return rates


def rate_of(rates: Rates, roles: Iterable[str], purpose: str) -> float:
    """The closest rule for each role (role and purpose, role, purpose, any); of several roles the highest."""
    held = tuple(roles) or (ANY,)
    return max(_of_role(rates, role, purpose) for role in held)


def _of_role(rates: Rates, role: str, purpose: str) -> float:
    for pair in ((role, purpose), (role, ANY), (ANY, purpose), (ANY, ANY)):
        if pair in rates:
            return rates[pair]
    return 0.0


def position(seed: str, entry: str) -> float:
    """Where a look stands between 0 and 1."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{entry}".encode()).digest()[:8], "big") / 2**64


class Draw:
    """Takes looks in any order and keeps those that are drawn; memory goes by the sample, not by the day."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._chosen: list[tuple[float, str]] = []
        self._lowest: list[tuple[float, str]] = []
        self.population = 0

    def add(self, looks: Iterable[Candidate]) -> None:
        plan = self._plan
        placed = [(position(plan.seed, look.entry), look) for look in looks]
        self.population += len(placed)
        chosen = [(at, look.entry) for at, look in placed if at < rate_of(plan.rates, look.roles, look.purpose)]
        self._chosen = heapq.nsmallest(plan.most, [*self._chosen, *chosen])
        self._lowest = heapq.nsmallest(plan.least, [*self._lowest, *((at, look.entry) for at, look in placed)])

    def entries(self) -> list[str]:
        """The drawn entries by position. Where the rates give too few, the lowest positions fill up."""
        drawn = set(self._chosen)
        for look in self._lowest:
            if len(drawn) >= self._plan.least:
                break
            drawn.add(look)
        return [entry for _, entry in sorted(drawn)]
