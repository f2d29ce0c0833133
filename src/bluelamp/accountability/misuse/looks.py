"""A year of looks as columns of numbers: text is kept once, so that millions of looks fit and are compared at speed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Codes = NDArray[np.int32]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

TEXTS = ("person", "role", "unit", "agency", "action", "subject", "purpose", "reference", "place", "device", "label")
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


@dataclass(frozen=True)
class Looks:
    """One row a look at one subject, in order of time. `codes[column]` are numbers into `words[column]`; `line` says where it came from."""

    at: Ints
    """Milliseconds since the epoch, UTC."""
    results: Ints
    line: Ints
    codes: dict[str, Codes]
    words: dict[str, list[str]]

    def __len__(self) -> int:
        return len(self.at)

    def text(self, column: str, row: int) -> str:
        return str(self.words[column][int(self.codes[column][row])])

    def size(self, column: str) -> int:
        return len(self.words[column])


class LookBook:
    """Gathers looks block by block. Memory: 64 bytes a look and each text once."""

    def __init__(self, clean: dict[str, Callable[[Any], str]] | None = None) -> None:
        """`clean` gives the text to keep for a raw value of a column; it is called once a different value, not once a look."""
        self._clean = clean or {}
        self._numbers: dict[str, dict[str, int]] = {name: {"": 0} for name in TEXTS}
        self._of_raw: dict[str, dict[Any, int]] = {name: {} for name in TEXTS}
        self._blocks: list[tuple[Ints, Ints, Ints, dict[str, Codes]]] = []
        self.count = 0

    def add(self, at: Sequence[int], results: Sequence[int], line: Sequence[int], texts: Mapping[str, Sequence[Any]]) -> None:
        """A block of looks, in any order; the sequences are equally long."""
        codes = {}
        for name, numbers in self._numbers.items():
            column, of_raw = texts[name], self._of_raw[name]
            clean = self._clean.get(name, str)
            for raw in set(column).difference(of_raw):
                of_raw[raw] = numbers.setdefault(clean(raw), len(numbers))
            codes[name] = np.fromiter(map(of_raw.__getitem__, column), np.int32, len(column))
        self._blocks.append((np.array(at, np.int64), np.array(results, np.int64), np.array(line, np.int64), codes))
        self.count += len(at)

    def close(self) -> Looks:
        """All looks in order of time; the book is empty after."""
        blocks, self._blocks = self._blocks, []
        at = np.concatenate([b[0] for b in blocks]) if blocks else np.zeros(0, np.int64)
        order = np.argsort(at, kind="stable")
        codes = {}
        for name in TEXTS:
            column = np.concatenate([b[3].pop(name) for b in blocks]) if blocks else np.zeros(0, np.int32)
            codes[name] = column[order]
        results = np.concatenate([b[1] for b in blocks])[order] if blocks else np.zeros(0, np.int64)
        line = np.concatenate([b[2] for b in blocks])[order] if blocks else np.zeros(0, np.int64)
        return Looks(at[order], results, line, codes, {name: list(numbers) for name, numbers in self._numbers.items()})


@dataclass(frozen=True)
class Groups:
    """Rows that share a key: `of[row]` is the row's group; `order[start[g]:start[g + 1]]` are the rows of group `g`, in order of time."""

    of: Ints
    order: Ints
    start: Ints

    def __len__(self) -> int:
        return len(self.start) - 1

    @property
    def size(self) -> Ints:
        return np.diff(self.start)

    def rows(self, group: int | np.integer[Any]) -> Ints:
        return self.order[self.start[group] : self.start[group + 1]]

    def first(self, values: NDArray[Any]) -> NDArray[Any]:
        """The value of each group's first row: of what all its rows share."""
        return values[self.order[self.start[:-1]]]

    def last(self, values: NDArray[Any]) -> NDArray[Any]:
        return values[self.order[self.start[1:] - 1]]

    def total(self, values: NDArray[Any]) -> Floats:
        return np.bincount(self.of, weights=values, minlength=len(self))[: len(self)].astype(np.float64)

    def distinct(self, values: NDArray[Any], where: Bools | None = None) -> Ints:
        """How many different values (not negative) the rows of each group have, of those rows that `where` marks."""
        of, held = (self.of, values) if where is None else (self.of[where], values[where])
        if len(held) == 0:
            return np.zeros(len(self), np.int64)
        pairs = np.unique(of.astype(np.int64) * (int(held.max()) + 1) + held)
        return np.bincount(pairs // (int(held.max()) + 1), minlength=len(self)).astype(np.int64)


def group(*keys: NDArray[Any]) -> Groups:
    """Rows by the combination of their keys, which are numbers from 0."""
    combined = np.zeros(len(keys[0]), np.int64)
    for key in keys:
        combined = combined * (int(key.max(initial=0)) + 1) + key
    order = np.argsort(combined, kind="stable")
    edges = np.flatnonzero(np.diff(combined[order], prepend=-1))
    of = np.empty(len(combined), np.int64)
    sizes = np.diff(np.append(edges, len(combined)))
    of[order] = np.repeat(np.arange(len(edges)), sizes)
    return Groups(of, order, np.append(edges, len(combined)))
