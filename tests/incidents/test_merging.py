"""Two calls about one collision: the incident that goes on has all that the other one knew, once, and hears what comes late."""

from __future__ import annotations

from itertools import count
from typing import Any

from hypothesis import given, settings

from bluelamp.incidents.domain.carrying import chosen, said_again, source_of
from bluelamp.incidents.domain.fold import Event, apply, fold
from bluelamp.incidents.domain.state import IncidentState
from bluelamp.incidents.log import store
from bluelamp.incidents.log.carrying import CARRIED_MAX
from bluelamp.kit.clock import now_ms, to_rfc3339
from bluelamp.kit.ids import new_id
from tests.incidents.conftest import PLACE, IncidentRoom, event
from tests.incidents.media.conftest import Phone
from tests.incidents.media.contents import picture
from tests.incidents.test_emergencies import call, seen_by
from tests.incidents.test_fold import OPENED, logs

POINT = {"type": "Point", "coordinates": [-2.71, 54.2]}


async def merge(room: IncidentRoom, ended: str, into: str, status: int = 200) -> dict[str, Any]:
    return dict(await room.ask("control", "POST", f"/{ended}/merge", status, json={"into": into, "reason": "the same collision"}) or {})


async def fresh(room: IncidentRoom, incident: str) -> IncidentState:
    """The fold of what the log holds, from nothing."""
    db = room.platform.spine.db
    head = await store.head_of_any(db, incident)
    assert head is not None
    return fold(incident, await store.events_between(db, incident, 0, head.sequence))


async def test_what_the_ended_one_knew_goes_on(room: IncidentRoom) -> None:
    into, ended = await room.open("KFR"), await room.open("KFR", "KAS", title="Car on its roof", description="Two in it")
    unit, first, found, vehicle, person, hazard, checklist = await room.resource(), *(new_id() for _ in range(6))
    before = now_ms() - 60_000
    await room.say("officer", into, event("casualty.found", casualty=first))
    await room.say(
        "officer", ended,
        event("casualty.found", casualty=found, at_ms=before, place=PLACE),
        event("casualty.triaged", casualty=found, tool="TST", category="P1"),
        event("vehicle.recorded", vehicle=vehicle, description="blue hatchback"),
        event("person.recorded", person=person, name="Jo Fell", audience=("KEN",)),
        event("feature.drawn", feature=hazard, type="hazard", geometry=POINT, label="Fuel"),
        event("decision.made", title="Close the road", action="Both ways"),
        event("checklist.started", checklist=checklist, template="collision"),
        event("report.sent", form="ETHANE", exact_location=PLACE, type="Collision"),
        event("log.written", text="as it stood there"),
    )  # fmt: skip
    await room.say("officer", ended, event("checklist.ticked", checklist=checklist, item=0))
    await room.say("paramedic", ended, event("casualty.moved", casualty=found, where="clearing station", audience=("KAS",)))
    await room.say("ambulance", ended, event("agency.acknowledged", reference="A-77"))
    await room.say("control", ended, event("resource.assigned", resource=unit["id"], task="rear marking"))
    await room.say("control", ended, event("resource.status", resource=unit["id"], code="6"))
    await merge(room, ended, into)

    on, left = await room.state("control", into), await room.state("control", ended)
    casualty = on["casualties"][found]
    assert [step["what"] for step in casualty["history"]] == ["found", "triaged", "moved"]
    assert (casualty["category"], casualty["at"] > casualty["history"][0]["at"]) == ("P1", True)
    assert casualty["history"][0]["at"] == to_rfc3339(before)
    assert {on["casualties"][first]["label"], casualty["label"]} == {"C1", "C2"}
    assert on["casualty_count"] == {"unknown": 1, "P1": 1}
    assert (on["features"][hazard]["label"], on["vehicles"][vehicle]["description"]) == ("Fuel", "blue hatchback")
    assert (on["persons"][person]["name"], on["persons"][person]["audience"]) == ("Jo Fell", ["KEN"])
    assert person not in (await room.state("fire", into))["persons"]
    assert on["checklists"][checklist]["ticks"]["0"]["done"]
    assert on["report"]["form"] == "ETHANE"
    assert (on["agencies"].keys(), on["agencies"]["KAS"]["reference"]) == ({"KEN", "KFR", "KAS"}, "A-77")
    here, there = on["resources"][unit["id"]], left["resources"][unit["id"]]
    assert (here["task"], here["status"], here["released_at"]) == ("rear marking", "at_scene", "")
    assert there["released_at"]
    [decision] = (await room.ask("fire", "GET", f"/{into}/events", params={"kind": "decision.made"}))["items"]
    assert (decision["data"]["action"], decision["carried"]["number"]) == ("Both ways", left["number"])
    log = [one["data"]["text"] for one in (await room.ask("control", "GET", f"/{into}/events", params={"kind": "log.written"}))["items"]]
    assert "as it stood there" in log
    assert any("Car on its roof" in text and "Two in it" in text for text in log)
    assert any("C1 is C2" in text for text in log)
    assert (await fresh(room, into)).model_dump(mode="json") | {"casualties": 0} == on | {"vehicles": on["vehicles"], "casualties": 0}


async def test_it_is_carried_once_however_often_it_goes_round(room: IncidentRoom) -> None:
    one, other, third = await room.open(), await room.open(), await room.open()
    casualty = new_id()
    await room.say("officer", one, event("casualty.found", casualty=casualty), event("chat.said", text="first said here"))
    await merge(room, one, other)
    await room.say("control", one, event("incident.reopened", reason="it was another collision after all"))
    await merge(room, other, one)  # back again, with what it had from there
    await merge(room, one, third)
    for incident in (one, other, third):
        state = await room.state("control", incident)
        assert len(state["casualties"][casualty]["history"]) == 1
        said = (await room.ask("control", "GET", f"/{incident}/events", params={"kind": "chat.said"}))["items"]
        assert [chat["data"]["text"] for chat in said] == ["first said here"]
    [chat] = said
    assert chat["carried"]["incident"] == one  # where it was said first


async def test_late_words_land_in_the_one_that_goes_on_and_the_receipt_says_so(room: IncidentRoom) -> None:
    into, ended = await room.open(), await room.open("KFR")
    early, late = event("chat.said", text="before"), event("log.written", text="from the tunnel", at_ms=now_ms() - 600_000)
    await room.say("firefighter", ended, early)
    number = (await merge(room, ended, into))["number"]
    outbox = [early, late, event("casualty.found", casualty=new_id())]
    first, second, third = await room.results("firefighter", ended, *outbox)
    assert (first["state"], first["incident"]) == ("repeated", ended)
    for result in (second, third):
        assert (result["state"], result["incident"]) == ("accepted", into)
        assert number in result["message"]
    again = await room.results("firefighter", ended, *outbox)
    assert [one["state"] for one in again] == ["repeated"] * 3
    assert again[1]["sequence"] == second["sequence"]
    directly = await room.results("firefighter", into, early)
    assert (directly[0]["state"], directly[0]["incident"]) == ("repeated", ended)
    assert len((await room.state("fire", into))["casualties"]) == 1
    [refused] = await room.results("control", ended, event("incident.amended", title="too late"))
    assert refused["code"] == "incident_closed"
    assert number in refused["message"]
    await room.ask("ambulance", "POST", f"/{ended}/events", 404, json={"events": [late]})


async def test_an_emergency_moves_and_is_answered_there(room: IncidentRoom) -> None:
    into, ended, unit = await room.open("KFR"), await room.open(), await room.resource()
    await room.ask("officer", "PUT", "/me/resource", json={"resource": unit["id"]})
    await room.say("control", ended, event("resource.assigned", resource=unit["id"]))
    body = call()
    await room.ask("officer", "POST", "/emergencies", json=body)
    assert body["id"] not in await seen_by(room, "fire")
    await merge(room, ended, into)
    assert (await seen_by(room, "fire"))[body["id"]]["incident"] == into
    assert (await room.state("control", into))["emergencies"][body["id"]]["state"] == "raised"
    assert (await room.state("control", ended))["emergencies"] == {}
    await room.ask("fire", "POST", f"/emergencies/{body['id']}/acknowledge")
    await room.ask("control", "POST", f"/emergencies/{body['id']}/close", json={"outcome": "resolved"})
    assert (await room.state("control", into))["emergencies"][body["id"]]["outcome"] == "resolved"
    second = call(incident=ended)  # a phone that has not heard of the merging
    await room.ask("officer", "DELETE", "/me/resource", 204)
    assert (await room.ask("officer", "POST", "/emergencies", json=second))["incident"] == into
    await room.ask("control", "POST", f"/emergencies/{second['id']}/close", json={"outcome": "resolved"})


async def test_pictures_are_seen_in_both_and_hidden_in_both(room: IncidentRoom) -> None:
    phone, into, ended = Phone(room), await room.open("KAS"), await room.open("KFR")
    content = picture()
    media = await phone.send(ended, content)
    ours = await phone.send(ended, content, audience=["KEN"])
    begun = (await phone.announce(ended, content))["id"]
    await phone.patch(ended, begun, 0, content[:1000])
    await merge(room, ended, into)
    last = await phone.patch(ended, begun, 1000, content[1000:])
    assert last.json()["state"] == "kept"
    for incident, who in ((into, "ambulance"), (into, "fire"), (ended, "fire")):
        assert (await phone.open(incident, media, who=who)).content == content
        assert (await phone.open(incident, media, "/thumbnail", who=who)).status_code == 200
        assert (await phone.open(incident, ours, who=who)).status_code == 404
    assert (await phone.open(into, ours, who="control")).content == content
    assert (await phone.open(ended, media, who="ambulance")).status_code == 404  # they were never on that one
    listed = (await room.ask("control", "GET", f"/{into}/media"))["items"]
    assert {one["id"] for one in listed} == {media, ours, begun} == (await room.state("control", into))["media"].keys()
    assert (await phone.open(into, begun, who="ambulance")).content == content
    await room.say("control", into, event("media.hidden", media=media, reason="a face"))
    for incident in (into, ended):
        assert (await phone.open(incident, media, who="fire")).json()["code"] == "media_hidden"


async def test_nobody_who_worked_on_either_loses_sight(room: IncidentRoom) -> None:
    into, ended = await room.open(share=[{"agency": "KFR", "roles": ["dispatcher"]}]), await room.open("KFR")
    await room.ask("firefighter", "GET", f"/{into}", 404)
    await merge(room, ended, into)
    assert (await room.state("firefighter", into))["agencies"]["KFR"]["roles"] == []


async def test_who_is_put_out_sees_nothing_of_what_was_merged_into_it_either(room: IncidentRoom) -> None:
    first, second, into = [await room.open("KFR", "KAS") for _ in range(3)]
    await merge(room, first, second)
    number = (await merge(room, second, into))["number"]
    out = event("agency.left", agency="KFR", reason="no fire")
    await room.say("control", into, out)
    for incident in (first, second, into):
        await room.ask("fire", "GET", f"/{incident}", 404)
        await room.ask("fire", "GET", f"/{incident}/events", 404)
        await room.ask("fire", "POST", f"/{incident}/events", 404, json={"events": [event("log.written", text="late")]})
        assert (await room.state("ambulance", incident))["agencies"].keys() == {"KEN", "KAS"}
    assert (await room.results("control", into, out))[0]["state"] == "repeated"
    for incident in (first, second):
        [left] = (await room.ask("control", "GET", f"/{incident}/events", params={"kind": "agency.left"}))["items"]
        assert left["data"] == {"agency": "KFR", "reason": f"Put out of {number}, where this goes on: no fire"}


async def test_put_out_of_one_that_ended_is_put_out_of_what_it_took_in_and_of_nothing_else(room: IncidentRoom) -> None:
    first, second, into = [await room.open("KFR") for _ in range(3)]
    await merge(room, first, second)
    await merge(room, second, into)
    await room.say("control", second, event("agency.left", agency="KFR", reason="not theirs"))
    for incident, status in ((first, 404), (second, 404), (into, 200)):
        await room.ask("fire", "GET", f"/{incident}", status)


async def test_an_agency_keeps_the_ended_one_that_it_leads_itself(room: IncidentRoom) -> None:
    into, ended = await room.open("KFR", "KAS"), await room.open("KFR", "KAS")
    await merge(room, ended, into)
    await room.say("control", into, event("lead.passed", agency="KFR", reason="a fire"))
    await room.say("fire", into, *(event("agency.left", agency=agency, reason="ours alone") for agency in ("KEN", "KAS")))
    await room.ask("control", "GET", f"/{into}", 404)
    assert (await room.state("control", ended))["agencies"].keys() == {"KEN", "KFR"}


async def test_what_is_too_large_is_merged_the_other_way(room: IncidentRoom) -> None:
    into, ended = await room.open(), await room.open()
    db = room.platform.spine.db
    await db.execute(
        "INSERT INTO incident_events (incident, sequence, id, kind, at, happened_at, person, name, agency, data)"
        " SELECT $1, n, $1 || n, 'chat.said', now(), now(), '', '', 'KEN', '{\"text\": \"x\"}' FROM generate_series(2, $2) n",
        ended, CARRIED_MAX + 1,
    )  # fmt: skip
    await db.execute("UPDATE incidents SET sequence = $2 WHERE id = $1", ended, CARRIED_MAX + 1)
    assert (await merge(room, ended, into, 409))["code"] == "merge_too_large"


@settings(max_examples=120, deadline=None)
@given(logs(), logs())
def test_the_merged_state_has_what_each_had_and_is_the_fold_of_its_log(one: list[Event], other: list[Event]) -> None:
    """Ids of the two logs may meet: then it is one thing, with the history of both."""
    number = count()
    other = [e._replace(incident="J", id=f"J{next(number)}", data=e.data | ({"number": "KEN-2"} if e is other[0] else {})) for e in other]
    into, ending = fold("I", one), fold("J", other)
    carried = chosen(ending, other, into)
    log = list(one)
    kept = into.model_copy(deep=True)
    for source in carried:
        again = said_again(source, source_of(source, "KEN-2"), "I", len(log) + 1, 100_000)
        log.append(again)
        apply(kept, again)
    assert kept == fold("I", log)
    assert len({e.id for e in log}) == len(log)
    for name in ("casualties", "features", "vehicles"):
        assert getattr(kept, name).keys() >= getattr(ending, name).keys() - (getattr(into, name).keys() if name == "features" else set())
    for casualty, known in ending.casualties.items():
        past = {(step.at, step.what) for step in kept.casualties[casualty].history}
        assert past >= {(step.at, step.what) for step in known.history}
        assert len(kept.casualties[casualty].history) == len(known.history) + len(
            into.casualties[casualty].history if casualty in into.casualties else []
        )
    assert {r.id for r in kept.resources.values() if not r.released_at} >= {r.id for r in into.resources.values() if not r.released_at}
    assert {r.id for r in kept.resources.values() if not r.released_at} >= {r.id for r in ending.resources.values() if not r.released_at}
    assert (kept.title, kept.lead, kept.agencies.keys()) == (into.title, into.lead, into.agencies.keys())
    assert OPENED["number"] == kept.number
