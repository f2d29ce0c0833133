"""Learns how long vehicles take from camera to camera, from what the last week's reads show."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bluelamp.anpr.searching.journeys import OBSERVED_MIN, QUANTILE
from bluelamp.anpr.store import travel_times
from bluelamp.spine.module import Job, Spine

DAYS = 7
EVERY_S = 3600


async def learn(spine: Spine) -> None:
    """One question, one table made afresh. Nothing is kept of any vehicle."""
    since = datetime.fromtimestamp(spine.clock() / 1000, UTC) - timedelta(days=DAYS)
    learnt = await travel_times.learn(spine.columnar, since, QUANTILE, OBSERVED_MIN)
    async with spine.db.transaction() as connection:
        await travel_times.replace(connection, learnt)


TRAVEL_TIMES = Job("anpr-travel-times", EVERY_S, learn)
