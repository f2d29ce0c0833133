"""One stretch of the tree, proven from the rows themselves: runs in a process of its own, so that all cores verify at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

import asyncpg

from bluelamp.kit.merkle import Subtree, perfect
from bluelamp.spine.audit import store
from bluelamp.spine.audit.leaf import entry_leaf, outcome_leaf
from bluelamp.spine.relational import Connection, Record

PIECE_LEVEL = 16
PIECE = 1 << PIECE_LEVEL
CHUNK = 8192
FINDINGS_MAX = 1000
"""Of one piece: where everything is wrong, the first thousand say so."""


class Finding(NamedTuple):
    """One thing that is not as it was. `leaf` is its place in the tree, where it has one."""

    code: str
    message: str
    leaf: int | None = None
    entry: str = ""
    checkpoint: int | None = None

    def as_answer(self) -> dict[str, Any]:
        return {name: value for name, value in self._asdict().items() if value not in {None, ""}}


class PieceResult(NamedTuple):
    """Leaves `low` to `high`: their subtrees, the subtrees up to each stop, and what is wrong."""

    low: int
    high: int
    subtrees: list[tuple[int, bytes]]
    stops: dict[int, list[tuple[int, bytes]]]
    findings: list[Finding]
    entries: int
    outcomes: int
    dropped: int
    """Leaves whose entries belong to months that were dropped."""
    broken: bool
    """Leaves are missing: no root can be told from here on."""


class Piece(NamedTuple):
    """What to prove. `stops` are tree sizes at which check-points want the root; `months` the dropped periods."""

    url: str
    low: int
    high: int
    stops: list[int]
    months: list[tuple[datetime, datetime]]


def prove(piece: Piece) -> PieceResult:
    """Read a piece and hash it."""
    return asyncio.run(_prove(piece))


async def _prove(piece: Piece) -> PieceResult:
    # A connection of its own without our JSON codec: the leaf holds the text of `detail`.
    connection = await asyncpg.connect(piece.url, command_timeout=300)
    try:
        reading = _Reading(piece)
        for low in range(piece.low, piece.high, CHUNK):
            await reading.chunk(connection, low, min(low + CHUNK, piece.high))
        levels = _levels(reading.hashes)
        if not reading.broken:
            await _compare_nodes(connection, piece.low, levels, reading.findings)
        return reading.result(levels)
    finally:
        await connection.close()


def _levels(hashes: list[bytes]) -> list[list[bytes]]:
    """The perfect subtrees over the leaves, level by level."""
    levels = [hashes]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([sha256(b"\1" + below[at] + below[at + 1]).digest() for at in range(0, len(below) - 1, 2)])
    return levels


async def _compare_nodes(connection: Connection, low: int, levels: list[list[bytes]], findings: list[Finding]) -> None:
    for level in range(store.NODE_LEVELS, len(levels), store.NODE_LEVELS):
        first = low >> level
        rows = await connection.fetch(
            "SELECT position, hash FROM audit_nodes WHERE level = $1 AND position >= $2 AND position < $3",
            level, first, first + len(levels[level]),
        )  # fmt: skip
        kept = {row["position"]: row["hash"] for row in rows}
        for at, one in enumerate(levels[level]):
            if kept.get(first + at) != one:
                message = f"the kept hash of level {level}, position {first + at}, is not that of its leaves"
                findings.append(Finding("node_altered", message, (first + at) << level))


class _Reading:
    """The leaves of a piece as they are read."""

    def __init__(self, piece: Piece) -> None:
        self.piece = piece
        self.hashes: list[bytes] = []
        self.findings: list[Finding] = []
        self.entries = self.outcomes = self.dropped = 0
        self.broken = False

    def _found(self, code: str, message: str, leaf: int | None, entry: str = "") -> None:
        if len(self.findings) < FINDINGS_MAX:
            self.findings.append(Finding(code, message, leaf, entry))

    async def chunk(self, connection: Connection, low: int, high: int) -> None:
        marks = await connection.fetch(
            "SELECT leaf, number, at, outcome, hash FROM audit_leaves WHERE leaf >= $1 AND leaf < $2 ORDER BY leaf", low, high
        )
        self._check_places(marks, low, high)
        known = {mark["number"] for mark in marks}
        data: dict[int, tuple[bytes, str, datetime]] = {}
        for outcome in (False, True):
            for row in await store.rows_numbered(connection, marks, outcome):
                number = row["number"]
                leaf = outcome_leaf(row) if outcome else entry_leaf(row)
                name = row["entry"] if outcome else row["id"]
                if number in known and number in data:
                    self._found("entry_inserted", f"the number {number} is there twice", None, name)
                data[number] = (leaf, name, row["at"])
        for mark in marks:
            self._check(mark, data.get(mark["number"]))

    def _check_places(self, marks: Sequence[Record], low: int, high: int) -> None:
        if len(marks) == high - low:
            return
        there = {mark["leaf"] for mark in marks}
        gaps = [leaf for leaf in range(low, high) if leaf not in there]
        self.broken = True
        self._found("leaf_missing", f"{len(gaps)} places of the tree are gone between {gaps[0]} and {gaps[-1]}", gaps[0])

    def _check(self, mark: Record, found: tuple[bytes, str, datetime] | None) -> None:
        leaf, kept = mark["leaf"], mark["hash"]
        self.hashes.append(kept)
        kind = "outcome" if mark["outcome"] else "entry"
        if found is None:
            if any(low <= mark["at"] < high for low, high in self.piece.months):
                self.dropped += 1
                return
            self._found("entry_missing", f"the {kind} of leaf {leaf}, written at {mark['at']}, number {mark['number']}, is gone", leaf)
            return
        data, name, at = found
        if mark["outcome"]:
            self.outcomes += 1
        else:
            self.entries += 1
        if sha256(b"\0" + data).digest() != kept or at != mark["at"]:
            self._found("entry_altered", f"the {kind} {name} at leaf {leaf} is not what was recorded", leaf, name)

    def result(self, levels: list[list[bytes]]) -> PieceResult:
        low, high = self.piece.low, self.piece.high

        def covering(until: int) -> list[tuple[int, bytes]]:
            return [(tree.level, _at(levels, tree, low)) for tree in perfect(low, until)]

        subtrees: list[tuple[int, bytes]] = []
        stops: dict[int, list[tuple[int, bytes]]] = {}
        if not self.broken:
            subtrees, stops = covering(high), {stop: covering(stop) for stop in self.piece.stops}
        return PieceResult(low, high, subtrees, stops, self.findings, self.entries, self.outcomes, self.dropped, self.broken)


def _at(levels: list[list[bytes]], tree: Subtree, low: int) -> bytes:
    return levels[tree.level][tree.position - (low >> tree.level)]
