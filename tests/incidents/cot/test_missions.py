"""Missions: an incident that the device's person sees, asked over HTTPS with the device's certificate, and told on its stream."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from uuid import UUID
from xml.etree.ElementTree import Element

import httpx
import pytest
from defusedxml.ElementTree import fromstring

from bluelamp.incidents.gateways.cot.missions.names import guid_of, incident_of
from bluelamp.kit.ids import new_id
from tests.incidents.conftest import IncidentRoom, event
from tests.incidents.cot.device import Device
from tests.incidents.cot.examples import iso, position
from tests.incidents.cot.tak import Tak
from tests.incidents.cot.test_joining import PLACE, crew, events, open_incident, say
from tests.support.incident_load import until

MISSIONS = "/Marti/api/missions"


class Carried(NamedTuple):
    """A device on both its lines: the stream, and HTTPS."""

    stream: Device
    https: httpx.AsyncClient
    uid: str

    async def ask(self, method: str, path: str, status: int = 200, **more: Any) -> Any:
        answer = await self.https.request(method, path, **more)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text[:400]}"
        kind = answer.headers.get("content-type", "")
        return answer.json() if kind == "application/json" else answer.content

    async def mission(self, name: str) -> dict[str, Any]:
        (found,) = (await self.ask("GET", f"{MISSIONS}/{name}"))["data"]
        return dict(found)


@asynccontextmanager
async def carried(tak: Tak, username: str, uid: str = "") -> AsyncIterator[Carried]:
    context = await tak.context(username)
    uid = uid or f"P-{new_id()[-10:]}"
    async with Device.at(tak.doors.ports["tls"], context) as stream, tak.marti(context) as https:
        stream.send(position(uid, f"CALL {uid[-4:]}"))
        await stream.settled()
        yield Carried(stream, https, uid)


def marker(uid: str, mission: str = "", *, lat: float = 54.2) -> bytes:
    dest = f'<marti><dest mission="{mission}"/></marti>' if mission else ""
    return (
        f'<event version="2.0" uid="{uid}" type="b-m-p-s-m" how="h-g-i-g-o" time="{iso()}" start="{iso()}" stale="{iso(3600)}">'
        f'<point lat="{lat}" lon="-2.7" hae="0" ce="5" le="5"/><detail><contact callsign="Fuel spill"/>{dest}</detail></event>'
    ).encode()


async def refusals(tak: Tak, **like: Any) -> list[dict[str, Any]]:
    rows = await tak.platform.spine.db.fetch("SELECT detail FROM audit_entries WHERE kind = 'refusal' ORDER BY number DESC LIMIT 200")
    return [row["detail"] for row in rows if all(row["detail"].get(name) == value for name, value in like.items())]


async def refused_as(tak: Tak, **like: Any) -> bool:
    return bool(await refusals(tak, **like))


def changed(event: Any) -> tuple[str, str]:
    """Type of the change and uid that a notice tells of."""
    told: Element | None = event.detail.find("mission/MissionChanges/MissionChange")
    assert told is not None
    return told.findtext("type", ""), told.findtext("contentUid", "") or told.findtext("contentResource/hash", "")


async def test_an_incident_is_a_mission_with_its_markers_as_cot(tak: Tak) -> None:
    incident = await open_incident(tak)
    number, hazard = incident["number"], new_id()
    geometry = {"type": "Point", "coordinates": [-2.71, 54.21]}
    await say(tak, "control", incident["id"], "feature.drawn", feature=hazard, type="hazard", geometry=geometry, label="Fuel & oil")
    await say(tak, "control", incident["id"], "casualty.found", casualty=new_id(), label="Tag 7", place=PLACE)
    async with carried(tak, "officer") as officer:
        listed = (await officer.ask("GET", MISSIONS))["data"]
        assert number in {mission["name"] for mission in listed}
        mission = await officer.mission(number)
        assert UUID(mission["guid"])
        assert incident_of(guid_of(incident["id"])) == incident["id"]
        by_guid = (await officer.ask("GET", f"{MISSIONS}/guid/{mission['guid']}"))["data"]
        assert by_guid[0]["name"] == number
        named = {one["details"]["callsign"] for one in mission["uids"]}
        assert {"Fuel & oil", "Tag 7"} <= named
        told = fromstring(await officer.ask("GET", f"{MISSIONS}/{number}/cot"))
        assert {event.get("uid") for event in told.findall("event")} == {one["data"] for one in mission["uids"]}
        changes = (await officer.ask("GET", f"{MISSIONS}/{number}/changes"))["data"]
        assert changes[0]["type"] == "CREATE_MISSION"
        assert f"bluelamp-f-{hazard}" in {change.get("contentUid") for change in changes if change["type"] == "ADD_CONTENT"}
        assert (await officer.ask("GET", f"{MISSIONS}/{number}/role"))["data"]["permissions"] == ["MISSION_READ", "MISSION_WRITE"]


async def test_a_subscriber_is_told_of_changes_and_a_marker_for_a_mission_lands_in_its_incident(tak: Tak) -> None:
    incident = await open_incident(tak)
    number, uid = incident["number"], f"m-{new_id()}"
    async with carried(tak, "officer") as officer, carried(tak, "supervisor") as other:
        told = await other.ask("PUT", f"{MISSIONS}/{number}/subscription", 201, params={"uid": other.uid})
        assert told["data"]["role"]["type"] == "MISSION_SUBSCRIBER"
        assert (await other.ask("GET", f"{MISSIONS}/{number}/subscription", params={"uid": other.uid}))["data"]["clientUid"] == other.uid
        assert other.uid in (await officer.ask("GET", f"{MISSIONS}/{number}/subscriptions"))["data"]
        officer.stream.send(marker(uid, number))
        (drawn,) = await events(tak, incident["id"], "feature.drawn")
        assert (drawn["data"]["label"], drawn["agency"]) == ("Fuel spill", "KEN"), "though the officer is on no incident"
        await other.stream.wait("b-m-p", uid=uid)
        (notice,) = await other.stream.wait("t-x-m-c")
        assert changed(notice) == ("ADD_CONTENT", uid)
        assert not [event for event in officer.stream.events if event.type == "t-x-m-c"], "who did not subscribe is not told"
        assert uid in {one["data"] for one in (await officer.mission(number))["uids"]}
        await officer.ask("DELETE", f"{MISSIONS}/{number}/contents", params={"uid": uid, "creatorUid": officer.uid})
        await events(tak, incident["id"], "feature.removed")
        gone = (await other.stream.wait("t-x-m-c", count=2))[1]
        assert changed(gone) == ("REMOVE_CONTENT", uid)
        assert await other.stream.wait("t-x-d-d", uid=f"gone-{uid}")
        squashed = (await officer.ask("GET", f"{MISSIONS}/{number}/changes"))["data"]
        assert [change["type"] for change in squashed if change.get("contentUid") == uid] == ["REMOVE_CONTENT"]
        every = (await officer.ask("GET", f"{MISSIONS}/{number}/changes", params={"squashed": "false"}))["data"]
        assert [change["type"] for change in every if change.get("contentUid") == uid] == ["ADD_CONTENT", "REMOVE_CONTENT"]
        await other.ask("DELETE", f"{MISSIONS}/{number}/subscription", params={"uid": other.uid})
        await other.ask("GET", f"{MISSIONS}/{number}/subscription", 404, params={"uid": other.uid})


async def test_a_marker_is_added_by_name_before_or_after_it_is_sent(tak: Tak) -> None:
    incident = await open_incident(tak)
    contents, early, late = f"{MISSIONS}/{incident['number']}/contents", f"m-{new_id()}", f"m-{new_id()}"
    async with carried(tak, "officer") as officer:
        officer.stream.send(marker(early))
        await officer.stream.settled()
        await officer.ask("PUT", contents, json={"uids": [early, late]})
        officer.stream.send(marker(late))
        await events(tak, incident["id"], "feature.drawn", 2)
        assert {early, late} <= {one["data"] for one in (await officer.mission(incident["number"]))["uids"]}


async def test_what_may_not_be_deleted_stays_and_the_log_says_who_asked(tak: Tak) -> None:
    incident = await open_incident(tak)
    casualty = new_id()
    await say(tak, "control", incident["id"], "casualty.found", casualty=casualty, label="Tag 9", place=PLACE)
    async with carried(tak, "officer") as officer:
        told = await officer.https.delete(f"{MISSIONS}/{incident['number']}/contents", params={"uid": f"bluelamp-c-{casualty}"})
        assert (told.status_code, told.json()["code"]) == (403, "not_removed")
        (word,) = await events(tak, incident["id"], "log.written")
        assert "Tag 9" in word["data"]["text"]
        assert f"bluelamp-c-{casualty}" in {one["data"] for one in (await officer.mission(incident["number"]))["uids"]}
        await officer.ask("DELETE", f"{MISSIONS}/{incident['number']}/contents", 404, params={"uid": "nothing"})


async def test_another_agencys_mission_is_not_there_and_asking_is_on_record(tak: Tak) -> None:
    incident = await open_incident(tak)
    async with carried(tak, "firefighter") as fire:
        assert incident["number"] not in {mission["name"] for mission in (await fire.ask("GET", MISSIONS))["data"]}
        base = f"{MISSIONS}/{incident['number']}"
        for method, path in (
            ("GET", base), ("GET", f"{base}/cot"), ("GET", f"{base}/changes"), ("GET", f"{MISSIONS}/guid/{guid_of(incident['id'])}"),
            ("PUT", f"{base}/subscription?uid={fire.uid}"), ("GET", f"{base}/subscriptions"), ("DELETE", f"{base}/contents?uid=x"),
            ("DELETE", base), ("PUT", f"{base}/role"),
        ):  # fmt: skip
            await fire.ask(method, path, 404)
        await fire.ask("PUT", f"{base}/contents", 404, json={"uids": ["x"]})
        found = await refusals(tak, code="no_such_incident")
        assert {f"{base}/cot", f"{base}/contents"} <= {detail["path"] for detail in found}
        fire.stream.send(marker("m-fire", incident["number"]))
        await fire.stream.settled()
        await until(lambda: refused_as(tak, type="b-m-p-s-m", missions=[incident["number"]]), "the refusal is on record")


async def test_an_agency_put_out_sees_its_mission_no_more_at_once(tak: Tak) -> None:
    incident = await open_incident(tak)
    base = f"{MISSIONS}/{incident['number']}"
    await say(tak, "control", incident["id"], "agency.joined", agency="KFR", roles=[], reason="fire")
    async with carried(tak, "firefighter") as fire:
        await fire.ask("PUT", f"{base}/subscription", 201, params={"uid": fire.uid})
        await say(tak, "control", incident["id"], "agency.left", agency="KFR", reason="stood down")
        await fire.ask("GET", base, 404)
        (gone,) = await fire.stream.wait("t-x-m-d")
        named = gone.detail.find("mission")
        assert named is not None
        assert named.get("name") == incident["number"]
        await fire.ask("PUT", f"{base}/contents", 404, json={"uids": ["m"]})
        await until(lambda: no_subscription(tak, incident["id"]), "the subscription is over")


async def no_subscription(tak: Tak, incident: str) -> bool:
    return not await tak.platform.spine.db.fetchval("SELECT count(*) FROM cot_subscriptions WHERE incident = $1", incident)


async def test_a_uid_of_another_device_opens_nothing(tak: Tak) -> None:
    incident = await open_incident(tak)
    base = f"{MISSIONS}/{incident['number']}"
    async with carried(tak, "officer") as owner, carried(tak, "control") as forger:
        for method, path, more in (
            ("PUT", f"{base}/subscription?uid={owner.uid}", {}),
            ("DELETE", f"{base}/contents?uid=x&creatorUid={owner.uid}", {}),
            ("PUT", f"{base}/contents?creatorUid={owner.uid}", {"json": {"uids": ["x"]}}),
            ("POST", f"{MISSIONS}/logs/entries",
             {"json": {"content": "x", "missionNames": [incident["number"]], "creatorUid": owner.uid}}),
        ):  # fmt: skip
            answer = await forger.https.request(method, path, **more)
            assert (answer.status_code, answer.json()["code"]) == (403, "not_your_uid")
        told = {detail["path"] for detail in await refusals(tak, code="not_your_uid")}
        assert told >= {f"{base}/subscription", f"{base}/contents", f"{MISSIONS}/logs/entries"}


@pytest.mark.parametrize("uid", ["bluelamp-r-01", "bluelamp-i-01", "bluelamp-e-01"])
async def test_nobody_speaks_for_what_the_platform_shows(tak: Tak, uid: str) -> None:
    async with carried(tak, "officer") as forger, carried(tak, "supervisor") as viewer:
        delete = marker("x").replace(b"b-m-p-s-m", b"t-x-d-d").replace(b"<contact", f'<link uid="{uid}" relation="p-p"/><contact'.encode())
        forger.stream.send(marker(uid), position(uid, "KILO 9"), delete)
        await viewer.stream.settled(forger.stream)
        links = {link.get("uid") for event in viewer.stream.events for link in event.detail.findall("link")}
        assert uid not in links | {event.uid for event in viewer.stream.events}


async def test_names_without_end_are_not_kept(tak: Tak) -> None:
    incident, long = await open_incident(tak), f"bluelamp-{new_id()}" + "x" * 100_000
    async with carried(tak, "officer") as officer:
        await officer.ask("PUT", f"{MISSIONS}/{incident['number']}/contents", 422, json={"uids": [long]})
        delete = marker("x").replace(b"b-m-p-s-m", b"t-x-d-d")
        officer.stream.send(delete.replace(b"<contact", f'<link uid="{long}" relation="p-p"/><contact'.encode()))
        await until(lambda: refused_as(tak, claimed=long[:256]), "the refusal is on record")


async def test_a_hazard_moved_on_a_device_is_the_same_hazard(tak: Tak) -> None:
    incident = await open_incident(tak)
    hazard = new_id()
    geometry = {"type": "Point", "coordinates": [-2.71, 54.21]}
    await say(tak, "control", incident["id"], "feature.drawn", feature=hazard, type="hazard", geometry=geometry, label="Fuel")
    async with carried(tak, "officer") as officer:
        officer.stream.send(marker(f"bluelamp-f-{hazard}", incident["number"], lat=54.3))
        moved = (await events(tak, incident["id"], "feature.drawn", 2))[1]
        assert (moved["data"]["feature"], moved["data"]["type"]) == (hazard, "hazard")
        delete = marker("x", incident["number"]).replace(b"b-m-p-s-m", b"t-x-d-d")
        officer.stream.send(delete.replace(b"<contact", f'<link uid="bluelamp-f-{hazard}" relation="none"/><contact'.encode()))
        (gone,) = await events(tak, incident["id"], "feature.removed")
        assert gone["data"]["feature"] == hazard


async def test_what_is_for_one_agency_stays_so_whoever_moves_it(tak: Tak) -> None:
    incident, hazard, casualty, public = await open_incident(tak), new_id(), new_id(), new_id()
    room, base = IncidentRoom(tak.platform), f"{MISSIONS}/{incident['number']}"
    await crew(tak, "officer", incident["id"])
    await say(tak, "control", incident["id"], "agency.joined", agency="KFR", roles=[], reason="fire")
    drawn = {"type": "hazard", "geometry": {"type": "Point", "coordinates": [-2.71, 54.21]}}
    async with carried(tak, "officer") as officer, carried(tak, "supervisor") as other, carried(tak, "firefighter") as fire:
        await fire.ask("PUT", f"{base}/subscription", 201, params={"uid": fire.uid})
        await room.say(
            "control", incident["id"], event("feature.drawn", audience=("KEN",), feature=hazard, label="Armed", **drawn),
            event("casualty.found", audience=("KEN",), casualty=casualty, label="Witness", place=PLACE),
        )  # fmt: skip
        await other.stream.wait("b-r-f-h-c", uid=f"bluelamp-c-{casualty}")
        officer.stream.send(marker(f"bluelamp-f-{hazard}", lat=54.3))
        moved = (await events(tak, incident["id"], "feature.drawn", 2))[1]
        assert (moved["data"]["type"], moved["audience"]) == ("hazard", ["KEN"])
        assert (await other.stream.wait("b-m-p", uid=f"bluelamp-f-{hazard}", count=2))[1].latitude == 54.3
        await say(tak, "control", incident["id"], "casualty.triaged", casualty=casualty, tool="TST", category="P1")
        await say(tak, "control", incident["id"], "feature.drawn", feature=public, label="Gate", **drawn)
        await fire.stream.wait("b-m-p", uid=f"bluelamp-f-{public}")
        assert [changed(notice)[1] for notice in await fire.stream.wait("t-x-m-c")] == [f"bluelamp-f-{public}"]
        assert not [one for one in fire.stream.events if hazard in one.uid or casualty in one.uid]
        told = (await fire.ask("GET", f"{base}/changes", params={"squashed": "false"}))["data"]
        assert {change.get("contentUid") for change in told} == {None, f"bluelamp-f-{public}"}


async def test_missions_are_run_in_bluelamp_and_logs_are_only_added_to(tak: Tak) -> None:
    incident = await open_incident(tak)
    number = incident["number"]
    async with carried(tak, "officer") as officer:
        for method, path in (
            ("PUT", f"{MISSIONS}/{number}"), ("DELETE", f"{MISSIONS}/{number}"), ("PUT", f"{MISSIONS}/{number}/role?clientUid=x"),
            ("PUT", f"{MISSIONS}/{number}/invite/clientUid/x"), ("PUT", f"{MISSIONS}/{number}/keywords"),
        ):  # fmt: skip
            assert (await officer.https.request(method, path)).json()["code"] == "run_in_bluelamp"
        assert (await officer.ask("GET", f"{MISSIONS}/all/invitations", params={"clientUid": officer.uid}))["data"] == []
        entry = {"content": "Lane 1 open", "missionNames": [number], "creatorUid": officer.uid}
        await officer.ask("POST", f"{MISSIONS}/logs/entries", 201, json=entry)
        (word,) = await events(tak, incident["id"], "log.written")
        assert word["data"]["text"] == "Lane 1 open"
        told = (await officer.ask("GET", f"{MISSIONS}/{number}/log"))["data"]
        assert told[0]["content"] == "Lane 1 open"
        assert (await officer.https.put(f"{MISSIONS}/logs/entries", json=entry)).status_code == 403


async def test_a_device_is_told_of_those_on_its_map_only(tak: Tak) -> None:
    async with carried(tak, "officer") as police, carried(tak, "supervisor") as other, carried(tak, "firefighter") as fire:
        seen = {one["uid"] for one in (await police.ask("GET", "/Marti/api/clientEndPoints"))["data"]}
        assert other.uid in seen
        assert fire.uid not in seen
        assert fire.uid not in {one["uid"] for one in await police.ask("GET", "/Marti/api/contacts/all")}
        await police.ask("GET", f"/Marti/api/cot/xml/{other.uid}")
        await police.ask("GET", f"/Marti/api/cot/xml/{fire.uid}", 404)
        assert (await police.ask("GET", "/Marti/api/version")).startswith(b"Bluelamp")
        assert {one["name"] for one in (await police.ask("GET", "/Marti/api/groups/all"))["data"]} == {"KEN"}


async def test_a_covert_subscriber_is_the_control_rooms_to_see(tak: Tak) -> None:
    incident = await open_incident(tak)
    base, resource = f"{MISSIONS}/{incident['number']}", await crew(tak, "officer", incident["id"])
    await say(tak, "control", incident["id"], "agency.joined", agency="KFR", roles=[], reason="fire")
    async with carried(tak, "officer") as covert, carried(tak, "control") as control, carried(tak, "firefighter") as fire:
        await covert.ask("PUT", f"{base}/subscription", 201, params={"uid": covert.uid})
        assert (await fire.ask("GET", f"{base}/subscriptions"))["data"] == [covert.uid]
        await IncidentRoom(tak.platform).ask("control", "PATCH", f"/resources/{resource}", json={"covert": True})
        for path in ("subscriptions", "subscriptions/roles"):
            assert (await fire.ask("GET", f"{base}/{path}"))["data"] == []
        assert await fire.ask("GET", f"{base}/contacts") == []
        for device in (covert, control):
            assert (await device.ask("GET", f"{base}/subscriptions"))["data"] == [covert.uid]
        await IncidentRoom(tak.platform).ask("control", "PATCH", f"/resources/{resource}", json={"covert": False})


async def test_nobody_asks_without_a_certificate_or_with_one_that_was_revoked(tak: Tak) -> None:
    trusting = ssl.create_default_context(cadata=tak.doors.authority.pem.decode())
    async with tak.marti(trusting) as nobody:
        with pytest.raises(httpx.TransportError):
            await nobody.get(MISSIONS)
    async with carried(tak, "officer") as officer:
        client = tak.platform.client("officer")
        (mine, *_) = (await client.get("/v1/incidents/tak/devices")).json()["items"]
        await client.delete(f"/v1/incidents/tak/devices/{mine['id']}")
        assert (await officer.https.get(MISSIONS)).json()["code"] == "device_refused"


async def test_a_body_of_fifty_megabytes_is_cut_off(tak: Tak) -> None:
    incident = await open_incident(tak)

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(50):
            yield b" " * (1 << 20)

    async with carried(tak, "officer") as officer:
        try:
            answer = await officer.https.put(f"{MISSIONS}/{incident['number']}/contents", content=endless())
        except httpx.TransportError:
            return  # the door was shut while the rest was still on its way
        assert answer.status_code == 413
