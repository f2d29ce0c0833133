"""What comes through doors that it should not: too much, too old, in another's name, or for who was put out a moment ago."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from bluelamp.incidents.export import actions as exports
from bluelamp.kit.clock import now_ms, to_ms, to_rfc3339
from bluelamp.kit.ids import new_id
from tests.incidents.conftest import IncidentRoom, event
from tests.incidents.media import contents
from tests.incidents.media.conftest import Phone
from tests.support.platform import RunningPlatform

DAY_MS = 86_400_000


async def put_out(room: IncidentRoom, incident: str, agency: str = "KFR") -> None:
    await room.say("control", incident, event("agency.left", agency=agency, reason="stood down"))


# Events over HTTP


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"null", b"[]", b'{"events": [{}]}', b'{"events": "x"}', b'{"events": [' * 500, b""])
async def test_garbage_is_refused_in_words(room: IncidentRoom, body: bytes) -> None:
    incident = await room.open()
    answer = await room.platform.client("officer").post(
        f"/v1/incidents/{incident}/events", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in {400, 422}, answer.text
    assert answer.json()["code"]
    assert len((await room.ask("control", "GET", f"/{incident}/events"))["items"]) == 1


async def test_fifty_megabytes_are_refused(room: IncidentRoom) -> None:
    incident = await room.open()
    body = json.dumps({"events": [event("log.written", text="x" * (50 << 20))]}).encode()
    answer = await room.platform.client("officer").post(
        f"/v1/incidents/{incident}/events", content=body, headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_nobody_speaks_in_anothers_name(room: IncidentRoom) -> None:
    """Who says it is who is signed in: a body cannot name somebody else, and what the platform says nobody else can."""
    incident = await room.open("KFR")
    for forged in ({"person": "someone"}, {"agency": "KFR"}, {"name": "Chief"}, {"call_sign": "K1"}, {"device": "x"}, {"sequence": 1}):
        answer = await room.platform.client("officer").post(
            f"/v1/incidents/{incident}/events", json={"events": [event("log.written", text="forged") | forged]}
        )
        assert answer.status_code == 422, forged
    own = {"incident.opened", "emergency.raised", "vehicle.looked_up", "handover.sent"}
    results = await room.results("officer", incident, *(event(kind) for kind in sorted(own)))
    assert {result["state"] for result in results} == {"refused"}
    [told] = await room.results("officer", incident, event("log.written", text="for fire", audience=("KFR",)))
    assert told["state"] == "refused", "an audience without the own agency"


async def test_another_agencys_incident_is_as_if_there_were_none(room: IncidentRoom) -> None:
    incident, nowhere = await room.open(), new_id()
    for one in (incident, nowhere):
        answer = await room.platform.client("firefighter").post(
            f"/v1/incidents/{one}/events", json={"events": [event("log.written", text="hello?")]}
        )
        assert (answer.status_code, answer.json()["code"]) == (404, "no_such_incident")


async def test_yesterdays_outbox_is_taken_once_and_overrules_nothing(room: IncidentRoom) -> None:
    incident, casualty = await room.open(), new_id()
    yesterday = now_ms() - DAY_MS
    now = event("casualty.found", casualty=casualty), event("casualty.triaged", casualty=casualty, tool="TST", category="P1")
    await room.say("control", incident, *now)
    old = [event("log.written", at_ms=yesterday + n, text=f"{n}") for n in range(80)]
    old += [event("casualty.triaged", at_ms=yesterday + 100, casualty=casualty, tool="TST", category="P3")]
    first = await room.results("officer", incident, *old)
    again = await room.results("officer", incident, *old)
    assert [result["state"] for result in first] == ["accepted"] * 81
    assert [(result["state"], result["sequence"]) for result in again] == [("repeated", result["sequence"]) for result in first]
    state = await room.state("control", incident)
    assert state["casualties"][casualty]["category"] == "P1", "the later word by the time it happened"
    log = (await room.ask("control", "GET", f"/{incident}/events", params={"limit": 1000}))["items"]
    kept = {one["id"]: one for one in log}
    assert to_ms(datetime.fromisoformat(kept[old[0]["id"]]["happened_at"])) == yesterday, "as it was"
    assert datetime.fromisoformat(kept[old[0]["id"]]["at"]) > datetime.now(UTC) - timedelta(hours=1), "and when it came"


# The live stream as server-sent events


async def test_server_sent_events_end_with_the_agencys_part(room: IncidentRoom) -> None:
    incident, other = await room.open("KFR"), await room.open()
    told: list[dict[str, Any]] = []
    params = {"incidents": f"{incident},{other}", "agency": "true"}
    async with room.platform.client("firefighter").stream("GET", "/v1/live/events", params=params) as answer, asyncio.timeout(30):
        lines = answer.aiter_lines()

        async def next_of(*kinds: str) -> dict[str, Any]:
            async for line in lines:
                if line.startswith("data: "):
                    told.append(json.loads(line[6:]))
                    if told[-1]["type"] in kinds:
                        return told[-1]
            raise AssertionError("the stream ended")

        assert (await next_of("ready"))["incidents"] == [incident]
        await room.say("control", other, event("log.written", text="not for fire"))
        await room.say("control", incident, event("log.written", text="for both"))
        while (await next_of("event"))["event"]["incident"] != incident:
            pass
        await put_out(room, incident)
        await room.say("control", incident, event("log.written", text="for us alone"))
        while (await next_of("removed"))["incident"] != incident:
            pass
        await next_of("heartbeat")
    said = [one["event"]["data"].get("text") for one in told if one["type"] == "event" and one["event"]["incident"] in {incident, other}]
    assert said == ["for both"]


@pytest.mark.parametrize("params", [{"incidents": "x" * 100}, {"incidents": "'; --"}, {"window": "1,2,3"}, {"window": "nan,0,0,0"}])
async def test_what_cannot_be_followed_is_told(platform: RunningPlatform, params: dict[str, str]) -> None:
    answer = await platform.client("officer").get("/v1/live/events", params=params)
    assert answer.status_code == 422, answer.text


# An agency that was put out: what it had begun to read, and what it asks for now


async def test_it_reads_nothing_more_not_even_the_past(room: IncidentRoom) -> None:
    phone = Phone(room)
    incident = await room.open("KFR")
    media = await phone.send(incident, contents.picture())
    before = to_rfc3339(now_ms())
    await put_out(room, incident)
    for path in (
        "",
        f"?at={before.replace('+', '%2B')}",
        "/events",
        "/media",
        f"/media/{media}",
        f"/media/{media}/thumbnail",
        "/statistics",
    ):
        await room.ask("fire", "GET", f"/{incident}{path}", 404)
    await room.ask("fire", "POST", f"/{incident}/export", 404, json={"reason": "we were there"})


async def read_until_cut(room: IncidentRoom, incident: str, method: str, path: str, **request: Any) -> int:
    """Bytes that came of an answer, during which the agency was put out."""
    got = 0
    try:
        async with room.platform.client("fire").stream(method, f"/v1/incidents/{incident}{path}", **request) as answer:
            assert answer.status_code == 200
            async for part in answer.aiter_raw():
                if not got:
                    await put_out(room, incident)
                got += len(part)
    except httpx.RemoteProtocolError:
        return got
    raise AssertionError("it came to its end")


async def test_a_download_on_its_way_is_cut_off(room: IncidentRoom) -> None:
    phone = Phone(room)
    incident, content = await room.open("KFR"), contents.film(64 << 20)
    media = await phone.send(incident, content, 2 << 20)
    assert 0 < await read_until_cut(room, incident, "GET", f"/media/{media}") < len(content)


async def test_a_package_on_its_way_is_cut_off(room: IncidentRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "LOOK_MS", 0)
    incident = await room.open("KFR")
    await Phone(room).send(incident, contents.film(64 << 20), 2 << 20)
    assert await read_until_cut(room, incident, "POST", "/export", json={"reason": "begun before"}) < 64 << 20
