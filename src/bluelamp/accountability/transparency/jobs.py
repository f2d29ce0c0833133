"""Counts the days that are over and writes the report of the day. Once a day: the public never causes a question to the audit."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from bluelamp.accountability.transparency import store
from bluelamp.accountability.transparency.figures import Tally, place, tables
from bluelamp.spine import audit, purposes
from bluelamp.spine.audit import store as log
from bluelamp.spine.module import Job, Spine
from bluelamp.spine.relational import Connection, Record

REPORTED_DAYS = 365
DAYS_AT_ONCE = 7
DAY_S = 24 * 3600.0
GRACE = timedelta(hours=1)
"""After midnight a day still counts as today, so that entries whose transactions took long are there when it is counted."""


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _counted(rows: list[Record]) -> Counter[tuple[date, str, str]]:
    counts: Counter[tuple[date, str, str]] = Counter()
    for row in rows:
        tally = Tally(row["kind"], row["action"], row["purpose"], row["what"], row["entries"], row["records"])
        if placed := place(tally):
            figure, name, count = placed
            counts[row["day"], figure, name] += count
    return counts


async def _slip(connection: Connection) -> dict[str, Any]:
    """The newest signed check-point of the audit and the keys that sign: whoever keeps one can later show what was rewritten."""
    newest = await log.last_checkpoint(connection)
    return {"checkpoint": newest["note"] if newest else "", "keys": await log.verify_keys(connection)}


async def _count(spine: Spine, days: list[date]) -> None:
    """Some days at a time, each kept when it is counted: the year that an audit already holds may be long."""
    for at in range(0, len(days), DAYS_AT_ONCE):
        some = days[at : at + DAYS_AT_ONCE]
        counts = _counted(await store.tally(spine.db, _midnight(some[0]), _midnight(some[-1] + timedelta(days=1))))
        async with spine.db.transaction() as connection:
            await store.keep_days(connection, some, {key: count for key, count in counts.items() if key[0] in some})


async def publish(spine: Spine) -> None:
    """Count what is not counted yet, add today so far, and write the report."""
    now = datetime.fromtimestamp(spine.clock() / 1000, UTC)
    today = (now - GRACE).date()
    first = today - timedelta(days=REPORTED_DAYS)
    await _count(spine, await store.uncounted(spine.db, first, today))
    # The engine's clock may run a little ahead of this process's: what it has written is counted.
    so_far = _counted(await store.tally(spine.db, _midnight(today), now + timedelta(days=1)))
    async with spine.db.transaction() as connection:
        sums = Counter(await store.sums(connection, first))
        first_day = not sums
        for (_, figure, name), count in so_far.items():
            sums[figure, name] += count
        named = [(terms.code, terms.name) for terms in purposes.configured(spine.settings)]
        report = {
            "from": first.isoformat(),
            "to": today.isoformat(),
            "computed_at": now.isoformat(timespec="seconds"),
            "first_day": first_day,
            "figures": tables(sums, named),
            **await _slip(connection),
        }
        await store.keep_report(connection, today, now, report)
        await audit.record(connection, audit.SYSTEM, "disclosure", "transparency.report.publish", detail={"day": today.isoformat()})


PUBLISH = Job("transparency", DAY_S, publish)
