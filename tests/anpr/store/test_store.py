"""The writer and the tables: nothing lost, nothing shown twice, any age taken, poison set aside, old days dropped."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from bluelamp.anpr.consumers.writer import Writer
from bluelamp.anpr.domain import ReadKey, vrm_key
from bluelamp.anpr.intake.rows import to_message
from bluelamp.anpr.jobs.retention import ACTION, delete_expired
from bluelamp.anpr.lawful import without_decision
from bluelamp.anpr.store import history, retention
from bluelamp.anpr.store.history import NO_FILTERS
from bluelamp.anpr.store.reads import insert_reads
from bluelamp.anpr.tables import READS, READS_STREAM, READS_SUBJECT
from bluelamp.kit.clock import now_ms
from bluelamp.spine.bus import Message, PoisonError
from bluelamp.spine.module import Spine
from tests.support.platform import RunningPlatform

DAY_MS = 86_400_000
EVER = without_decision(0, 4_000_000_000_000)


def plate() -> str:
    return "".join(random.SystemRandom().choice("ACEFHJKMNPRTVWXY") for _ in range(9))


def reads(*rows: dict[str, Any]) -> pa.Table:
    plain: dict[str, Any] = {
        "camera": 7, "captured_at": now_ms(), "received_at": now_ms(), "vrm": "", "seen_as": "", "confidence": 900, "direction": "",
        "lane": 0, "make": "", "model": "", "colour": "", "vehicle_class": "", "first_key": 0, "version": 0, "replaces": "", "car": "",
        "characters": b"", "variant_vrms": [], "variant_confidences": [], "plate_picture": None, "overview_picture": None, "event_key": 0,
    }  # fmt: skip
    return pa.Table.from_pylist([plain | row for row in rows], READS)


async def of(spine: Spine, vrm: str) -> list[Any]:
    return await history.reads_of_plates(spine.columnar, {vrm: 1000}, EVER, NO_FILTERS, None, 100)


def message(table: pa.Table, sequence: int = 1) -> Message:
    return Message(to_message(table.to_batches()), READS_SUBJECT, sequence, 1, {}, 0)


async def test_the_same_message_stored_twice_is_shown_once(platform: RunningPlatform) -> None:
    vrm, spine = plate(), platform.spine
    table = reads({"vrm": vrm}, {"vrm": vrm, "captured_at": now_ms() - 5000})
    for _ in range(3):  # as after a crash between the insert and the acknowledgement
        await Writer(spine).store([message(table)])
    assert len(await of(spine, vrm)) == 2
    at = table.column("captured_at").cast(pa.int64())[0].as_py()
    passed = await history.reads_at(spine.columnar, without_decision(at, at + 1), NO_FILTERS, None, 1000)
    assert [found.read.vrm for found in passed].count(vrm) == 1


async def test_versions_may_come_in_any_order_and_the_plate_may_go_back(platform: RunningPlatform) -> None:
    spine, at = platform.spine, now_ms() - 60_000
    first, second = plate(), plate()
    versions = [
        {"vrm": first, "captured_at": at, "version": 0},
        {"vrm": second, "captured_at": at, "version": 1, "first_key": vrm_key(first), "replaces": first},
        {"vrm": first, "captured_at": at, "version": 2, "first_key": vrm_key(first), "replaces": second},
    ]
    for row in (versions[2], versions[0], versions[1]):
        await insert_reads(spine.columnar, reads(row))
    (found,) = await of(spine, first)
    assert found.read.version == 2
    assert await of(spine, second) == []
    read = await history.read_by_key(spine.columnar, ReadKey(7, at, vrm_key(first)), EVER)
    assert read is not None
    assert read.vrm == first


async def test_late_data_over_two_hundred_days_goes_in_as_one_batch(platform: RunningPlatform) -> None:
    vrm = plate()
    late = reads(*({"vrm": vrm, "captured_at": now_ms() - day * DAY_MS} for day in range(230)))
    await platform.spine.bus.publish(READS_SUBJECT, to_message(late.to_batches()))
    async with asyncio.timeout(20):
        while True:
            found = await history.reads_of_plates(platform.spine.columnar, {vrm: 1000}, EVER, NO_FILTERS, None, 1000)
            if len(found) == 230:
                break
            await asyncio.sleep(0.1)
    days = (datetime.fromtimestamp((now_ms() - day * DAY_MS) / 1000, UTC) for day in range(1, 230))
    gone = ", ".join(f"DROP PARTITION {day:%Y%m%d}" for day in days)  # hundreds of parts would slow down whatever is asked after this test
    await platform.spine.columnar.execute(f"ALTER TABLE reads_by_camera {gone}")


async def test_a_poisoned_message_is_set_aside_and_the_next_is_stored(platform: RunningPlatform) -> None:
    vrm, spine = plate(), platform.spine
    sequence = await spine.bus.publish(READS_SUBJECT, b"not arrow at all")
    await spine.bus.publish(READS_SUBJECT, to_message(reads({"vrm": vrm}).to_batches()))
    async with asyncio.timeout(20):
        while not await of(spine, vrm):  # noqa: ASYNC110 - the store sends no signal
            await asyncio.sleep(0.1)
    async with asyncio.timeout(10):
        kept = "SELECT count(*) FROM set_aside_messages WHERE consumer = 'writer' AND sequence = $1"
        while not await spine.db.fetchval(kept, sequence):  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.1)
    with pytest.raises(PoisonError):
        await Writer(spine).store([Message(b"", READS_SUBJECT, 1, 1, {}, 0)])
    assert READS_STREAM


async def test_a_question_without_its_window_never_runs(platform: RunningPlatform) -> None:
    with pytest.raises(ValueError, match="bound to a window"):
        await history._ask(platform.spine.columnar, "SELECT * FROM reads_by_plate", EVER)


def test_a_partition_ends_where_its_id_says() -> None:
    assert retention.last_day("reads_by_plate", "202602") == datetime(2026, 3, 1, tzinfo=UTC)
    assert retention.last_day("reads_by_plate", "202612") == datetime(2027, 1, 1, tzinfo=UTC)
    assert retention.last_day("reads_by_camera", "20260228") == datetime(2026, 3, 1, tzinfo=UTC)


async def test_what_is_past_its_time_goes_in_whole_partitions_and_on_record(platform: RunningPlatform) -> None:
    spine, old, young = platform.spine, plate(), plate()
    now = datetime.fromtimestamp(now_ms() / 1000, UTC)
    long_ago = int((now - timedelta(days=380)).timestamp() * 1000)
    await insert_reads(
        spine.columnar,
        reads({"vrm": old, "captured_at": long_ago, "characters": b"A\x50"}, {"vrm": young, "captured_at": now_ms() - 300 * DAY_MS}),
    )
    day = (now - timedelta(days=380)).date().isoformat()
    keys = [f"pictures/{day}/0000000000001", f"pictures/{(now - timedelta(days=300)).date().isoformat()}/0000000000001"]
    for key in keys:
        await spine.blobs.put(key, b"\xff\xd8\xff")
    assert len(await of(spine, old)) == 1
    await delete_expired(spine)
    assert await of(spine, old) == []
    assert len(await of(spine, young)) == 1
    assert await spine.columnar.query("SELECT vrm FROM plates WHERE vrm = {v:String}", {"v": old}) == []
    left = await spine.columnar.query("SELECT count() AS n FROM reads_evidence WHERE vrm = {v:String}", {"v": old})
    assert left == [{"n": 0}]
    assert await spine.blobs.keys("pictures/" + day) == []
    assert await spine.blobs.keys(keys[1].rsplit("/", 1)[0]) == [keys[1]]
    entries = await spine.db.fetch("SELECT kind, detail FROM audit_entries WHERE action = $1", ACTION)
    tables = {entry["detail"].get("table") for entry in entries}
    assert {"reads_by_plate", "reads_by_camera", "reads_evidence", "plates"} <= tables
    assert {entry["kind"] for entry in entries} == {"erasure"}
    assert day in {entry["detail"].get("pictures") for entry in entries}


async def test_a_month_that_is_partly_past_its_time_is_trimmed(platform: RunningPlatform) -> None:
    spine, old, young = platform.spine, plate(), plate()
    at = datetime(2024, 3, 20, tzinfo=UTC)
    days = {old: at - timedelta(days=15), young: at + timedelta(days=1)}
    await insert_reads(spine.columnar, reads(*({"vrm": vrm, "captured_at": int(day.timestamp() * 1000)} for vrm, day in days.items())))
    assert await retention.trim_month(spine.columnar, "reads_by_plate", at, timedelta(days=16)) == 0
    assert await retention.trim_month(spine.columnar, "reads_by_plate", at, timedelta(days=10)) == 1
    assert await of(spine, old) == []
    assert len(await of(spine, young)) == 1
