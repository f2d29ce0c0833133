"""Every maker's payload, read back by the platform's own gateway of that format."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from bluelamp.anpr.domain import Capture, SourceTerms
from bluelamp.anpr.gateways import Payload
from bluelamp.anpr.gateways.registry import FORMATS
from bluelamp.demo.anpr.pictures import overview_picture, plate_picture
from bluelamp.demo.anpr.wire import ENCODERS, Sighting, native

SIGHTING = Sighting(
    camera="1000",
    plate="KE77STL",
    captured_ms=1_795_256_700_123,
    confidence=0.93,
    make="Ford",
    model="Focus",
    colour="blue",
    vehicle_class="car",
    bearing=92.0,
    away=True,
    lane=2,
    longitude=-2.7,
    latitude=54.0,
    second_guess="KE77STI",
    plate_image=plate_picture("KE77STL", rear=True, night=False),
    overview_image=overview_picture("KE77STL", "blue", "car", rear=True, night=False),
)
WHOLE_SECONDS = {"genetec", "tattile"}


def captures(name: str, sighting: Sighting) -> list[Capture]:
    body = ENCODERS[name](sighting)
    parsed = FORMATS[name].parse(Payload(body.content, body.content_type, SourceTerms(ZoneInfo("UTC"), None)))
    understood = [item.outcome for item in parsed if isinstance(item.outcome, Capture)]
    assert len(understood) == len(parsed)
    return understood


def test_every_format_of_the_platform_has_a_camera_in_the_nation() -> None:
    assert set(ENCODERS) == set(FORMATS)


@pytest.mark.parametrize("name", sorted(ENCODERS))
def test_what_a_camera_says_is_understood(name: str) -> None:
    [capture] = captures(name, SIGHTING)
    assert capture.plate.upper() == "KE77STL"
    assert capture.camera == ("default" if name == "dahua" else "1000")
    expected = SIGHTING.captured_ms // 1000 * 1000 if name in WHOLE_SECONDS else SIGHTING.captured_ms
    assert capture.captured_at == expected
    assert capture.confidence == pytest.approx(0.93, abs=0.006)
    assert capture.colour.lower() == "blue"
    assert capture.overview_image == SIGHTING.overview_image
    if name != "platerecognizer":
        assert capture.plate_image == SIGHTING.plate_image


@pytest.mark.parametrize("name", sorted(ENCODERS))
def test_a_passage_without_a_plate_or_picture_is_understood_too(name: str) -> None:
    [capture] = captures(name, replace(SIGHTING, plate="", second_guess="", plate_image=b"", overview_image=b""))
    assert capture.plate == ""
    assert not capture.overview_image


def test_a_gateway_sends_many_at_once() -> None:
    body = native.encode_lines([SIGHTING, replace(SIGHTING, plate="AB12CDE")])
    parsed = FORMATS["native"].parse(Payload(body.content, body.content_type, SourceTerms(ZoneInfo("UTC"), None)))
    assert [item.outcome.plate for item in parsed if isinstance(item.outcome, Capture)] == ["KE77STL", "AB12CDE"]
