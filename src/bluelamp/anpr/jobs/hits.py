"""Every day: what people decided about hits goes when the hits go (their rows go with the reads', jobs/retention.py)."""

from __future__ import annotations

from datetime import UTC, datetime

from bluelamp.anpr.settings import intake_settings
from bluelamp.anpr.store import hits as store
from bluelamp.spine import audit
from bluelamp.spine.module import Job, Spine


async def forget(spine: Spine) -> None:
    """Delete decisions, handovers and messages set aside that are past the retention of reads."""
    before = spine.clock() - intake_settings().retention_days * 86_400_000
    async with spine.db.transaction() as connection:
        count = await store.delete_states(connection, before, datetime.fromtimestamp(before / 1000, UTC))
        if count:
            await audit.record(connection, audit.SYSTEM, "erasure", "anpr.hits.forget", detail={"rows": count})


JOB = Job("anpr.hits.forget", 86_400, forget)
