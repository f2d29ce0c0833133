"""The door of events: order, repeats, refusals, wrong clocks, who sees what, and every second of the past."""

from __future__ import annotations

import asyncio

from bluelamp.incidents.domain.fold import fold
from bluelamp.incidents.log import store
from bluelamp.incidents.log.states import state_at, states_of
from bluelamp.kit.clock import now_ms, to_rfc3339
from bluelamp.kit.ids import new_id
from tests.incidents.conftest import PLACE, IncidentRoom, event


async def test_an_incident_is_there_at_once_for_those_it_is_shared_with_in_their_own_words(room: IncidentRoom) -> None:
    incident = await room.open("KFR", "KAS")
    for who in ("control", "officer", "fire", "firefighter", "ambulance"):
        state = await room.state(who, incident)
        assert state["lead"] == "KEN"
        assert state["type"] == "collision.injury"
        assert state["grade"] == "emergency"
    assert state["agencies"]["KFR"]["type"] == "RTC, persons injured"
    assert state["agencies"]["KAS"]["grade"] == "Category 1"
    await room.ask("officer2", "GET", f"/{incident}", 404)
    listed = (await room.ask("fire", "GET", "", params={"limit": 200}))["items"]
    assert incident in {row["id"] for row in listed}
    assert incident not in {row["id"] for row in (await room.ask("officer2", "GET", "", params={"limit": 200}))["items"]}


async def test_the_hand_over_is_acknowledged_with_the_other_rooms_number(room: IncidentRoom) -> None:
    incident = await room.open("KFR")
    await room.say("fire", incident, event("agency.acknowledged", reference="F-77"))
    member = (await room.state("control", incident))["agencies"]["KFR"]
    assert member["reference"] == "F-77"
    assert member["acknowledged_by"] == "Fay Ullswater"
    assert member["acknowledged_at"]
    refused = (await room.results("firefighter", incident, event("agency.acknowledged")))[0]
    assert (refused["state"], refused["code"]) == ("refused", "forbidden")


async def test_what_is_sent_twice_is_kept_once(room: IncidentRoom) -> None:
    incident = await room.open()
    said = [event("log.written", text="one"), event("chat.said", text="two")]
    first = await room.results("officer", incident, *said)
    again = await room.results("officer", incident, *said, event("log.written", text="three"))
    assert [r["state"] for r in again] == ["repeated", "repeated", "accepted"]
    assert [r["sequence"] for r in again[:2]] == [r["sequence"] for r in first]
    log = (await room.ask("officer", "GET", f"/{incident}/events"))["items"]
    assert [e["data"].get("text") for e in log[1:]] == ["one", "two", "three"]


async def test_another_persons_id_is_not_taken_for_a_repeat(room: IncidentRoom) -> None:
    incident, other = await room.open("KFR"), await room.open("KFR")
    said = event("log.written", text="mine")
    await room.say("officer", incident, said)
    for where, who in ((incident, "firefighter"), (other, "officer")):
        assert (await room.results(who, where, said))[0]["code"] == "id_taken"


async def test_a_refused_event_keeps_none_of_the_others_back(room: IncidentRoom) -> None:
    incident = await room.open()
    results = await room.results(
        "officer", incident,
        event("log.written", text="before"),
        event("no.such_kind", text="x"),
        event("casualty.triaged", casualty=new_id(), tool="TST", category="purple"),
        event("feature.removed", feature=new_id()),
        event("incident.opened", number="1", title="t", type="other", grade="priority", lead="KEN", place=PLACE),
        event("incident.closed", reason="over"),
        event("log.written", text="after"),
    )  # fmt: skip
    assert [r["code"] for r in results] == ["", "invalid", "invalid", "no_such_thing", "forbidden", "forbidden", ""]
    assert "purple" not in results[2]["message"]
    assert "P1" in results[2]["message"]


async def test_a_clock_an_hour_off_is_put_right(room: IncidentRoom) -> None:
    incident, now, wrong = await room.open(), now_ms(), now_ms() + 3_600_000
    said = event("log.written", text="by a clock an hour ahead", at_ms=wrong - 60_000)
    await room.say("officer", incident, said, sent_at=to_rfc3339(wrong))
    kept = (await room.ask("officer", "GET", f"/{incident}/events", params={"newest": True, "limit": 1}))["items"][0]
    happened = kept["happened_at"]
    assert to_rfc3339(now - 65_000) < happened < to_rfc3339(now - 55_000)


async def test_an_agency_put_out_sees_nothing_more(room: IncidentRoom) -> None:
    incident = await room.open("KFR", "KAS")
    await room.say("fire", incident, event("log.written", text="on the way"))
    results = await room.results("ambulance", incident, event("agency.left", agency="KFR", reason="not yours to say"))
    assert results[0]["code"] == "not_the_lead"
    await room.say("control", incident, event("agency.left", agency="KFR", reason="no fire"))
    for method, path in (("GET", ""), ("GET", "/events"), ("GET", "/receipts")):
        await room.ask("fire", method, f"/{incident}{path}", 404)
    await room.ask("fire", "POST", f"/{incident}/events", 404, json={"events": [event("log.written", text="late")]})
    assert "KFR" not in (await room.state("control", incident))["agencies"]


async def test_roles_limit_who_of_an_agency_sees_it(room: IncidentRoom) -> None:
    incident = await room.open()
    await room.say("control", incident, event("agency.joined", agency="KFR", roles=["dispatcher"]))
    await room.state("fire", incident)
    await room.ask("firefighter", "GET", f"/{incident}", 404)
    await room.say("fire", incident, event("agency.joined", agency="KFR", roles=[]))
    await room.state("firefighter", incident)


async def test_what_is_for_one_agency_only_is_shown_to_no_other(room: IncidentRoom) -> None:
    incident = await room.open("KFR")
    await room.say("officer", incident, event("log.written", text="for us", audience=("KEN",)), event("log.written", text="for all"))
    assert [e["data"]["text"] for e in (await room.ask("fire", "GET", f"/{incident}/events", params={"kind": "log.written"}))["items"]] == [
        "for all"
    ]
    assert (await room.results("fire", incident, event("log.written", text="x", audience=("KEN",))))[0]["code"] == "invalid"


async def test_after_closing_only_what_happened_before_is_taken(room: IncidentRoom) -> None:
    incident, before = await room.open(), now_ms()
    await asyncio.sleep(0.01)
    await room.say("control", incident, event("incident.closed", reason="road clear", debrief="went well"))
    late = await room.results(
        "officer",
        incident,
        event("casualty.found", casualty=new_id(), at_ms=before),
        event("casualty.found", casualty=new_id(), at_ms=now_ms() + 60_000),
    )
    assert [r["code"] for r in late] == ["", "incident_closed"]
    await room.say("control", incident, event("incident.reopened", reason="second vehicle found"))
    await room.say("officer", incident, event("casualty.found", casualty=new_id()))
    state = await room.state("control", incident)
    assert state["status"] == "open"
    assert state["casualty_count"] == {"unknown": 2}


async def test_it_can_be_seen_as_it_was_at_any_moment(room: IncidentRoom) -> None:
    incident = await room.open()
    moments = []
    for number in range(1, 4):
        await room.say("officer", incident, event("casualty.found", casualty=new_id()))
        moments.append(((await room.state("officer", incident))["updated_at"], number))
        await asyncio.sleep(0.005)
    for at, number in moments:
        assert (await room.state("officer", incident, at=at))["casualty_count"] == {"unknown": number}
    await room.ask("officer", "GET", f"/{incident}", 422, params={"at": to_rfc3339(now_ms() - 86_400_000)})


async def test_snapshots_and_other_processes_come_to_the_same_state(room: IncidentRoom) -> None:
    incident, db = await room.open("KFR"), room.platform.spine.db
    casualties = [new_id() for _ in range(7)]
    for batch in range(6):
        said = [event("casualty.triaged", casualty=casualties[(batch + n) % 7], tool="TST", category=f"P{n % 3 + 1}") for n in range(199)]
        await room.say("officer", incident, *said)
    assert await db.fetchval("SELECT count(*) FROM incident_snapshots WHERE incident = $1", incident) == 2
    head = await store.head_of_any(db, incident)
    assert head is not None
    events = await store.events_between(db, incident, 0, head.sequence)
    assert [e.sequence for e in events] == list(range(1, head.sequence + 1))
    async with states_of(db).turn(incident):
        in_memory = await states_of(db).as_of(db, incident, head.sequence)
        assert await state_at(db, incident, head.sequence) == fold(incident, events) == in_memory


async def test_many_at_once_are_numbered_without_a_gap(room: IncidentRoom) -> None:
    incident = await room.open("KFR")
    said = [(who, event("chat.said", text=f"{who} {n}")) for n in range(15) for who in ("officer", "control", "firefighter")]
    kept = await asyncio.gather(*(room.say(who, incident, one) for who, one in said))
    assert sorted(sequence for [sequence] in kept) == list(range(3, 3 + len(said)))


async def test_two_calls_about_one_collision_become_one(room: IncidentRoom) -> None:
    first, second = await room.open("KFR"), await room.open("KAS")
    unit = await room.resource()
    await room.say("control", second, event("resource.assigned", resource=unit["id"]))
    await room.ask("control", "POST", f"/{second}/merge", json={"into": first, "reason": "the same collision"})
    ended, on = await room.state("control", second), await room.state("ambulance", first)
    assert ended["status"] == "merged"
    assert ended["merged_into"] == first
    assert on["agencies"].keys() == {"KEN", "KFR", "KAS"}
    assert unit["id"] in on["resources"]
    await room.ask("control", "POST", f"/{second}/merge", 409, json={"into": first, "reason": "again"})
    await room.ask("control", "POST", f"/{first}/merge", 422, json={"into": first, "reason": "self"})


async def test_the_lead_is_passed_on_and_the_new_lead_commands(room: IncidentRoom) -> None:
    incident = await room.open("KFR")
    assert (await room.results("control", incident, event("lead.passed", agency="KAS", reason="x")))[0]["state"] == "refused"
    await room.say("control", incident, event("lead.passed", agency="KFR", reason="it is a fire now"))
    assert (await room.results("control", incident, event("incident.closed", reason="done")))[0]["code"] == "not_the_lead"
    await room.say("fire", incident, event("incident.amended", type="fire.vehicle", major=False))
    assert (await room.state("officer", incident))["type"] == "fire.vehicle"


async def test_opening_again_with_the_same_id_opens_nothing(room: IncidentRoom) -> None:
    chosen = new_id()
    assert await room.open(id=chosen) == chosen == await room.open(id=chosen)
    await room.ask("fire", "POST", "", 409, json={"id": chosen, "title": "t", "type": "other", "grade": "1", "place": PLACE})
    await room.ask("control", "POST", "", 422, json={"title": "t", "type": "no such", "grade": "I", "place": PLACE})
    await room.ask(
        "control", "POST", "", 422, json={"title": "t", "type": "other", "grade": "I", "place": PLACE, "share": [{"agency": "NONE"}]}
    )


async def test_receipts_never_go_back(room: IncidentRoom) -> None:
    incident = await room.open("KFR")
    [last] = await room.say("control", incident, event("chat.said", text="all well?"))
    for delivered, read in ((last, 0), (last, last), (1, 1)):
        await room.ask("firefighter", "POST", f"/{incident}/receipts", 204, json={"delivered": delivered, "read": read})
    [row] = (await room.ask("control", "GET", f"/{incident}/receipts"))["items"]
    assert (row["name"], row["delivered"], row["read"]) == ("Finn Langdale", last, last)
