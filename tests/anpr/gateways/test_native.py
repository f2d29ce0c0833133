from __future__ import annotations

from base64 import b64encode
from typing import Any

import msgspec
import pytest

from bluelamp.anpr.domain import Capture, Refusal
from bluelamp.anpr.errors import NotThisFormatError

from .samples import JPEG, LONDON, capture, parse, refusal


def item(**changes: Any) -> dict[str, Any]:
    return {"camera": "C1", "vrm": "AB12CDE", "captured_at": "2026-03-02T10:17:18.252Z", "confidence": 0.93, **changes}


def test_every_field_of_the_contract_is_read() -> None:
    body = item(
        id="e7",
        direction="N",
        lane=2,
        make="Ford",
        model="Focus",
        colour="blue",
        **{"class": "car"},
        characters=[{"value": "A", "confidence": 0.9}],
        variants=[{"vrm": "A812CDE", "confidence": 0.2}, {"vrm": "ab12cde", "confidence": 0.9}],
        plate_image=b64encode(JPEG).decode(),
        overview_image=b64encode(JPEG * 2).decode(),
    )
    assert capture("native", body) == Capture(
        camera="C1",
        plate="AB12CDE",
        captured_at=1772446638252,
        confidence=0.93,
        car="e7",
        direction="n",
        lane=2,
        make="Ford",
        model="Focus",
        colour="blue",
        vehicle_class="car",
        characters=(("A", 0.9),),
        variants=(("A812CDE", 0.2),),
        plate_image=JPEG,
        overview_image=JPEG * 2,
    )


@pytest.mark.parametrize("plate", ["", None, "unknown", "UNKNOWN", "  ", "-------"])
def test_a_vehicle_without_a_plate_is_a_capture_without_one(plate: str | None) -> None:
    assert capture("native", item(vrm=plate)).plate == ""


def test_the_plate_is_delivered_as_sent() -> None:
    assert capture("native", item(vrm=" \u0430b12 <b>'; ")).plate == " \u0430b12 <b>'; "


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"captured_at": "yesterday"}, "bad_time"),
        ({"captured_at": 1772446638252}, "bad_time"),
        ({"captured_at": None}, "missing_field"),
        ({"confidence": 93}, "bad_confidence"),
        ({"confidence": -0.1}, "bad_confidence"),
        ({"confidence": "high"}, "bad_field"),
        ({"confidence": None}, "missing_field"),
        ({"camera": ""}, "missing_field"),
        ({"lane": 256}, "bad_field"),
        ({"plate_image": "no picture!"}, "picture_invalid"),
        ({"overview_image": "QUJ"}, "picture_invalid"),
        ({"plate_image": ["QUJD"]}, "bad_field"),
        ({"plate_image": 12}, "bad_field"),
        ({"characters": [{"value": "A", "confidence": 99}]}, "bad_confidence"),
        ({"variants": [{"vrm": "A"}]}, "missing_field"),
        ({"make": {"name": "Ford"}}, "bad_field"),
    ],
)
def test_a_bad_item_is_refused_with_a_reason(changes: dict[str, Any], code: str) -> None:
    refused = refusal("native", item(**changes))
    assert (refused.index, refused.code) == (0, code)
    assert len(refused.message) > 10


def test_base64_whose_slashes_are_escaped_is_read() -> None:
    sent = b64encode(b"\xff\xd8\xff?\xff").decode()
    assert "/" in sent
    body = msgspec.json.encode(item(plate_image=sent)).replace(b"/", b"\\/")
    assert capture("native", body).plate_image == b"\xff\xd8\xff?\xff"
    assert capture("native", item(plate_image=None, overview_image="")).plate_image == b""


def test_a_missing_field_is_named() -> None:
    body = item()
    del body["vrm"]
    assert refusal("native", body).message == "the item has no vrm"


def test_a_time_without_zone_is_local_to_the_source() -> None:
    assert capture("native", item(captured_at="2026-07-02T10:17:18.252"), timezone=LONDON).captured_at == 1782983838252
    assert capture("native", item(captured_at="2026-07-02T10:17:18.252Z"), timezone=LONDON).captured_at == 1782983838252 + 3_600_000


def test_the_hour_that_clocks_show_twice_is_refused() -> None:
    assert refusal("native", item(captured_at="2026-10-25T01:30:00"), timezone=LONDON).code == "ambiguous_time"
    assert refusal("native", item(captured_at="2026-03-29T01:30:00"), timezone=LONDON).code == "bad_time"


def test_bad_lines_stand_between_good_ones() -> None:
    line = b'{"camera":"C1","vrm":"AB12CDE","captured_at":"2026-03-02T10:17:18.252Z","confidence":0.9}'
    items = parse("native", line + b"\r\n\n{not json\n" + line + b"\n" + b"{}\n", "application/x-ndjson")
    assert [type(i.outcome) for i in items] == [Capture, Refusal, Capture, Refusal]
    assert [i.outcome.code for i in items if isinstance(i.outcome, Refusal)] == ["bad_json", "not_this_format"]
    assert items[1].raw == b"{not json"
    assert [i.outcome.index for i in items if isinstance(i.outcome, Refusal)] == [1, 3]


def test_bodies_are_told_apart_without_a_content_type() -> None:
    line = b'{"camera":"C1","vrm":"AB12CDE","captured_at":"2026-03-02T10:17:18.252Z","confidence":0.9}'
    assert len(parse("native", line + b"\n" + line)) == 2
    assert len(parse("native", b"[" + line + b",\n" + line + b"]")) == 2
    assert len(parse("native", line.replace(b",", b",\n"))) == 1


def test_lines_of_something_else_are_not_this_format() -> None:
    with pytest.raises(NotThisFormatError):
        parse("native", b'{"plate":"AB12CDE"}\n{"plate":"AB12CDE"}\n', "application/x-ndjson")


def test_free_text_is_trimmed_bounded_and_printable() -> None:
    c = capture("native", item(make="  For\x00d\n", model="x" * 500, colour="unknown"))
    assert (c.make, len(c.model), c.colour) == ("For d", 60, "")


@pytest.mark.parametrize(
    ("direction", "expected"),
    [("northbound", "n"), (0, "n"), (361, ""), (225.0, "sw"), ("225", "sw"), ("Away", "away"), ("sideways", ""), (None, ""), ("nan", "")],
)
def test_directions_come_in_words_and_degrees(direction: object, expected: str) -> None:
    assert capture("native", item(direction=direction)).direction == expected
