"""Every vendor's payload, moved to now, goes in over HTTP and is found by search; a repeat is a repeat."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from bluelamp.kit.ids import new_id
from tests.support.platform import RunningPlatform

from .samples import format_of, needs_samples, sample, sample_names

MEDIA = {"multipart": "multipart/form-data; boundary=boundary", "xml": "application/xml", "json": "application/json"}


def _json(body: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    document = msgspec.json.decode(body)
    change(document)
    return msgspec.json.encode(document)


def at(format_name: str, body: bytes, moment: datetime) -> bytes:
    """The same event at another moment, in the vendor's own way of saying it."""

    def axis(event: dict[str, Any]) -> None:
        event["capture_timestamp"] = str(int(moment.timestamp() * 1000))

    def dahua(event: dict[str, Any]) -> None:
        event["Picture"]["SnapInfo"]["AccurateTime"] = moment.strftime("%Y-%m-%d %H:%M:%S.678")

    def genetec(event: dict[str, Any]) -> None:
        event["DateUtc"] = event["DateLocal"] = moment.strftime("%m/%d/%Y")
        event["TimeUtc"] = event["TimeLocal"] = moment.strftime("%H:%M:%S")

    def platerecognizer(event: dict[str, Any]) -> None:
        event["data"]["timestamp"] = event["data"]["timestamp_local"] = moment.strftime("%Y-%m-%dT%H:%M:%S.678901Z")

    def rekor(event: dict[str, Any]) -> None:
        event["epoch_start"] = int(moment.timestamp() * 1000)

    if format_name == "hikvision":
        return re.sub(rb"<dateTime>[^<]*", b"<dateTime>" + moment.isoformat(timespec="seconds").encode(), body)
    if format_name == "tattile":
        dated = re.sub(rb"<DATE>[^<]*", b"<DATE>" + moment.strftime("%Y-%m-%d").encode(), body)
        return re.sub(rb"<TIME>[^<]*", b"<TIME>" + moment.strftime("%H:%M:%S").encode(), dated)
    changes = {"axis": axis, "dahua": dahua, "genetec": genetec, "platerecognizer": platerecognizer, "rekor": rekor}
    return _json(body, changes[format_name])


CAMERAS = {
    "axis": "0200008ED329",
    "dahua": "default",
    "genetec": "G637821011231200521C - Camera",
    "hikvision": "02:00:00:00:4c:02",
    "platerecognizer": "camera-1",
    "rekor": "1000",
    "tattile": "TAT1234567",
}
PLATES = {
    "axis": "LS19GJO",
    "dahua": "RV15ZKC",
    "genetec": "FN63HWT",
    "hikvision": "YK21OBH",
    "platerecognizer": "AB12CDE",
    "rekor": "WN68DRZ",
    "tattile": "HJ22NPE",
}


async def site_of(platform: RunningPlatform, format_name: str) -> tuple[str, str]:
    """Key and camera id of a new source with the sample's camera."""
    admin, name = platform.client("admin"), f"source {new_id()}"
    key = (await admin.post("/v1/anpr/sources", json={"name": name, "format": format_name})).json()["key"]
    table = (
        f"external_id,name,agency,source,latitude,longitude,road,bearing\n{CAMERAS[format_name]},{name} camera,KEN,{name},54.3,-2.7,A6,90"
    )
    assert (await admin.post("/v1/anpr/cameras/import", content=table)).json()["imported"] == 1
    [camera] = (await admin.get("/v1/anpr/cameras", params={"q": name})).json()["items"]
    return key, camera["id"]


async def knock(platform: RunningPlatform, name: str, key: str, body: bytes) -> dict[str, int]:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": MEDIA[name.rpartition(".")[2]]}
    async with asyncio.timeout(10):
        while True:
            answer = await platform.client().post(f"/v1/anpr/intake/{format_of(name)}", content=body, headers=headers)
            told = answer.json()
            if answer.status_code == 202 and not told["rejected"]:
                return {what: told[what] for what in ("accepted", "duplicates", "amended", "without_plate")}
            # The intake hears of a new source and camera a moment later.
            assert answer.status_code == 401 or told["rejected"][0]["code"] == "unknown_camera", answer.text
            await asyncio.sleep(0.02)


@needs_samples
@pytest.mark.parametrize("name", sample_names())
async def test_a_sample_goes_in_and_is_found(platform: RunningPlatform, name: str) -> None:
    format_name = format_of(name)
    key, camera = await site_of(platform, format_name)
    moment = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=20)
    body = at(format_name, sample(name), moment)
    assert await knock(platform, name, key, body) == {"accepted": 1, "duplicates": 0, "amended": 0, "without_plate": 0}
    assert await knock(platform, name, key, body) == {"accepted": 0, "duplicates": 1, "amended": 0, "without_plate": 0}
    question = {
        "vrm": PLATES[format_name],
        "tolerance": "exact",
        "cameras": [camera],
        "from": (moment - timedelta(minutes=1)).isoformat(),
        "to": (moment + timedelta(minutes=1)).isoformat(),
        "reason": {"purpose": "test", "reference": "vendor samples"},
    }
    async with asyncio.timeout(15):
        while True:
            answer = await platform.client("analyst").post("/v1/anpr/searches", json=question)
            assert answer.status_code in (200, 201), answer.text
            if answer.json()["items"]:
                break
            await asyncio.sleep(0.1)
    [read] = answer.json()["items"]
    assert (read["vrm"], read["camera"]["id"]) == (PLATES[format_name], camera)
    for image in read["images"]:
        picture = await platform.client("analyst").get(image["href"])
        assert picture.content[:2] == b"\xff\xd8", picture.text
