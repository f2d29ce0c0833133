"""The traps of the vendors that send JSON, one test a trap."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import msgspec
import pytest

from bluelamp.anpr.domain import Capture
from bluelamp.anpr.gateways import multipart
from bluelamp.anpr.gateways.multipart import Part

from .samples import CHICAGO, JPEG, LONDON, capture, needs_samples, parse, refusal, sample

IMAGE = b64encode(JPEG).decode()


def axis(**changes: Any) -> dict[str, Any]:
    return {
        "capture_timestamp": "1772446638252",
        "datetime": "20260302 101718252",
        "plateText": "LS19GJO",
        "plateConfidence": "0.719034",
        "carState": "new",
        "carID": "77",
        "carMoveDirection": "unk",
        "geotag": {"lat": 0.0, "lon": 0.0},
        "imagesURI": ["/local/picture.jpg"],
        "camera_info": {"SerialNumber": "0200008ED329"},
        **changes,
    }


class TestAxis:
    def test_events_of_one_car_share_its_name(self) -> None:
        events = [axis(), axis(carState="update", plateText="LS19GJ0", carMoveDirection="in"), axis(carState="lost"), axis(carID="78")]
        items = [item.outcome for item in parse("axis", events)]
        assert [c.car for c in items if isinstance(c, Capture)] == ["77", "77", "77", "78"]
        assert [c.direction for c in items if isinstance(c, Capture)] == ["", "in", "", ""]

    def test_pictures_by_uri_are_not_fetched(self) -> None:
        c = capture("axis", axis())
        assert (c.plate_image, c.overview_image) == (b"", b"")

    def test_pictures_come_as_base64_or_as_parts(self) -> None:
        assert capture("axis", axis(plateImage=IMAGE)).plate_image == JPEG
        body = multipart.join(
            [
                Part("event", "application/json", msgspec.json.encode(axis())),
                Part("plate", "image/jpeg", JPEG),
                Part("frame", "image/jpeg", JPEG * 2),
            ]
        )
        c = capture("axis", body)
        assert (c.plate, c.plate_image, c.overview_image) == ("LS19GJO", JPEG, JPEG * 2)

    def test_without_an_epoch_the_local_time_counts(self) -> None:
        summer = axis(capture_timestamp="0", datetime="20260702 101718252")
        assert capture("axis", summer, timezone=LONDON).captured_at == 1782983838252
        assert capture("axis", axis(capture_timestamp="", datetime="20260702 101718252 +0100")).captured_at == 1782983838252

    def test_positions_of_zero_are_unknown(self) -> None:
        assert capture("axis", axis()).position is None
        assert capture("axis", axis(geotag={"lat": 51.5, "lon": -0.12})).position == (-0.12, 51.5)

    @pytest.mark.parametrize("plate", ["", "unknown", None, "----/----"])
    def test_no_plate(self, plate: str | None) -> None:
        assert capture("axis", axis(plateText=plate)).plate == ""

    def test_a_camera_without_a_name_is_refused(self) -> None:
        assert refusal("axis", axis(camera_info={})).code == "missing_field"

    @pytest.mark.parametrize("text", ["soon", "-5", "99999999999999999999", "nan"])
    def test_a_bad_time_is_refused(self, text: str) -> None:
        assert refusal("axis", axis(capture_timestamp=text)).code in {"bad_time", "bad_field"}


def genetec(**changes: Any) -> dict[str, Any]:
    return {
        "CameraName": "G1",
        "Plate": "FN63HWT",
        "ConfidenceScore": "99",
        "DateUtc": "03/04/2026",
        "TimeUtc": "20:29:26",
        "DateLocal": "03/04/2026",
        "TimeLocal": "20:29:26",
        "Latitude": "0.0",
        "Longitude": "0.0",
        "PlateImage": IMAGE,
        "OverviewImage": "",
        "Attributes": {"Vehicle Make": "-", "Vehicle Color": "Grey", "Relative Motion": "Moving Closer"},
        **changes,
    }


class TestGenetec:
    def test_dates_are_american_unless_the_owner_says_otherwise(self) -> None:
        march, april = 1772656166000, 1775248166000
        assert capture("genetec", genetec()).captured_at == march
        assert capture("genetec", genetec(), date_order="mdy").captured_at == march
        assert capture("genetec", genetec(), date_order="dmy").captured_at == april

    def test_an_unknown_order_refuses_only_what_is_ambiguous(self) -> None:
        assert refusal("genetec", genetec(), date_order="unknown").code == "ambiguous_date"
        for clear in ("03/14/2026", "14/03/2026", "2026-03-14"):
            assert capture("genetec", genetec(DateUtc=clear), date_order="unknown").captured_at == 1773520166000
        assert capture("genetec", genetec(DateUtc="05/05/2026"), date_order="unknown").captured_at == 1778012966000

    def test_a_date_that_the_configured_order_forbids_is_refused(self) -> None:
        assert refusal("genetec", genetec(DateUtc="03/14/2026"), date_order="dmy").code == "bad_time"

    def test_local_time_in_the_utc_fields_shows_where_the_owner_configured_a_zone(self) -> None:
        assert capture("genetec", genetec(), timezone=CHICAGO).captured_at == 1772656166000 + 6 * 3_600_000

    def test_utc_fields_that_differ_from_local_ones_are_believed(self) -> None:
        honest = genetec(DateLocal="03/04/2026", TimeLocal="14:29:26")
        assert capture("genetec", honest, timezone=CHICAGO).captured_at == 1772656166000
        assert capture("genetec", honest).captured_at == 1772656166000

    def test_words_for_nothing_are_nothing(self) -> None:
        c = capture("genetec", genetec())
        assert (c.make, c.colour, c.direction, c.overview_image, c.position) == ("", "Grey", "approaching", b"", None)

    def test_a_position_in_degrees_minutes_seconds(self) -> None:
        c = capture(
            "genetec",
            genetec(
                LatitudeDegree="51",
                LatitudeMinute="22",
                LatitudeSecond="30",
                LongitudeDegree="-0",
                LongitudeMinute="30",
                LongitudeSecond="0",
            ),
        )
        assert c.position == (-0.5, 51.375)

    @pytest.mark.parametrize("score", ["many", "nan", "5000"])
    def test_a_confidence_on_no_scale_is_refused(self, score: str) -> None:
        assert refusal("genetec", genetec(ConfidenceScore=score)).code == "bad_confidence"

    def test_afternoons_may_be_written_in_twelve_hours(self) -> None:
        assert capture("genetec", genetec(TimeUtc="8:29:26 PM")).captured_at == 1772656166000


def dahua(plate: dict[str, Any] | None = None, **snap: Any) -> dict[str, Any]:
    return {
        "Picture": {
            "NormalPic": {"Content": IMAGE},
            "CutoutPic": {"Content": ""},
            "Plate": {"Confidence": 870, "IsExist": True, "PlateNumber": "RV15ZKC", **(plate or {})},
            "SnapInfo": {"AccurateTime": "2026-07-02 10:17:18.252", "Direction": "Approach", "TimeZone": 0, **snap},
        }
    }


class TestDahua:
    def test_a_source_has_one_camera_and_its_own_timezone(self) -> None:
        c = capture("dahua", dahua(), timezone=LONDON)
        assert (c.camera, c.captured_at, c.confidence, c.direction) == ("default", 1782983838252, 0.87, "approaching")
        assert (c.plate_image, c.overview_image) == (b"", JPEG)

    @pytest.mark.parametrize("plate", [{"IsExist": False}, {"PlateNumber": ""}, {"PlateNumber": None}])
    def test_no_plate(self, plate: dict[str, Any]) -> None:
        assert capture("dahua", dahua(plate)).plate == ""

    def test_a_keep_alive_is_no_read(self) -> None:
        assert parse("dahua", {"Active": "keepAlive", "DeviceID": "x"}) == []

    def test_a_picture_that_is_not_base64_is_refused(self) -> None:
        body = dahua()
        body["Picture"]["NormalPic"]["Content"] = "<script>"
        assert refusal("dahua", body).code == "picture_invalid"

    def test_a_regional_date_is_day_first(self) -> None:
        assert capture("dahua", dahua(AccurateTime="02/07/2026 10:17:18.252"), timezone=LONDON).captured_at == 1782983838252
        assert refusal("dahua", dahua(AccurateTime="02/07/2026 10:17:18"), date_order="unknown").code == "ambiguous_date"


def recognised(*results: dict[str, Any], **data: Any) -> dict[str, Any]:
    return {
        "hook": {"event": "recognition"},
        "data": {
            "camera_id": "camera-1",
            "timestamp": "2026-03-02T10:17:18.252000Z",
            "timestamp_local": "2026-03-02T11:17:18.252Z",
            "results": list(results),
            **data,
        },
    }


FIRST = {
    "plate": "ab12cde",
    "score": 0.9,
    "direction": 210,
    "candidates": [{"plate": "ab12cde", "score": 0.9}, {"plate": "ab12cdf", "score": 0.3}],
}
SECOND = {"plate": None, "score": 0.1, "direction": None, "orientation": [{"orientation": "Rear", "score": 0.9}]}


class TestPlateRecognizer:
    def test_each_vehicle_of_a_webhook_is_an_item_that_replays_alone(self) -> None:
        items = parse("platerecognizer", recognised(FIRST, SECOND))
        assert [(i.outcome.plate, i.outcome.direction) for i in items if isinstance(i.outcome, Capture)] == [
            ("ab12cde", "sw"),
            ("", "away"),
        ]
        for item in items:
            assert [again.outcome for again in parse("platerecognizer", item.raw)] == [item.outcome]

    def test_the_picture_of_a_form_belongs_to_every_vehicle_in_it(self) -> None:
        form = multipart.join([Part("json", "", msgspec.json.encode(recognised(FIRST, SECOND))), Part("upload", "image/jpeg", JPEG)])
        items = parse("platerecognizer", form, "multipart/form-data; boundary=whatever")
        assert [i.outcome.overview_image for i in items if isinstance(i.outcome, Capture)] == [JPEG, JPEG]
        for item in items:
            assert [again.outcome for again in parse("platerecognizer", item.raw)] == [item.outcome]

    def test_candidates_become_variants_and_the_utc_time_counts(self) -> None:
        c = capture("platerecognizer", recognised(FIRST), timezone=LONDON)
        assert (c.variants, c.captured_at) == ((("ab12cdf", 0.3),), 1772446638252)

    def test_a_frame_without_vehicles_has_no_plate(self) -> None:
        assert capture("platerecognizer", recognised()).plate == ""

    def test_another_event_is_no_read(self) -> None:
        assert parse("platerecognizer", {"hook": {"event": "heartbeat"}}) == []

    @needs_samples
    def test_the_sample_as_a_form_says_the_same(self) -> None:
        document = sample("platerecognizer_stream_webhook.json")
        form = multipart.join([Part("json", "application/json", document), Part("upload", "image/jpeg", JPEG)])
        c = capture("platerecognizer", form)
        assert c.overview_image == JPEG
        c.overview_image = b""
        assert c == capture("platerecognizer", document)


def group(**changes: Any) -> dict[str, Any]:
    return {
        "data_type": "alpr_group",
        "epoch_start": 1772446638252,
        "camera_id": 1000,
        "best_plate_number": "WN68DRZ",
        "best_confidence": 93.25,
        "uuids": ["frame-1", "frame-2"],
        "travel_direction": 296.5,
        "best_plate": {"plate_crop_jpeg": IMAGE},
        "overview_jpeg": "",
        "vehicle_crop_jpeg": IMAGE,
        "candidates": [{"plate": "WN68DRZ", "confidence": 93.25}, {"plate": "WN68ORZ", "confidence": 80}],
        **changes,
    }


class TestRekor:
    def test_a_preview_and_its_group_are_one_car(self) -> None:
        preview = capture("rekor", group(is_preview=True, best_plate_number="WN68ORZ", uuids=["frame-1"]))
        assert preview.car == capture("rekor", group()).car != capture("rekor", group(uuids=["frame-9"])).car

    def test_confidence_is_a_percentage_and_candidates_are_kept(self) -> None:
        c = capture("rekor", group())
        assert (c.confidence, c.variants, c.direction) == (0.9325, (("WN68ORZ", 0.8),), "nw")
        assert (c.plate_image, c.overview_image) == (JPEG, JPEG)

    def test_an_alert_carries_its_group(self) -> None:
        assert capture("rekor", {"data_type": "alpr_alert", "group": group()}) == capture("rekor", group())

    def test_heartbeats_and_single_frames_are_no_reads(self) -> None:
        assert parse("rekor", [{"data_type": "heartbeat"}, {"data_type": "alpr_results"}]) == []

    def test_a_group_without_its_camera_is_refused(self) -> None:
        assert refusal("rekor", group(camera_id=None)).code == "missing_field"
