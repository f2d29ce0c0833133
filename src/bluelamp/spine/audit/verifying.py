"""The auditor's proof: from a database and a place of check-points alone, whether any entry was changed, removed or put in.

Believes nothing but hashes and signatures: rows are hashed here, never by the database. docs/audit.md is the whole method.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import asyncpg

from bluelamp.kit.merkle import Edge
from bluelamp.spine.audit import notes
from bluelamp.spine.audit.pieces import PIECE, Finding, Piece, PieceResult, prove
from bluelamp.spine.audit.retention import next_month
from bluelamp.spine.audit.trust import Chain, Signed, read_chain

Progress = Callable[[str, float], None]
ALONE_PIECES_MAX = 2
"""Below this, starting processes takes longer than the work."""


@dataclass
class Report:
    """What was proven, and what is wrong, first by place in the tree."""

    origin: str = ""
    size: int = 0
    root: str = ""
    entries: int = 0
    outcomes: int = 0
    dropped: int = 0
    waiting: int = 0
    covered: int = 0
    """Leaves that the last check-point signs."""
    checkpoints: int = 0
    keys: list[str] = field(default_factory=list)
    last_checkpoint_at: str = ""
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        return not self.findings

    @property
    def first_bad(self) -> Finding | None:
        """The first in the tree: an entry is named before the check-points that it breaks."""
        placed = [found for found in self.findings if found.leaf is not None and found.code != "tree_rewritten"]
        placed = placed or [found for found in self.findings if found.leaf is not None]
        return min(placed, key=lambda found: found.leaf or 0) if placed else next(iter(self.findings), None)

    def as_answer(self) -> dict[str, Any]:
        first = self.first_bad
        told = {name: value for name, value in self.__dict__.items() if name != "findings"}
        return {
            "whole": self.whole,
            **told,
            "first_bad": first.as_answer() if first else None,
            "findings": [found.as_answer() for found in self.findings[:100]],
            "findings_count": len(self.findings),
        }


@dataclass(frozen=True)
class _Facts:
    """What the database says of itself."""

    origin: str
    size: int
    leaves: int
    waiting: int
    lost: list[int]
    entries: int
    outcomes: int
    keys: list[str]
    checkpoints: list[Signed]
    delivered: int
    tombstones: list[dict[str, Any]]


async def _facts(url: str) -> _Facts:
    connection = await asyncpg.connect(url, command_timeout=600)
    try:
        counts = await connection.fetchrow(
            "SELECT (SELECT origin FROM audit_origin LIMIT 1) AS origin, (SELECT coalesce(max(leaf) + 1, 0) FROM audit_leaves) AS size,"
            " (SELECT count(*) FROM audit_leaves) AS leaves, (SELECT count(*) FROM audit_pending) AS waiting,"
            " (SELECT count(*) FROM audit_entries) AS entries, (SELECT count(*) FROM audit_outcomes) AS outcomes,"
            " (SELECT coalesce(max(checkpoint), 0) FROM audit_deliveries) AS delivered"
        )
        lost = await connection.fetch(
            "SELECT p.number FROM audit_pending p WHERE CASE WHEN p.outcome"
            " THEN NOT EXISTS (SELECT FROM audit_outcomes o WHERE o.number = p.number AND o.at = p.at)"
            " ELSE NOT EXISTS (SELECT FROM audit_entries e WHERE e.number = p.number AND e.at = p.at) END ORDER BY 1 LIMIT 1000"
        )
        checkpoints = await connection.fetch("SELECT number, note FROM audit_checkpoints ORDER BY number")
        tombstones = await connection.fetch(
            "SELECT t.month, t.entries, t.outcomes, t.entry, t.at, e.action, e.detail->>'month' AS told_month,"
            " (e.detail->>'entries')::bigint AS told_entries, (e.detail->>'outcomes')::bigint AS told_outcomes"
            " FROM audit_tombstones t LEFT JOIN audit_entries e ON e.id = t.entry ORDER BY t.month"
        )
        keys = await connection.fetch("SELECT vkey FROM audit_keys ORDER BY number")
        return _Facts(
            **dict(counts),
            lost=[row["number"] for row in lost],
            keys=[row["vkey"] for row in keys],
            checkpoints=[Signed(f"row {row['number']} of audit_checkpoints", row["note"]) for row in checkpoints],
            tombstones=[dict(row) for row in tombstones],
        )
    finally:
        await connection.close()


def verify(url: str, place_url: str, pinned: str = "", progress: Progress = lambda _what, _share: None) -> Report:
    """Prove the audit in the database at `url` against the check-points in `place_url`. `pinned` is a public key known before."""
    began = time.monotonic()
    facts = asyncio.run(_facts(url))
    chain = asyncio.run(read_chain(facts.origin, facts.checkpoints, facts.keys, facts.delivered, place_url, pinned))
    report = Report(origin=facts.origin, size=facts.size, waiting=facts.waiting, keys=[str(key) for key in chain.believed])
    report.findings += chain.findings
    report.notes += chain.notes
    months = _months(facts, report)
    pieces = _pieces(url, facts.size, chain, months)
    edge: Edge | None = Edge()
    roots: dict[int, bytes] = {}
    for result in _proven(pieces):
        progress("hashing", result.high / max(1, facts.size))
        report.findings += result.findings
        report.entries += result.entries
        report.outcomes += result.outcomes
        report.dropped += result.dropped
        edge = None if result.broken else edge
        if edge is not None:
            for stop, subtrees in result.stops.items():
                until = Edge(edge.size, edge.peaks)
                until.extend(subtrees)
                roots[stop] = until.root
            edge.extend(result.subtrees)
    report.root = edge.root.hex() if edge else ""
    _compare(report, facts, chain, roots, broken=edge is None)
    _count(report, facts, asyncio.run(_strangers(url, facts, report)))
    report.findings.sort(key=lambda found: (found.leaf is None, found.leaf or 0))
    report.seconds = round(time.monotonic() - began, 2)
    return report


def _months(facts: _Facts, report: Report) -> list[tuple[datetime, datetime]]:
    """The dropped periods, each with its tombstone among the entries."""
    periods = []
    for stone in facts.tombstones:
        month = stone["month"]
        told = (stone["action"], stone["told_month"], stone["told_entries"], stone["told_outcomes"])
        if stone["action"] is not None and told != ("audit.months.drop", f"{month:%Y-%m}", stone["entries"], stone["outcomes"]):
            report.findings.append(Finding("month_untold", f"no entry says that the month {month:%Y-%m} was dropped as it was"))
        low, after = (datetime(day.year, day.month, 1, tzinfo=UTC) for day in (month, next_month(month)))
        periods.append((low, after))
        report.notes.append(f"{month:%Y-%m} was dropped on {stone['at']:%Y-%m-%d}: {stone['entries']} entries, their hashes remain")
    return periods


def _pieces(url: str, size: int, chain: Chain, months: list[tuple[datetime, datetime]]) -> list[Piece]:
    sizes = sorted({said.size for said in chain.checkpoints})
    return [
        Piece(url, low, min(low + PIECE, size), [s for s in sizes if low < s <= min(low + PIECE, size)], months)
        for low in range(0, size, PIECE)
    ]


def _proven(pieces: list[Piece]) -> Iterator[PieceResult]:
    """The pieces' results in order, worked on by all cores."""
    if len(pieces) <= ALONE_PIECES_MAX:
        yield from map(prove, pieces)
        return
    # Spawned: a fork would copy the loops and connections of whoever calls.
    with ProcessPoolExecutor(min(len(pieces), os.cpu_count() or 1), multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(prove, pieces)


def _compare(report: Report, facts: _Facts, chain: Chain, roots: dict[int, bytes], *, broken: bool) -> None:
    """Each check-point against the tree."""
    report.checkpoints = len(chain.checkpoints)
    proven = 0
    for said in chain.checkpoints:
        if said.size > facts.size:
            message = (
                f"check-point {said.number} of {_when(said)} signs {said.size} leaves and the database has {facts.size}:"
                f" everything from leaf {facts.size} on was cut off"
            )
            report.findings.append(Finding("tail_missing", message, facts.size, checkpoint=said.number))
        elif said.size in roots and roots[said.size] != said.root:
            message = (
                f"check-point {said.number} of {_when(said)} signs another tree: something among leaves {proven} to {said.size - 1}"
                " is not what was recorded"
            )
            report.findings.append(Finding("tree_rewritten", message, proven, checkpoint=said.number))
            break
        elif said.size in roots:
            proven = said.size
        elif not broken:
            report.findings.append(Finding("tree_rewritten", f"check-point {said.number} could not be compared", checkpoint=said.number))
    report.covered = proven
    if chain.checkpoints:
        report.last_checkpoint_at = _when(chain.checkpoints[-1])
    uncovered = facts.size - proven
    if uncovered > 0 and report.whole:
        report.notes.append(f"{uncovered} leaves came after the last check-point: they are hashed, and not yet signed")


def _when(said: notes.Checkpoint) -> str:
    return said.text.rpartition("time ")[2].strip()


async def _strangers(url: str, facts: _Facts, report: Report) -> list[Finding]:
    """Entries that have no place in the tree and do not wait for one. Looked for only when the counts say that there are some."""
    dropped = sum(stone["entries"] + stone["outcomes"] for stone in facts.tombstones)
    there, expected = facts.entries + facts.outcomes, facts.leaves + facts.waiting - dropped
    missing = sum(found.code == "entry_missing" for found in report.findings)
    if there == expected and not missing and not facts.lost:
        return []
    connection = await asyncpg.connect(url, command_timeout=600)
    try:
        found = []
        for table, name in (("audit_entries", "id"), ("audit_outcomes", "entry")):
            rows = await connection.fetch(
                f"SELECT t.number, t.{name} AS id, t.at FROM {table} t"
                " WHERE NOT EXISTS (SELECT FROM audit_leaves l WHERE l.number = t.number AND l.at = t.at)"
                " AND NOT EXISTS (SELECT FROM audit_pending p WHERE p.number = t.number AND p.at = t.at) ORDER BY t.number LIMIT 1000"
            )
            for row in rows:
                what = "the entry" if table == "audit_entries" else "the outcome of"
                message = f"{what} {row['id']}, dated {row['at']}, number {row['number']}, was put in: the tree knows nothing of it"
                found.append(Finding("entry_inserted", message, None, row["id"]))
        return found
    finally:
        await connection.close()


def _count(report: Report, facts: _Facts, strangers: Iterable[Finding]) -> None:
    report.findings += strangers
    report.findings += [
        Finding("entry_missing", f"the entry with the number {number} was deleted before it had a place in the tree")
        for number in facts.lost
    ]
    told = sum(stone["entries"] + stone["outcomes"] for stone in facts.tombstones)
    if report.dropped != told:
        message = f"tombstones speak of {told} entries and outcomes of dropped months, the tree has {report.dropped}"
        report.findings.append(Finding("month_untold", message))
