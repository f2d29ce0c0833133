"""From signals to stories: all that is odd about one person in one stretch of time is one case, told once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from bluelamp.accountability.misuse.looks import DAY_MS, Ints, Looks
from bluelamp.accountability.misuse.scene import Evidence, Scene
from bluelamp.accountability.misuse.weights import FURTHER, Weights

APART_MS = 45 * DAY_MS
"""Evidence of one person that lies further apart than this is of two stories."""
SAID_MAX = 8
"""Reasons told in one case; the strongest."""
SHOWN_MIN = 0.3
"""Weighed score from which somebody shows a signal."""
MANY, OUTSTANDING = 0.03, 0.02
"""Shares of the people: that show a signal, from which it is how work is done; and that stand out even so."""
PLAIN = frozenset({"own_record", "relative", "complainant", "dispute", "close_to_own"})
LEADING_MIN = 0.3
"""Weighed score that at least one signal must reach: many faint things are not a story."""


class Reason(NamedTuple):
    """One signal of a case. `weighed` is what it adds: strength times weight."""

    signal: str
    score: float
    weighed: float
    why: str
    subject: str
    rows: Ints


class Case(NamedTuple):
    """One story for a supervisor, strongest reason first. `rows` are the looks it rests on, in order of time."""

    person: str
    role: str
    unit: str
    agency: str
    score: float
    reasons: list[Reason]
    rows: Ints

    @property
    def subjects(self) -> list[str]:
        return list(dict.fromkeys(r.subject for r in self.reasons if r.subject))


def combined(found: list[tuple[str, float]], weights: Weights) -> float:
    """Noisy-or: each signal may by itself be the explanation. Further evidence under the same signal adds less and less.

    `found` are (signal, strength). A person who is only busy has many faint pieces; these must not add up to a story.
    """
    by_signal: dict[str, list[float]] = {}
    for signal, strength in found:
        by_signal.setdefault(signal, []).append(strength * weights.of(signal))
    innocent, leading = 1.0, 0.0
    for strengths in by_signal.values():
        for place, weighed in enumerate(sorted(strengths, reverse=True)[:6]):
            innocent *= 1 - weighed * FURTHER**place
            leading = max(leading, weighed)
    return 1 - innocent if leading >= LEADING_MIN else min(1 - innocent, LEADING_MIN)


def sobered(evidence: list[Evidence], people: int, weights: Weights) -> list[Evidence]:
    """A signal that points at everybody points at nobody: where more than `MANY` of the people show it, it is how work is done here.

    Then only those who stand out even there, `OUTSTANDING` of the people, keep it whole. What the directory ties to the person is
    left as it is: it does not become right by being common.
    """
    best: dict[str, dict[int, float]] = {}
    for item in evidence:
        of_signal = best.setdefault(item.signal, {})
        of_signal[item.person] = max(of_signal.get(item.person, 0.0), item.score)
    factor: dict[str, tuple[float, float]] = {}
    for signal, of_person in best.items():
        shown = sorted((score for score in of_person.values() if score * weights.of(signal) >= SHOWN_MIN), reverse=True)
        if signal not in PLAIN and len(shown) > max(5, MANY * people):
            bar = shown[max(2, round(OUTSTANDING * people))]
            factor[signal] = ((MANY * people / len(shown)) ** 0.7, bar)
    return [_sober(item, *factor[item.signal]) if item.signal in factor else item for item in evidence]


def _sober(item: Evidence, factor: float, bar: float) -> Evidence:
    return item if item.score > bar else item._replace(score=item.score * factor)


def stories(scene: Scene, evidence: list[Evidence], weights: Weights) -> list[Case]:
    """The cases at or above the threshold, strongest first."""
    by_person: dict[int, list[Evidence]] = {}
    for item in sobered(evidence, len(scene.by_person), weights):
        by_person.setdefault(item.person, []).append(item)
    found = [case for items in by_person.values() for part in _stretches(scene, items) if (case := _case(scene, part, weights)) is not None]
    return sorted(found, key=lambda case: (-case.score, case.person))


def _stretches(scene: Scene, items: list[Evidence]) -> list[list[Evidence]]:
    """The evidence of one person, parted where nothing odd happened for long."""
    at = scene.looks.at
    spans = sorted(((int(at[e.rows].min()), int(at[e.rows].max()), e) for e in items), key=lambda span: span[:2])
    parts: list[list[Evidence]] = []
    until = -(1 << 62)
    for start, end, item in spans:
        if start > until + APART_MS:
            parts.append([])
        parts[-1].append(item)
        until = max(until, end)
    return parts


def _reason(looks: Looks, item: Evidence, weights: Weights) -> Reason:
    subject = looks.words["subject"][item.subject] if item.subject >= 0 else ""
    return Reason(item.signal, round(item.score, 3), round(item.score * weights.of(item.signal), 3), item.why, subject, item.rows)


def _case(scene: Scene, items: list[Evidence], weights: Weights) -> Case | None:
    score = combined([(e.signal, e.score) for e in items], weights)
    if score < weights.threshold:
        return None
    looks = scene.looks
    reasons = sorted((_reason(looks, e, weights) for e in items), key=lambda reason: -reason.weighed)
    rows = np.unique(np.concatenate([e.rows for e in items]))
    last = int(rows[-1])
    return Case(
        looks.text("person", last), looks.text("role", last), looks.text("unit", last), looks.text("agency", last),
        round(score, 4), reasons[:SAID_MAX], rows,
    )  # fmt: skip
