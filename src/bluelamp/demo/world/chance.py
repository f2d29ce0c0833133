"""Every random choice of the nation comes from a stream named after what it decides, so that one room's choices never disturb another's."""

from __future__ import annotations

from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def stream(seed: int, *names: str | int) -> np.random.Generator:
    """A generator that depends on the seed and the names alone: `stream(7, "plan", 20412)` is the same on every machine."""
    words = [name & 0xFFFFFFFF if isinstance(name, int) else crc32(name.encode()) for name in names]
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence([seed, *words])))


def weighted_picker(weights: Floats) -> Floats:
    """The cumulative share of each weight, for `np.searchsorted(picker, uniform, side="right")`."""
    total = np.cumsum(weights, dtype=np.float64)
    return np.asarray(total / total[-1], dtype=np.float64)


def pick(picker: Floats, rng: np.random.Generator, count: int) -> Ints:
    """`count` indices drawn in proportion to the weights behind `picker`."""
    return np.minimum(np.searchsorted(picker, rng.random(count), side="right"), len(picker) - 1).astype(np.int64)
