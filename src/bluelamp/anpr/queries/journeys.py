"""What a search's reads tell together: the journey they make and the habits they show."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bluelamp.anpr.queries import history, searches
from bluelamp.anpr.queries.lawful import Ruling
from bluelamp.anpr.queries.shown import camera_shown, narrowed_shown, shown_all
from bluelamp.anpr.schemas.searches import CameraCount, Journey, Leg, Summary
from bluelamp.anpr.searching.journeys import following, steps
from bluelamp.anpr.store.places import camera_views
from bluelamp.anpr.store.searches import Search
from bluelamp.anpr.store.travel_times import between
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine

JOURNEY_READS_MAX = 1000
SUMMARY_READS_MAX = 20_000
CAMERAS_SHOWN_MAX = 20
LOCAL = "Europe/London"


async def journey(spine: Spine, caller: Caller, search: str) -> Journey:
    """The newest reads of a search in order of time, with what lies between them."""
    opened, ruling = await searches.ruled(spine, caller, search, searches.RUN)
    intent = await searches.intend(spine, caller.actor, opened, "anpr.searches.journey", ruling)
    return await searches.recorded(spine, intent, lambda: _journey(spine, opened, ruling), lambda answer: len(answer.items))


async def _journey(spine: Spine, search: Search, ruling: Ruling) -> Journey:
    found, truncated = await history.find_all(spine, ruling.lawful, ruling.criteria, JOURNEY_READS_MAX)
    found.sort(key=lambda f: (f.read.captured_at, f.read.camera))
    views = await camera_views(spine.db, (f.read.camera for f in found))
    reads = [f.read for f in found]
    positions = {number: (v.longitude, v.latitude) for number, v in views.items()}
    legs = steps(reads, positions, await between(spine.db, following(reads)))
    return Journey(
        items=await shown_all(spine, ruling.lawful, found, search.id),
        legs=[
            Leg(
                vrm=leg.end.vrm,
                start=leg.start.id,
                end=leg.end.id,
                metres=round(leg.metres),
                seconds=leg.seconds,
                kmh=None if leg.kmh is None else round(leg.kmh, 1),
                plausible=leg.plausible,
                new_journey=leg.new_journey,
                why=leg.why,
                basis=leg.basis,
                usual_seconds=leg.usual_s,
            )
            for leg in legs
        ],
        clone_suspected=sorted({leg.end.vrm for leg in legs if not leg.plausible}),
        truncated=truncated,
        narrowed=narrowed_shown(ruling.narrowed),
    )


async def summary(spine: Spine, caller: Caller, search: str) -> Summary:
    """First and last seen, days, usual hours and weekdays, and cameras of what a search finds."""
    opened, ruling = await searches.ruled(spine, caller, search, searches.RUN)
    intent = await searches.intend(spine, caller.actor, opened, "anpr.searches.summary", ruling)
    return await searches.recorded(spine, intent, lambda: _summary(spine, opened, ruling), lambda answer: answer.count)


async def _summary(spine: Spine, search: Search, ruling: Ruling) -> Summary:
    found, truncated = await history.find_all(spine, ruling.lawful, ruling.criteria, SUMMARY_READS_MAX)
    zone = ZoneInfo(LOCAL)
    local = [datetime.fromtimestamp(f.read.captured_at / 1000, UTC).astimezone(zone) for f in found]
    hours, weekdays = Counter(t.hour for t in local), Counter(t.weekday() for t in local)
    cameras = Counter(f.read.camera for f in found).most_common(CAMERAS_SHOWN_MAX)
    views = await camera_views(spine.db, (number for number, _ in cameras))
    ends = [f(found, key=lambda f: f.read.captured_at) for f in (min, max)] if found else []
    first_last = await shown_all(spine, ruling.lawful, ends, search.id)
    return Summary(
        count=len(found),
        truncated=truncated,
        plates=len({f.read.vrm for f in found}),
        days=len({t.date() for t in local}),
        first_seen=first_last[0] if first_last else None,
        last_seen=first_last[1] if first_last else None,
        timezone=LOCAL,
        by_hour=[hours[h] for h in range(24)],
        by_weekday=[weekdays[d] for d in range(7)],
        cameras=[CameraCount(camera=camera_shown(number, views.get(number)), count=count) for number, count in cameras],
        narrowed=narrowed_shown(ruling.narrowed),
    )
