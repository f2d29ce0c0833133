"""The audit's own end: months past their time are dropped whole, with a tombstone in the audit. Their hashes stay in the tree."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime

from bluelamp.spine import audit
from bluelamp.spine.audit import store
from bluelamp.spine.audit.settings import audit_settings
from bluelamp.spine.module import Spine

log = logging.getLogger(__name__)

ACTION = "audit.months.drop"


def next_month(month: date, by: int = 1) -> date:
    """The first of the month that is `by` months later (earlier if negative)."""
    count = month.year * 12 + month.month - 1 + by
    return date(count // 12, count % 12 + 1, 1)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


async def keep_months(spine: Spine) -> None:
    """Make the coming months and let go of those whose time is over."""
    now = datetime.fromtimestamp(spine.clock() / 1000, UTC)
    keep_from = next_month(date(now.year, now.month, 1), -audit_settings().audit_retention_months)
    async with spine.db.connection() as connection:
        await store.make_months(connection, now, 2)
        ended = [month for month in await store.months(connection) if month < keep_from]
    for month in ended:
        await drop_month(spine, month)


async def drop_month(spine: Spine, month: date) -> bool:
    """Drop one month, if all of it is in the tree and under a check-point; whether it was. The tombstone commits with it."""
    low, high = _midnight(month), _midnight(next_month(month))
    async with spine.db.transaction() as connection:
        facts = await store.month_facts(connection, low, high)
        last = await store.last_checkpoint(connection)
        covered = last is not None and not facts["waiting"] and await store.covers(connection, low, high, last["size"])
        if not covered:
            log.warning("the audit's month %s stays until a check-point covers all of it", month)
            return False
        told = {"month": f"{month:%Y-%m}", "entries": facts["entries"], "outcomes": facts["outcomes"]}
        detail = {**told, "retention_months": audit_settings().audit_retention_months}
        entry = await audit.record(connection, audit.SYSTEM, "erasure", ACTION, detail=detail)
        await store.drop_month(connection, month, facts["entries"], facts["outcomes"], entry)
    log.info("dropped the audit's month %s: %d entries", month, facts["entries"])
    return True
