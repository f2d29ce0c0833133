"""The door of the statistics of times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from bluelamp.incidents.access import INCIDENTS_STATISTICS
from bluelamp.incidents.statistics import queries
from bluelamp.incidents.statistics.schemas import AgencyTimesShown, StepFiguresShown
from bluelamp.spine.http import Caller, SpineHere, permit
from bluelamp.spine.wire import Moment

router = APIRouter(tags=["incidents"], prefix="/incidents")

DAYS = 28


@router.get("/statistics")
async def read_agency_times(
    spine: SpineHere,
    caller: Annotated[Caller, permit(INCIDENTS_STATISTICS)],
    since: Annotated[Moment | None, Query(description="Incidents opened from here; default: 28 days before `until`.")] = None,
    until: Annotated[Moment | None, Query(description="And before here; default: now.")] = None,
) -> AgencyTimesShown:
    """How long things took over the incidents that your agency and role see: the median and what nine of ten kept to, step by step.

    Steps are your agency's own; merged incidents are left out, as they go on in another. At most the newest 50,000 are counted.
    """
    end = until or datetime.fromtimestamp(spine.clock() / 1000, UTC)
    start = since or end - timedelta(days=DAYS)
    rows = await queries.figures(spine, caller, start, end)
    return AgencyTimesShown(since=start, until=end, rows=[StepFiguresShown.of(row) for row in rows])
