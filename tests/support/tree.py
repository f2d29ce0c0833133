"""The audit's tree in tests: brought up to date now, rather than on its own timetable."""

from __future__ import annotations

import asyncio

from bluelamp.spine.audit.checkpoints import Checkpointer
from bluelamp.spine.audit.sequencer import Sequencer
from bluelamp.spine.module import Spine

COVERED = (
    "SELECT EXISTS (SELECT FROM audit_entries e JOIN audit_leaves l ON l.number = e.number"
    " WHERE e.id = $1 AND l.leaf < (SELECT max(size) FROM audit_checkpoints))"
)


async def under_a_checkpoint(spine: Spine, entry: str) -> None:
    """Returns when a check-point covers the entry; the platform's own worker may be the one who makes it."""
    sequencer, checkpointer = Sequencer(), Checkpointer(spine)
    async with asyncio.timeout(30):
        while not await spine.db.fetchval(COVERED, entry):
            await sequencer.drain(spine.db)
            await checkpointer.make()
