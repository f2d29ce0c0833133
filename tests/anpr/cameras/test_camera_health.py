"""How a camera does, against its own habit; and that what was down can be told afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from bluelamp.anpr.actions.cameras import change_camera
from bluelamp.anpr.jobs.camera_health import STATUS_SUBJECT, Observation, assess, expected, look
from bluelamp.anpr.live import render
from bluelamp.anpr.queries.cameras import camera as camera_view
from bluelamp.anpr.queries.gaps import cameras_down
from bluelamp.anpr.schemas.cameras import CameraDetail
from bluelamp.anpr.store import camera_health as store
from bluelamp.app.wiring import MODULES, migrations_of
from bluelamp.kit.clock import to_ms
from bluelamp.kit.ids import new_id
from bluelamp.spine.audit import SYSTEM
from bluelamp.spine.bus import Message
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Database, migrate
from tests.support.platform import RunningPlatform

NOW = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=30)
BUSY = [100.0] * 24
NIGHT = [1.0] * 6 + [100.0] * 18


def seen(**changes: Any) -> Observation:
    """A camera that does well."""
    well = Observation(
        camera=1, status="ok", last_received_at=NOW - timedelta(seconds=5), habit=BUSY,
        reads_this_hour=50, reads=150, unplated=3, late=0, lag_ms_min=300, lag_ms_sum=150 * 800,
    )  # fmt: skip
    return well._replace(**changes)


def status(observation: Observation, now: datetime = NOW, since: datetime = LONG_AGO) -> str:
    return assess(observation, now, since).status


def test_a_camera_that_does_well_is_ok() -> None:
    state = assess(seen(), NOW, LONG_AGO)
    assert (state.status, state.reads_last_hour, state.usual_reads_per_hour, state.clock_drift_ms) == ("ok", 100, 100.0, 300)


def test_a_camera_never_heard_of_is_never() -> None:
    assert status(seen(last_received_at=None, reads=0, reads_this_hour=0, lag_ms_min=None)) == "never"


@pytest.mark.parametrize(("minutes", "expected_status"), [(5, "ok"), (9, "ok"), (10, "down"), (600, "down")])
def test_a_busy_camera_is_down_after_ten_silent_minutes(minutes: int, expected_status: str) -> None:
    assert status(seen(last_received_at=NOW - timedelta(minutes=minutes))) == expected_status


def test_a_lonely_road_at_night_is_not_down() -> None:
    night = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
    silent = seen(last_received_at=night - timedelta(hours=3), habit=NIGHT, reads=0, reads_this_hour=0)
    assert status(silent, night) == "ok"
    assert status(silent, datetime(2026, 3, 2, 6, 20, tzinfo=UTC)) == "down"


def test_a_camera_without_a_habit_is_given_an_hour() -> None:
    fresh = seen(habit=None)
    assert status(fresh._replace(last_received_at=NOW - timedelta(minutes=59))) == "ok"
    assert status(fresh._replace(last_received_at=NOW - timedelta(minutes=60))) == "down"


def test_silence_while_the_platform_was_away_is_not_the_cameras() -> None:
    silent = seen(last_received_at=NOW - timedelta(hours=8))
    assert status(silent, NOW, NOW - timedelta(minutes=5)) != "down"
    assert status(silent, NOW, NOW - timedelta(minutes=15)) == "down"


def test_a_camera_that_was_down_stays_so_over_a_restart_until_it_is_heard() -> None:
    silent = seen(status="down", last_received_at=NOW - timedelta(hours=8))
    assert status(silent, NOW, NOW) == "down"
    assert status(silent._replace(last_received_at=NOW - timedelta(seconds=1)), NOW, NOW) == "ok"


def test_far_fewer_reads_than_usual_are_quiet() -> None:
    assert status(seen(reads_this_hour=5, reads=25, lag_ms_sum=25 * 800)) == "quiet"


@pytest.mark.parametrize(
    ("least", "mean", "expected_status"),
    [
        (-6_000, -5_000, "drifting"),
        (3_600_000, 3_601_000, "drifting"),
        (8_000, 9_000, "drifting"),
        (400, 2_000_000, "ok"),
        (8_000, 900_000, "ok"),
    ],
)
def test_a_wrong_clock_is_told_from_reads_that_were_held_back(least: int, mean: int, expected_status: str) -> None:
    assert status(seen(lag_ms_min=least, lag_ms_sum=150 * mean)) == expected_status


def test_late_and_unread_shares_need_a_sample() -> None:
    assert status(seen(late=15)) == "late"
    assert status(seen(unplated=200)) == "unread"
    few = seen(habit=None, reads=5, reads_this_hour=5, late=5, unplated=5, lag_ms_sum=5)
    assert status(few) == "ok"
    assert assess(few, NOW, LONG_AGO).unread_share == 0.5


def test_a_habit_promises_by_the_hour_of_the_day() -> None:
    midnight = datetime(2026, 3, 2, tzinfo=UTC)
    assert expected(NIGHT, midnight + timedelta(hours=5, minutes=30), midnight + timedelta(hours=6, minutes=30)) == pytest.approx(50.5)
    assert expected(NIGHT, midnight, midnight + timedelta(days=2)) == pytest.approx(2 * sum(NIGHT))


@dataclass
class Count:
    """What the intake hands over of a camera."""

    reads: int = 10
    unplated: int = 1
    late: int = 0
    lag_ms_sum: int = 5000
    lag_ms_min: int | None = 200
    last_received_at: int = 0


class Site:
    """A camera in a database of its own, a clock in our hand, and the job that looks."""

    def __init__(self, spine: Spine, camera: int) -> None:
        self.camera, self.now = camera, datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        self.spine = replace(spine, clock=lambda: to_ms(self.now))

    async def send(self, **changes: Any) -> None:
        async with self.spine.db.transaction() as connection:
            await store.add_camera_counts(connection, {self.camera: Count(last_received_at=to_ms(self.now), **changes)}, to_ms(self.now))

    async def look(self) -> str:
        await look(self.spine)
        view = await camera_view(self.spine.db, self.camera, to_ms(self.now))
        self.shown = CameraDetail.of_view(view).model_dump(by_alias=True)
        return str(self.shown["status"])

    async def gaps(self, start: datetime, end: datetime, **where: Any) -> list[Any]:
        found = await cameras_down(self.spine, to_ms(start), to_ms(end), **({"camera_numbers": [self.camera]} | where))
        return [gap.periods for gap in found if gap.camera == self.camera]


@pytest.fixture
async def site(platform: RunningPlatform) -> AsyncIterator[Site]:
    # A database of its own, since the running platform looks at its cameras too, by the real clock.
    name = f"health_{new_id().lower()}"
    await platform.spine.db.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    db = await Database.open(urlsplit(platform.spine.db.url)._replace(path=f"/{name}").geturl())
    try:
        await migrate(db, migrations_of(MODULES, "postgres"))
        await db.execute("INSERT INTO agencies (code, name) VALUES ('KEN', 'Kentmere Police')")
        source = await db.fetchval(
            "INSERT INTO anpr_sources (name, agency, format, timezone, body_bytes_max, picture_bytes_max, items_per_minute_max)"
            " VALUES ('site', 'KEN', 'native', 'UTC', 65536, 65536, 1000) RETURNING id"
        )
        camera = await db.fetchval(
            "INSERT INTO anpr_cameras (source, external_id, name, agency, latitude, longitude, road, created_at)"
            " VALUES ($1, 'C', 'Lonely', 'KEN', 54.25, -2.25, 'A6', now() - interval '20 days') RETURNING number",
            source,
        )
        yield Site(replace(platform.spine, db=db), camera)
    finally:
        await db.close()
        await platform.spine.db.execute(f"DROP DATABASE {name} WITH (FORCE)")


async def give_habit(site: Site, days: int = 14, reads: int = 100) -> None:
    """Hours of a camera with the same number of reads in each."""
    await site.spine.db.execute(
        "INSERT INTO anpr_camera_hours SELECT $1, h, $3, 0, 0, 0, 0 FROM generate_series($2::timestamptz - make_interval(days => $4),"
        " $2::timestamptz - interval '1 hour', interval '1 hour') AS h",
        site.camera, site.now, reads, days,
    )  # fmt: skip


async def watch(site: Site, minutes: int, *, sending: bool) -> str:
    """Look every minute for a while."""
    told = ""
    for _ in range(minutes):
        site.now += timedelta(minutes=1)
        if sending:
            await site.send()
        told = await site.look()
    return told


async def test_a_camera_falls_silent_is_down_and_comes_back_and_the_gap_is_kept(site: Site) -> None:
    await give_habit(site)
    start = site.now
    assert await watch(site, 3, sending=True) == "ok"
    assert site.shown["health"]["usual_reads_per_hour"] == pytest.approx(100)
    fell_silent = site.now
    assert await watch(site, 9, sending=False) == "ok"
    assert await watch(site, 3, sending=False) == "down"
    assert await site.gaps(start, site.now) == [[(to_ms(fell_silent), None)]]
    assert await watch(site, 2, sending=True) == "ok"
    [period] = site.shown["down"]
    back = fell_silent + timedelta(minutes=13)
    assert period["to"] is not None
    later = site.now + timedelta(hours=1)
    assert await site.gaps(start, later) == [[(to_ms(fell_silent), to_ms(back))]]
    assert await site.gaps(start, fell_silent + timedelta(minutes=2)) == [[(to_ms(fell_silent), to_ms(fell_silent + timedelta(minutes=2)))]]
    assert await site.gaps(back, later) == []
    assert await site.gaps(start - timedelta(hours=5), fell_silent) == []


async def test_gaps_can_be_asked_by_place(site: Site) -> None:
    await give_habit(site)
    await watch(site, 1, sending=True)
    await watch(site, 12, sending=False)
    window = (site.now - timedelta(hours=1), site.now)
    assert len(await site.gaps(*window, camera_numbers=None, bbox=(-2.3, 54.2, -2.2, 54.3))) == 1
    assert await site.gaps(*window, camera_numbers=None, bbox=(-1.3, 54.2, -1.2, 54.3)) == []
    assert await site.gaps(*window, camera_numbers=[]) == []


async def test_a_camera_that_was_never_heard_of_is_a_gap_since_it_was_registered(site: Site) -> None:
    assert await site.look() == "never"
    [[(start, end)]] = await site.gaps(site.now - timedelta(hours=1), site.now)
    assert (start, end) == (to_ms(site.now - timedelta(hours=1)), None)
    assert await site.gaps(site.now - timedelta(days=40), site.now - timedelta(days=39)) == []


async def test_hours_in_which_a_camera_was_down_do_not_spoil_its_habit(site: Site) -> None:
    await give_habit(site, days=4)
    db, gone = site.spine.db, site.now - timedelta(days=2)
    await db.execute(
        "DELETE FROM anpr_camera_hours WHERE camera = $1 AND hour >= $2 AND hour < $3", site.camera, gone, gone + timedelta(hours=5)
    )
    await db.execute(
        "INSERT INTO anpr_camera_downtimes (camera, started_at, ended_at) VALUES ($1, $2, $3)",
        site.camera,
        gone - timedelta(minutes=1),
        gone + timedelta(hours=5, minutes=1),
    )
    await site.look()
    row = await db.fetchrow("SELECT days, reads FROM anpr_camera_habits WHERE camera = $1", site.camera)
    assert row is not None
    assert (row["days"], row["reads"]) == (4, [100.0] * 24)


async def test_a_change_of_status_is_told_to_viewers(site: Site) -> None:
    await give_habit(site)
    await watch(site, 1, sending=True)
    await site.spine.db.execute("DELETE FROM outbox")
    await watch(site, 12, sending=False)
    [row] = await site.spine.db.fetch("SELECT subject, payload FROM outbox")
    [event] = render(Message(row["payload"], STATUS_SUBJECT, 1, 1, {}, site.now))
    assert (event.kind, event.data) == ("camera_status", b'{"id":"%d","status":"down"}' % site.camera)


async def test_a_camera_taken_out_of_service_is_down_no_longer(site: Site) -> None:
    await give_habit(site)
    await watch(site, 1, sending=True)
    assert await watch(site, 12, sending=False) == "down"
    async with site.spine.db.transaction() as connection:
        await change_camera(connection, SYSTEM, site.camera, None, {"active": False})
    assert await watch(site, 1, sending=False) == "inactive"
    assert site.shown["down"][0]["to"] is not None


async def test_counts_of_an_hour_add_up(site: Site) -> None:
    await site.send(lag_ms_min=400)
    await site.send(lag_ms_min=None, reads=0, unplated=5)
    await site.send(lag_ms_min=150)
    row = await site.spine.db.fetchrow("SELECT reads, unplated, lag_ms_min FROM anpr_camera_hours WHERE camera = $1", site.camera)
    assert row is not None
    assert tuple(row) == (20, 7, 150)
