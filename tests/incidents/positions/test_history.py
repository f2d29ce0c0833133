"""The history of positions: every member comes back, repeats are shown once, days past their time go."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bluelamp.app.engines.cluster_ddl import for_cluster
from bluelamp.app.wiring import MODULES, migrations_of
from bluelamp.incidents.positions import jobs
from bluelamp.incidents.positions.consumers import writer
from bluelamp.incidents.positions.domain import Position
from bluelamp.incidents.positions.store import history
from bluelamp.incidents.positions.tables import POSITIONS_SUBJECT, NoBatchError, decode_batch, encode_batch
from bluelamp.kit.clock import now_ms
from bluelamp.kit.ids import new_id
from bluelamp.spine.columnar import statements
from tests.incidents.positions.test_door import until
from tests.support.platform import RunningPlatform

NOW = now_ms() - 60_000
positions = st.builds(
    Position,
    resource=st.just("R"),
    at=st.integers(NOW - 1000, NOW),
    latitude=st.floats(-90, 90),
    longitude=st.floats(-180, 180),
    agency=st.sampled_from(["KEN", "KFR"]),
    received_at=st.integers(NOW, NOW + 1000),
    kind=st.sampled_from(["car", ""]),
    call_sign=st.sampled_from(["KN1", ""]),
    source=st.just("phone"),
    covert=st.booleans(),
    accuracy_m=st.none() | st.floats(0, 6_000),
    speed_mps=st.none() | st.floats(0, 600),
    course_deg=st.none() | st.floats(0, 359.9),
    altitude_m=st.none() | st.floats(-400, 9_000),
    clock_off_ms=st.integers(-3_600_000, 3_600_000),
)


def moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


async def track(platform: RunningPlatform, resource: str, every_s: int = 0) -> list[Position]:
    return await history.track(platform.spine.columnar, resource, moment(NOW - 900_000), moment(NOW + 900_000), every_s, 100)


async def test_every_member_comes_back(platform: RunningPlatform) -> None:
    loop = asyncio.get_running_loop()

    @settings(max_examples=25, deadline=None)
    @given(positions)
    def check(told: Position) -> None:
        told = Position(**{name: getattr(told, name) for name in told.__struct_fields__} | {"resource": new_id()})

        async def there_and_back() -> list[Position]:
            await history.insert(platform.spine.columnar, [told])
            return await track(platform, told.resource)

        [back] = asyncio.run_coroutine_threadsafe(there_and_back(), loop).result(20)
        for name in told.__struct_fields__:
            one, other = getattr(told, name), getattr(back, name)
            if isinstance(one, float) and other is not None:
                step = {"altitude_m": 0.51, "accuracy_m": 0.051, "course_deg": 0.051, "speed_mps": 0.0051}.get(name, 1e-7)
                assert abs(one - other) <= step
            else:
                assert one == other, name

    await asyncio.to_thread(check)


async def test_repeats_are_shown_once_and_the_later_word_holds(platform: RunningPlatform) -> None:
    unit = new_id()
    first = Position(unit, NOW, 54.0, -2.0, "KEN", NOW + 10)
    for told in (
        [first],
        [first],
        [Position(unit, NOW, 54.0, -2.0, "KEN", NOW + 20, covert=True)],
        [Position(unit, NOW + 5000, 54.1, -2.0, "KEN", NOW + 5010)],
    ):
        await history.insert(platform.spine.columnar, told)
    found = await track(platform, unit)
    assert [(p.at, p.covert) for p in found] == [(NOW, True), (NOW + 5000, False)]
    assert [p.at for p in await track(platform, unit, every_s=3600)] in ([NOW], [NOW, NOW + 5000])
    [then] = await history.where_at(platform.spine.columnar, [unit], moment(NOW + 4000), 60)
    assert then.latitude == 54.0
    assert await history.where_at(platform.spine.columnar, [unit], moment(NOW - 1), 60) == []
    assert await history.where_at(platform.spine.columnar, [unit], moment(NOW + 100_000), 60) == []
    await history.insert(platform.spine.columnar, [Position(unit, NOW + 6000, 54.1, -2.0, "KEN", NOW + 6000, gone=True)])
    assert await history.where_at(platform.spine.columnar, [unit], moment(NOW + 7000), 60) == []
    last = [p for p in await history.last_words(platform.spine.columnar, moment(NOW)) if p.resource == unit]
    assert [(p.at, p.gone) for p in last] == [(NOW + 6000, True)]


async def test_a_message_that_is_no_batch_stops_nobody(platform: RunningPlatform) -> None:
    unit = new_id()
    await platform.spine.bus.publish(POSITIONS_SUBJECT, b"garbage")
    await platform.spine.bus.publish(POSITIONS_SUBJECT, encode_batch([]))
    await platform.spine.bus.publish(POSITIONS_SUBJECT, encode_batch([Position(unit, NOW, 54.0, -2.0, "KEN", NOW)]))

    async def stored() -> bool:
        return len(await track(platform, unit)) == 1

    await until(stored, "the writer goes on")
    await until(lambda: platform.app.state.per_process["positions"].book.latest(unit) is not None, "the book goes on")
    assert writer.DURABLE in {name for module in MODULES for name in module.consumers}
    with pytest.raises(NoBatchError):
        decode_batch(b"\x91\x91\x01")


async def test_days_past_their_time_are_dropped_and_it_is_on_record(platform: RunningPlatform) -> None:
    unit, old = new_id(), NOW - 200 * 86_400_000
    await history.insert(
        platform.spine.columnar, [Position(unit, old, 54.0, -2.0, "KEN", old), Position(unit, NOW, 54.0, -2.0, "KEN", NOW)]
    )
    await jobs.delete_expired(platform.spine)
    held = await history.track(platform.spine.columnar, unit, moment(old) - timedelta(days=1), moment(NOW + 1000), 0, 10)
    assert [p.at for p in held] == [NOW]
    entries = (await platform.client("auditor").get("/v1/audit", params={"action": jobs.ACTION})).json()["items"]
    assert entries
    later = replace(platform.spine, clock=lambda: NOW)
    await jobs.delete_expired(later)
    assert [p.at for p in await track(platform, unit)] == [NOW]


def test_the_tables_have_a_form_for_a_cluster() -> None:
    [migration] = [m for m in migrations_of(MODULES, "clickhouse") if m.name == "0001_positions"]
    made = [sql for statement in statements(migration.sql + "\n") for sql in for_cluster(statement, "c")]
    assert len(made) == 5
    assert "ReplicatedReplacingMergeTree" in made[0]
    assert "FROM positions_local" in made[-1]
