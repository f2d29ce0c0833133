"""How likely it is that a camera wrote `seen` when the plate says `plate`, and why, in words.

The value is relative: 1 means "read as it stands", 0.86 one swap inside a confusable set. It is P(seen | plate) up to a
factor, so it ranks plates for one read; it is not the probability that the plate is there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from bluelamp.kit.vrm.confusables import DEFAULT, Confusables


class Character(NamedTuple):
    """One character of a read, with the camera's confidence in it (0-1)."""

    value: str
    confidence: float


class Kind(StrEnum):
    SWAP = "swap"
    CHANGE = "change"
    DROPPED = "dropped"
    ADDED = "added"


@dataclass(frozen=True)
class Edit:
    """One difference. `place` counts from 0: in the read, or (for a dropped character) on the plate."""

    kind: Kind
    place: int
    on_plate: str
    seen: str
    cost: float
    confidence: float | None = None

    def words(self) -> str:
        """Say it as an operator would: "8 read as B"."""
        match self.kind:
            case Kind.DROPPED:
                text = f"{self.on_plate} missing in place {self.place + 1}"
            case Kind.ADDED:
                text = f"extra {self.seen} in place {self.place + 1}"
            case _:
                text = f"{self.on_plate} read as {self.seen}"
        return text if self.confidence is None else f"{text} (camera {self.confidence:.0%} sure of it)"


_EXACT: Final = "read exactly as it stands"


def likelihood(seen: str, plate: str, characters: Sequence[Character] | None = None, confusables: Confusables = DEFAULT) -> float:
    """Return P(seen | plate), relative: 1 when equal, falling with every difference.

    `characters`, when the camera gives them for exactly the characters of `seen`, make a difference in a doubted
    character cheap and in a sure one dear; evidence for other text is ignored.
    """
    if seen == plate:
        return 1.0
    return confusables.curve_at(sum(edit.cost for edit in differences(seen, plate, characters, confusables)))


def explain(seen: str, plate: str, characters: Sequence[Character] | None = None, confusables: Confusables = DEFAULT) -> str:
    """Return the differences in words, such as "8 read as B, extra 1 in place 8"."""
    edits = differences(seen, plate, characters, confusables)
    return ", ".join(edit.words() for edit in edits) or _EXACT


def differences(seen: str, plate: str, characters: Sequence[Character] | None = None, confusables: Confusables = DEFAULT) -> list[Edit]:
    """Return the cheapest list of differences that turns `plate` into `seen` (weighted edit distance, aligned)."""
    evidence = _evidence(seen, characters)
    if len(seen) == len(plate):
        edits = [_substitution(i, p, s, evidence, confusables) for i, (s, p) in enumerate(zip(seen, plate, strict=True)) if s != p]
        # Swaps alone cannot be beaten by a shift, which costs at least one dropped and one added character.
        if all(edit.kind is Kind.SWAP for edit in edits) and len(edits) <= len(confusables.curve) - 1:
            return edits
    return _align(seen, plate, evidence, confusables)


def _evidence(seen: str, characters: Sequence[Character] | None) -> Sequence[float] | None:
    if not characters or "".join(c.value for c in characters) != seen:
        return None
    return [c.confidence for c in characters]


def _factor(place: int, evidence: Sequence[float] | None, confusables: Confusables) -> tuple[float, float | None]:
    if evidence is None:
        return 1.0, None
    return confusables.evidence_factor(evidence[place]), evidence[place]


def _substitution(place: int, on_plate: str, seen: str, evidence: Sequence[float] | None, confusables: Confusables) -> Edit:
    cost = confusables.substitution(on_plate, seen)
    factor, confidence = _factor(place, evidence, confusables)
    kind = Kind.SWAP if cost < confusables.costs.change else Kind.CHANGE
    return Edit(kind, place, on_plate, seen, cost * factor, confidence)


def _added(place: int, seen: str, evidence: Sequence[float] | None, confusables: Confusables) -> Edit:
    cost = confusables.costs.added_bar if seen in confusables.bars else confusables.costs.added
    factor, confidence = _factor(place, evidence, confusables)
    return Edit(Kind.ADDED, place, "", seen, cost * factor, confidence)


def _align(seen: str, plate: str, evidence: Sequence[float] | None, confusables: Confusables) -> list[Edit]:
    """Weighted Levenshtein over (seen, plate), keeping the path. Marks have 12 characters at most: 169 cells."""
    dropped = [Edit(Kind.DROPPED, j, p, "", confusables.costs.dropped) for j, p in enumerate(plate)]
    added = [_added(i, s, evidence, confusables) for i, s in enumerate(seen)]
    row: list[tuple[float, tuple[Edit, ...]]] = [(0.0, ())]
    for edit in dropped:
        row.append((row[-1][0] + edit.cost, (*row[-1][1], edit)))
    for i, s in enumerate(seen):
        extra = added[i]
        following = [(row[0][0] + extra.cost, (*row[0][1], extra))]
        for j, p in enumerate(plate):
            diagonal, path = row[j]
            if s != p:
                swap = _substitution(i, p, s, evidence, confusables)
                diagonal, path = diagonal + swap.cost, (*path, swap)
            best = (diagonal, path)
            if row[j + 1][0] + extra.cost < best[0]:
                best = (row[j + 1][0] + extra.cost, (*row[j + 1][1], extra))
            if following[j][0] + dropped[j].cost < best[0]:
                best = (following[j][0] + dropped[j].cost, (*following[j][1], dropped[j]))
            following.append(best)
        row = following
    return list(row[-1][1])
