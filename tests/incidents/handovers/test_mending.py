"""A dead letter is put right by a person: what could not be read is said by hand, what was refused finds its place, ours is corrected."""

from __future__ import annotations

import asyncio
from typing import Any

from bluelamp.demo.incidents.control_room import ControlRoom
from bluelamp.incidents.gateways import mait
from bluelamp.incidents.gateways.message import Coded
from tests.incidents.conftest import event
from tests.incidents.handovers.conftest import Handovers
from tests.incidents.handovers.test_incoming import connected, theirs


async def mended(handovers: Handovers, transfer: str, **fields: Any) -> dict[str, Any]:
    """The message once a worker has finished with it."""
    await handovers.room.ask("control", "POST", f"/transfers/{transfer}/mend", 204, json=fields)
    async with asyncio.timeout(20):
        while (whole := await handovers.room.ask("control", "GET", f"/transfers/{transfer}"))["state"] in {"reading", "queued", "sending"}:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return dict(whole)


async def unread(handovers: Handovers) -> str:
    """One that nobody could read; its id."""
    key = await connected(handovers)
    strange = mait.write(theirs()).replace(b'version="1"', b'version="9"')
    return str((await handovers.room.platform.client().post(
        "/v1/incidents/handovers/mait", content=strange, headers={"Authorization": f"Bearer {key}"}
    )).json()["transfer"])  # fmt: skip


async def test_what_nobody_could_read_is_said_by_hand(handovers: Handovers) -> None:
    room, transfer = handovers.room, await unread(handovers)
    before = await room.ask("control", "GET", f"/transfers/{transfer}")
    assert (before["says"], before["mendable"]) == (None, True)
    place = {"said": "Dunmail Raise", "latitude": 54.4956, "longitude": -3.0397}
    whole = await mended(handovers, transfer, title="Walker in the beck", type={"code": "medical"}, grade={"code": "priority"}, place=place)
    assert (whole["state"], bool(whole["mended_by"])) == ("received", True)
    assert b'version="9"' in whole["body"].encode(), "what was sent is kept as it was"
    state = await room.state("control", whole["incident"])
    assert (state["title"], state["type"], state["grade"], state["place"]["latitude"]) == (
        "Walker in the beck",
        "medical",
        "priority",
        54.4956,
    )
    assert not [one for one in await handovers.transfers(whole["incident"]) if one["kind"] == "receipt"], "there is no id to answer"
    trail = await room.platform.spine.db.fetchrow(
        "SELECT kind, detail FROM audit_entries WHERE action = 'incidents.handovers.mend' AND $1 = ANY(subjects)", f"transfer:{transfer}"
    )
    assert trail is not None
    assert (trail["kind"], trail["detail"]["mended"]) == ("alteration", ["grade", "place", "title", "type"])


async def test_a_close_that_was_refused_finds_the_incident_it_belongs_to(handovers: Handovers, orrest: ControlRoom) -> None:
    room, ours = handovers.room, await handovers.room.open()
    message = theirs(kind="close", note="Found and down")
    await handovers.post(orrest._key, mait.write(message), status=422)
    refused = next(one for one in await handovers.transfers(state="refused") if one["message_id"] == message.id)
    stranger = await room.open(who="fire", grade="1")
    assert (await room.ask("control", "POST", f"/transfers/{refused['id']}/mend", 404, json={"incident": stranger}))["code"]
    whole = await mended(handovers, refused["id"], incident=ours)
    assert (whole["state"], whole["incident"]) == ("received", ours)
    log = await room.ask("control", "GET", f"/{ours}/events", params={"kind": "log.written"})
    assert "Found and down" in log["items"][-1]["data"]["text"]
    assert (await room.state("control", ours))["status"] == "open", "theirs to say, ours to close"
    async with asyncio.timeout(20):
        while ("receipt", message.incident) not in {(heard.kind, heard.incident) for heard in orrest.heard}:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_a_message_of_ours_that_they_refuse_is_corrected_for_them(handovers: Handovers, orrest: ControlRoom) -> None:
    orrest.answer = lambda heard: "now" if heard.title == "Lorry, 2 cars" else "refused"
    incident = await handovers.room.open("ORR")
    [refused] = await handovers.until(incident, "refused")
    whole = await mended(handovers, refused["id"], title="Lorry, 2 cars", type={"code": "RTC", "words": "Road traffic collision"})
    assert whole["state"] == "received"
    assert (whole["says"]["title"], whole["says"]["type"]["code"]) == ("Lorry, 2 cars", "RTC")
    assert (await handovers.room.state("control", incident))["title"] == "Lorry and two cars", "the incident's own words stay"


async def test_words_that_nobody_knew_stand_beside_the_message(handovers: Handovers) -> None:
    key, message = await connected(handovers), theirs(type=Coded(code="Z9", words="Cow in canal"))
    await handovers.post(key, mait.write(message))
    row = next(one for one in await handovers.transfers() if one["message_id"] == message.id)
    assert (row["state"], row["reason"]) == ("received", "Their type: Z9 Cow in canal: taken as other")
    assert row["title"] == "Lorry and two cars"


async def test_what_cannot_be_put_right_is_said(handovers: Handovers) -> None:
    room, transfer = handovers.room, await unread(handovers)
    ask = room.ask
    assert "repeat" in (await ask("control", "POST", f"/transfers/{transfer}/mend", 422, json={}))["detail"]
    await ask("control", "POST", f"/transfers/{transfer}/mend", 422, json={"place": {"latitude": 91, "longitude": 0}})
    await ask("fire", "POST", f"/transfers/{transfer}/mend", 404, json={"title": "Mine"})
    await ask("officer", "POST", f"/transfers/{transfer}/mend", 403, json={"title": "Mine"})
    await ask("control", "POST", f"/transfers/{transfer}/drop", 204, json={"reason": "Their test"})
    assert (await ask("control", "POST", f"/transfers/{transfer}/mend", 409, json={"title": "Late"}))["code"] == "not_waiting"


async def test_a_line_says_how_it_stands(handovers: Handovers, orrest: ControlRoom) -> None:
    async def line() -> dict[str, Any]:
        page = await handovers.room.ask("control", "GET", "/partners")
        return dict(next(one for one in page["items"] if one["agency"] == "ORR")["line"])

    assert (await line())["state"] == "unused"
    incident = await handovers.room.open("ORR")
    await handovers.until(incident, "received")
    assert ((await line())["state"], bool((await line())["taken_at"])) == ("up", True)
    orrest.answer = lambda _heard: "503"
    await handovers.room.say("control", incident, event("log.written", text="More"))
    async with asyncio.timeout(20):
        while (now := await line())["dead"] != 1:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert (now["waiting"], now["state"], "503" in now["failing"]) == (0, "failing", True)
    kept = {"direction": "out", "partner": (await handovers.transfers(incident))[0]["partner"], "state": "dead"}
    assert [one["incident"] for one in await handovers.transfers(**kept)] == [incident]
