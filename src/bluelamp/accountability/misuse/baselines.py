"""What is usual: robust statistics by role, learned without labels, held up by a floor where there are few people to learn from."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bluelamp.accountability.misuse.looks import Floats, Ints

MAD_TO_SIGMA = 1.4826
"""The median absolute deviation of a normal distribution, times this, is its standard deviation."""
FEW = 400
"""Observations below which the floor given with a measure is weighed in."""


class Learned:
    """Every figure that was learned, by measure and role, so that it can be stored, shown and used as the next run's prior."""

    def __init__(self, prior: dict[str, float] | None = None) -> None:
        self.figures: dict[str, float] = {}
        self._prior = prior or {}

    def keep(self, measure: str, role: str, value: float, observations: int) -> float:
        """The value to use: what is seen now, drawn towards what was known before where little is seen."""
        key = f"{measure}/{role}"
        known = self._prior.get(key)
        if known is not None:
            trust = observations / (observations + FEW)
            value = trust * value + (1 - trust) * known
        self.figures[key] = round(float(value), 6)
        return value

    def upper(self, measure: str, values: NDArray[Any], role: Ints, names: list[str], share: float, floor: float) -> Floats:
        """For each role the value that only `1 - share` of its observations exceed, but at least `floor`. Indexed by role."""
        limits = np.full(len(names), floor)
        for number in np.unique(role):
            held = values[role == number]
            # With few observations a quantile is the largest of them, which may be the very abuse: it counts for less.
            trust = len(held) / (len(held) + FEW)
            # Nor may a few who do it all day set what is usual: the bulk of the role bounds it.
            bulk, far = np.quantile(held, (0.99, share))
            seen = floor + trust * max(0.0, min(float(far), 3 * float(bulk) + 2) - floor)
            limits[number] = max(floor, self.keep(measure, names[number], seen, len(held)))
        return limits

    def rate(self, measure: str, part: NDArray[Any], whole: NDArray[Any], role: Ints, names: list[str], start: float) -> Floats:
        """For each role the share `part / whole`, beginning at `start` as if 50 observations had shown it. Indexed by role."""
        parts = np.bincount(role, weights=part, minlength=len(names))
        wholes = np.bincount(role, weights=whole, minlength=len(names))
        rates = (parts + 50 * start) / (wholes + 50)
        return np.array([self.keep(measure, names[n], float(rates[n]), int(wholes[n])) for n in range(len(names))])


def centre_and_spread(values: Floats, of: Ints, groups: int, spread_min: float) -> tuple[Floats, Floats]:
    """Median and robust standard deviation of each group's values; groups without values get 0 and `spread_min`."""
    centre, spread = np.zeros(groups), np.full(groups, spread_min)
    order = np.argsort(of, kind="stable")
    edges = np.searchsorted(of[order], np.arange(groups + 1))
    for g in range(groups):
        held = values[order[edges[g] : edges[g + 1]]]
        if len(held):
            centre[g] = np.median(held)
            spread[g] = max(spread_min, MAD_TO_SIGMA * float(np.median(np.abs(held - centre[g]))))
    return centre, spread


def surprise(count: NDArray[Any], expected: Floats) -> Floats:
    """How far a count lies above what was expected, in robust Poisson deviations (Anscombe's square-root transform)."""
    return np.asarray(2 * (np.sqrt(count + 0.375) - np.sqrt(np.maximum(expected, 0) + 0.375)))


def rising(value: Any, start: Any, scale: Any) -> Any:
    """0 up to `start`, then towards 1: 0.63 at `start + scale`, 0.95 at three times that."""
    return 1 - np.exp(-np.maximum(np.asarray(value, np.float64) - start, 0) / scale)
