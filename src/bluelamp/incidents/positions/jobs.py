"""Retention: days of positions past their time are dropped, and the deletion is on record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bluelamp.incidents.positions.settings import position_settings
from bluelamp.incidents.positions.store import history
from bluelamp.spine import audit
from bluelamp.spine.module import Job, Spine

ACTION = "incidents.positions.delete"


async def delete_expired(spine: Spine) -> None:
    """One round. Each day is put on record before it is dropped, so that a crash in between leaves a trace."""
    before = datetime.fromtimestamp(spine.clock() / 1000, UTC) - timedelta(days=position_settings().retention_days)
    for day in await history.expired(spine.columnar, before):
        async with spine.db.transaction() as connection:
            detail = {"table": day["table"], "partition": day["partition"], "rows": int(day["rows"])}
            await audit.record(connection, audit.SYSTEM, "erasure", ACTION, detail=detail)
        await history.drop_day(spine.columnar, day["table"], day["partition"])
    await history.forget_last(spine.columnar, before)


RETENTION = Job("positions-retention", 6 * 3600, delete_expired)
