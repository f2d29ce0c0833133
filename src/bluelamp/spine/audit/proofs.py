"""Proofs that a person can take away: that an entry is in the tree under a check-point, and that one tree begins another."""

from __future__ import annotations

from typing import NamedTuple

from bluelamp.kit import merkle
from bluelamp.spine.audit import entries, store
from bluelamp.spine.audit.errors import NoSuchAuditEntryError, NotYetProvenError
from bluelamp.spine.audit.leaf import entry_leaf, outcome_leaf
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Connection, Record


class Inclusion(NamedTuple):
    """A leaf and its way to the root."""

    leaf: int
    data: bytes
    path: list[bytes]


class EntryProof(NamedTuple):
    """Under one check-point: the entry and, where it is covered too, its outcome."""

    checkpoint: Record
    entry: Inclusion
    outcome: Inclusion | None


async def _inclusion(connection: Connection, index: int, size: int, data: bytes) -> Inclusion:
    return Inclusion(index, data, await store.range_hashes(connection, merkle.inclusion_ranges(index, size)))


async def prove_entry(spine: Spine, scope: entries.Scope, entry: str) -> EntryProof:
    """Raises `NoSuchAuditEntryError` (also where the caller may not see it) and `NotYetProvenError`."""
    async with spine.db.connection() as connection:
        row = await entries.one(connection, scope, entry)
        if row is None:
            raise NoSuchAuditEntryError("there is no such entry, or it is not yours to see")
        leaf = await store.leaf_of(connection, row["number"])
        checkpoint = await store.covering_checkpoint(connection, leaf) if leaf is not None else None
        if leaf is None or checkpoint is None:
            raise NotYetProvenError("no check-point covers this entry yet; ask again in a minute")
        size = checkpoint["size"]
        proven = await _inclusion(connection, leaf, size, entry_leaf(row))
        concluded = await entries.outcome_row(connection, row)
        later = None
        if concluded is not None:
            at = await store.leaf_of(connection, concluded["number"])
            if at is not None and at < size:
                later = await _inclusion(connection, at, size, outcome_leaf(concluded))
        return EntryProof(checkpoint, proven, later)


async def prove_consistency(spine: Spine, first: int, second: int) -> tuple[Record, Record, list[bytes]]:
    """Check-points of these numbers and the hashes between them. Raises `NoSuchAuditEntryError`."""
    async with spine.db.connection() as connection:
        one, two = await entries.checkpoint(connection, first), await entries.checkpoint(connection, second)
        if one is None or two is None or one["size"] > two["size"]:
            raise NoSuchAuditEntryError("there are no two such check-points, the earlier first")
        path = await store.range_hashes(connection, merkle.consistency_ranges(one["size"], two["size"]))
        return one, two, path
