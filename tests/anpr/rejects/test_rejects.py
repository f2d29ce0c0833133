"""Items that did not become reads: kept, seen by their owner, and replayed once their cause is mended."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pyarrow as pa
import pytest

from bluelamp.anpr.actions import rejects as actions
from bluelamp.anpr.intake.intake import RejectedItem
from bluelamp.anpr.store import rejects as store
from bluelamp.kit.clock import now_ms, to_rfc3339
from bluelamp.kit.ids import new_id
from bluelamp.spine.audit import SYSTEM
from bluelamp.spine.errors import EngineDownError
from tests.support.platform import RunningPlatform


class Sender:
    """A source and what it sends."""

    def __init__(self, platform: RunningPlatform, added: dict[str, Any], name: str, format_name: str) -> None:
        self.platform, self.id, self.key, self.name, self.format = platform, added["id"], added["key"], name, format_name

    async def send(self, *items: Any, content_type: str = "application/json") -> dict[str, Any]:
        body = items[0] if isinstance(items[0], bytes) else msgspec.json.encode(items)
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": content_type}
        async with asyncio.timeout(5):
            while True:
                answer = await self.platform.client().post(f"/v1/anpr/intake/{self.format}", content=body, headers=headers)
                if answer.status_code != 401:  # the intake hears of a new source a moment later
                    assert answer.status_code == 202, answer.text
                    return dict(answer.json())
                await asyncio.sleep(0.02)

    async def rejects(self, **query: Any) -> list[dict[str, Any]]:
        answer = await self.platform.client("admin").get("/v1/anpr/rejects", params={"source": self.id} | query)
        return list(answer.json()["items"])

    async def replay(self, **body: Any) -> dict[str, Any]:
        answer = await self.platform.client("admin").post("/v1/anpr/rejects/replay", json={"source": self.id} | body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def register(self, *external_ids: str) -> None:
        header = "external_id,name,agency,source,latitude,longitude,road,bearing"
        lines = [f"{name},Name,KEN,{self.name},54,-2,A6," for name in external_ids]
        answer = await self.platform.client("admin").post("/v1/anpr/cameras/import", content="\n".join([header, *lines]))
        assert answer.json()["imported"] == len(lines), answer.text


async def sender(platform: RunningPlatform, format_name: str = "native", **more: Any) -> Sender:
    name = f"source {new_id()}"
    answer = await platform.client("admin").post("/v1/anpr/sources", json={"name": name, "format": format_name} | more)
    return Sender(platform, answer.json(), name, format_name)


def item(camera: str = "C1", vrm: str = "AB12CDE", ago_s: int = 5, **more: Any) -> dict[str, Any]:
    return {"camera": camera, "vrm": vrm, "captured_at": to_rfc3339(now_ms() - ago_s * 1000), "confidence": 0.9} | more


async def test_a_read_of_an_unknown_camera_waits_until_the_camera_is_registered(platform: RunningPlatform) -> None:
    site = await sender(platform)
    items = [item("C1"), item("C2", "XY34ZZZ")]
    told = await site.send(*items)
    assert [(r["index"], r["code"]) for r in told["rejected"]] == [(0, "unknown_camera"), (1, "unknown_camera")]
    assert {r["code"] for r in await site.rejects()} == {"unknown_camera"}
    assert await site.replay() == {"replayed": 2, "accepted": 0, "still_rejected": 2, "more": False}
    await site.register("C1")
    assert await site.replay(code="unknown_camera") == {"replayed": 2, "accepted": 1, "still_rejected": 1, "more": False}
    [left] = await site.rejects()
    assert "C2" in left["message"]
    assert (left["count"], left["replayed_at"] is not None) == (1, True)
    assert (await site.send(items[0]))["duplicates"] == 1


async def test_an_ambiguous_date_is_replayed_after_the_owner_has_said_which(platform: RunningPlatform) -> None:
    site = await sender(platform, "genetec", date_order="unknown")
    await site.register("G1")
    body = {"CameraName": "G1", "Plate": "FN63HWT", "ConfidenceScore": "99", "DateUtc": "03/04/2026", "TimeUtc": "20:29:26"}
    told = await site.send(body)
    assert told["rejected"][0]["code"] == "ambiguous_date"
    [kept] = await site.rejects()
    await platform.client("admin").patch(f"/v1/anpr/sources/{site.id}", json={"date_order": "mdy"})
    assert (await site.replay(ids=[kept["id"]]))["accepted"] == 1
    assert await site.rejects() == []


async def test_equal_items_count_up_instead_of_filling_the_store(platform: RunningPlatform) -> None:
    site = await sender(platform)
    same = item()
    for _ in range(3):
        await site.send(same, same)
    [kept] = await site.rejects()
    assert kept["count"] == 6


async def test_a_reject_is_opened_with_what_its_format_makes_of_it_and_the_look_is_recorded(platform: RunningPlatform) -> None:
    site = await sender(platform, "axis")
    event = {"plateText": "LS19GJO", "capture_timestamp": str(now_ms()), "plateConfidence": "0.7", "geotag": {"lat": 51.5, "lon": -0.1}}
    await site.send(event | {"camera_info": {"SerialNumber": "<script>alert(1)</script>"}})
    [kept] = await site.rejects()
    shown = (await platform.client("admin").get(f"/v1/anpr/rejects/{kept['id']}")).json()
    assert "LS19GJO" in shown["body"]
    assert shown["understood"]["camera"] == "<script>alert(1)</script>"
    assert shown["understood"]["position"] == {"type": "Point", "coordinates": [-0.1, 51.5]}
    entry = await platform.spine.db.fetchrow(
        "SELECT e.subjects, o.outcome FROM audit_entries e JOIN audit_outcomes o ON o.entry = e.id WHERE $1 = ANY(e.subjects)",
        f"reject:{kept['id']}",
    )
    assert entry is not None
    assert (entry["subjects"][1], entry["outcome"]) == ("LS19GJO", "answered")


async def test_strange_text_is_kept_and_shown(platform: RunningPlatform) -> None:
    site = await sender(platform)
    told = await site.send(
        b'{"camera":"C\\u0000\';DROP TABLE anpr_rejects;--","vrm":"\xd0\x90B12","captured_at":"2026-03-02T10:17:18Z","confidence":1}'
    )
    assert told["rejected"][0]["code"] == "unknown_camera"
    [kept] = await site.rejects()
    assert "DROP TABLE" in kept["message"]
    assert "\0" not in kept["message"]
    assert (await platform.client("admin").get(f"/v1/anpr/rejects/{kept['id']}")).status_code == 200


async def test_arrow_rows_are_kept_as_native_items(platform: RunningPlatform) -> None:
    site = await sender(platform)
    table = pa.table({name: [value] for name, value in item("C9").items()})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    told = await site.send(sink.getvalue().to_pybytes(), content_type="application/vnd.apache.arrow.stream")
    assert told["rejected"][0]["code"] == "unknown_camera"
    await site.register("C9")
    assert (await site.replay())["accepted"] == 1


async def test_another_agencys_rejects_do_not_exist(platform: RunningPlatform) -> None:
    site = await sender(platform)
    await site.send(item())
    [kept] = await site.rejects()
    await platform.spine.db.execute("UPDATE anpr_sources SET agency = 'IRW' WHERE id = $1", int(site.id))
    admin = platform.client("admin")
    assert await site.rejects() == []
    assert (await admin.get(f"/v1/anpr/rejects/{kept['id']}")).json()["code"] == "no_such_reject"
    assert (await admin.post("/v1/anpr/rejects/replay", json={"source": site.id})).json()["code"] == "no_such_source"
    assert site.id not in {tally["source"] for tally in (await admin.get("/v1/anpr/rejects/tallies")).json()["items"]}
    for username in ("officer", "control", "supplier"):
        assert (await platform.client(username).get("/v1/anpr/rejects")).status_code == 403


async def test_the_list_pages_newest_first_and_is_tallied(platform: RunningPlatform) -> None:
    site = await sender(platform)
    await site.send(*[item(f"C{n}") for n in range(5)], item(confidence=7))
    client = platform.client("admin")
    first = (await client.get("/v1/anpr/rejects", params={"source": site.id, "limit": 4})).json()
    rest = (await client.get("/v1/anpr/rejects", params={"source": site.id, "limit": 4, "cursor": first["next"]})).json()
    ids = [int(reject["id"]) for reject in first["items"] + rest["items"]]
    assert ids == sorted(ids, reverse=True)
    assert (len(ids), rest["next"]) == (6, None)
    tallies = [t for t in (await client.get("/v1/anpr/rejects/tallies")).json()["items"] if t["source"] == site.id]
    assert {t["code"]: t["count"] for t in tallies} == {"unknown_camera": 5, "bad_confidence": 1}


@pytest.mark.parametrize("path", ["abc", "9" * 30, "0"])
async def test_what_is_no_id_does_not_exist(platform: RunningPlatform, path: str) -> None:
    assert (await platform.client("admin").get(f"/v1/anpr/rejects/{path}")).status_code == 404


async def test_the_oldest_are_given_up_over_the_bounds_and_it_is_told(platform: RunningPlatform, monkeypatch: pytest.MonkeyPatch) -> None:
    site = await sender(platform)
    number = int(site.id)
    await store.keep(platform.spine.db, number, [RejectedItem("bad_time", "m", b"x%d" % n) for n in range(5)])
    # No other source of this session has so many bytes.
    await store.keep(platform.spine.db, number, [RejectedItem("bad_time", "m", b"y" * 2_000_000)])
    monkeypatch.setattr(actions, "BYTES_PER_SOURCE_MAX", 1_900_000)
    await actions.trim(platform.spine)
    assert await platform.spine.db.fetchval("SELECT count(*) FROM anpr_rejects WHERE source = $1", number) == 0
    assert await platform.spine.db.fetchval("SELECT items FROM anpr_rejects_dropped WHERE source = $1", number) == 6


async def test_an_intake_that_stops_answering_loses_nothing(platform: RunningPlatform) -> None:
    site = await sender(platform)
    await site.send(item("C1"), item("C2"))

    async def away(_source: int, items: list[bytes]) -> list[object]:
        return [EngineDownError("away")] * len(items)

    with pytest.raises(EngineDownError):
        await actions.replay(platform.spine, SYSTEM, away, int(site.id), None, "")
    assert len(await site.rejects()) == 2
