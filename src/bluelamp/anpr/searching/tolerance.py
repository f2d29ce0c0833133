"""Which plates a camera may have written for the plate that is looked for, and how likely each is."""

from __future__ import annotations

from functools import lru_cache

from bluelamp.anpr.searching.criteria import Tolerance
from bluelamp.kit.vrm import ALPHABET, DEFAULT, LENGTH_MAX, LENGTH_MIN, likelihood

LIKELIHOOD_MIN: dict[Tolerance, float] = {"exact": 1.0, "likely": 0.70, "possible": 0.37}
"""Likely: up to two swaps inside a confusable set (0.73). Possible: three swaps (0.59), or one character dropped (0.47),
added or changed to any other (0.38). See docs/search.md."""

CANDIDATES_MAX = 60_000
"""Most plate strings looked up for one search, over all its plates."""


@lru_cache(maxsize=4096)
def candidates(plate: str, tolerance: Tolerance) -> dict[str, float]:
    """Every string that may have been read for `plate`, with its likelihood; the plate itself first, with 1."""
    found = {plate: 1.0}
    if tolerance == "exact":
        return found
    least = LIKELIHOOD_MIN[tolerance]
    texts = _swapped(plate, 2 if tolerance == "likely" else 3)
    if tolerance == "possible":
        texts |= _one_edit(plate)
    for text in sorted(texts - {plate}):
        value = likelihood(text, plate)
        if value >= least:
            found[text] = round(value, 3)
    return found


def _swapped(plate: str, swaps_max: int) -> set[str]:
    """All strings with up to `swaps_max` characters exchanged inside their confusable sets."""
    others = {c: members.replace(c, "") for members in DEFAULT.sets for c in members}
    texts = {plate}
    frontier = {(plate, -1)}
    for _ in range(swaps_max):
        frontier = {
            (text[:at] + other + text[at + 1 :], at)
            for text, last in frontier
            for at in range(last + 1, len(plate))
            for other in others.get(plate[at], "")
        }
        texts |= {text for text, _ in frontier}
    return texts


def _one_edit(plate: str) -> set[str]:
    """All strings with one character changed, dropped or added."""
    texts = {plate[:at] + c + plate[at + 1 :] for at in range(len(plate)) for c in ALPHABET}
    if len(plate) > LENGTH_MIN:
        texts |= {plate[:at] + plate[at + 1 :] for at in range(len(plate))}
    if len(plate) < LENGTH_MAX:
        texts |= {plate[:at] + c + plate[at:] for at in range(len(plate) + 1) for c in ALPHABET}
    return texts
