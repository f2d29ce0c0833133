"""From a batch of reads to the VOI entries they may name, a message at a time, vectorised."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bluelamp.anpr.matching.index import Candidates, Rows
from bluelamp.anpr.matching.layers import Layers
from bluelamp.anpr.matching.tolerance import (
    HIGH,
    PRIORITY_BITS,
    Glimpse,
    Tolerance,
    Verdict,
    Way,
    judge,
    judge_variant,
)
from bluelamp.kit.vrm import (
    LENGTH_MAX,
    Character,
    Codes,
    Symbols,
    decode,
    decode_codes,
    encode_arrow,
    encode_symbols,
    symbols_from_arrow,
    symbols_from_bytes,
    well_formed,
)

_PER_MILLE: Final = 1000
_EXACT_WORDS: Final = "read exactly as listed"


class Match(NamedTuple):
    """One entry that a read may name."""

    row: int
    ref: int
    plate: str
    exact: bool
    score: float
    why: str


@dataclass(frozen=True)
class Batch:
    """A batch of reads as the matcher needs it."""

    symbols: Symbols
    codes: Codes
    confidence: npt.NDArray[np.uint16]
    characters: Any
    """Arrow binary array: pairs of ASCII value and confidence 0-100; empty where there is none."""
    variant_vrms: Any
    """Arrow list array of strings."""
    variant_confidences: Any
    """Arrow list array of uint16, per mille."""

    @classmethod
    def of(cls, reads: pa.RecordBatch | pa.Table) -> "Batch":
        """Take the columns of `anpr.tables.READS` that matter."""
        symbols = symbols_from_arrow(_column(reads, "vrm"))
        return cls(
            symbols=symbols,
            codes=encode_symbols(symbols),
            confidence=_column(reads, "confidence").to_numpy(zero_copy_only=False),
            characters=_column(reads, "characters"),
            variant_vrms=_column(reads, "variant_vrms"),
            variant_confidences=_column(reads, "variant_confidences"),
        )

    @cached_property
    def variants(self) -> Codes:
        """Codes of all the other plates that cameras offered."""
        return encode_arrow(self.variant_vrms.flatten())

    @cached_property
    def variants_of(self) -> Rows:
        """For each variant, the row of its read."""
        rows: Rows = np.repeat(np.arange(len(self.codes)), np.diff(self.variant_vrms.offsets.to_numpy()))
        return rows

    @cached_property
    def variant_confidence(self) -> npt.NDArray[np.uint16]:
        """For each variant, the camera's confidence, per mille."""
        confidence: npt.NDArray[np.uint16] = self.variant_confidences.flatten().to_numpy(zero_copy_only=False)
        return confidence

    def glimpse(self, row: int) -> Glimpse:
        """Return what read `row` says of its plate."""
        pairs = self.characters[row].as_py()
        characters = tuple(Character(chr(v), c / 100) for v, c in zip(pairs[::2], pairs[1::2], strict=False))
        return Glimpse(decode(int(self.codes[row])), int(self.confidence[row]) / _PER_MILLE, characters)


class Matcher:
    """Asks the layers. `tolerance=None` matches exactly only. Assign `layers` to put a new list in force."""

    def __init__(self, layers: Layers, tolerance: Tolerance | None) -> None:
        self.layers = layers
        self.tolerance = tolerance
        self.confusables = layers.base.confusables
        symbols = {self.confusables.canonical(c) for c in self.confusables.classes()}
        self._classes = np.unique(symbols_from_bytes(np.array(sorted(symbols), "S12"))[:, 0])

    def match(self, batch: Batch) -> list[Match]:
        """Return what the batch's reads match, each (read, entry) once, by row; the likeliest way of finding it."""
        layers = self.layers
        found = layers.probe(self.confusables.canonical_codes(batch.codes))
        exact = found.codes == batch.codes[found.rows]
        best = {(row, ref): Match(row, ref, plate.decode(), True, 1.0, _EXACT_WORDS) for row, ref, plate in _listed(found.where(exact))}
        if self.tolerance is not None:
            for match in self._tolerant(batch, layers, found.where(~exact), self.tolerance):
                held = best.get((match.row, match.ref))
                if held is None or match.score > held.score:
                    best[match.row, match.ref] = match
        return sorted(best.values())

    def _tolerant(self, batch: Batch, layers: Layers, canonical: Candidates, tolerance: Tolerance) -> Iterable[Match]:
        yield from self._judged(batch, canonical, Way.CANONICAL, tolerance)
        if len(batch.variants):
            yield from self._variants(batch, layers, tolerance)
        malformed = ~well_formed(batch.symbols) & (batch.codes != 0)
        rows = np.flatnonzero(malformed)
        if len(rows):
            yield from self._judged(batch, self._added(batch, layers, rows), Way.ADDED, tolerance)
            yield from self._judged(batch, self._dropped(batch, layers, rows), Way.WIDE, tolerance)
        changed = self._changed(batch, layers, tolerance)
        yield from self._judged(batch, changed, Way.WIDE, tolerance)

    def _judged(self, batch: Batch, found: Candidates, way: Way, tolerance: Tolerance) -> Iterable[Match]:
        for row, ref, plate, priority in _listed_with_priority(found):
            verdict = judge(batch.glimpse(row), plate, priority, way, tolerance, self.confusables)
            if verdict is not None:
                yield _match(row, ref, plate, verdict)

    def _variants(self, batch: Batch, layers: Layers, tolerance: Tolerance) -> Iterable[Match]:
        """Look up the other plates that the cameras offered."""
        found = layers.probe(self.confusables.canonical_codes(batch.variants))
        for at, ref, plate, _ in _listed_with_priority(found):
            row = int(batch.variants_of[at])
            if found_as_read(batch, row, plate):
                continue
            variant, sure = decode(int(batch.variants[at])), int(batch.variant_confidence[at]) / _PER_MILLE
            verdict = judge_variant(batch.glimpse(row), variant, sure, plate, tolerance, self.confusables)
            if verdict is not None:
                yield _match(row, ref, plate, verdict)

    def _added(self, batch: Batch, layers: Layers, rows: Rows) -> Candidates:
        """Look up malformed reads with one character left out; what remains must be a mark as it stands."""
        symbols = batch.symbols[rows]
        lengths = (symbols != 0).sum(axis=1)
        asked, owners = [], []
        for place in range(LENGTH_MAX):
            long_enough = np.flatnonzero(lengths > place)
            shorter = np.zeros((len(long_enough), LENGTH_MAX), np.uint8)
            shorter[:, :place] = symbols[long_enough, :place]
            shorter[:, place:-1] = symbols[long_enough, place + 1 :]
            asked.append(shorter)
            owners.append(rows[long_enough])
        shorter, owner = np.concatenate(asked), np.concatenate(owners)
        keep = well_formed(shorter)
        shorter, owner = shorter[keep], owner[keep]
        codes = encode_symbols(shorter)
        found = layers.probe(self.confusables.canonical_codes(codes))
        found = found.where(found.codes == codes[found.rows])
        return _owned(found, owner)

    def _dropped(self, batch: Batch, layers: Layers, rows: Rows) -> Candidates:
        """Look up malformed reads with one character more, in every place: for entries of high priority."""
        canonical = self.confusables.canonical_symbols(batch.symbols[rows])
        lengths = (canonical != 0).sum(axis=1)
        asked, owners = [], []
        for place in range(LENGTH_MAX):
            fits = np.flatnonzero((lengths >= place) & (lengths < LENGTH_MAX))
            longer = np.zeros((len(fits), LENGTH_MAX), np.uint8)
            longer[:, :place] = canonical[fits, :place]
            longer[:, place + 1 :] = canonical[fits, place:-1]
            asked.append(self._each_class(longer, np.full(len(fits), place)))
            owners.append(np.repeat(rows[fits], len(self._classes)))
        return self._high(layers, np.concatenate(asked), np.concatenate(owners))

    def _changed(self, batch: Batch, layers: Layers, tolerance: Tolerance) -> Candidates:
        """Look up every other character where the camera doubted the one it read: for entries of high priority."""
        row, place = _doubted(batch, tolerance)
        if not len(row):
            return _owned(layers.probe(np.empty(0, np.uint64)), row)
        canonical = self.confusables.canonical_symbols(batch.symbols[row])
        return self._high(layers, self._each_class(canonical, place), np.repeat(row, len(self._classes)))

    def _each_class(self, symbols: Symbols, places: Rows) -> Symbols:
        """Return each row once for every class of character, that class put in the row's place."""
        wide = np.repeat(symbols, len(self._classes), axis=0)
        wide[np.arange(len(wide)), np.repeat(places, len(self._classes))] = np.tile(self._classes, len(symbols))
        return wide

    def _high(self, layers: Layers, canonical: Symbols, owners: Rows) -> Candidates:
        """Probe canonical symbols and keep entries of high priority, each (read, entry) once."""
        found = layers.probe(encode_symbols(canonical))
        found = found.where((found.flags & PRIORITY_BITS) == HIGH)
        if not len(found):
            return _owned(found, owners)
        found = _owned(found, owners)
        pairs = found.rows.astype(np.uint64) << np.uint64(32) | found.refs
        return found.where(np.unique(pairs, return_index=True)[1])


def found_as_read(batch: Batch, row: int, plate: str) -> bool:
    """Tell whether the read itself is the plate, so that a variant adds nothing."""
    return decode(int(batch.codes[row])) == plate if batch.codes[row] else False


def _doubted(batch: Batch, tolerance: Tolerance) -> tuple[Rows, Rows]:
    """Return (rows, places) of characters that the camera itself doubted, where its evidence is for the read's text."""
    rows, places = [], []
    lengths = (batch.symbols != 0).sum(axis=1)
    limit = tolerance.character_doubted_below * 100
    for row, pairs in enumerate(batch.characters.to_pylist()):
        if pairs and len(pairs) == 2 * lengths[row] and min(pairs[1::2]) < limit:
            for place, sure in enumerate(pairs[1::2]):
                if sure < limit:
                    rows.append(row)
                    places.append(place)
    return np.array(rows, np.intp), np.array(places, np.intp)


def _column(reads: pa.RecordBatch | pa.Table, name: str) -> Any:
    column = reads.column(name)
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _owned(found: Candidates, owners: Rows) -> Candidates:
    """Return the candidates with the reads' rows instead of the questions'."""
    return Candidates(owners[found.rows], found.codes, found.refs, found.flags)


def _listed(found: Candidates) -> Iterable[tuple[int, int, bytes]]:
    return zip(found.rows.tolist(), found.refs.tolist(), decode_codes(found.codes).tolist(), strict=True)


def _listed_with_priority(found: Candidates) -> Iterable[tuple[int, int, str, int]]:
    for (row, ref, plate), flags in zip(_listed(found), found.flags.tolist(), strict=True):
        yield row, ref, plate.decode(), flags & PRIORITY_BITS


def _match(row: int, ref: int, plate: str, verdict: Verdict) -> Match:
    return Match(row, ref, plate, False, verdict.score, verdict.why)
