"""Devices and incidents: what is said on one side is seen on the other, as far as the agency and role may."""

from __future__ import annotations

from typing import Any

from bluelamp.kit.ids import new_id
from tests.incidents.conftest import IncidentRoom, event
from tests.incidents.cot.device import Device
from tests.incidents.cot.examples import chat, emergency, iso, position
from tests.incidents.cot.tak import Tak, gateway
from tests.support.incident_load import until
from tests.support.platform import RunningPlatform

PLACE = {"said": "M6 southbound, near junction 36", "latitude": 54.21, "longitude": -2.71, "source": "map"}


async def ask(tak: Tak, username: str, method: str, path: str, **request: Any) -> Any:
    answer = await tak.platform.client(username).request(method, f"/v1/incidents{path}", **request)
    assert answer.status_code < 300, f"{method} {path}: {answer.status_code} {answer.text}"
    return answer.json() if answer.content else None


async def open_incident(tak: Tak) -> dict[str, Any]:
    room = IncidentRoom(tak.platform)
    return await room.state("control", await room.open())


async def say(tak: Tak, username: str, incident: str, kind: str, **data: Any) -> None:
    await IncidentRoom(tak.platform).say(username, incident, event(kind, **data))


async def crew(tak: Tak, username: str, incident: str = "") -> str:
    """A resource of Kentmere's that this person crews, on the incident."""
    resource = str((await IncidentRoom(tak.platform).resource())["id"])
    await ask(tak, username, "PUT", "/me/resource", json={"resource": resource})
    if incident:
        await say(tak, "control", incident, "resource.assigned", resource=resource)
    return resource


async def events(tak: Tak, incident: str, kind: str, count: int = 1) -> list[dict[str, Any]]:
    """Events of a kind in the incident's log, once there are so many."""
    found: list[dict[str, Any]] = []

    async def enough() -> bool:
        found[:] = (await ask(tak, "control", "GET", f"/{incident}/events", params={"kind": kind}))["items"]
        return len(found) >= count

    await until(enough, f"{count} of {kind}", told=lambda: found)
    return found


async def seeing(tak: Tak, username: str, incident: str) -> Device:
    """A device that is connected and has the incident on its map."""
    device = await (await tak.device(username)).__aenter__()
    await device.wait("b-m-p", uid=f"bluelamp-i-{incident}")
    return device


async def test_chat_goes_both_ways_in_the_incidents_room(tak: Tak) -> None:
    incident = await open_incident(tak)
    one, other = await seeing(tak, "officer", incident["id"]), await seeing(tak, "supervisor", incident["id"])
    try:
        one.send(position("P-officer-chat", "KILO 1"), chat("P-officer-chat", "KILO 1", "Lane 2 is blocked", incident["number"]))
        (kept,) = await events(tak, incident["id"], "chat.said")
        assert kept["data"]["text"] == "Lane 2 is blocked"
        (heard,) = await other.wait("b-t-f", uid="GeoChat.P-officer-chat.")
        said = heard.detail.find("__chat")
        assert said is not None
        assert said.get("chatroom") == incident["number"]
        await say(tak, "control", incident["id"], "chat.said", text="Recovery is on its way")
        for device in (one, other):
            heard_in = await device.wait("b-t-f", count=1 if device is one else 2, like=lambda e: f".{incident['number']}." in e.uid)
            if device is one:
                assert [e.detail.findtext("remarks") for e in heard_in] == ["Recovery is on its way"], "no echo"
        one.send(chat("P-officer-chat", "KILO 1", "Lane 2 is blocked", incident["number"]))
        await one.settled()
        assert len(await events(tak, incident["id"], "chat.said", 2)) == 2, "a repeat is kept once"
    finally:
        await one.__aexit__()
        await other.__aexit__()


async def test_the_room_of_an_incident_that_is_opened_again_leads_there(platform: RunningPlatform) -> None:
    """Also where the gateway began while it was closed."""
    room = IncidentRoom(platform)
    incident = await room.state("control", await room.open())
    await room.say("control", incident["id"], event("incident.closed", reason="road clear"))
    async with gateway(platform) as tak:
        await room.say("control", incident["id"], event("incident.reopened", reason="second vehicle found"))
        device = await seeing(tak, "officer", incident["id"])
        try:
            device.send(position("P-reopened", "KILO 1"), chat("P-reopened", "KILO 1", "Here again", incident["number"]))
            (kept,) = await events(tak, incident["id"], "chat.said")
            assert kept["data"]["text"] == "Here again"
        finally:
            await device.__aexit__()


async def test_drawings_go_both_ways_and_deletes_follow(tak: Tak) -> None:
    incident = await open_incident(tak)
    await crew(tak, "officer", incident["id"])
    one, other = await seeing(tak, "officer", incident["id"]), await seeing(tak, "supervisor", incident["id"])
    try:
        line = position("draw-1").replace(b'type="a-f-G-U-C" how="m-g"', b'type="u-d-f" how="h-e"')
        line = line.replace(b"<uid ", b'<link point="54.1,-2.7"/><link point="54.2,-2.8"/><uid ')
        one.send(position("P-officer-draw"), line)
        (drawn,) = await events(tak, incident["id"], "feature.drawn")
        assert drawn["data"]["geometry"] == {"type": "LineString", "coordinates": [[-2.7, 54.1], [-2.8, 54.2]]}
        await other.wait("u-d-f", uid="draw-1")
        hazard = new_id()
        geometry = {"type": "Point", "coordinates": [-2.71, 54.21]}
        await say(tak, "control", incident["id"], "feature.drawn", feature=hazard, type="hazard", geometry=geometry, label="Fuel on road")
        for device in (one, other):
            (marker,) = await device.wait("b-m-p", uid=f"bluelamp-f-{hazard}")
            assert (marker.latitude, marker.call_sign) == (54.21, "Fuel on road")
        await say(tak, "control", incident["id"], "feature.removed", feature=hazard, reason="cleared")
        await say(tak, "control", incident["id"], "feature.removed", feature=drawn["data"]["feature"], reason="wrong")
        for uid in (f"bluelamp-f-{hazard}", "draw-1"):
            (gone,) = await other.wait("t-x-d-d", uid=f"gone-{uid}")
            assert [link.get("uid") for link in gone.detail.findall("link")] == [uid]
        late = await seeing(tak, "supervisor", incident["id"])
        await late.settled()
        assert not [event for event in late.events if event.uid in {f"bluelamp-f-{hazard}", "draw-1"}]
        await late.__aexit__()
    finally:
        await one.__aexit__()
        await other.__aexit__()


async def test_an_emergency_of_a_device_is_the_platforms_and_is_heard_once(tak: Tak) -> None:
    incident = await open_incident(tak)
    await crew(tak, "officer", incident["id"])
    await tak.platform.spine.db.execute("UPDATE emergencies SET state = 'closed' WHERE state <> 'closed'")  # of other tests
    one, other = await seeing(tak, "officer", incident["id"]), await seeing(tak, "supervisor", incident["id"])
    try:
        one.send(position("P-officer-sos", "KILO 1"), *[emergency("P-officer-sos", "KILO 1")] * 3)
        (raised,) = await events(tak, incident["id"], "emergency.raised")
        assert raised["data"]["place"]["latitude"] == 54.3
        number = raised["data"]["emergency"]
        await other.wait("b-a-o", uid="P-officer-sos-9-1-1")
        assert f"bluelamp-e-{number}" not in {event.uid for event in other.events}, "as the device calls it, and no second time"
        await ask(tak, "control", "POST", f"/emergencies/{number}/close", json={"outcome": "resolved"})
        await other.wait("b-a-o-can", uid="P-officer-sos-9-1-1")
        cancel = emergency("P-officer-sos", "KILO 1").replace(b"b-a-o-tbl", b"b-a-o-can")
        one.send(cancel, emergency("P-officer-sos", "KILO 1"))
        again = await events(tak, incident["id"], "emergency.raised", 2)
        assert again[1]["data"]["emergency"] != number, "pressed again, it is another"
    finally:
        await one.__aexit__()
        await other.__aexit__()


async def test_an_emergency_of_the_platform_is_on_devices_at_once(tak: Tak) -> None:
    incident = await open_incident(tak)
    await crew(tak, "officer", incident["id"])
    async with await tak.device("supervisor") as device:
        await device.wait("t-x-takp-v")
        body = {"id": new_id(), "place": PLACE, "pressed_at": iso()}
        made = await ask(tak, "officer", "POST", "/emergencies", json=body)
        (alert,) = await device.wait("b-a-o-tbl", uid=f"bluelamp-e-{made['id']}")
        assert alert.latitude == PLACE["latitude"]
        await ask(tak, "control", "POST", f"/emergencies/{made['id']}/close", json={"outcome": "false_alarm"})
        await device.wait("b-a-o-can", uid=f"bluelamp-e-{made['id']}")


async def test_casualties_go_both_ways(tak: Tak) -> None:
    incident = await open_incident(tak)
    await crew(tak, "officer", incident["id"])
    one, other = await seeing(tak, "officer", incident["id"]), await seeing(tak, "supervisor", incident["id"])
    try:
        asked = position("casevac-1").replace(b'type="a-f-G-U-C" how="m-g"', b'type="b-r-f-h-c" how="h-g-i-g-o"')
        asked = asked.replace(b"<uid ", b'<_medevac_ title="MED.1" urgent="1" priority="1" routine="\xc2\xb2"/><uid ')
        one.send(position("P-officer-cas"), asked)
        found = await events(tak, incident["id"], "casualty.found", 2)
        assert {event["data"]["label"] for event in found} == {"MED.1 1/2", "MED.1 2/2"}
        number = new_id()
        await say(tak, "control", incident["id"], "casualty.found", casualty=number, label="Tag 7", place=PLACE)
        await say(tak, "control", incident["id"], "casualty.triaged", casualty=number, tool="TST", category="P1")
        await other.wait("b-r-f-h-c", uid=f"bluelamp-c-{number}", like=lambda shown: shown.call_sign == "Tag 7 P1")
    finally:
        await one.__aexit__()
        await other.__aexit__()


async def test_a_partner_sees_an_incident_while_it_is_part_of_it_and_not_a_moment_longer(tak: Tak) -> None:
    incident = await open_incident(tak)
    await crew(tak, "officer", incident["id"])
    async with await tak.device("officer") as police, await tak.device("firefighter") as fire:
        police.send(position("P-officer-share", "KILO 1"))
        await police.settled()
        await fire.settled()
        of_it = {"P-officer-share", f"bluelamp-i-{incident['id']}"}
        assert not [event for event in fire.events if event.uid in of_it], "nothing of it before it joined"
        await say(tak, "control", incident["id"], "agency.joined", agency="KFR", roles=[], reason="fire")
        await fire.wait("b-m-p", uid=f"bluelamp-i-{incident['id']}")
        await fire.wait("a-f", uid="P-officer-share")
        await say(tak, "control", incident["id"], "agency.left", agency="KFR", reason="stood down")
        await fire.wait("t-x-d-d", uid="gone-P-officer-share")
        heard = len(fire.events)
        police.send(position("P-officer-share", "KILO 1", lat=54.9))
        await say(tak, "control", incident["id"], "chat.said", text="for us")
        await police.wait("b-t-f", like=lambda said: f".{incident['number']}." in said.uid)
        await fire.settled(police)
        assert not [one for one in fire.events[heard:] if one.uid in of_it or f".{incident['number']}." in one.uid]


async def test_positions_go_both_ways(tak: Tak) -> None:
    resource = await crew(tak, "officer")
    other = await crew(tak, "control")
    for one in (resource, other):
        await ask(tak, "control", "POST", f"/resources/{one}/status", json={"code": "2"})
    async with await tak.device("officer") as one, await tak.device("supervisor") as viewer:
        one.send(position("P-officer-pos", "KILO 1", lat=54.333))
        await viewer.wait("a-f", uid="P-officer-pos")
        report = {"sent_at": iso(), "positions": [{"at": iso(), "latitude": 54.4, "longitude": -2.6}]}
        answer = await ask(tak, "control", "POST", "/positions", json=report)
        assert answer["accepted"] == 1, answer
        await viewer.wait("a-f", uid=f"bluelamp-r-{other}")
        await viewer.settled()
        assert not [event for event in viewer.events if event.uid == f"bluelamp-r-{resource}"], "a device is on the map as itself"


async def test_a_merging_is_followed_on_devices(tak: Tak) -> None:
    """What the ended incident had is seen by those of the other one; its marker goes, its room leads there, and nothing is drawn twice."""
    room = IncidentRoom(tak.platform)
    into, ended = await room.state("control", await room.open("KFR")), await open_incident(tak)
    await crew(tak, "officer", ended["id"])
    casualty = new_id()
    fire, officer = await seeing(tak, "fire", into["id"]), await seeing(tak, "officer", ended["id"])
    try:
        line = position("draw-merged").replace(b'type="a-f-G-U-C" how="m-g"', b'type="u-d-f" how="h-e"')
        line = line.replace(b"<uid ", b'<link point="54.1,-2.7"/><link point="54.2,-2.8"/><uid ')
        officer.send(position("P-officer-merged", "KILO 1"), line)
        await events(tak, ended["id"], "feature.drawn")
        await say(tak, "officer", ended["id"], "casualty.triaged", casualty=casualty, tool="TST", category="P1", place=PLACE)
        await officer.wait("b-r-f-h-c", uid=f"bluelamp-c-{casualty}")
        assert not [one for one in fire.events if one.uid in {"draw-merged", f"bluelamp-c-{casualty}"}]
        await ask(tak, "control", "POST", f"/{ended['id']}/merge", json={"into": into["id"], "reason": "the same"})
        await fire.wait("b-r-f-h-c", uid=f"bluelamp-c-{casualty}")
        await fire.wait("u-d-f", uid="draw-merged")
        gone = {link.get("uid") for one in await officer.wait("t-x-d-d") for link in one.detail.findall("link")}
        assert f"bluelamp-i-{ended['id']}" in gone
        officer.send(chat("P-officer-merged", "KILO 1", "Still in the old room", ended["number"]))
        (kept,) = await events(tak, into["id"], "chat.said")
        assert kept["data"]["text"] == "Still in the old room"
        (heard,) = await fire.wait("b-t-f")
        said = heard.detail.find("__chat")
        assert said is not None
        assert said.get("chatroom") == into["number"]
        late = await seeing(tak, "supervisor", into["id"])
        await late.settled()
        shown = [one.uid for one in late.events if one.type.startswith("u-d-f")]
        assert shown.count("draw-merged") == 1
        drawn = (await room.state("control", into["id"]))["features"]
        assert drawn
        assert not {f"bluelamp-f-{feature}" for feature in drawn} & set(shown)
        await late.__aexit__()
    finally:
        await fire.__aexit__()
        await officer.__aexit__()
