"""The traps of the vendors that send XML, and the tricks that XML allows."""

from __future__ import annotations

from base64 import b64encode

import pytest

from bluelamp.anpr.domain import Capture
from bluelamp.anpr.errors import NotThisFormatError
from bluelamp.anpr.gateways import multipart
from bluelamp.anpr.gateways.items import BODY_BYTES_MAX
from bluelamp.anpr.gateways.multipart import PARTS_MAX, Part

from .samples import JPEG, LONDON, capture, parse, refusal

ALERT = """<?xml version="1.0" encoding="UTF-8"?>
<EventNotificationAlert xmlns="http://www.hikvision.com/ver20/XMLSchema"><macAddress>02:00:00:00:4c:02</macAddress>
<dateTime>{time}</dateTime><eventType>{kind}</eventType><ANPR><licensePlate>{plate}</licensePlate><line>2</line>
<direction>{direction}</direction><detectDir>6</detectDir><confidenceLevel>97</confidenceLevel><plateCharBelieve>{believe}</plateCharBelieve>
<originalLicensePlate>{original}</originalLicensePlate></ANPR></EventNotificationAlert>"""


def alert(
    plate: str = "YK21OBH",
    original: str = "YK21OBH",
    time: str = "2026-03-02T11:17:19+01:00",
    kind: str = "ANPR",
    direction: str = "forward",
    believe: str = "99,98,97,96,95,94,0",
) -> bytes:
    return ALERT.format(plate=plate, original=original, time=time, kind=kind, direction=direction, believe=believe).encode()


class TestHikvision:
    def test_the_offset_in_the_time_counts_and_without_one_the_source_zone(self) -> None:
        assert capture("hikvision", alert(), timezone=LONDON).captured_at == 1772446639000
        assert capture("hikvision", alert(time="2026-07-02T10:17:18.252"), timezone=LONDON).captured_at == 1782983838252

    def test_characters_are_kept_where_there_is_one_number_each(self) -> None:
        assert capture("hikvision", alert()).characters[-2:] == (("B", 0.94), ("H", 0.0))
        assert capture("hikvision", alert(believe="99,98")).characters == ()
        assert capture("hikvision", alert(believe="a,b,c,d,e,f,g")).characters == ()

    def test_what_was_seen_before_correction_is_kept(self) -> None:
        assert capture("hikvision", alert(original="YK210BH")).seen_as == "YK210BH"

    def test_a_direction_is_found_in_either_field(self) -> None:
        assert capture("hikvision", alert()).direction == "approaching"
        assert capture("hikvision", alert(direction="unknown")).direction == "e"

    def test_no_plate_and_no_read(self) -> None:
        assert capture("hikvision", alert(plate="unknown", original="unknown")).plate == ""
        assert parse("hikvision", alert(kind="videoloss")) == []

    def test_markup_in_a_plate_is_text(self) -> None:
        assert capture("hikvision", alert(plate="&lt;script&gt;")).plate == "<script>"

    def test_pictures_are_the_parts_behind_the_event(self) -> None:
        parts = [
            Part("anpr.xml", "text/xml", alert()),
            Part("licensePlatePicture.jpg", "image/pjpeg", JPEG),
            Part("detectionPicture.jpg", "image/pjpeg", JPEG * 2),
        ]
        c = capture("hikvision", multipart.join(parts), content_type="multipart/form-data; boundary=wrong")
        assert (c.plate_image, c.overview_image) == (JPEG, JPEG * 2)
        assert capture("hikvision", multipart.join(parts[:1])).overview_image == b""

    def test_two_events_in_one_body_keep_their_own_pictures_and_replay_alone(self) -> None:
        parts = [
            Part("a.xml", "text/xml", alert()),
            Part("licensePlatePicture.jpg", "image/jpeg", JPEG),
            Part("b.xml", "text/xml", alert("AB12CDE", "AB12CDE")),
            Part("licensePlatePicture.jpg", "image/jpeg", JPEG * 3),
        ]
        items = parse("hikvision", multipart.join(parts))
        assert [(i.outcome.plate, i.outcome.plate_image) for i in items if isinstance(i.outcome, Capture)] == [
            ("YK21OBH", JPEG),
            ("AB12CDE", JPEG * 3),
        ]
        for item in items:
            assert [again.outcome for again in parse("hikvision", item.raw)] == [item.outcome]

    def test_line_feeds_alone_end_lines_too(self) -> None:
        body = b"--b\nContent-Type: text/xml\n\n" + alert() + b"\n--b\nContent-Type: image/jpeg\n\n" + JPEG + b"\n--b--\n"
        assert capture("hikvision", body).overview_image == JPEG

    def test_parts_are_bounded(self) -> None:
        with pytest.raises(NotThisFormatError) as caught:
            parse("hikvision", multipart.join([Part("x", "text/xml", b"<a/>")] * (PARTS_MAX + 1)))
        assert caught.value.code == "too_many_items"


MESSAGE = """<Msg><PLATE_STRING>{plate}</PLATE_STRING><DATE>{date}</DATE><TIME>{time}</TIME><DEVICE_SN>T1</DEVICE_SN>
<OCRSCORE>{score}</OCRSCORE><DIRECTION>APPROACH</DIRECTION><LANE_ID>3</LANE_ID><IMAGE_OCR>{image}</IMAGE_OCR><IMAGE_CTX></IMAGE_CTX></Msg>"""


def message(plate: str = "HJ22NPE", date: str = "2026-07-02", time: str = "10:17:18-252", score: str = "92.5", image: str = "") -> bytes:
    return MESSAGE.format(plate=plate, date=date, time=time, score=score, image=image).encode()


class TestTattile:
    def test_its_clock_is_local(self) -> None:
        assert capture("tattile", message(), timezone=LONDON).captured_at == 1782983838252
        assert capture("tattile", message(date="02/07/2026"), timezone=LONDON).captured_at == 1782983838252
        assert refusal("tattile", message(date="02/07/2026"), date_order="unknown").code == "ambiguous_date"

    def test_the_rest(self) -> None:
        c = capture("tattile", message(image="\n" + b64encode(JPEG).decode() + "\n"))
        assert (c.confidence, c.direction, c.lane, c.plate_image, c.overview_image) == (0.925, "approaching", 3, JPEG, b"")
        assert capture("tattile", message(score="925")).confidence == 0.925

    @pytest.mark.parametrize(
        ("bad", "code"),
        [
            ({"score": "good"}, "bad_confidence"),
            ({"image": "%%%"}, "picture_invalid"),
            ({"time": ""}, "missing_field"),
            ({"time": "25:00:00"}, "bad_time"),
        ],
    )
    def test_bad_messages_are_refused(self, bad: dict[str, str], code: str) -> None:
        assert refusal("tattile", message(**bad)).code == code


LAUGHS = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
OUTSIDE = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("name", ["hikvision", "tattile"])
class TestTricks:
    @pytest.mark.parametrize("doctype", [LAUGHS, OUTSIDE, b"<!DOCTYPE x SYSTEM 'http://127.0.0.1/x.dtd'>", b"<!DOCTYPE x>"])
    def test_document_types_are_refused(self, name: str, doctype: bytes) -> None:
        with pytest.raises(NotThisFormatError, match="document type"):
            parse(name, doctype + b"<Msg><PLATE_STRING>AB12CDE</PLATE_STRING></Msg>")
        with pytest.raises(NotThisFormatError, match="document type"):
            parse(name, (doctype + b"<Msg/>").decode().encode("utf-16"))

    def test_deep_nesting_is_survived(self, name: str) -> None:
        with pytest.raises(NotThisFormatError):
            parse(name, b"<a>" * 200_000 + b"</a>" * 200_000)

    def test_a_huge_body_is_refused_unread(self, name: str) -> None:
        with pytest.raises(NotThisFormatError) as caught:
            parse(name, b"<Msg>" + b" " * BODY_BYTES_MAX + b"</Msg>")
        assert caught.value.status == 413

    @pytest.mark.parametrize("encoding", ["gb2312", "nonsense", "utf-7"])
    def test_strange_encodings_are_refused(self, name: str, encoding: str) -> None:
        with pytest.raises(NotThisFormatError):
            parse(name, f'<?xml version="1.0" encoding="{encoding}"?><a/>'.encode())
