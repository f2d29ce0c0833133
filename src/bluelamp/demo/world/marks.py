"""Registration marks for the nation's vehicles, drawn at random in the shapes of British roads: a likeness to a real one is chance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bluelamp.demo.world.chance import Ints, pick, weighted_picker

WIDTH = 8
"""Bytes kept for a mark, padded with zeros on the right."""

Marks = NDArray[np.bytes_]
"""One `S8` per vehicle."""

_SHARES = {
    "current": 0.905, "prefix": 0.050, "dateless": 0.014, "ireland_north": 0.011, "suffix": 0.004, "kit": 0.001,
    "ireland": 0.006, "france": 0.004, "poland": 0.005,
}  # fmt: skip
_YEARS = np.arange(2001, 2027)
_YEAR_WEIGHT = np.clip((_YEARS - 1999) / 14.0, 0.08, 1.0)

# L: letter of a current mark's first pair, T: of its last three, P: prefix or suffix letter, V: letter of another scheme;
# N: 1-9; D: 0-9; others stand for themselves.
_ALPHABETS = {
    "L": b"ABCDEFGHJKLMNOPRSTUVWXY",
    "T": b"ABCDEFGHJKLMNOPRSTUVWXYZ",
    "P": b"ABCDEFGHJKLMNPRSTVWXY",
    "V": b"ABCDEFGHJKLMNPRSTUVWXY",
    "N": b"123456789",
    "D": b"0123456789",
}
_SHAPES: dict[str, tuple[str, ...]] = {
    "current": ("LL__TTT",),
    "prefix": ("PNDDVVV", "PNDVVV", "PNVVV"),
    "suffix": ("VVVNDDP", "VVVNDP"),
    "dateless": ("VVVND", "VVNDD", "VNDD", "NDVVV", "NDDVV", "VVND"),
    "ireland_north": ("VIVNDDD", "VVZNDDD", "VIZNDDD"),
    "kit": ("QNDDVVV",),
    "ireland": ("15NVNDDD", "22NVNDDD", "NDNMHNDD"),
    "france": ("VVNDDVV",),
    "poland": ("WNDDDDVV", "KRNDDDD"),
}


def draw_marks(rng: np.random.Generator, count: int) -> Marks:
    """`count` marks, mostly in the current style. They may repeat: `distinct_marks` weeds that out."""
    letters = np.zeros((count, WIDTH), np.uint8)
    scheme = pick(weighted_picker(np.array(list(_SHARES.values()))), rng, count)
    for number, name in enumerate(_SHARES):
        rows = np.flatnonzero(scheme == number)
        shape_of = rng.integers(0, len(_SHAPES[name]), len(rows))
        for index, shape in enumerate(_SHAPES[name]):
            chosen = rows[shape_of == index]
            for column, kind in enumerate(shape):
                if kind in _ALPHABETS:
                    alphabet = np.frombuffer(_ALPHABETS[kind], np.uint8)
                    letters[chosen, column] = alphabet[rng.integers(0, len(alphabet), len(chosen))]
                else:
                    letters[chosen, column] = ord(kind)
            if name == "current":
                letters[chosen, 2:4] = _age_digits(rng, len(chosen))
    return letters.view(f"S{WIDTH}").ravel()


def distinct_marks(rng: np.random.Generator, count: int, taken: Marks) -> Marks:
    """`count` marks that differ from each other and from those `taken`."""
    marks = draw_marks(rng, count)
    # Eight bytes sort as one number, twenty times as fast as as text.
    known = np.sort(taken.view(np.uint64)) if len(taken) else np.zeros(1, np.uint64)
    while True:
        numbers = marks.view(np.uint64)
        _, first = np.unique(numbers, return_index=True)
        clash = np.ones(count, bool)
        clash[first] = False
        clash |= known[np.minimum(np.searchsorted(known, numbers), len(known) - 1)] == numbers
        if not clash.any():
            return marks
        marks[clash] = draw_marks(rng, int(clash.sum()))


def _age_digits(rng: np.random.Generator, count: int) -> NDArray[np.uint8]:
    """Two digits of the year for March to August, plus 50 from September; 01 was never issued."""
    year = _YEARS[pick(weighted_picker(_YEAR_WEIGHT), rng, count)] % 100
    autumn: Ints = np.where((rng.random(count) < 0.45) | (year == 1), 50, 0)
    number = year + autumn
    return np.stack([number // 10 + 48, number % 10 + 48], axis=1).astype(np.uint8)
