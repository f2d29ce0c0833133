"""Both forms of an event: against `takproto`, an implementation of others, and against whatever a stream may bring."""

from __future__ import annotations

from xml.etree.ElementTree import SubElement

import pytest
import takproto
from hypothesis import given
from hypothesis import strategies as st

from bluelamp.incidents.gateways.cot.wire import protobuf, xml
from bluelamp.incidents.gateways.cot.wire.errors import EventError, StreamError
from bluelamp.incidents.gateways.cot.wire.event import CotEvent, format_time, parse_time
from bluelamp.incidents.gateways.cot.wire.splitting import ProtobufSplitter, XmlSplitter
from tests.incidents.cot.examples import chat, emergency, position

MAX = 64 << 10


def unframed(data: bytes) -> bytes:
    splitter = ProtobufSplitter(MAX)
    splitter.feed(data)
    message = splitter.take()
    assert message is not None
    assert splitter.take() is None
    return message


def same(one: CotEvent, other: CotEvent) -> bool:
    simple = ("uid", "type", "how", "time", "start", "stale", "latitude", "longitude", "hae", "ce", "le")
    details = [
        sorted((child.tag, tuple(sorted(child.items())), child.text or "") for child in event.detail.iter()) for event in (one, other)
    ]
    return all(getattr(one, name) == getattr(other, name) for name in simple) and details[0] == details[1]


def test_takproto_reads_what_we_write() -> None:
    message = takproto.parse_proto(bytearray(protobuf.write(xml.parse(position()))))
    event = message.cotEvent
    assert (event.uid, event.type, event.lat, event.lon, event.hae) == ("ANDROID-0001", "a-f-G-U-C", 54.3, -2.74, 51.2)
    assert event.detail.contact.callsign == "KILO 1"
    assert event.detail.group.name == "Cyan"
    assert event.detail.status.battery == 81
    assert event.detail.track.course == 181.0
    assert "Droid" in event.detail.xmlDetail


@pytest.mark.parametrize("data", [position(), emergency("ANDROID-1", "KILO 1")])
def test_we_read_what_takproto_writes(data: bytes) -> None:
    written = bytes(takproto.xml2proto(data, takproto.TAKProtoVer.STREAM))
    event = protobuf.parse(unframed(written))
    assert event is not None
    assert same(event, xml.parse(data))


@pytest.mark.parametrize("data", [position(), chat("ANDROID-1", "KILO 1", "Road & <closed>".replace("&", "&amp;").replace("<", "&lt;"))])
def test_nothing_is_lost_from_form_to_form(data: bytes) -> None:
    event = xml.parse(data)
    again = protobuf.parse(unframed(protobuf.write(event)))
    assert again is not None
    assert same(event, again)
    again.raw = b""
    assert same(event, xml.parse(xml.write(again)))


def test_what_the_protocol_has_no_place_for_goes_along_as_xml() -> None:
    data = position().replace(b'callsign="KILO 1"/>', b'callsign="KILO 1" phone="0"/>').replace(b'battery="81"', b'battery="full"')
    again = protobuf.parse(unframed(protobuf.write(xml.parse(data))))
    assert again is not None
    assert same(again, xml.parse(data))


def test_what_is_too_deep_for_the_one_form_is_refused_in_the_other() -> None:
    event = xml.parse(position())
    for depth in range(1, 24):
        within = event.detail
        for _ in range(depth):
            within = SubElement(within, "a")
        try:
            again = protobuf.parse(unframed(protobuf.write(event)))
        except EventError:
            return
        assert again is not None
        assert same(again, xml.parse(xml.write(again)))
    raise AssertionError("it has no bound")


def test_times() -> None:
    assert parse_time("2026-11-21T22:00:00Z") == parse_time("2026-11-21T22:00:00.000000Z") == parse_time("2026-11-21T23:00:00+01:00")
    assert format_time(parse_time("2026-11-21T22:00:00.007Z")) == "2026-11-21T22:00:00.007Z"
    for text in ("", "yesterday", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00"):
        with pytest.raises(EventError):
            parse_time(text)


@pytest.mark.parametrize(
    "data",
    [
        b"<event></event>",
        b"<events></events>",
        position().replace(b'lat="54.3"', b'lat="91"'),
        position().replace(b'lat="54.3"', b'lat="nan"').replace(b'uid="ANDROID-0001"', b'uid=""'),
        position().replace(b'hae="51.2"', b'hae="inf"'),
        position().replace(b"ANDROID-0001", b"A" * 300),
        b'<!DOCTYPE event [<!ENTITY a "b">]>' + position(),
        position().replace(b"<uid ", b"<a>" * 30 + b"</a>" * 30 + b"<uid "),
        position().replace(b"</detail>", b""),
        b"\xff\xfe" + position(),
    ],
)
def test_an_event_without_sense_is_refused_by_name(data: bytes) -> None:
    with pytest.raises(EventError):
        xml.parse(data)


class TestSplitting:
    @given(st.lists(st.integers(1, 400), max_size=40))
    def test_events_come_whole_however_they_are_cut(self, cuts: list[int]) -> None:
        events = [position(f"A-{n}") for n in range(4)]
        stream = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n' + b"\n \0".join(events)
        splitter, found, at = XmlSplitter(MAX), [], 0
        for cut in [*cuts, len(stream)]:
            splitter.feed(stream[at : at + cut])
            at += cut
            while (event := splitter.take()) is not None:
                found.append(event)
        assert found == events

    @given(st.lists(st.integers(1, 200), max_size=40))
    def test_messages_too(self, cuts: list[int]) -> None:
        written = protobuf.write(xml.parse(position()))
        stream, splitter, found, at = written * 3, ProtobufSplitter(MAX), [], 0
        for cut in [*cuts, len(stream)]:
            splitter.feed(stream[at : at + cut])
            at += cut
            while (message := splitter.take()) is not None:
                found.append(message)
        assert found == [unframed(written)] * 3

    @pytest.mark.parametrize("garbage", [b"GET / HTTP/1.1\r\n", b"\x16\x03\x01\x02", b"<html>", b"\xbf\x05hello", b"<?xml" + b"x" * 300])
    def test_garbage_ends_the_stream(self, garbage: bytes) -> None:
        splitter = XmlSplitter(MAX)
        splitter.feed(garbage)
        with pytest.raises(StreamError):
            splitter.take()

    def test_an_event_that_does_not_end_is_not_held_for_ever(self) -> None:
        splitter = XmlSplitter(MAX)
        splitter.feed(b"<event ")
        for _ in range(MAX // 1024 - 1):
            splitter.feed(b"x" * 1024)
            assert splitter.take() is None
        splitter.feed(b"x" * 2048)
        with pytest.raises(StreamError, match="more than"):
            splitter.take()

    @pytest.mark.parametrize("garbage", [b"\xbf\xff\xff\xff\xff\x7f", b"\xbf\xff\xff\xff\x7f", b"<event", b"\x00"])
    def test_a_message_of_senseless_length_ends_the_stream(self, garbage: bytes) -> None:
        splitter = ProtobufSplitter(MAX)
        splitter.feed(garbage)
        with pytest.raises(StreamError):
            splitter.take()


@given(st.binary(max_size=200))
def test_any_bytes_as_a_message_are_an_event_or_refused(data: bytes) -> None:
    try:
        event = protobuf.parse(data)
    except EventError:
        return
    assert event is None or xml.parse(xml.write(event)).uid == event.uid


@given(st.data())
def test_a_message_with_bits_turned_is_an_event_or_refused(data: st.DataObject) -> None:
    message = bytearray(unframed(protobuf.write(xml.parse(position()))))
    for _ in range(data.draw(st.integers(1, 5))):
        message[data.draw(st.integers(0, len(message) - 1))] = data.draw(st.integers(0, 255))
    try:
        event = protobuf.parse(bytes(message))
    except EventError:
        return
    if event is not None:
        xml.parse(xml.write(event))
