"""When an approximate match is worth an alert: the rules, and the few numbers they turn on.

The principle: a read that is itself a well-formed mark is believed unless the camera doubted it; a read that no scheme
could have issued is not. What would cost false hits in proportion to the list is kept for entries of high priority.
docs/matching.md has the measurements behind the numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from bluelamp.kit.vrm import Character, Kind, differences, schemes
from bluelamp.kit.vrm.confusables import DEFAULT, Confusables

PRIORITIES: Final = ("low", "medium", "high")
PRIORITY_BITS: Final = 0x03
HIGH: Final = PRIORITIES.index("high")


class Way(IntEnum):
    """How an entry was found."""

    EXACT = 0
    CANONICAL = 1
    VARIANT = 2
    ADDED = 3
    WIDE = 4


@dataclass(frozen=True)
class Tolerance:
    """Likelihoods from which an approximate match counts, by how the read stands."""

    malformed_min: float = 0.55
    """No scheme could have issued the read: up to three swaps."""
    other_scheme_min: float = 0.70
    """Read and entry are marks of different schemes: up to two swaps."""
    same_scheme_min: float = 0.80
    """Both are marks of one scheme, so the read may be right: one swap, and only where the camera doubted it."""
    added_min: float = 0.50
    """A character too many (a screw, the plate's edge), from a read that no scheme could have issued."""
    wide_min: float = 0.45
    """A character too few or any other character: only for entries of high priority."""
    variant_min: float = 0.60
    """Another plate that the camera offered, scaled by how sure it was of it."""
    believed_from: float = 0.90
    """A well-formed read of at least this confidence is believed."""
    character_doubted_below: float = 0.75
    """A character of less confidence than this is in doubt."""


@dataclass(frozen=True)
class Glimpse:
    """What one read says about its own plate."""

    seen: str
    confidence: float
    characters: tuple[Character, ...] = ()

    @property
    def schemes(self) -> frozenset[str]:
        return frozenset(schemes(self.seen))


@dataclass(frozen=True)
class Verdict:
    """An approximate match that counts: how likely (relative, below 1) and why, in words."""

    score: float
    why: str


def judge(
    glimpse: Glimpse,
    plate: str,
    priority: int,
    way: Way,
    tolerance: Tolerance,
    confusables: Confusables = DEFAULT,
) -> Verdict | None:
    """Return the verdict on `plate` as the truth behind `glimpse`, or None where it does not count."""
    edits = differences(glimpse.seen, plate, glimpse.characters, confusables)
    score = confusables.curve_at(sum(edit.cost for edit in edits))
    if way is Way.CANONICAL:
        needed = _canonical_min(glimpse, plate, priority, [e.confidence for e in edits], tolerance)
    elif way is Way.ADDED:
        needed = tolerance.added_min
    else:
        needed = tolerance.wide_min
    if not edits or needed is None or score < needed:
        return None
    return Verdict(round(score, 3), ", ".join(edit.words() for edit in edits) + _standing(glimpse, edits[0].kind))


def judge_variant(
    glimpse: Glimpse,
    variant: str,
    variant_confidence: float,
    plate: str,
    tolerance: Tolerance,
    confusables: Confusables = DEFAULT,
) -> Verdict | None:
    """Return the verdict on `plate` where the camera itself offered `variant` beside its read."""
    trust = min(1.0, variant_confidence / max(glimpse.confidence, 0.01))
    edits = differences(variant, plate, None, confusables)
    score = confusables.curve[1] * trust * confusables.curve_at(sum(edit.cost for edit in edits))
    if score < tolerance.variant_min:
        return None
    words = [f"the camera also offered {variant} ({variant_confidence:.0%} sure)", *[edit.words() for edit in edits]]
    return Verdict(round(score, 3), ", ".join(words))


def _canonical_min(glimpse: Glimpse, plate: str, priority: int, evidence: Sequence[float | None], tolerance: Tolerance) -> float | None:
    own = glimpse.schemes
    if not own:
        return tolerance.malformed_min
    if not own & set(schemes(plate)):
        return tolerance.other_scheme_min
    doubted = glimpse.confidence < tolerance.believed_from or any(c is not None and c < tolerance.character_doubted_below for c in evidence)
    return tolerance.same_scheme_min if doubted or priority == HIGH else None


def _standing(glimpse: Glimpse, kind: Kind) -> str:
    if not glimpse.schemes:
        return f"; {glimpse.seen} fits no UK scheme"
    if kind is Kind.SWAP:
        return f"; {glimpse.seen} could be a mark too, camera {glimpse.confidence:.0%} sure"
    return f"; camera {glimpse.confidence:.0%} sure of {glimpse.seen}"
