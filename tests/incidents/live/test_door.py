"""The door of the live stream: who may open it, what it says, and that both ways of following say the same."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from bluelamp.incidents.live import door, service
from bluelamp.incidents.live.service import LiveService
from bluelamp.spine import seats as seats_of
from bluelamp.spine.identity import store
from tests.incidents.conftest import IncidentRoom, event
from tests.spine.identity.conftest import NewPerson, new_person  # noqa: F401
from tests.support.platform import RunningPlatform

Frames = dict[str, Any]


def live_of(platform: RunningPlatform) -> LiveService:
    found: LiveService = platform.app.state.per_process["incidents-live"]
    return found


class Device:
    """What a device hears, by the line that it has."""

    def __init__(self, line: ClientConnection) -> None:
        self.line = line

    async def say(self, **message: Any) -> None:
        await self.line.send(json.dumps(message))

    async def hear(self, *kinds: str) -> Frames:
        """The next message of one of these kinds."""
        async with asyncio.timeout(20):
            while True:
                told: Frames = json.loads(await self.line.recv())
                if told["type"] in kinds:
                    return told

    async def follow(self, *incidents: str, **more: Any) -> Frames:
        await self.say(type="follow", incidents=list(incidents), **more)
        return await self.hear("ready")

    async def ended(self) -> int:
        async with asyncio.timeout(20):
            while True:
                try:
                    await self.line.recv()
                except ConnectionClosed as how:
                    return how.rcvd.code if how.rcvd else 0


@asynccontextmanager
async def device(platform: RunningPlatform, who: str = "", token: str = "", **headers: str) -> AsyncIterator[Device]:
    bearer = {"Authorization": f"Bearer {token or platform.tokens[who]}"} if token or who else {}
    async with connect(platform.url.replace("http", "ws") + "/v1/live", additional_headers=bearer | headers, proxy=None) as line:
        yield Device(line)


async def test_a_device_hears_what_happens_at_its_incident(platform: RunningPlatform, room: IncidentRoom) -> None:
    incident, other = await room.open("KFR"), await room.open()
    async with device(platform, "officer") as ours, device(platform, "firefighter") as fire:
        ready = await ours.follow(incident)
        assert (ready["incidents"], ready["resumed"]) == ([incident], True)
        theirs = await fire.follow(incident, other)
        assert theirs["incidents"] == [incident]
        assert (await fire.hear("removed"))["incident"] == other, "as if there were none"
        await room.say("control", other, event("log.written", text="elsewhere"))
        (sequence,) = await room.say("control", incident, event("log.written", text="two lanes closed"))
        for line in (ours, fire):
            told = await line.hear("event")
            assert told["event"]["data"]["text"] == "two lanes closed"
            assert (told["event"]["incident"], told["event"]["sequence"]) == (incident, sequence)
        await room.say("control", incident, event("agency.left", agency="KFR", reason="stood down"))
        assert (await fire.hear("event", "removed"))["type"] == "removed"
        await room.say("control", incident, event("log.written", text="for us alone"))
        assert (await ours.hear("event"))["event"]["kind"] == "agency.left"
        assert (await ours.hear("event"))["event"]["data"]["text"] == "for us alone"
        await fire.say(type="ping")
        assert (await fire.hear("event", "removed", "pong"))["type"] == "pong"


async def test_who_is_put_out_hears_no_more_of_what_was_merged_into_it(platform: RunningPlatform, room: IncidentRoom) -> None:
    into, ended = await room.open("KFR"), await room.open("KFR")
    await room.ask("control", "POST", f"/{ended}/merge", json={"into": into, "reason": "the same collision"})
    async with device(platform, "firefighter") as fire:
        assert (await fire.follow(ended))["incidents"] == [ended]
        await room.say("control", into, event("agency.left", agency="KFR", reason="stood down"))
        told = await fire.hear("event", "removed")
        assert (told["type"], told["incident"]) == ("removed", ended)


async def test_following_is_on_record_before_anything_is_shown(platform: RunningPlatform, room: IncidentRoom) -> None:
    incident = await room.open()
    async with device(platform, "officer") as line:
        await line.follow(incident)
        params = {"subject": incident, "limit": 5}
        entries = (await platform.client("auditor").get("/v1/audit", params=params)).json()["items"]
        assert any(entry["kind"] == "consultation" and entry["detail"].get("live") for entry in entries)


async def test_who_comes_back_with_a_cursor_gets_the_rest_by_either_way(platform: RunningPlatform, room: IncidentRoom) -> None:
    incident = await room.open()
    async with device(platform, "officer") as line:
        cursor = (await line.follow(incident))["cursor"]
        await room.say("control", incident, *(event("log.written", text=str(number)) for number in range(5)))
        live = [await line.hear("event") for _ in range(5)]
    async with device(platform, "officer") as line:
        assert (await line.follow(incident, since=live[1]["cursor"]))["resumed"] is True
        assert [await line.hear("event") for _ in range(3)] == live[2:]
    params = {"incidents": incident, "since": cursor}
    async with platform.client("officer").stream("GET", "/v1/live/events", params=params) as answer, asyncio.timeout(20):
        told = []
        async for text in answer.aiter_lines():
            if text.startswith("data: ") and (message := json.loads(text[6:]))["type"] == "event":
                told.append(message)
            if len(told) == 5:
                break
    assert told == live


@pytest.mark.parametrize("since", ["x", "1+", "999999999999", "5+999999999999", "", "0x1", "1.2"])
async def test_a_cursor_that_is_none_of_ours_says_so_and_begins_now(platform: RunningPlatform, room: IncidentRoom, since: str) -> None:
    incident = await room.open()
    async with device(platform, "officer") as line:
        ready = await line.follow(incident, since=since)
        assert ready["resumed"] is False
        await room.say("control", incident, event("log.written", text="new"))
        assert (await line.hear("event"))["event"]["data"]["text"] == "new"


async def test_heartbeats_bring_the_time_and_the_cursor(
    platform: RunningPlatform, room: IncidentRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with device(platform, "officer") as line:
        await line.follow(agency=True)
        await room.open()
        cursor = (await line.hear("event"))["cursor"]
        heard = await line.hear("heartbeat")
        assert heard["server_time"].endswith("Z")
        assert int(heard["cursor"]) >= int(cursor.partition("+")[0])
    monkeypatch.setattr(door, "SILENT_S_MAX", -1.0)
    async with device(platform, "officer") as line:
        assert await line.ended() == 1001


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ('{"type":"follow","incidents":["../x"]}', "invalid"),
        ('{"type":"follow","window":[1,2,3]}', "invalid"),
        ('{"type":"follow","window":[1,2,3,400]}', "invalid"),
        ('{"type":"follow","incidents":[' + ",".join(['"a1"'] * 300) + "]}", "invalid"),
        ('{"type":"shout"}', "invalid"),
        ("[]", "invalid"),
        ('{"type":"position","at":"yesterday","latitude":1,"longitude":2}', "invalid"),
    ],
)
async def test_what_is_not_understood_is_told_and_the_line_stays(platform: RunningPlatform, said: str, code: str) -> None:
    async with device(platform, "officer") as line:
        await line.line.send(said)
        assert (await line.hear("refused"))["code"] == code
        await line.say(type="ping")
        await line.hear("pong")


async def test_noise_and_chatter_end_the_line(platform: RunningPlatform) -> None:
    async with device(platform, "officer") as line:
        await line.line.send("not JSON")
        assert await line.ended() == 1007
    async with device(platform, "officer") as line:
        await line.line.send(b"\xff\xfe\x00")
        assert await line.ended() == 1007
    async with device(platform, "officer") as line:
        for _ in range(door.MESSAGES_MAX + 1):
            await line.say(type="ping")
        assert await line.ended() == 1008


async def _signs_out(platform: RunningPlatform, person: Any) -> None:
    async with platform.spine.db.transaction() as connection:
        await store.end_sessions(connection, person.id)


async def _leaves(platform: RunningPlatform, person: Any) -> None:
    answer = await platform.client("admin").patch(f"/v1/users/{person.id}", json={"active": False})
    assert answer.status_code == 200


async def _post_ends(platform: RunningPlatform, person: Any) -> None:
    async with platform.spine.db.transaction() as connection:
        await connection.execute("UPDATE memberships SET ends_at = now() WHERE person = $1", person.id)
        await store.announce(connection, person.id)


@pytest.mark.parametrize("end", [_signs_out, _leaves, _post_ends])
async def test_who_is_signed_out_hears_nothing_more(
    platform: RunningPlatform,
    room: IncidentRoom,
    new_person: NewPerson,  # noqa: F811
    end: Any,
) -> None:
    incident, person = await room.open(), await new_person()
    async with device(platform, token=person.token) as line:
        await line.follow(incident)
        await end(platform, person)
        await room.say("control", incident, event("log.written", text="too late"))
        assert (await line.hear("event", "signed_out"))["type"] == "signed_out"
        assert await line.ended() == 4401


async def test_a_session_that_ends_by_its_date_ends_the_line(
    platform: RunningPlatform,
    new_person: NewPerson,  # noqa: F811
) -> None:
    person = await new_person()
    await platform.spine.db.execute("UPDATE memberships SET ends_at = now() + interval '1 second' WHERE person = $1", person.id)
    async with device(platform, token=person.token) as line:
        await line.hear("signed_out")
        assert await line.ended() == 4401


async def test_a_change_of_roles_counts_at_once(
    platform: RunningPlatform,
    room: IncidentRoom,
    new_person: NewPerson,  # noqa: F811
) -> None:
    incident, person = await room.open(), await new_person("officer")
    async with device(platform, token=person.token) as line:
        assert (await line.follow(incident))["incidents"] == [incident]
        answer = await platform.client("admin").patch(f"/v1/users/{person.id}", json={"roles": ["analyst"]})
        assert answer.status_code == 200, answer.text
        assert (await line.hear("removed"))["incident"] == incident


async def test_who_may_not_is_turned_away_in_words(platform: RunningPlatform) -> None:
    for headers, status, code in (
        ({}, 401, "unauthenticated"),
        ({"Authorization": "Bearer blt_" + "A" * 43}, 401, "unauthenticated"),
        ({"Cookie": "bluelamp_session=" + "A" * 43, "Origin": platform.url}, 401, "unauthenticated"),
        ({"Origin": "https://elsewhere.example", "Authorization": f"Bearer {platform.tokens['officer']}"}, 403, "foreign_origin"),
    ):
        with pytest.raises(InvalidStatus) as refused:
            async with device(platform, **headers):
                pass
        assert refused.value.response.status_code == status
        assert json.loads(refused.value.response.body)["code"] == code
    answer = await platform.client("officer").get("/v1/live")
    assert (answer.status_code, answer.json()["code"], answer.headers["upgrade"]) == (426, "upgrade_required", "websocket")


async def test_a_cookie_opens_it_from_our_own_page_only(
    platform: RunningPlatform,
    new_person: NewPerson,  # noqa: F811
) -> None:
    person = await new_person()
    async with platform.browser() as browser:
        signed_in = await browser.post("/v1/session", json={"username": person.username, "password": person.password})
        assert signed_in.status_code < 300, signed_in.text
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    async with device(platform, Cookie=cookie, Origin=platform.url) as line:
        assert (await line.follow())["incidents"] == []
    for origin in ("https://elsewhere.example", "null", platform.url + "0", ""):
        headers = {"Cookie": cookie} | ({"Origin": origin} if origin else {})
        with pytest.raises(InvalidStatus) as refused:
            async with device(platform, **headers):
                pass
        assert refused.value.response.status_code == 403


async def test_a_person_has_so_many_devices(
    platform: RunningPlatform,
    new_person: NewPerson,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(seats_of, "STREAMS_PER_PERSON_MAX", 2)
    person = await new_person()
    async with device(platform, token=person.token), device(platform, token=person.token) as second:
        with pytest.raises(InvalidStatus) as refused:
            async with device(platform, token=person.token):
                pass
        assert refused.value.response.status_code == 429
        await second.line.close()
        async with asyncio.timeout(20):
            while live_of(platform).seats._taken[person.id] > 1:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        async with device(platform, token=person.token) as again:
            await again.follow()


async def test_nobody_is_kept_who_has_gone(platform: RunningPlatform, room: IncidentRoom) -> None:
    incident, live = await room.open(), live_of(platform)
    async with device(platform, "officer") as line:
        await line.follow(incident, agency=True, window=[-3.0, 54.0, -2.0, 55.0])
        assert list(live.hub.register.following(incident, {}))
    async with asyncio.timeout(20):
        while list(live.hub.register.following(incident, {})):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert not [group for group in live.rounds._groups if incident in group.incidents]


async def test_own_positions_reach_those_who_follow_the_incident(platform: RunningPlatform, room: IncidentRoom) -> None:
    incident = await room.open("KFR")
    car = await room.resource()
    await room.ask("officer", "PUT", "/me/resource", json={"resource": car["id"]})
    await room.ask("officer", "POST", f"/resources/{car['id']}/status", json={"code": "1"})
    await room.say("control", incident, event("resource.assigned", resource=car["id"]))
    async with device(platform, "officer") as phone, device(platform, "firefighter") as fire:
        await fire.follow(incident)
        now = service.frames.to_rfc3339(platform.spine.clock())
        await phone.say(type="position", at=now, latitude=54.23, longitude=-2.72, accuracy_m=5.0)
        items = (await fire.hear("positions"))["items"]
        assert items[0]["resource"] == car["id"]
        assert (items[0]["latitude"], items[0]["longitude"], items[0]["incident"]) == (54.23, -2.72, incident)
