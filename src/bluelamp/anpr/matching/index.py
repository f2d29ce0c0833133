"""The index of VOI entries: 45 million in well under 1 GB, asked by the batch, exact and canonical in one probe.

Layout: entries stand in buckets by a hash of their canonical form (blind to confusable swaps), so the bucket that holds
a mark holds its look-alikes too. One 64-bit Bloom word a bucket (Putze, Sanders, Singler, "Cache-, hash- and
space-efficient Bloom filters", 2007) lets nine in ten innocent reads go after a single memory access.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from bluelamp.kit.vrm import DEFAULT, Codes, Confusables

Refs = npt.NDArray[np.uint32]
Flags = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.intp]

ENTRIES_MAX: Final = 2**32 - 2
_PER_BUCKET: Final = 6
_MULTIPLIER: Final = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio (Knuth, TAOCP 3, 6.4)
_STIR: Final = np.uint64(32)
_SIX_BITS: Final = np.uint64(63)
_ONE: Final = np.uint64(1)
_PARTITION_ROWS: Final = 4_000_000


@dataclass(frozen=True)
class Candidates:
    """Index rows whose canonical form equals that of what was asked. Arrays of one length.

    `rows` are positions in the question, `codes` the entries' marks, `refs` their numbers, `flags` their byte.
    """

    rows: Rows
    codes: Codes
    refs: Refs
    flags: Flags

    def __len__(self) -> int:
        return len(self.rows)

    def where(self, keep: npt.NDArray[np.bool_] | Rows) -> "Candidates":
        """Return the candidates that `keep` selects."""
        return Candidates(self.rows[keep], self.codes[keep], self.refs[keep], self.flags[keep])

    def joined(self, other: "Candidates") -> "Candidates":
        """Return these candidates followed by `other`."""
        if not len(other):
            return self
        if not len(self):
            return other
        return Candidates(
            np.concatenate((self.rows, other.rows)),
            np.concatenate((self.codes, other.codes)),
            np.concatenate((self.refs, other.refs)),
            np.concatenate((self.flags, other.flags)),
        )


NO_CANDIDATES: Final = Candidates(np.empty(0, np.intp), np.empty(0, np.uint64), np.empty(0, np.uint32), np.empty(0, np.uint8))


@dataclass(frozen=True)
class VoiIndex:
    """An immutable index. `starts[b]` to `starts[b + 1]` are the entries of bucket b; `words[b]` is its Bloom word."""

    codes: Codes
    refs: Refs
    flags: Flags
    starts: npt.NDArray[np.uint32]
    words: npt.NDArray[np.uint64]
    confusables: Confusables = DEFAULT

    @classmethod
    def build(cls, codes: Codes, refs: Refs, flags: Flags, confusables: Confusables = DEFAULT) -> Self:
        """Build from entries in any order: their marks' codes, their numbers (unique) and one byte each."""
        bits = bucket_bits(len(codes))
        starts = np.zeros((1 << bits) + 1, np.uint32)
        words = np.zeros(1 << bits, np.uint64)
        index = cls(np.empty_like(codes), np.empty_like(refs), np.empty_like(flags), starts, words, confusables)
        at = 0
        for order, buckets, masks in _partitions(codes, bits, confusables):
            to = at + len(order)
            index.codes[at:to] = codes[order]
            index.refs[at:to] = refs[order]
            index.flags[at:to] = flags[order]
            firsts = np.flatnonzero(np.diff(buckets, prepend=np.int64(-1)))
            words[buckets[firsts]] = np.bitwise_or.reduceat(masks, firsts)
            starts[buckets[firsts] + 1] = np.diff(firsts, append=len(order))
            at = to
        np.cumsum(starts, out=starts)
        return index

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def bytes_held(self) -> int:
        """Bytes that the arrays take."""
        return sum(a.nbytes for a in (self.codes, self.refs, self.flags, self.starts, self.words))

    def probe(self, canonicals: Codes) -> Candidates:
        """Return every entry whose canonical form is one of `canonicals` (codes of canonical forms, shape (n,))."""
        if not len(self.codes):
            return NO_CANDIDATES
        buckets, masks = _hash(canonicals, _bits_of(self.words))
        rows = np.flatnonzero((self.words[buckets] & masks) == masks)
        if not len(rows):
            return NO_CANDIDATES
        buckets = buckets[rows]
        first = self.starts[buckets].astype(np.intp)
        counts = self.starts[buckets + 1] - first
        places = _ranges(first, counts)
        rows = np.repeat(rows, counts)
        codes = self.codes[places]
        same = np.flatnonzero(self.confusables.canonical_codes(codes) == canonicals[rows])
        places = places[same]
        return Candidates(rows[same], codes[same], self.refs[places], self.flags[places])

    def probe_exact(self, asked: Codes) -> Candidates:
        """Return every entry whose mark is one of `asked`."""
        found = self.probe(self.confusables.canonical_codes(asked))
        return found.where(found.codes == asked[found.rows])


def bucket_bits(entries: int) -> int:
    """Return the number of bits of a bucket's number for so many entries: about six entries a bucket."""
    return max(1, (max(entries, 1) // _PER_BUCKET).bit_length())


def _bits_of(words: npt.NDArray[np.uint64]) -> int:
    return len(words).bit_length() - 1


def _hash(canonicals: Codes, bits: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint64]]:
    """Return each canonical code's bucket and its Bloom mask (three bits of 64)."""
    stirred = canonicals * _MULTIPLIER
    stirred ^= stirred >> _STIR
    stirred *= _MULTIPLIER
    buckets = (stirred >> np.uint64(64 - bits)).astype(np.int64)
    masks = _ONE << (stirred & _SIX_BITS)
    masks |= _ONE << ((stirred >> np.uint64(6)) & _SIX_BITS)
    masks |= _ONE << ((stirred >> np.uint64(12)) & _SIX_BITS)
    return buckets, masks


def _ranges(first: Rows, counts: npt.NDArray[np.intp]) -> Rows:
    """Return first[0], first[0] + 1, … (counts[0] of them), first[1], …"""
    ends = np.cumsum(counts)
    places: Rows = np.arange(ends[-1]) + np.repeat(first - (ends - counts), counts)
    return places


def _partitions(codes: Codes, bits: int, confusables: Confusables) -> Iterator[tuple[Rows, npt.NDArray[np.int64], npt.NDArray[np.uint64]]]:
    """Yield (order, buckets, masks) of the entries, sorted by bucket, a part at a time: sorting all would double memory."""
    parts = max(1, -(-len(codes) // _PARTITION_ROWS))
    part_bits = min((parts - 1).bit_length(), bits)
    coarse = np.empty(len(codes), np.uint16)
    for at in range(0, len(codes), _PARTITION_ROWS):
        chunk = slice(at, at + _PARTITION_ROWS)
        buckets, _ = _hash(confusables.canonical_codes(codes[chunk]), bits)
        coarse[chunk] = buckets >> (bits - part_bits)
    for part in range(1 << part_bits):
        members = np.flatnonzero(coarse == part)
        if not len(members):
            continue
        buckets, masks = _hash(confusables.canonical_codes(codes[members]), bits)
        order = np.argsort(buckets, kind="stable")
        yield members[order], buckets[order], masks[order]
