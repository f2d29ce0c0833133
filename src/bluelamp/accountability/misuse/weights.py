"""How much each signal counts, and how reviews may move that: within bounds, slowly, and never to nothing."""

from __future__ import annotations

from pathlib import Path

import msgspec

WEIGHTS: dict[str, float] = {
    "repeated_subject": 0.8,
    "scattered_references": 0.85,
    "echoed_looks": 0.5,
    "own_record": 0.9,
    "relative": 0.9,
    "complainant": 0.95,
    "dispute": 0.95,
    "close_to_own": 0.8,
    "colleague": 0.85,
    "favour_to_a_colleague": 0.7,
    "no_reference": 0.7,
    "recycled_reference": 0.85,
    "another_units_case": 0.35,
    "reference_of_many": 0.4,
    "off_shift": 0.8,
    "unusual_hours": 0.45,
    "while_absent": 0.85,
    "sudden_breadth": 0.75,
    "steady_breadth": 0.6,
    "fishing": 0.75,
    "hoarding": 0.7,
    "two_places": 0.85,
    "anothers_device": 0.8,
    "browsing_the_famous": 0.85,
    "curiosity": 0.6,
    "anothers_targets": 0.85,
    "unusual_purpose": 0.7,
}
"""Signal -> chance that evidence at full strength is worth a supervisor's question. Configurable by file."""

FURTHER = 0.6
"""Each further piece of evidence under one signal counts this much less than the one before."""
FEEDBACK_PRIOR = 20
"""Reviews that the weight as configured is worth: with fewer, it hardly moves."""
FEEDBACK_LEAST, FEEDBACK_MOST = 0.5, 1.15
"""Bounds of what feedback may make of a weight; so nobody can teach the detector to look away."""
WEIGHT_MAX = 0.97


class Weights(msgspec.Struct, frozen=True):
    """Weights by signal and the score from which a story is shown."""

    signals: dict[str, float]
    threshold: float = 0.42

    def of(self, signal: str) -> float:
        return self.signals.get(signal, 0.5)


DEFAULT = Weights(WEIGHTS)


def read(file: Path | None) -> Weights:
    """The weights of a JSON file `{"signals": {…}, "threshold": 0.42}`; signals it leaves out keep their default.

    Raises:
        ValueError: not such a file, an unknown signal, or a number outside 0 to 1.
    """
    if file is None:
        return DEFAULT
    held = msgspec.json.decode(file.read_bytes(), type=Weights)
    unknown = held.signals.keys() - WEIGHTS.keys()
    if unknown:
        raise ValueError(f"{file}: there is no signal {', '.join(sorted(unknown))}")
    if not all(0 <= w <= 1 for w in (*held.signals.values(), held.threshold)):
        raise ValueError(f"{file}: weights and threshold are between 0 and 1")
    return Weights({**WEIGHTS, **held.signals}, held.threshold)


def taught(weights: Weights, reviews: dict[str, tuple[int, int]]) -> Weights:
    """The weights after reviews: `reviews[signal]` is (upheld, cleared), of findings which that signal led.

    The share upheld is smoothed as if `FEEDBACK_PRIOR` reviews had confirmed the weight, taken over the overall share upheld so
    that a strict reviewer does not silence everything, and bounded by `FEEDBACK_LEAST` and `FEEDBACK_MOST` times the weight.
    """
    upheld = sum(u for u, _ in reviews.values())
    cleared = sum(c for _, c in reviews.values())
    overall = (upheld + 1) / (upheld + cleared + 2)
    moved = dict(weights.signals)
    for signal, (right, wrong) in reviews.items():
        if signal not in moved:
            continue
        share = (right + FEEDBACK_PRIOR * overall) / (right + wrong + FEEDBACK_PRIOR)
        factor = min(FEEDBACK_MOST, max(FEEDBACK_LEAST, share / overall))
        moved[signal] = min(WEIGHT_MAX, moved[signal] * factor)
    return Weights(moved, weights.threshold)
