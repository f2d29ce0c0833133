"""What a camera is answered, and what is in the stream afterwards."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path

import msgspec
import pyarrow as pa
import pytest

from bluelamp.anpr.domain import ReadKey, parse_read_id, read_id, vrm_key
from bluelamp.anpr.intake.rows import from_message
from bluelamp.anpr.tables import READS_STREAM, READS_SUBJECT
from bluelamp.kit.clock import now_ms, to_rfc3339
from bluelamp.spine.bus import Bus, Message
from bluelamp.spine.errors import NotFoundError
from tests.anpr.intake.conftest import Bench, open_bench, source

JSON = "application/json"
ARROW = "application/vnd.apache.arrow.stream"
JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")


def item(vrm: str = "AB12CDE", ago_s: float = 1, **fields: object) -> dict[str, object]:
    return {"camera": "cam-1", "vrm": vrm, "captured_at": to_rfc3339(now_ms() - round(ago_s * 1000)), "confidence": 0.9} | fields


def body(*items: dict[str, object]) -> bytes:
    return msgspec.json.encode(list(items))


def arrow(*items: dict[str, object]) -> bytes:
    sink = pa.BufferOutputStream()
    table = pa.Table.from_pylist(list(items))
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


async def test_a_read_is_in_the_stream_when_it_is_answered(bench: Bench) -> None:
    account = await bench.intake.accept(source(), body(item("ab12 cde", lane=2, colour="Red")), JSON)
    assert account == (1, 0, 0, 0, [])
    (row,) = await bench.stored()
    assert (row.camera, row.vrm, row.seen_as, row.confidence, row.lane) == (1, "AB12CDE", "ab12 cde", 900, 2)


async def test_a_repeat_gets_the_same_answer_and_is_stored_once(bench: Bench) -> None:
    sent = body(item(), item("XY34ZZZ"))
    assert await bench.intake.accept(source(), sent, JSON) == (2, 0, 0, 0, [])
    assert await bench.intake.accept(source(), sent, JSON) == (0, 2, 0, 0, [])
    assert len(await bench.stored()) == 2


async def test_repeats_inside_one_body_and_across_formats_of_native(bench: Bench) -> None:
    one = item()
    assert await bench.intake.accept(source(), body(one, one), JSON) == (1, 1, 0, 0, [])
    assert await bench.intake.accept(source(), arrow(one, one, item("ZZ99ZZZ")), ARROW) == (1, 2, 0, 0, [])


async def test_concurrent_repeats_are_told_apart_from_the_first(bench: Bench) -> None:
    sent = body(item())
    accounts = await asyncio.gather(*(bench.intake.accept(source(), sent, JSON) for _ in range(50)))
    assert sum(a.accepted for a in accounts) == 1
    assert sum(a.duplicates for a in accounts) == 49
    assert len(await bench.stored()) == 1


async def test_a_repeat_after_a_restart_is_still_a_repeat(bench: Bench, bus: Bus, tmp_path: Path) -> None:
    first, later = item("AB12CDE", 3, id="car-7", confidence=0.5), item("AB12COE", 2, id="car-7", confidence=0.8)
    await bench.intake.accept(source(), body(item("PL41NNN"), first, later), JSON)
    again = await open_bench(bus, tmp_path / "again")
    try:
        assert await again.intake.accept(source(), body(item("PL41NNN", 1)), JSON) == (1, 0, 0, 0, [])
        assert await again.intake.accept(source(), body(first, later), JSON) == (0, 2, 0, 0, [])
        newest = await again.intake.accept(source(), body(item("AB12CQE", 1, id="car-7", confidence=0.7)), JSON)
        assert newest == (0, 0, 1, 0, [])
    finally:
        await again.commit.close()
        await again.pictures.close()
    versions = [row.version for row in await bench.stored() if row.car == "car-7"]
    assert versions == [0, 1, 2]


async def test_later_events_of_a_car_amend_its_read_under_the_same_id(bench: Bench) -> None:
    events = [
        item("AB12CDE", 3, id="car-1", confidence=0.6),
        item("AB12COE", 2, id="car-1", confidence=0.9),
        item("A812CDE", 1, id="car-1", confidence=0.3, colour="blue"),
    ]
    assert await bench.intake.accept(source(), body(events[0]), JSON) == (1, 0, 0, 0, [])
    assert await bench.intake.accept(source(), body(*events[1:]), JSON) == (0, 0, 2, 0, [])
    first, second, third = await bench.stored()
    assert [row.vrm for row in (first, second, third)] == ["AB12CDE", "AB12COE", "AB12COE"]
    assert first.captured_at == second.captured_at == third.captured_at
    assert (second.replaces, third.replaces) == ("AB12CDE", "")
    assert second.first_key == third.first_key == vrm_key("AB12CDE")
    assert third.colour == "blue"
    assert dict(third.variants) == {"AB12CDE": 600, "A812CDE": 300}


async def test_the_same_name_at_another_camera_is_another_car(bench: Bench) -> None:
    sent = body(item(id="5"), item("XY34ZZZ", camera="cam-2", id="5"))
    assert await bench.intake.accept(source(), sent, JSON) == (2, 0, 0, 0, [])


async def test_every_bad_item_is_kept_and_told_by_index(bench: Bench) -> None:
    sent = body(
        item(),
        item(camera="nowhere"),
        item("ав12сде"),
        item("A" * 13),
        item(ago_s=400 * 86_400),
        item(ago_s=-600),
        item(plate_image=base64.b64encode(b"<script>").decode()),
        item(""),
    )
    account = await bench.intake.accept(source(), sent, JSON)
    assert (account.accepted, account.without_plate) == (1, 1)
    expected = ["unknown_camera", "vrm_alphabet", "vrm_length", "too_old", "in_future", "picture_not_jpeg"]
    assert [(r.index, r.code) for r in account.rejected] == list(enumerate(expected, 1))
    assert [r.code for r in bench.rejects] == expected
    replayed = await bench.intake.accept(source(cameras=("cam-1", "nowhere")), bench.rejects[0].raw, JSON)
    assert replayed.accepted == 1


async def test_the_arrow_way_obeys_the_same_rules(bench: Bench) -> None:
    rows = [item(), item(camera="nowhere"), item("ав12сде"), item(ago_s=400 * 86_400), item(ago_s=-600), item("unknown"), item("xy34 zzz")]
    account = await bench.intake.accept(source(), arrow(*rows), ARROW)
    assert (account.accepted, account.without_plate) == (2, 1)
    assert [(r.index, r.code) for r in account.rejected] == [(1, "unknown_camera"), (2, "vrm_alphabet"), (3, "too_old"), (4, "in_future")]
    assert sorted(row.vrm for row in await bench.stored()) == ["AB12CDE", "XY34ZZZ"]
    replayed = await bench.intake.accept(source(cameras=("cam-1", "cam-2", "nowhere")), bench.rejects[0].raw, JSON)
    assert replayed.accepted == 1


async def test_pictures_are_found_again_untouched(bench: Bench) -> None:
    encoded = base64.b64encode(JPEG + b"overview").decode()
    sent = [item(plate_image=base64.b64encode(JPEG).decode(), overview_image=encoded), item("XY34ZZZ", overview_image=encoded)]
    await bench.intake.accept(source(), body(*sent), JSON)
    tables: list[pa.Table] = []

    async def collect(message: Message) -> None:
        tables.append(from_message(message.payload))

    await bench.bus.recall(READS_STREAM, 0, collect)
    plates, overviews = tables[0]["plate_picture"].to_pylist(), tables[0]["overview_picture"].to_pylist()
    assert plates[1] is None
    assert await bench.pictures.fetch(plates[0]["ref"]) == JPEG
    assert [await bench.pictures.fetch(o["ref"]) for o in overviews] == [JPEG + b"overview"] * 2
    with pytest.raises(NotFoundError):
        await bench.pictures.fetch("0" * 28 + "1")
    with pytest.raises(NotFoundError):
        await bench.pictures.fetch("../../etc/passwd")


async def test_a_foreign_message_in_the_stream_does_not_stop_a_start(bench: Bench, bus: Bus, tmp_path: Path) -> None:
    await bus.publish(READS_SUBJECT, b"not arrow")
    again = await open_bench(bus, tmp_path / "again")
    assert (await again.intake.accept(source(), body(item()), JSON)).accepted == 1
    await again.commit.close()
    await again.pictures.close()


def test_a_read_id_is_reversible_and_short() -> None:
    key = ReadKey(4_294_967_295, now_ms(), vrm_key("AB12CDE"))
    assert parse_read_id(read_id(key)) == key
    assert len(read_id(key)) == 22
    with pytest.raises(ValueError, match="read id"):
        parse_read_id("Z" * 22)


async def test_a_repeat_keeps_a_camera_alive_and_adds_nothing_to_its_habit(bench: Bench) -> None:
    one = item()
    for sent, content_type in ((body(one), JSON), (body(one, item("XY34ZZZ")), JSON), (arrow(one, item("ZZ99ZZZ")), ARROW)):
        await bench.intake.accept(source(), sent, content_type)
    cameras, sources = bench.intake.tally.take()
    assert cameras[1].reads == 3
    assert cameras[1].last_received_at > 0
    assert (sources[1].accepted, sources[1].duplicates) == (3, 2)
