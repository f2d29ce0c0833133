"""The nation's pulse: counted by camera, bounded, without a plate, and carried to whoever may see cameras."""

from __future__ import annotations

import json

import httpx
import numpy as np
import pyarrow as pa

from bluelamp.anpr.access import CAMERAS_VIEW
from bluelamp.anpr.consumers.pulse import CAMERAS_MAX, Pulse, ReadsPulse
from bluelamp.anpr.live import render_pulse
from bluelamp.kit.clock import now_ms, to_rfc3339
from bluelamp.kit.ids import new_id
from tests.support.platform import RunningPlatform


def reads(cameras: list[int], versions: list[int]) -> pa.Table:
    return pa.table({"camera": pa.array(cameras, pa.uint32()), "version": pa.array(versions, pa.uint8())})


def test_reads_are_counted_by_camera_and_amendments_are_not() -> None:
    pulse = Pulse()
    assert pulse.take() is None
    pulse.count(reads([7, 9, 7, 7], [0, 0, 0, 1]))
    pulse.count(reads([9], [0]))
    taken = pulse.take()
    assert taken is not None
    assert (taken.reads, taken.cameras_seen, sorted(taken.cameras)) == (4, 2, [("7", 2), ("9", 2)])
    assert pulse.take() is None


def test_a_pulse_is_bounded_however_many_cameras_saw_something() -> None:
    pulse = Pulse()
    everywhere = np.arange(14_000).tolist() * 2
    pulse.count(reads(everywhere, [0] * len(everywhere)))
    taken = pulse.take()
    assert taken is not None
    assert (taken.reads, taken.cameras_seen, len(set(taken.cameras))) == (28_000, 14_000, CAMERAS_MAX)
    [event] = render_pulse(json.dumps({"seconds": 1, "reads": 1, "cameras_seen": 1, "cameras": [["7", 1]], "vrm": "AB12CDE"}).encode())
    assert (event.kind, event.permission, event.agencies) == ("reads", CAMERAS_VIEW, frozenset())
    assert set(json.loads(event.data)) == set(ReadsPulse.__struct_fields__)
    assert render_pulse(b"{") == []


async def test_the_stream_tells_that_reads_come_in(platform: RunningPlatform) -> None:
    tail = new_id()[-8:].lower()
    admin = platform.client("admin")
    source = (await admin.post("/v1/anpr/sources", json={"name": f"Pulse {tail}", "format": "native"})).json()
    register = f"external_id,name,agency,source,latitude,longitude,road,bearing\nP{tail},Pulse,KEN,Pulse {tail},54.3,-2.7,A591,10\n"
    assert (await admin.post("/v1/anpr/cameras/import", content=register, headers={"Content-Type": "text/csv"})).json()["imported"] == 1
    camera = (await admin.get("/v1/anpr/cameras", params={"q": f"P{tail}"})).json()["items"][0]["id"]
    before = (await admin.get("/v1/anpr/cameras/map")).json()["reads_today"]

    async def send() -> None:
        item = {"camera": f"P{tail}", "vrm": "KE12PLS", "captured_at": to_rfc3339(now_ms()), "confidence": 0.9}
        answer = await platform.client().post("/v1/anpr/intake/native", json=item, headers={"Authorization": f"Bearer {source['key']}"})
        assert answer.status_code == 202

    async with platform.client("control").stream("GET", "/v1/stream", timeout=httpx.Timeout(20)) as stream:
        kind, fields = "", []
        async for line in stream.aiter_lines():
            kind = line.removeprefix("event: ") if line.startswith("event: ") else kind
            fields.append(line)
            if kind == "ready" and not line:
                await send()
            if kind == "reads" and line.startswith("data: "):
                pulse = json.loads(line.removeprefix("data: "))
                if camera in dict(pulse["cameras"]):
                    break
            fields = fields if line else []
    assert not [field for field in fields if field.startswith("id:")]
    assert "KE12PLS" not in json.dumps(pulse)
    assert before >= 0
