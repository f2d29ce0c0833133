"""The Merkle tree of RFC 6962 and RFC 9162: hashes, the growing edge, inclusion and consistency proofs. Pure; worth importing alone.

Leaves are numbered from 0. A hash is 32 bytes of SHA-256; `0x00` stands before the data of a leaf and `0x01` before two
hashes, so that no leaf can pass for a node. A perfect subtree is named by its level (0 is a leaf, it covers 2**level leaves)
and its position (it begins at leaf position * 2**level).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import NamedTuple

EMPTY = sha256(b"").digest()
"""The root of a tree without leaves."""


class Subtree(NamedTuple):
    """A perfect subtree."""

    level: int
    position: int


def leaf_hash(data: bytes) -> bytes:
    """Hash of a leaf (RFC 6962 section 2.1)."""
    return sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of the node above two others."""
    return sha256(b"\1" + left + right).digest()


def perfect(low: int, high: int) -> list[Subtree]:
    """The perfect subtrees that cover leaves `low` to `high` (exclusive), from left to right, each as large as can be."""
    found = []
    while low < high:
        level = (high - low).bit_length() - 1
        if low:
            level = min(level, (low & -low).bit_length() - 1)
        found.append(Subtree(level, low >> level))
        low += 1 << level
    return found


def fold(hashes: Sequence[bytes]) -> bytes:
    """The hash over adjoining perfect subtrees of falling size: the root of a tree from its edge."""
    if not hashes:
        return EMPTY
    total = hashes[-1]
    for left in reversed(hashes[:-1]):
        total = node_hash(left, total)
    return total


def root_of(leaf_hashes: Iterable[bytes]) -> bytes:
    """The root over these leaves."""
    edge = Edge()
    for one in leaf_hashes:
        edge.append(one)
    return edge.root


class Edge:
    """The right edge of a growing tree: all that is needed to append to it and to tell its root."""

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        """`peaks` are the hashes of `perfect(0, size)`."""
        if len(peaks) != size.bit_count():
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} peaks, not {len(peaks)}")
        self.size = size
        self._peaks = list(peaks)

    @property
    def root(self) -> bytes:
        return fold(self._peaks)

    @property
    def peaks(self) -> tuple[bytes, ...]:
        return tuple(self._peaks)

    def append(self, one: bytes) -> list[tuple[Subtree, bytes]]:
        """Add a leaf's hash; returns the perfect subtrees above it that it completed, smallest first."""
        at, level, completed = self.size, 0, []
        while at >> level & 1:
            one = node_hash(self._peaks.pop(), one)
            level += 1
            completed.append((Subtree(level, at >> level), one))
        self._peaks.append(one)
        self.size += 1
        return completed

    def extend(self, subtrees: Iterable[tuple[int, bytes]]) -> None:
        """Add perfect subtrees (level, hash) in order; each begins at a multiple of its own size.

        Raises:
            ValueError: one does not.
        """
        for level, one in subtrees:
            if self.size & ((1 << level) - 1):
                raise ValueError(f"a subtree of level {level} cannot begin at leaf {self.size}")
            above, total = level, one
            while self.size >> above & 1:
                total = node_hash(self._peaks.pop(), total)
                above += 1
            self._peaks.append(total)
            self.size += 1 << level


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << ((count - 1).bit_length() - 1)


def inclusion_ranges(index: int, size: int) -> list[tuple[int, int]]:
    """The ranges of leaves whose hashes, in this order, prove that leaf `index` is in the tree of `size` leaves.

    Raises:
        ValueError: the leaf is not in the tree.
    """
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} in a tree of {size}")
    ranges, low, high = [], 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low = middle
    return ranges[::-1]


def consistency_ranges(first: int, second: int) -> list[tuple[int, int]]:
    """The ranges of leaves whose hashes, in this order, prove that the tree of `first` leaves begins that of `second`.

    Raises:
        ValueError: not 0 < first <= second.
    """
    if not 0 < first <= second:
        raise ValueError(f"a tree of {first} leaves cannot begin one of {second}")
    if first == second:
        return []
    ranges, low, high, whole = [], 0, second, True
    while first != high:
        middle = low + _split(high - low)
        if first <= middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low, whole = middle, False
    if not whole:
        ranges.append((low, high))
    return ranges[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether `path` proves that the leaf with the hash `leaf` is number `index` of the tree (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, total = index, size - 1, leaf
    for step in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            total = node_hash(step, total)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            total = node_hash(total, step)
        at, last = at >> 1, last >> 1
    return last == 0 and total == root


def verify_consistency(first: int, second: int, first_root: bytes, second_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether `path` proves that the second tree is the first with leaves added at its end (RFC 9162 section 2.1.4.2)."""
    if not 0 < first <= second:
        return False
    if first == second:
        return not path and first_root == second_root
    steps = list(path)
    if first & (first - 1) == 0:
        steps.insert(0, first_root)
    if not steps:
        return False
    at, last = first - 1, second - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    one = two = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            one, two = node_hash(step, one), node_hash(step, two)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            two = node_hash(two, step)
        at, last = at >> 1, last >> 1
    return last == 0 and one == first_root and two == second_root
