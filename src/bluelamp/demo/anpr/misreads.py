"""What a camera makes of a plate: most are read right; some letters turn into their lookalikes, dirt adds or hides one at the ends."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bluelamp.demo.world.chance import Bools, Ints
from bluelamp.demo.world.marks import WIDTH, Marks
from bluelamp.demo.world.stories import MISREAD_OF

_LOOKALIKES = {
    "0": "ODQ8", "O": "0DQC", "D": "0OQB", "Q": "0OD", "1": "I7LT", "I": "1LT", "L": "1IE", "2": "Z7", "Z": "27", "5": "S6", "S": "58",
    "8": "B3S6", "B": "8RE3", "6": "GB8", "G": "6C", "3": "89", "4": "A", "A": "4R", "7": "1TZ2", "T": "71Y", "9": "3P", "C": "GO",
    "E": "FB", "F": "EP", "H": "NM", "K": "XR", "M": "NHW", "N": "MHV", "P": "FR", "R": "PBK", "U": "VJ", "V": "UY", "W": "MV",
    "X": "KY", "Y": "VTX", "J": "U",
}  # fmt: skip
"""Back-office sets ({0 O D Q} {1 I L} {2 Z} {5 S} {8 B} {6 G}) first, then shapes that blur into one another."""

_TABLE = np.zeros((256, 4), np.uint8)
for _letter, _others in _LOOKALIKES.items():
    _TABLE[ord(_letter)] = np.frombuffer((_others * 4)[:4].encode(), np.uint8)


def seen_as(marks: Marks, wrong: Bools, rng: np.random.Generator) -> Marks:
    """What is read of each plate; those marked `wrong` have one character changed, hidden or added, a few of them two."""
    letters = marks.view(np.uint8).reshape(-1, WIDTH).copy()
    rows = np.flatnonzero(wrong)
    kind = rng.random(len(rows))
    _change(letters, rows[kind < 0.84], rng)
    _change(letters, rows[(kind < 0.84) & (rng.random(len(rows)) < 0.06)], rng)
    _hide(letters, rows[(kind >= 0.84) & (kind < 0.94)], rng)
    _add(letters, rows[kind >= 0.94], rng)
    read = letters.view(f"S{WIDTH}").ravel()
    for mark, misread in MISREAD_OF.items():
        dirty = np.flatnonzero(wrong & (marks == mark))
        read[dirty] = np.array(misread)[rng.integers(0, len(misread), len(dirty))]
    return read


def _lengths(letters: NDArray[np.uint8], rows: Ints) -> Ints:
    return np.asarray((letters[rows] != 0).sum(axis=1), dtype=np.int64)


def _change(letters: NDArray[np.uint8], rows: Ints, rng: np.random.Generator) -> None:
    """One character becomes a lookalike; the ends, where frames and screws are, more often than the middle."""
    length = _lengths(letters, rows)
    at = (rng.beta(0.75, 0.75, len(rows)) * length).astype(np.int64).clip(0, np.maximum(length - 1, 0))
    letters[rows, at] = _TABLE[letters[rows, at], rng.integers(0, 4, len(rows))]


def _hide(letters: NDArray[np.uint8], rows: Ints, rng: np.random.Generator) -> None:
    """The first or the last character is under dirt."""
    first = rng.random(len(rows)) < 0.5
    front, back = rows[first], rows[~first]
    letters[front, :-1] = letters[front, 1:]
    letters[front, -1] = 0
    letters[back, _lengths(letters, back) - 1] = 0


def _add(letters: NDArray[np.uint8], rows: Ints, rng: np.random.Generator) -> None:
    """The plate's edge or a screw is read as one more character at the end."""
    rows = rows[_lengths(letters, rows) < WIDTH]
    letters[rows, _lengths(letters, rows)] = np.frombuffer(b"1IL", np.uint8)[rng.integers(0, 3, len(rows))]
