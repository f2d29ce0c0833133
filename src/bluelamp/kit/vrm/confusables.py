"""What readers confuse: the sets, what each difference costs, and the canonical form that is blind to swaps."""

import functools
import itertools
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from bluelamp.kit.vrm.codec import BASE, SYMBOL_OF, Codes, Symbols, encode_symbols
from bluelamp.kit.vrm.text import ALPHABET, LENGTH_MAX, Vrm

_CHUNK: Final = 3  # characters a table look-up: 37^3 rows
_CHUNK_BASE: Final = BASE**_CHUNK


@dataclass(frozen=True)
class Costs:
    """What each kind of difference costs, in swaps."""

    swap: float
    alike: float
    change: float
    dropped: float
    added: float
    added_bar: float


@dataclass(frozen=True)
class Confusables:
    """Sets of characters that are taken for one another, with costs. Build it with `load` or `from_mapping`."""

    sets: tuple[str, ...]
    alike: tuple[str, ...]
    bars: str
    curve: tuple[float, ...]
    decay: float
    costs: Costs
    neutral: float
    factor_min: float
    factor_max: float

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any]) -> "Confusables":
        """Build from the layout of `confusables.toml`; ValueError if a character is in two sets."""
        characters = "".join(data["sets"])
        if len(set(characters)) != len(characters):
            raise ValueError("A character stands in two confusable sets.")
        return cls(
            sets=tuple(data["sets"]),
            alike=tuple(data["alike"]),
            bars=data["bars"],
            curve=tuple(data["curve"]),
            decay=data["decay"],
            costs=Costs(**data["costs"]),
            **data["evidence"],
        )

    @classmethod
    def load(cls, path: Path) -> "Confusables":
        """Read a file in the layout of `confusables.toml`."""
        return cls.from_mapping(tomllib.loads(path.read_text("utf-8")))

    def canonical(self, vrm: str) -> Vrm:
        """Return the mark with every character replaced by the first of its set. Idempotent; keeps the length."""
        return Vrm(vrm.translate(self._translation))

    def translation(self) -> tuple[str, str]:
        """Return (from, to) such that SQL's `translate(vrm, from, to)` gives the canonical form."""
        swaps = [(c, members[0]) for members in self.sets for c in members[1:]]
        return "".join(a for a, _ in swaps), "".join(b for _, b in swaps)

    def canonical_symbols(self, symbols: Symbols) -> Symbols:
        """`canonical` for symbols of shape (n, 12)."""
        return self._symbol_table[symbols]

    def canonical_codes(self, codes: Codes) -> Codes:
        """`canonical` for codes of shape (n,): four table look-ups each, no decoding."""
        chunk_base = np.uint64(_CHUNK_BASE)
        result = np.zeros(len(codes), np.uint64)
        rest = codes
        for table in self._chunk_tables:
            quotient = rest // chunk_base
            result += table[(rest - quotient * chunk_base).astype(np.intp)]
            rest = quotient
        return result

    def classes(self) -> str:
        """Return one character for each class of confusables: what a canonical form may hold."""
        return "".join(c for c in ALPHABET if self.canonical(c) == c)

    def substitution(self, on_plate: str, seen: str) -> float:
        """Return what it costs, in swaps, that `on_plate` was seen as `seen`."""
        return self._substitutions[on_plate, seen]

    def curve_at(self, cost: float) -> float:
        """Return the likelihood at a cost in swaps: 1 at 0, falling."""
        last = len(self.curve) - 1
        if cost >= last:
            return self.curve[last] * math.pow(self.decay, cost - last)
        step = int(cost)
        return self.curve[step] + (self.curve[step + 1] - self.curve[step]) * (cost - step)

    def evidence_factor(self, confidence: float) -> float:
        """Return by how much a character's cost is scaled, given the camera's confidence (0-1) in it."""
        doubt = min(max(1.0 - confidence, 1e-6), 1.0 - 1e-6)
        return min(max(math.log(doubt) / math.log(1.0 - self.neutral), self.factor_min), self.factor_max)

    @functools.cached_property
    def _translation(self) -> dict[int, int]:
        sources, targets = self.translation()
        return str.maketrans(sources, targets)

    @functools.cached_property
    def _symbol_table(self) -> npt.NDArray[np.uint8]:
        table = np.arange(BASE, dtype=np.uint8)
        for character, symbol in SYMBOL_OF.items():
            table[symbol] = SYMBOL_OF[self.canonical(character)]
        return table

    @functools.cached_property
    def _chunk_tables(self) -> tuple[npt.NDArray[np.uint64], ...]:
        """One table for each group of three places, least significant first, already multiplied by its weight."""
        chunks = np.arange(_CHUNK_BASE, dtype=np.uint64)
        symbols = np.zeros((_CHUNK_BASE, LENGTH_MAX), np.uint8)
        for place in range(_CHUNK):
            symbols[:, LENGTH_MAX - 1 - place] = (chunks // np.uint64(BASE**place)) % np.uint64(BASE)
        base = encode_symbols(self.canonical_symbols(symbols))
        return tuple(base * np.uint64(_CHUNK_BASE**group) for group in range(LENGTH_MAX // _CHUNK))

    @functools.cached_property
    def _substitutions(self) -> dict[tuple[str, str], float]:
        costs = {(a, b): self.costs.change for a in ALPHABET for b in ALPHABET}
        for members in self.sets:
            costs.update(dict.fromkeys(itertools.permutations(members, 2), self.costs.swap))
        for pair in self.alike:
            costs.update(dict.fromkeys(itertools.permutations(pair, 2), self.costs.alike))
        return costs | {(c, c): 0.0 for c in ALPHABET}


def _built_in() -> Confusables:
    text = resources.files("bluelamp.kit.vrm").joinpath("confusables.toml").read_text("utf-8")
    return Confusables.from_mapping(tomllib.loads(text))


DEFAULT: Final = _built_in()


def canonical(vrm: str, confusables: Confusables = DEFAULT) -> Vrm:
    """Return the canonical form of a normalised mark: equal for marks that differ only by swaps inside the sets."""
    return confusables.canonical(vrm)
