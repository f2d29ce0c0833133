"""Somebody who calls for help is heard, whatever is full.

The queues of devices are filled in live/test_hub.py, cot/test_gateway.py and cot/test_danger.py.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.client import connect

from bluelamp.app.engines.group import EngineUrls
from bluelamp.incidents.media import actions as media_actions
from bluelamp.kit.clock import now_ms, to_rfc3339
from bluelamp.kit.ids import new_id
from bluelamp.spine.bus import Bus, Stream
from bluelamp.spine.relational import Database
from tests.incidents.conftest import IncidentRoom, event
from tests.incidents.live.scene import Scene, until

SMALL = Stream("TEST_SMALL", ("test.small.>",), days_max=1, bytes_max=64 << 10)


def call() -> dict[str, str]:
    return {"id": new_id(), "pressed_at": to_rfc3339(now_ms())}


async def heard(room: IncidentRoom, number: str) -> None:
    """The control room has it, and so it is not left over for others."""
    standing = {one["id"] for one in (await room.ask("control", "GET", "/emergencies"))["items"]}
    assert number in standing
    await room.ask("control", "POST", f"/emergencies/{number}/close", json={"outcome": "resolved"})


async def test_a_persons_requests_are_spent(room: IncidentRoom) -> None:
    platform = room.platform
    person = (await platform.client("paramedic").get("/v1/me")).json()["id"]
    most = platform.spine.settings.caller_requests_per_minute_max
    body = call()
    for _ in range(3):  # the minute may end in between
        platform.app.state.budget.spend(person, most)
        refused = await platform.client("paramedic").get("/v1/incidents")
        answer = await platform.client("paramedic").post("/v1/incidents/emergencies", json=body)
        assert answer.status_code == 200, answer.text
        if refused.status_code == 429:
            break
    assert refused.status_code == 429
    platform.app.state.budget.spend(person, -most)
    standing = {one["id"] for one in (await room.ask("ambulance", "GET", "/emergencies"))["items"]}
    assert body["id"] in standing
    await room.ask("ambulance", "POST", f"/emergencies/{body['id']}/close", json={"outcome": "resolved"})


async def test_a_person_has_as_many_lines_and_uploads_as_they_may(room: IncidentRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    platform, incident = room.platform, await room.open()
    monkeypatch.setattr("bluelamp.spine.seats.STREAMS_PER_PERSON_MAX", 0)
    limits = media_actions.media_settings().model_copy(update={"open_uploads_max": 0})
    monkeypatch.setattr(media_actions, "media_settings", lambda: limits)
    with pytest.raises(Exception, match="429"):
        async with connect(
            platform.url.replace("http", "ws") + "/v1/live",
            additional_headers={"Authorization": f"Bearer {platform.tokens['officer']}"},
            proxy=None,
        ):
            pass
    upload = {"id": new_id(), "bytes": 100, "sha256": "0" * 64}
    answer = await platform.client("officer").post(f"/v1/incidents/{incident}/media", json=upload)
    assert answer.status_code >= 400
    body = call()
    await room.ask("officer", "POST", "/emergencies", json=body)
    await heard(room, body["id"])


async def test_the_outbox_holds_thousands(room: IncidentRoom) -> None:
    """Posted behind thousands that wait, it is told long before they are."""
    platform, incident = room.platform, await room.open()
    headers = {"Authorization": f"Bearer {platform.tokens['control']}"}
    async with connect(platform.url.replace("http", "ws") + "/v1/live", additional_headers=headers, proxy=None) as line:
        await line.send(json.dumps({"type": "follow", "incidents": [incident], "agency": True}))
        async with asyncio.timeout(60):
            while json.loads(await line.recv())["type"] != "ready":
                pass
            await platform.spine.db.execute(
                "INSERT INTO outbox (subject, payload) SELECT 'incidents.test.filling', '\\x7b7d' FROM generate_series(1, 20000)"
            )
            body = call()
            await room.ask("officer", "POST", "/emergencies", json=body)
            while True:
                told = json.loads(await line.recv())
                if told["type"] == "event" and told["event"]["data"].get("emergency") == body["id"]:
                    break
            waiting = await platform.spine.db.fetchval("SELECT count(*) FROM outbox WHERE subject = 'incidents.test.filling'")
    assert waiting > 0, "it overtook what waited"
    await platform.spine.db.execute("DELETE FROM outbox WHERE subject = 'incidents.test.filling'")
    await heard(room, body["id"])


@pytest.fixture
async def small(engines: EngineUrls) -> AsyncIterator[Scene]:
    bus = await Bus.open(engines.nats_url)
    await bus.ensure(SMALL)
    await bus.empty(SMALL.name)
    made = Scene(bus, SMALL.name, "test.small")
    await made.hub.start()
    yield made
    await made.hub.close()
    await bus.close()


async def test_the_stream_is_at_its_limit(small: Scene) -> None:
    """It lets go of the oldest and takes the newest; a device whose place it let go of loads anew."""
    viewer, screen = small.follow("i")
    for number in range(300):
        await small.publish("i", data={"text": f"{number}" * 200})
    urgent = await small.publish("i", "emergency.raised")
    await small.told()
    await until(lambda: viewer.live)
    assert urgent in screen.events
    assert await small.bus.first_sequence(SMALL.name) > 1
    assert [number for number, count in ((one, screen.events.count(one)) for one in screen.events) if count != 1] == []


async def test_every_connection_to_the_records_is_taken(room: IncidentRoom, engines: EngineUrls) -> None:
    """It is not raised while nobody can write it down, and the phone is told so: it sends again, and then it is."""
    taken = await Database.open(engines.database_url, connections_max=1)
    async with taken.connection() as connection:
        await connection.execute("BEGIN; LOCK TABLE emergencies IN ACCESS EXCLUSIVE MODE")
        body = call()
        sending = asyncio.create_task(room.ask("officer", "POST", "/emergencies", json=body))
        await asyncio.sleep(0.3)
        assert not sending.done()
        await room.say("control", await room.open(), event("log.written", text="others go on"))
        await connection.execute("ROLLBACK")
        await sending
    await taken.close()
    await heard(room, body["id"])
