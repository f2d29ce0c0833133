"""Call signs, crews and status: who may move what, and what it means to all."""

from __future__ import annotations

from bluelamp.kit.clock import now_ms, to_rfc3339
from tests.incidents.conftest import IncidentRoom, event


async def test_a_crew_says_its_status_and_the_incident_knows(room: IncidentRoom) -> None:
    incident, unit = await room.open("KFR"), await room.resource()
    await room.ask("officer", "PUT", "/me/resource", json={"resource": unit["id"]})
    await room.say("control", incident, event("resource.assigned", resource=unit["id"], task="close lane 1"))
    await room.ask("officer", "POST", f"/resources/{unit['id']}/status", json={"code": "5"})
    await room.ask("officer", "POST", f"/resources/{unit['id']}/status", json={"code": "6"})
    assigned = (await room.state("fire", incident))["resources"][unit["id"]]
    assert (assigned["code"], assigned["status"], assigned["task"]) == ("6", "at_scene", "close lane 1")
    mine = await room.ask("officer", "GET", "/me")
    assert mine["resource"]["incident"] == incident
    assert mine["resource"]["status"] == "at_scene"
    old = {"code": "5", "happened_at": to_rfc3339(now_ms() - 600_000)}
    await room.ask("officer", "POST", f"/resources/{unit['id']}/status", json=old)
    assert (await room.state("fire", incident))["resources"][unit["id"]]["code"] == "6"
    await room.say("officer", incident, event("log.written", text="lane closed"))
    last = (await room.ask("control", "GET", f"/{incident}/events", params={"newest": True, "limit": 1}))["items"][0]
    assert last["call_sign"] == unit["call_sign"]
    await room.ask("officer", "DELETE", "/me/resource", 204)


async def test_resources_are_moved_by_their_own_agency(room: IncidentRoom) -> None:
    incident, unit = await room.open("KFR"), await room.resource()
    assert (await room.results("fire", incident, event("resource.assigned", resource=unit["id"])))[0]["code"] == "no_such_thing"
    await room.say("control", incident, event("resource.assigned", resource=unit["id"]))
    other = await room.open()
    assert (await room.results("control", other, event("resource.assigned", resource=unit["id"])))[0]["code"] == "conflict"
    assert (await room.results("fire", incident, event("resource.released", resource=unit["id"])))[0]["code"] == "not_yours"
    await room.ask("firefighter", "POST", f"/resources/{unit['id']}/status", 404, json={"code": "6"})
    await room.say("control", incident, event("resource.released", resource=unit["id"]))
    await room.say("control", other, event("resource.assigned", resource=unit["id"]))
    await room.say("control", other, event("incident.closed", reason="over"))
    assert (await room.ask("control", "POST", f"/resources/{unit['id']}/status", json={"code": "2"}))["incident"] is None


async def test_a_code_that_the_agency_does_not_have_is_refused_with_those_it_has(room: IncidentRoom) -> None:
    unit = await room.resource()
    answer = await room.ask("control", "POST", f"/resources/{unit['id']}/status", 422, json={"code": "99"})
    assert answer["code"] == "unknown_term"
    assert "6" in answer["detail"]


async def test_covert_resources_are_seen_by_the_control_room_only(room: IncidentRoom) -> None:
    unit = await room.resource(covert=True)
    seen = {one["id"] for one in (await room.ask("control", "GET", "/resources", params={"limit": 500}))["items"]}
    assert unit["id"] in seen
    seen = {one["id"] for one in (await room.ask("officer", "GET", "/resources", params={"limit": 500}))["items"]}
    assert unit["id"] not in seen
    await room.ask("officer", "PUT", "/me/resource", 404, json={"resource": unit["id"]})


async def test_a_call_sign_is_one_resource_and_can_be_used_again_after_it_is_closed(room: IncidentRoom) -> None:
    unit = await room.resource()
    await room.ask("control", "POST", "/resources", 409, json={"call_sign": unit["call_sign"].lower(), "type": "van"})
    changed = await room.ask("control", "PATCH", f"/resources/{unit['id']}", json={"type": "van", "skills": ["dog"], "closed": True})
    assert (changed["type"], changed["skills"]) == ("van", ["dog"])
    await room.ask("control", "POST", "/resources", 201, json={"call_sign": unit["call_sign"], "type": "van"})


async def test_an_agency_sets_its_own_words(room: IncidentRoom) -> None:
    wrong = "kind,code,name,meaning\nstatus,A,Away,unknown\ngrade,,x,priority\n"
    told = (await room.platform.client("admin").put("/v1/incidents/terms", json={"csv": wrong})).json()
    assert told["code"] == "terms_file"
    assert "line 2" in told["detail"]
    assert "line 3" in told["detail"]
    before = await room.ask("control", "GET", "/terms")
    statuses = [term for term in before["items"] if term["kind"] == "status"]
    lines = [
        "kind,code,name,meaning",
        *(f"status,{t['code']},{t['name']},{t['meaning']}" for t in statuses),
        "status,77,On the fells,committed",
    ]
    text = "\n".join(lines)
    answer = await room.platform.client("admin").put("/v1/incidents/terms", json={"csv": text})
    assert answer.status_code == 200, answer.text
    unit = await room.resource()
    assert (await room.ask("control", "POST", f"/resources/{unit['id']}/status", json={"code": "77"}))["status"] == "committed"
    await room.platform.spine.db.execute("DELETE FROM incident_terms WHERE agency = 'KEN'")
