"""Every minute: how does each camera do, against its own habit? What is down is kept, so that a search can tell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from bluelamp.anpr.store import camera_health as store
from bluelamp.anpr.store.camera_health import State
from bluelamp.spine import outbox
from bluelamp.spine.module import Job, Spine

STATUS_SUBJECT = "anpr.hits.camera_status"
"""In the hits stream, since viewers follow one stream: which cameras changed their status."""

CHANGES_A_MESSAGE_MAX = 1000
HABIT_HOURS = 6
"""How old habits may be: they are averages of a fortnight, and making them for 14,000 cameras takes a quarter of a minute."""

LOOK_SECONDS = 60
UNWATCHED_SECONDS_MAX = 180
"""A longer pause between two looks means that the platform was away, and silence then is not the camera's."""

SILENT_MIN = timedelta(minutes=10)
MISSED_READS_MIN = 15.0
"""A camera is down when its habit promised this many reads during its silence: by chance alone once in three million."""

SILENT_MIN_UNKNOWN = timedelta(hours=1)
"""The same for a camera without a day of habit."""

QUIET_SHARE = 0.25
QUIET_USUAL_MIN = 20.0
SAMPLE_MIN = 20
"""Reads in the hour below which shares say nothing."""

DRIFT_MS_MIN = 5_000
LATE_SHARE_MIN = 0.1
UNREAD_SHARE_MIN = 0.5


class Observation(NamedTuple):
    """What is known of one camera when the job looks."""

    camera: int
    status: str
    """As last found; empty where never looked at."""
    last_received_at: datetime | None
    habit: Sequence[float] | None
    """Reads per hour by hour of the day, UTC; None without a day of them."""
    reads_this_hour: int
    reads: int
    """This clock hour and the one before, as are the following."""
    unplated: int
    late: int
    lag_ms_min: int | None
    lag_ms_sum: int


def expected(habit: Sequence[float], start: datetime, end: datetime) -> float:
    """How many reads a habit promises between two moments."""
    return _since_epoch(habit, end) - _since_epoch(habit, start)


def _since_epoch(habit: Sequence[float], moment: datetime) -> float:
    days, seconds = divmod(moment.timestamp(), 86_400)
    hour = int(seconds // 3600)
    return days * sum(habit) + sum(habit[:hour]) + habit[hour] * (seconds - hour * 3600) / 3600


def assess(seen: Observation, now: datetime, listening_since: datetime) -> State:
    """The health of one camera. The first that applies: never, down, quiet, drifting, late, unread, ok."""
    into_hour = (now - now.replace(minute=0, second=0, microsecond=0)) / timedelta(hours=1)
    last_hour = round(seen.reads_this_hour + (seen.reads - seen.reads_this_hour) * (1 - into_hour))
    usual = expected(seen.habit, now - timedelta(hours=1), now) if seen.habit else None
    seen_cars = seen.reads + seen.unplated
    drift = seen.lag_ms_min if seen.reads else None
    late = seen.late / seen.reads if seen.reads else None
    unread = seen.unplated / seen_cars if seen_cars else None
    status = _status(seen, now, listening_since, last_hour, usual)
    return State(seen.camera, status, last_hour, usual, drift, late, unread)


def _status(seen: Observation, now: datetime, listening_since: datetime, last_hour: int, usual: float | None) -> str:
    if seen.last_received_at is None:
        return "never"
    if _is_down(seen, seen.last_received_at, now, listening_since):
        return "down"
    listened = now - listening_since >= timedelta(hours=1)
    if usual is not None and listened and usual >= QUIET_USUAL_MIN and last_hour < usual * QUIET_SHARE:
        return "quiet"
    return _quality(seen)


def _quality(seen: Observation) -> str:
    """What is wrong with what comes, if anything."""
    enough = seen.reads >= SAMPLE_MIN
    if enough and seen.lag_ms_min is not None and _drifts(seen, seen.lag_ms_min):
        return "drifting"
    if enough and seen.late / seen.reads >= LATE_SHARE_MIN:
        return "late"
    if seen.reads + seen.unplated >= SAMPLE_MIN and seen.unplated / (seen.reads + seen.unplated) >= UNREAD_SHARE_MIN:
        return "unread"
    return "ok"


def _is_down(seen: Observation, last: datetime, now: datetime, listening_since: datetime) -> bool:
    silent_since = max(last, listening_since)
    silence = now - silent_since
    if seen.status == "down" and now - last >= SILENT_MIN:
        return True  # until it is heard again, however often the platform restarts meanwhile
    if silence < SILENT_MIN:
        return False
    if seen.habit is None:
        return silence >= SILENT_MIN_UNKNOWN
    return expected(seen.habit, silent_since, now) >= MISSED_READS_MIN


def _drifts(seen: Observation, least: int) -> bool:
    """A wrong clock is wrong by the same for every read; reads held back and sent later spread."""
    if least <= -DRIFT_MS_MIN:
        return True
    mean = seen.lag_ms_sum / seen.reads
    return least >= DRIFT_MS_MIN and mean - least <= max(60_000, least)


def observation(row: Any) -> Observation:
    """A row of `store.camera_health.observed`."""
    return Observation(
        camera=row["number"],
        status=row["status"] or "",
        last_received_at=row["last_received_at"],
        habit=row["habit"],
        reads_this_hour=row["reads_this_hour"],
        reads=row["reads"],
        unplated=row["unplated"],
        late=row["late"],
        lag_ms_min=row["lag_ms_min"],
        lag_ms_sum=row["lag_ms_sum"],
    )


class StatusChange(msgspec.Struct, frozen=True):
    """A camera took another status."""

    id: str
    status: str


async def refresh_habits(spine: Spine, now: datetime) -> None:
    """Make the habits afresh where they are old."""
    async with spine.db.transaction() as connection:
        made_at = await store.habits_made_at(connection)
        if made_at is None or not timedelta() <= now - made_at < timedelta(hours=HABIT_HOURS):
            await store.make_habits(connection, now)


async def look(spine: Spine) -> None:
    """One look at all cameras."""
    now = datetime.fromtimestamp(spine.clock() / 1000, UTC)
    await refresh_habits(spine, now)
    async with spine.db.transaction() as connection:
        listening_since = await store.look(connection, now, UNWATCHED_SECONDS_MAX)
        await store.close_downtimes(connection, now)
        seen = [observation(row) for row in await store.observed(connection, now)]
        states = [assess(one, now, listening_since) for one in seen]
        if not states:
            return
        await store.write_states(connection, states, now)
        pairs = list(zip(seen, states, strict=True))
        # It fell silent after its last read; when nobody listened then, after we began to.
        silent = {
            state.camera: max(one.last_received_at, listening_since)
            for one, state in pairs
            if state.status == "down" and one.status != "down" and one.last_received_at is not None
        }
        if silent:
            await store.open_downtimes(connection, silent)
        changes = [StatusChange(str(state.camera), state.status) for one, state in pairs if (one.status or "never") != state.status]
        for start in range(0, len(changes), CHANGES_A_MESSAGE_MAX):
            await outbox.post(connection, STATUS_SUBJECT, msgspec.json.encode(changes[start : start + CHANGES_A_MESSAGE_MAX]))


JOB = Job("anpr.camera_health", LOOK_SECONDS, look)
