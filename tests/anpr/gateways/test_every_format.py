"""What holds for every camera format: samples are understood, items replay, and nothing that comes in breaks the gateway."""

from __future__ import annotations

from datetime import UTC

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bluelamp.anpr.domain import Capture, SourceTerms
from bluelamp.anpr.errors import NotThisFormatError
from bluelamp.anpr.gateways import Payload
from bluelamp.anpr.gateways.items import ITEMS_MAX
from bluelamp.anpr.gateways.native_arrow import parse_arrow
from bluelamp.anpr.gateways.registry import FORMATS

from .samples import format_of, needs_samples, parse, sample, sample_names

NAMES = ("axis", "dahua", "genetec", "hikvision", "native", "platerecognizer", "rekor", "tattile")
TERMS = SourceTerms(UTC)
NATIVE = (
    b'{"camera":"C1","vrm":"AB12CDE","captured_at":"2026-03-02T10:17:18.252Z","confidence":0.93,"variants":[{"vrm":"A","confidence":0.1}]}'
)


def test_the_contract_names_these_formats() -> None:
    assert tuple(FORMATS) == NAMES


@needs_samples
@pytest.mark.parametrize("name", sample_names())
def test_a_sample_is_one_capture_that_replays_as_the_same(name: str) -> None:
    [item] = parse(format_of(name), sample(name))
    assert isinstance(item.outcome, Capture)
    assert item.outcome.plate
    assert parse(format_of(name), item.raw) == [item]


EXPECTED = {
    "axis_license_plate_verifier_event.json": ("0200008ED329", "LS19GJO", 1772446638252, 0.719034, "in"),
    "dahua_itsapi_tollgateinfo.json": ("default", "RV15ZKC", 1772420645678, 0.0, ""),
    "genetec_autovu_webhook.json": ("G637821011231200521C - Camera", "FN63HWT", 1773520166000, 0.99, "away"),
    "hikvision_isapi_event.multipart": ("02:00:00:00:4c:02", "YK21OBH", 1772446639000, 0.97, "away"),
    "hikvision_isapi_event.xml": ("02:00:00:00:4c:02", "YK21OBH", 1772446639000, 0.97, "away"),
    "platerecognizer_stream_webhook.json": ("camera-1", "ab12cde", 1767323045678, 0.902, "sw"),
    "rekor_scout_alpr_group.json": ("1000", "WN68DRZ", 1772446647845, pytest.approx(0.93254654), "nw"),
    "tattile_read.xml": ("TAT1234567", "HJ22NPE", 1772466130000, 0.925, "away"),
}


@needs_samples
@pytest.mark.parametrize("name", sample_names())
def test_a_sample_says_what_its_vendor_meant(name: str) -> None:
    [item] = parse(format_of(name), sample(name))
    c = item.outcome
    assert isinstance(c, Capture)
    assert (c.camera, c.plate, c.captured_at, c.confidence, c.direction) == EXPECTED[name]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "body", [b"", b" ", b"hello", b"{}", b'"text"', b"[1,2]", b"<a/>", b"\x00\xff\xfe", b"null", b"--x\r\n", b"{" * 100_000]
)
def test_a_body_of_something_else_is_refused_as_a_whole(name: str, body: bytes) -> None:
    with pytest.raises(NotThisFormatError):
        parse(name, body)


@pytest.mark.parametrize("name", ["native", "axis", "rekor", "genetec", "dahua", "platerecognizer"])
def test_a_body_has_a_bounded_number_of_items(name: str) -> None:
    with pytest.raises(NotThisFormatError) as caught:
        parse(name, b"[" + b",".join([b"{}"] * (ITEMS_MAX + 1)) + b"]")
    assert caught.value.status == 413


@pytest.mark.parametrize("name", NAMES)
@given(body=st.binary(max_size=400), content_type=st.sampled_from(["", "application/json", "text/xml", "multipart/form-data; boundary=x"]))
def test_random_bytes_never_break_a_gateway(name: str, body: bytes, content_type: str) -> None:
    try:
        items = parse(name, body, content_type)
    except NotThisFormatError:
        return
    assert all(isinstance(item.raw, bytes) for item in items)


@needs_samples
@pytest.mark.parametrize("name", sample_names())
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=60)
@given(data=st.data())
def test_a_damaged_sample_never_breaks_a_gateway(name: str, data: st.DataObject) -> None:
    body = bytearray(sample(name))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(body) - 1))
        length = data.draw(st.integers(0, 40))
        body[start : start + length] = data.draw(
            st.binary(max_size=12) | st.sampled_from([b"null", b"-1e400", b"[]", b'"', b"&x;", b"\xed\xa0\x80", b"99/99/9999"])
        )
        if not body:
            body += b" "
    try:
        items = parse(format_of(name), bytes(body))
    except NotThisFormatError:
        return
    for item in items:
        if isinstance(item.outcome, Capture):
            assert 0 <= item.outcome.confidence <= 1


@given(st.binary(max_size=300))
def test_random_bytes_never_break_the_arrow_gateway(body: bytes) -> None:
    with pytest.raises(NotThisFormatError):
        parse_arrow(body, TERMS)


@given(st.integers(0, len(NATIVE) - 1), st.binary(max_size=6))
def test_a_damaged_native_line_leaves_its_neighbour_alone(at: int, junk: bytes) -> None:
    damaged = (NATIVE[:at] + junk + NATIVE[at + 2 :]).replace(b"\n", b" ")
    items = FORMATS["native"].parse(Payload(NATIVE + b"\n" + damaged, "application/x-ndjson", TERMS))
    assert isinstance(items[0].outcome, Capture)
    assert len(items) == 1 + bool(damaged.strip())
