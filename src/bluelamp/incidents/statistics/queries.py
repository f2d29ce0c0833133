"""How long things took, over the incidents of an agency: put on record, without a person or a place in it."""

from __future__ import annotations

from datetime import datetime, timedelta

from bluelamp.incidents.access import INCIDENTS_STATISTICS
from bluelamp.incidents.errors import PeriodError
from bluelamp.incidents.statistics import store
from bluelamp.spine import audit
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Record

PERIOD_MAX = timedelta(days=366)


async def figures(spine: Spine, caller: Caller, since: datetime, until: datetime) -> list[Record]:
    """Raises PeriodError: no period, or too long a one."""
    if not since < until or until - since > PERIOD_MAX:
        raise PeriodError(f"ask for a period that begins before it ends, of at most {PERIOD_MAX.days} days")
    detail = {"from": since.isoformat(), "to": until.isoformat()}
    intent = await audit.intend(spine.db, caller.actor, INCIDENTS_STATISTICS, detail=detail)
    rows = await store.figures(spine.db, caller.agency, caller.roles, since, until)
    await audit.conclude(spine.db, intent, "answered", len(rows))
    return rows
