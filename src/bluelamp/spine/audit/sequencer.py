"""Gives committed entries their places in the tree: one at a time for the whole platform, in batches, without gaps.

Entries are committed by many transactions at once, so their numbers have gaps and may become visible out of order. Nobody
locks anybody for that: every entry leaves a row in `audit_pending` in its own transaction, and whoever holds the lock here
takes what is visible, appends it to the tree and takes the rows away, all in one transaction. A transaction that is rolled
back leaves nothing; one that commits late comes later in the tree. An outcome's number is above that of its entry, which was
visible before it, so it never comes first.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from datetime import UTC, datetime

from prometheus_client import Counter, Gauge

from bluelamp.kit.merkle import Edge, leaf_hash
from bluelamp.spine import audit
from bluelamp.spine.audit import store
from bluelamp.spine.audit.checkpoints import WANTED, Checkpointer
from bluelamp.spine.audit.leaf import entry_leaf, outcome_leaf
from bluelamp.spine.errors import EngineDownError
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Connection, Database

log = logging.getLogger(__name__)

LOCK = 7_245_010
BATCH = 2000
IDLE_S = 0.5
"""How long an entry may wait for its place while there is little to do."""
SIZE = Gauge("bluelamp_audit_tree_size", "Leaves of the audit's tree.")
LOST = Counter("bluelamp_audit_entries_lost_total", "Committed audit entries that were gone before they had a place in the tree.")


class Sequencer:
    """The growing edge of the tree, kept from batch to batch; read anew whenever somebody else appended."""

    def __init__(self) -> None:
        self._edge: Edge | None = None

    async def step(self, database: Database) -> int:
        """Append one batch; returns how many leaves, 0 where nothing waits or another process does the work."""
        async with database.transaction() as connection:
            if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", LOCK):
                return 0
            marks = await store.waiting(connection, BATCH)
            if not marks:
                return 0
            size = await store.size(connection)
            edge = self._edge if self._edge and self._edge.size == size else await store.load_edge(connection, size)
            # Until this transaction has committed, the edge in memory must not be believed.
            self._edge = None
            data = {row["number"]: entry_leaf(row) for row in await store.rows_numbered(connection, marks, outcome=False)}
            data |= {row["number"]: outcome_leaf(row) for row in await store.rows_numbered(connection, marks, outcome=True)}
            leaves, nodes, lost = [], [], []
            for mark in marks:
                number = mark["number"]
                if number not in data:
                    lost.append(number)
                    continue
                one = leaf_hash(data[number])
                leaves.append((edge.size, number, mark["at"], mark["outcome"], one))
                nodes += edge.append(one)
            await store.add_leaves(connection, leaves)
            await store.add_nodes(connection, nodes)
            await store.forget_waiting(connection, [mark["number"] for mark in marks])
            if lost:
                await _tell_lost(connection, lost)
        self._edge = edge
        SIZE.set(edge.size)
        return len(leaves)

    async def drain(self, database: Database) -> int:
        """Append all that waits."""
        total = 0
        while done := await self.step(database):
            total += done
        return total


async def _tell_lost(connection: Connection, lost: list[int]) -> None:
    """Entries were committed and are gone: somebody deleted them in the seconds before they had a place. That is for ever told."""
    LOST.inc(len(lost))
    log.error("%d audit entries were deleted before they reached the tree, numbers %s", len(lost), lost[:20])
    await audit.record(connection, audit.SYSTEM, "erasure", "audit.entries.lost", detail={"count": len(lost), "numbers": lost[:100]})


async def run(spine: Spine) -> None:
    """Sequence and make check-points for ever; at the end once more, so that a clean stop leaves nothing uncovered."""
    sequencer, checkpointer = Sequencer(), Checkpointer(spine)
    async with spine.db.connection() as connection:
        await store.make_months(connection, datetime.now(UTC), 2)
    end_listening = spine.db.listen(WANTED, lambda: None, lambda _payload: checkpointer.hurry())
    try:
        await _work(spine, sequencer, checkpointer)
    finally:
        end_listening()
        with contextlib.suppress(EngineDownError, TimeoutError):
            async with asyncio.timeout(5):
                await sequencer.drain(spine.db)
                await checkpointer.make()


async def _work(spine: Spine, sequencer: Sequencer, checkpointer: Checkpointer) -> None:
    checked = False
    while True:
        began = time.monotonic()
        try:
            if not checked:
                await sequencer.drain(spine.db)
                await checkpointer.compare()
                checked = True
            done = await sequencer.step(spine.db)
            await checkpointer.make_if_due()
        except EngineDownError as error:
            # A query that is cut off by our own end may look like an engine that went away.
            if (task := asyncio.current_task()) is not None and task.cancelling():
                raise asyncio.CancelledError from error
            log.warning("the audit's tree waits: %s", error.message)
            done = 0
        if done < BATCH:
            await asyncio.sleep(max(0.05, IDLE_S - (time.monotonic() - began)))
