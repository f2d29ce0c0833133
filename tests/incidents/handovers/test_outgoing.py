"""Incidents that are shared with a partner's agency reach its control room, whatever that does."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from bluelamp.demo.incidents.control_room import ControlRoom, Heard
from bluelamp.incidents.handovers import sending, store
from bluelamp.incidents.log.store import moment
from bluelamp.kit.clock import now_ms
from bluelamp.kit.ids import new_id
from tests.incidents.conftest import event
from tests.incidents.handovers.conftest import Handovers


def about(orrest: ControlRoom, incident: str) -> list[Heard]:
    return [heard for heard in orrest.heard if heard.incident == incident]


async def steps(handovers: Handovers, incident: str) -> list[str]:
    page = await handovers.room.ask("control", "GET", f"/{incident}/events", params={"kind": "handover.sent", "limit": 500})
    return [one["data"]["state"] for one in page["items"]]


async def test_sharing_with_a_partners_agency_hands_over_and_their_receipt_acknowledges(handovers: Handovers, orrest: ControlRoom) -> None:
    incident = await handovers.room.open("ORR")
    (sent,) = await handovers.until(incident, "received")
    assert (sent["kind"], sent["direction"], sent["tries"]) == ("create", "out", 1)
    (heard,) = about(orrest, incident)
    assert (heard.kind, heard.title) == ("create", "Lorry and two cars")
    state = await handovers.room.state("control", incident)
    assert state["agencies"]["ORR"]["reference"] == orrest.number_of(incident)
    assert state["agencies"]["ORR"]["acknowledged_by"]
    assert [one["state"] for one in state["handovers"].values()] == ["received"]
    assert await steps(handovers, incident) == ["received"]


async def test_what_happens_next_is_told_too_and_never_what_is_for_others(handovers: Handovers, orrest: ControlRoom) -> None:
    room = handovers.room
    incident = await room.open("ORR", "KFR")
    await handovers.until(incident, "received")
    secret = event("log.written", audience=("KEN", "KFR"), text="Not for Orrest")
    await room.say("control", incident, secret, event("log.written", text="Road closed"))
    await room.say("control", incident, event("casualty.triaged", casualty=new_id(), tool="TST", category="P1"))
    async with asyncio.timeout(20):
        while not any("Road closed" in heard.note for heard in about(orrest, incident)):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await room.say("control", incident, event("incident.closed", reason="Cleared"))
    async with asyncio.timeout(20):
        while about(orrest, incident)[-1].kind != "close":  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert about(orrest, incident)[-1].note == "Cleared"
    for row in await handovers.transfers(incident):
        whole = await room.ask("control", "GET", f"/transfers/{row['id']}")
        assert "Not for Orrest" not in whole["body"]


async def test_an_agency_that_is_put_out_is_told_that_and_nothing_more(handovers: Handovers, orrest: ControlRoom) -> None:
    room = handovers.room
    incident = await room.open("ORR")
    await handovers.until(incident, "received")
    await room.say("control", incident, event("agency.left", agency="ORR", reason="Not their area"))
    await handovers.until(incident, "received", "received")
    await room.say("control", incident, event("log.written", text="Among ourselves"))
    await room.say("control", incident, event("incident.amended", title="Something else"))
    await asyncio.sleep(0.5)
    assert [heard.kind for heard in about(orrest, incident)] == ["create", "close"]


async def test_a_receipt_that_comes_late_counts(handovers: Handovers, orrest: ControlRoom) -> None:
    orrest.answer = lambda _heard: "late"
    incident = await handovers.room.open("ORR")
    await handovers.until(incident, "received")
    assert (await steps(handovers, incident))[-1] == "received"
    assert len(about(orrest, incident)) == 1


async def test_no_answer_then_nonsense_then_a_receipt_is_one_message(handovers: Handovers, orrest: ControlRoom) -> None:
    answers = iter(["503", "nonsense", "now"])
    orrest.answer = lambda _heard: next(answers)
    incident = await handovers.room.open("ORR")
    (sent,) = await handovers.until(incident, "received")
    assert sent["tries"] == 3
    assert len(about(orrest, incident)) == 1, "each try is the same message"
    assert await steps(handovers, incident) == ["sent", "received"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("503", "answers 503"),
        ("silent", "no answer in time"),
        ("nonsense", "the answer was no receipt"),
        ("403", "answers 403"),
        ("302", "answers 302"),
    ],
)
async def test_after_the_last_try_a_person_sees_it_and_can_send_it_again(
    handovers: Handovers, orrest: ControlRoom, answer: str, reason: str
) -> None:
    room = handovers.room
    orrest.answer = lambda _heard: answer
    incident = await room.open("ORR")
    (dead,) = await handovers.until(incident, "dead")
    assert reason in dead["reason"]
    assert incident in {one["incident"] for one in await handovers.transfers(state="dead")}
    assert (await steps(handovers, incident))[-1] == "failed"
    orrest.answer = lambda _heard: "now"
    await room.ask("control", "POST", f"/transfers/{dead['id']}/repeat", 204)
    await handovers.until(incident, "received")
    assert (await steps(handovers, incident))[-1] == "received"
    await room.ask("control", "POST", f"/transfers/{dead['id']}/repeat", 409)


async def test_a_refusal_stands_with_its_reason(handovers: Handovers, orrest: ControlRoom) -> None:
    orrest.answer = lambda _heard: "refused"
    incident = await handovers.room.open("ORR")
    (refused,) = await handovers.until(incident, "refused")
    assert "cannot take this" in refused["reason"]
    assert await steps(handovers, incident) == ["refused"]


async def test_a_wrong_address_is_mended_and_the_message_goes_the_new_way(handovers: Handovers, orrest: ControlRoom) -> None:
    room = handovers.room
    partner = (await room.ask("admin", "GET", "/partners"))["items"]
    mine = next(one for one in partner if one["agency"] == "ORR")
    handovers.allow("http://127.0.0.1:9/")
    await room.ask("admin", "PATCH", f"/partners/{mine['id']}", json={"url": "http://127.0.0.1:9/"})
    incident = await room.open("ORR")
    (dead,) = await handovers.until(incident, "dead")
    assert "no connection" in dead["reason"]
    await room.ask("admin", "PATCH", f"/partners/{mine['id']}", json={"url": orrest.url})
    await room.ask("control", "POST", f"/transfers/{dead['id']}/repeat", 204)
    await handovers.until(incident, "received")


async def test_a_key_that_they_changed_is_mended_and_shown_to_nobody(handovers: Handovers, orrest: ControlRoom) -> None:
    room = handovers.room
    mine = next(one for one in (await room.ask("admin", "GET", "/partners"))["items"] if one["agency"] == "ORR")
    orrest.own_key = "another-key"
    incident = await room.open("ORR")
    (dead,) = await handovers.until(incident, "dead")
    assert "answers 401" in dead["reason"]
    changed = await room.ask("admin", "PATCH", f"/partners/{mine['id']}", json={"their_key": "another-key"})
    assert (changed["has_their_key"], "another-key" in str(changed)) == (True, False)
    entries = (await room.platform.client("auditor").get("/v1/audit", params={"action": "incidents.partners.manage", "limit": 50})).text
    assert "another-key" not in entries
    await room.ask("control", "POST", f"/transfers/{dead['id']}/repeat", 204)
    await handovers.until(incident, "received")


async def test_what_waits_behind_a_dead_letter_goes_out_once_that_is_dropped(handovers: Handovers, orrest: ControlRoom) -> None:
    room = handovers.room
    orrest.answer = lambda _heard: "400"
    incident = await room.open("ORR")
    (dead,) = await handovers.until(incident, "dead")
    orrest.answer = lambda _heard: "now"
    await room.say("control", incident, event("log.written", text="Later"))
    await handovers.until(incident, "dead", "queued")
    await room.ask("control", "POST", f"/transfers/{dead['id']}/drop", 204, json={"reason": "Told them by telephone"})
    await handovers.until(incident, "dropped", "received")
    assert (await room.ask("control", "GET", f"/transfers/{dead['id']}"))["reason"] == "Told them by telephone"


async def test_what_a_process_that_died_had_under_way_is_sent_again(handovers: Handovers, orrest: ControlRoom) -> None:
    """Killed between sending and receipt: the message stands as being sent, and its lease has run out."""
    room, spine = handovers.room, handovers.room.platform.spine
    incident = await room.open("ORR")
    (sent,) = await handovers.until(incident, "received")
    ago = moment(now_ms()) - timedelta(seconds=1)
    await store.change(spine.db, sent["id"], {"state": "sending", "next_at": ago, "answer": None, "settled_at": None})
    await handovers.until(incident, "received")
    assert len(about(orrest, incident)) == 1, "they know it as the same"


async def test_the_same_event_told_twice_queues_once(handovers: Handovers, orrest: ControlRoom) -> None:
    room, spine = handovers.room, handovers.room.platform.spine
    incident = await room.open("ORR")
    await handovers.until(incident, "received")
    from bluelamp.incidents.handovers import outgoing  # noqa: PLC0415
    from bluelamp.incidents.log import store as log  # noqa: PLC0415
    from bluelamp.incidents.told import told_of  # noqa: PLC0415

    for one in await log.events_between(spine.db, incident, 0, 100):
        await outgoing.follow(spine, told_of(one, {"KEN": (), "ORR": ()}))
    await handovers.until(incident, "received")


async def test_only_hosts_that_the_operator_named_are_spoken_to(handovers: Handovers) -> None:
    room = handovers.room
    body = {"name": "Nowhere", "agency": "IRW", "format": "mait"}
    urls = (
        "http://127.0.0.1:5432/", "http://169.254.169.254/latest", "file:///etc/passwd", "http://[::1]/", "gopher://x/", "http://u:p@a.example/",
        "http://a.example\n.evil/", "//a.example", "http://A.example:99999/",
    )  # fmt: skip
    for url in urls:
        told = await room.ask("admin", "POST", "/partners", 422, json=body | {"url": url})
        assert told["code"] == "address_not_allowed", url


async def test_an_address_that_is_allowed_no_longer_is_not_spoken_to(handovers: Handovers, orrest: ControlRoom) -> None:
    handovers.settings.partner_hosts.clear()
    incident = await handovers.room.open("ORR")
    (dead,) = await handovers.until(incident, "dead")
    assert "BLUELAMP_INCIDENTS_PARTNER_HOSTS" in dead["reason"]
    assert not about(orrest, incident)


async def test_redirects_are_not_followed_and_no_proxy_is_asked(handovers: Handovers) -> None:
    del handovers
    async with sending.client() as http:
        assert not http.follow_redirects
        assert not http.trust_env


async def test_an_alert_says_what_was_written_for_the_public_and_nothing_else(handovers: Handovers, orrest: ControlRoom) -> None:
    room = handovers.room
    made = await handovers.partner(orrest.url, format="cap", agency="WARN", own_address="control@kentmere.example")
    incident = await room.open(description="Suspect named Secret", title="Secret title")
    ring = [[-2.72, 54.23], [-2.72, 54.24], [-2.7, 54.24], [-2.72, 54.23]]
    drawn = event(
        "feature.drawn", feature=new_id(), type="outer_cordon", label="Cordon", geometry={"type": "Polygon", "coordinates": [ring]}
    )
    await room.say("control", incident, drawn, event("person.recorded", person=new_id(), name="Jane Secret", role="suspect"))
    path = f"/{incident}/handovers"
    assert (await room.ask("control", "POST", path, 422, json={"partner": made["id"]}))["code"] == "invalid"
    queued = await room.ask("control", "POST", path, 201, json={"partner": made["id"], "note": "Keep windows shut"})
    await handovers.until(incident, "dead")  # it speaks no CAP; what was sent is kept
    whole: dict[str, Any] = await room.ask("control", "GET", f"/transfers/{queued['id']}")
    assert "Keep windows shut" in whole["body"]
    assert "54.23,-2.72" in whole["body"]
    assert "Secret" not in whole["body"]
    assert "WARN" not in (await room.state("control", incident))["agencies"]
