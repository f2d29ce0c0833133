"""The SQL of the tree: what waits for it, its leaves and nodes, check-points, keys, months."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from bluelamp.kit import merkle
from bluelamp.kit.merkle import Subtree
from bluelamp.spine.audit.leaf import ENTRY_COLUMNS, OUTCOME_COLUMNS
from bluelamp.spine.relational import Connection, Record

NODE_LEVELS = 8
"""Nodes are kept at every eighth level."""


async def waiting(connection: Connection, count: int) -> list[Record]:
    """The oldest entries and outcomes that are not in the tree."""
    return await connection.fetch("SELECT number, at, outcome FROM audit_pending ORDER BY number LIMIT $1", count)  # type: ignore[no-any-return]


async def rows_numbered(connection: Connection, marks: Sequence[Record], outcome: bool) -> list[Record]:
    """The entries or outcomes that these marks (number, at, outcome) speak of, as their leaves need them; missing ones are missing."""
    wanted = [mark["number"] for mark in marks if mark["outcome"] is outcome]
    if not wanted:
        return []
    times = [mark["at"] for mark in marks if mark["outcome"] is outcome]
    columns, table = (OUTCOME_COLUMNS, "audit_outcomes") if outcome else (ENTRY_COLUMNS, "audit_entries")
    low, high = min(wanted), max(wanted)
    # Neighbours in the tree are neighbours in the table: one walk along the key. A straggler must not make the walk a long one.
    if high - low < 8 * len(marks) + 1000:
        return await connection.fetch(  # type: ignore[no-any-return]
            f"SELECT {columns} FROM {table} WHERE at >= $1 AND at <= $2 AND number >= $3 AND number <= $4",
            min(times), max(times), low, high,
        )  # fmt: skip
    return await connection.fetch(  # type: ignore[no-any-return]
        f"SELECT {columns} FROM {table} WHERE at >= $1 AND at <= $2 AND number = ANY($3)", min(times), max(times), wanted
    )


async def forget_waiting(connection: Connection, numbers: list[int]) -> None:
    await connection.execute("DELETE FROM audit_pending WHERE number = ANY($1)", numbers)


async def size(connection: Connection) -> int:
    """How many leaves the tree has."""
    return int(await connection.fetchval("SELECT coalesce(max(leaf) + 1, 0) FROM audit_leaves"))


async def add_leaves(connection: Connection, leaves: list[tuple[int, int, datetime, bool, bytes]]) -> None:
    columns = ("leaf", "number", "at", "outcome", "hash")
    await connection.copy_records_to_table("audit_leaves", records=leaves, columns=columns)


async def add_nodes(connection: Connection, nodes: list[tuple[Subtree, bytes]]) -> None:
    rows = [(tree.level, tree.position, one) for tree, one in nodes if tree.level % NODE_LEVELS == 0]
    if rows:
        await connection.copy_records_to_table("audit_nodes", records=rows, columns=("level", "position", "hash"))


async def hashes(connection: Connection, trees: Iterable[Subtree]) -> dict[Subtree, bytes]:
    """The hash of each perfect subtree, from the nodes that are kept.

    Raises:
        LookupError: a leaf or node is not there, which it must be.
    """
    wanted = set(trees)
    pieces = {tree: Subtree(tree.level % NODE_LEVELS, tree.level // NODE_LEVELS * NODE_LEVELS) for tree in wanted}
    spans = [(kept, tree.position << height, (tree.position + 1) << height) for tree, (height, kept) in pieces.items()]
    leaves = await connection.fetch(
        "SELECT l.leaf, l.hash FROM unnest($1::bigint[], $2::bigint[]) AS r (low, high)"
        " JOIN audit_leaves l ON l.leaf >= r.low AND l.leaf < r.high",
        [low for kept, low, _ in spans if kept == 0], [high for kept, _, high in spans if kept == 0],
    )  # fmt: skip
    nodes = await connection.fetch(
        "SELECT n.level, n.position, n.hash FROM unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS r (level, low, high)"
        " JOIN audit_nodes n ON n.level = r.level AND n.position >= r.low AND n.position < r.high",
        [kept for kept, _, _ in spans if kept], [low for kept, low, _ in spans if kept], [high for kept, _, high in spans if kept],
    )  # fmt: skip
    known = {(0, row["leaf"]): row["hash"] for row in leaves} | {(row["level"], row["position"]): row["hash"] for row in nodes}
    found = {}
    for tree, (height, kept) in pieces.items():
        below = range(tree.position << height, (tree.position + 1) << height)
        if any((kept, at) not in known for at in below):
            raise LookupError(f"the tree lacks a hash under level {tree.level}, position {tree.position}: run `bluelamp verify audit`")
        found[tree] = merkle.root_of(known[kept, at] for at in below)
    return found


async def range_hashes(connection: Connection, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
    """The hash over each range of leaves that a proof asks for."""
    parts = [merkle.perfect(low, high) for low, high in ranges]
    found = await hashes(connection, (tree for part in parts for tree in part))
    return [merkle.fold([found[tree] for tree in part]) for part in parts]


async def load_edge(connection: Connection, leaves: int) -> merkle.Edge:
    """The edge of the tree as it was with so many leaves."""
    trees = merkle.perfect(0, leaves)
    found = await hashes(connection, trees)
    return merkle.Edge(leaves, [found[tree] for tree in trees])


async def leaf_of(connection: Connection, number: int) -> int | None:
    """The leaf of an entry or outcome by its number; None while it waits."""
    found: int | None = await connection.fetchval("SELECT leaf FROM audit_leaves WHERE number = $1", number)
    return found


async def origin(connection: Connection) -> str:
    """The name of this platform's tree."""
    return str(await connection.fetchval("SELECT origin FROM audit_origin"))


async def verify_keys(connection: Connection) -> list[str]:
    """The public keys, oldest first."""
    return [row["vkey"] for row in await connection.fetch("SELECT vkey FROM audit_keys ORDER BY number")]


async def add_verify_key(connection: Connection, vkey: str) -> None:
    await connection.execute("INSERT INTO audit_keys (number, vkey) SELECT coalesce(max(number) + 1, 1), $1 FROM audit_keys", vkey)


async def last_checkpoint(connection: Connection) -> Record | None:
    return await connection.fetchrow("SELECT * FROM audit_checkpoints ORDER BY number DESC LIMIT 1")


async def covering_checkpoint(connection: Connection, leaf: int) -> Record | None:
    """The newest check-point, if it covers the leaf."""
    return await connection.fetchrow("SELECT * FROM audit_checkpoints WHERE size > $1 ORDER BY number DESC LIMIT 1", leaf)


async def add_checkpoint(connection: Connection, number: int, leaves: int, root: bytes, at: datetime, note: str) -> None:
    await connection.execute("INSERT INTO audit_checkpoints VALUES ($1, $2, $3, $4, $5)", number, leaves, root, at, note)


async def undelivered(connection: Connection, count: int) -> list[Record]:
    """The oldest check-points that have not reached the second place."""
    return await connection.fetch(  # type: ignore[no-any-return]
        "SELECT c.* FROM audit_checkpoints c WHERE c.number > (SELECT coalesce(max(checkpoint), 0) FROM audit_deliveries)"
        " ORDER BY c.number LIMIT $1",
        count,
    )


async def mark_delivered(connection: Connection, numbers: list[int]) -> None:
    await connection.execute("INSERT INTO audit_deliveries (checkpoint) SELECT unnest($1::bigint[]) ON CONFLICT DO NOTHING", numbers)


async def checkpoints_before(connection: Connection, before: int, count: int) -> list[Record]:
    """Newest first."""
    return await connection.fetch(  # type: ignore[no-any-return]
        "SELECT c.*, d.at AS delivered_at FROM audit_checkpoints c LEFT JOIN audit_deliveries d ON d.checkpoint = c.number"
        " WHERE c.number < $1 ORDER BY c.number DESC LIMIT $2",
        before, count,
    )  # fmt: skip


async def checkpoint_of_size(connection: Connection, leaves: int) -> Record | None:
    return await connection.fetchrow("SELECT * FROM audit_checkpoints WHERE size = $1 ORDER BY number LIMIT 1", leaves)


async def make_months(connection: Connection, now: datetime, ahead: int) -> None:
    """Partitions for this month and so many more."""
    await connection.execute(
        "SELECT audit_month(m::date) FROM generate_series(date_trunc('month', $1::timestamp),"
        " $1::timestamp + $2 * interval '1 month', interval '1 month') AS m",
        now.replace(tzinfo=None), ahead,
    )  # fmt: skip


async def months(connection: Connection) -> list[date]:
    """The months that have partitions, oldest first."""
    rows = await connection.fetch(
        "SELECT substr(c.relname, 15) AS month FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
        " WHERE i.inhparent = 'audit_entries'::regclass AND c.relname ~ '^audit_entries_[0-9]{4}_[0-9]{2}$' ORDER BY 1"
    )
    return [date(int(row["month"][:4]), int(row["month"][5:]), 1) for row in rows]


async def month_facts(connection: Connection, low: datetime, high: datetime) -> dict[str, Any]:
    """What a month holds, and whether all of it is in the tree."""
    row = await connection.fetchrow(
        "SELECT (SELECT count(*) FROM audit_entries WHERE at >= $1 AND at < $2) AS entries,"
        " (SELECT count(*) FROM audit_outcomes WHERE at >= $1 AND at < $2) AS outcomes,"
        " (SELECT count(*) FROM audit_pending WHERE at >= $1 AND at < $2) AS waiting",
        low, high,
    )  # fmt: skip
    assert row is not None  # noqa: S101 - a row of counts is always there; this tells the type checker
    return dict(row)


async def drop_month(connection: Connection, month: date, entries: int, outcomes: int, entry: str) -> None:
    """Let a month go and keep its tombstone."""
    await connection.execute("SET LOCAL lock_timeout = '10s'")
    for table in ("audit_entries", "audit_outcomes"):
        await connection.execute(f"DROP TABLE {table}_{month:%Y_%m}")
    await connection.execute(
        "INSERT INTO audit_tombstones (month, entries, outcomes, entry) VALUES ($1, $2, $3, $4)", month, entries, outcomes, entry
    )


async def covers(connection: Connection, low: datetime, high: datetime, leaves: int) -> bool:
    """Whether everything of a period is among the first `leaves` leaves."""
    above = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM audit_leaves WHERE leaf >= $3 AND at >= $1 AND at < $2)", low, high, leaves
    )
    return not above
