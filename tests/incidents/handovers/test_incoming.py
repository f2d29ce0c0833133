"""Another control room hands over: incidents are opened, added to and closed; each message has its receipt, and counts once."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

import pytest

from bluelamp.demo.incidents.control_room import ControlRoom
from bluelamp.incidents.gateways import mait
from bluelamp.incidents.gateways.message import Coded, HandoverMessage, PersonTold
from bluelamp.incidents.gateways.registry import FORMATS
from bluelamp.incidents.handovers import incoming, partner_store, store
from bluelamp.incidents.log.store import moment
from bluelamp.kit.clock import now_ms
from bluelamp.kit.ids import new_id
from tests.incidents.conftest import event
from tests.incidents.handovers.conftest import Handovers
from tests.incidents.handovers.messages import collision


async def connected(handovers: Handovers, **more: Any) -> str:
    """The key of a partner who only sends."""
    return str((await handovers.partner("", **more))["key"])


def theirs(**changes: Any) -> HandoverMessage:
    told = {
        "sender": "ORR",
        "receiver": "KEN",
        "id": new_id(),
        "incident": f"orr:{new_id()}",
        "reference": "ORR/7",
        "at": now_ms() // 1000 * 1000,
    }
    return collision(**told | changes)


async def opened(handovers: Handovers, number: str) -> dict[str, Any]:
    page = await handovers.room.ask("control", "GET", "", params={"limit": 200, "status": ["open", "closed"]})
    return next(one for one in page["items"] if one["number"] == number)


async def test_a_hand_over_opens_an_incident_and_has_a_receipt_with_our_number(handovers: Handovers) -> None:
    key, message = await connected(handovers), theirs()
    receipt = mait.read(await handovers.post(key, mait.write(message)))
    assert (receipt.kind, receipt.outcome, receipt.answers, receipt.incident) == ("receipt", "received", message.id, message.incident)
    assert (receipt.sender, receipt.receiver) == ("KEN", "ORR")
    row = await opened(handovers, receipt.reference)
    state = await handovers.room.state("control", row["id"])
    assert (state["lead"], state["source"], state["reference"]) == ("KEN", "handover", "ORR/7")
    assert (state["type"], state["grade"], state["title"]) == ("collision.entrapment", "emergency", "Lorry and two cars")
    assert state["place"]["latitude"] == 54.2301
    assert [one["name"] for one in state["persons"].values()] == ["Jo Fell"]
    assert [one["label"] for one in state["features"].values()] == ["Outer cordon"]
    assert "ORR" in state["agencies"]
    log = await handovers.room.ask("control", "GET", f"/{row['id']}/events", params={"kind": "log.written"})
    assert "P1 2, P3 4" in log["items"][0]["data"]["text"]
    assert not [one for one in await handovers.transfers(row["id"]) if one["direction"] == "out"], "nobody is told what they said"


async def test_the_same_message_again_changes_nothing_and_gets_the_same_receipt(handovers: Handovers) -> None:
    key, body = await connected(handovers), mait.write(theirs())
    first, *others = await asyncio.gather(*[handovers.post(key, body) for _ in range(6)])
    assert all(other == first for other in others)
    assert await handovers.post(key, body) == first
    row = await opened(handovers, mait.read(first).reference)
    events = (await handovers.room.ask("control", "GET", f"/{row['id']}/events", params={"limit": 500}))["items"]
    assert [one["kind"] for one in events].count("incident.opened") == 1
    assert len(events) == row["sequence"]
    assert len([one for one in events if one["kind"] == "log.written"]) == 1


async def test_another_message_under_a_known_id_is_refused(handovers: Handovers) -> None:
    key, message = await connected(handovers), theirs()
    await handovers.post(key, mait.write(message))
    other = HandoverMessage(**dict(message) | {"title": "Something else"})
    receipt = mait.read(await handovers.post(key, mait.write(other), status=422))
    assert (receipt.outcome, "its own" in receipt.note) == ("refused", True)


async def test_unknown_words_are_kept_and_a_grade_is_not_taken_for_less(handovers: Handovers) -> None:
    key = await connected(handovers)
    message = theirs(type=Coded(code="Z9", words="Cow in canal"), grade=Coded(code="77", words="Whenever"), persons=(), areas=())
    row = await opened(handovers, mait.read(await handovers.post(key, mait.write(message))).reference)
    state = await handovers.room.state("control", row["id"])
    assert (state["type"], state["grade"]) == ("other", "emergency")
    assert "Their type: Z9 Cow in canal" in state["description"]
    assert "Their grade: 77 Whenever" in state["description"]


async def test_what_they_began_they_amend_and_close(handovers: Handovers) -> None:
    key, message = await connected(handovers), theirs()
    row = await opened(handovers, mait.read(await handovers.post(key, mait.write(message))).reference)
    again = {"id": new_id(), "kind": "update", "title": "Lorry, two cars and a bus", "note": "Bus found", "casualties": {"P1": 3}}
    more = (*message.persons, PersonTold(name="Sam Beck", role="witness"))
    await handovers.post(key, mait.write(HandoverMessage(**dict(message) | again | {"persons": more})))
    state = await handovers.room.state("control", row["id"])
    assert state["title"] == "Lorry, two cars and a bus"
    assert sorted(one["name"] for one in state["persons"].values()) == ["Jo Fell", "Sam Beck"]
    assert state["counts"]["person.recorded"] == 2, "who is known is not recorded again"
    closing = {"id": new_id(), "kind": "close", "note": "Cleared"}
    receipt = mait.read(await handovers.post(key, mait.write(HandoverMessage(**dict(message) | closing))))
    assert "is closed" in receipt.note
    assert (await handovers.room.state("control", row["id"]))["close_reason"].endswith("Cleared")


async def test_our_side_stays_open_while_our_resources_are_out(handovers: Handovers) -> None:
    room = handovers.room
    key, message = await connected(handovers), theirs()
    row = await opened(handovers, mait.read(await handovers.post(key, mait.write(message))).reference)
    car = await room.resource()
    await room.say("control", row["id"], event("resource.assigned", resource=car["id"]))
    await handovers.post(key, mait.write(HandoverMessage(**dict(message) | {"id": new_id(), "kind": "close", "note": "Cleared"})))
    state = await room.state("control", row["id"])
    assert state["status"] == "open"
    log = await room.ask("control", "GET", f"/{row['id']}/events", params={"kind": "log.written"})
    assert car["call_sign"] in log["items"][-1]["data"]["text"]


async def test_what_we_lead_is_never_overwritten(handovers: Handovers, orrest: ControlRoom) -> None:
    room = handovers.room
    incident = await room.open("ORR")
    await handovers.until(incident, "received")
    message = theirs(incident=incident, kind="update", title="Not what it is", note="Two engines on the way")
    await handovers.post(orrest._key, mait.write(message))
    await handovers.post(orrest._key, mait.write(HandoverMessage(**dict(message) | {"id": new_id(), "kind": "close", "note": "Done here"})))
    state = await room.state("control", incident)
    assert (state["title"], state["status"]) == ("Lorry and two cars", "open")
    log = await room.ask("control", "GET", f"/{incident}/events", params={"kind": "log.written"})
    said = "\n".join(one["data"]["text"] for one in log["items"])
    assert "Two engines on the way" in said
    assert "closed its side: Done here" in said
    assert {one["agency"] for one in log["items"]} == {"ORR"}


async def test_an_update_of_what_was_never_heard_of_is_not_lost(handovers: Handovers) -> None:
    key, message = await connected(handovers), theirs(kind="update")
    row = await opened(handovers, mait.read(await handovers.post(key, mait.write(message))).reference)
    assert row["status"] == "open"


async def test_a_close_of_what_was_never_heard_of_is_refused(handovers: Handovers) -> None:
    key = await connected(handovers)
    receipt = mait.read(await handovers.post(key, mait.write(theirs(kind="close")), status=422))
    assert receipt.outcome == "refused"


async def test_a_test_opens_nothing_and_an_exercise_says_so(handovers: Handovers) -> None:
    key = await connected(handovers)
    receipt = mait.read(await handovers.post(key, mait.write(theirs(status="test"))))
    assert (receipt.outcome, receipt.reference) == ("received", "")
    row = await opened(handovers, mait.read(await handovers.post(key, mait.write(theirs(status="exercise")))).reference)
    assert row["title"].startswith("EXERCISE: ")


async def test_what_cannot_be_read_is_kept_whole_and_can_be_read_again(handovers: Handovers, monkeypatch: pytest.MonkeyPatch) -> None:
    room = handovers.room
    key, good = await connected(handovers), mait.write(theirs())
    strange = good.replace(b'version="1"', b'version="2"')
    first = await handovers.post(key, strange, status=422)
    assert b"version 1" in first
    await handovers.post(key, strange, status=422)
    dead = [one for one in await handovers.transfers(state="dead") if one["direction"] == "in"]
    mine = [one for one in dead if (await room.ask("control", "GET", f"/transfers/{one['id']}"))["body"] == strange.decode()]
    assert len(mine) == 1, "the same body is kept once"
    await room.ask("control", "POST", f"/transfers/{mine[0]['id']}/repeat", 422)
    # As if a newer platform understood it.
    understanding = FORMATS["mait"]._replace(read=lambda body: mait.read(body.replace(b'version="2"', b'version="1"')))
    monkeypatch.setitem(FORMATS, "mait", understanding)
    await room.ask("control", "POST", f"/transfers/{mine[0]['id']}/repeat", 204)
    async with asyncio.timeout(20):
        while (whole := await room.ask("control", "GET", f"/transfers/{mine[0]['id']}"))["state"] != "received":  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert (await room.state("control", whole["incident"]))["title"] == "Lorry and two cars"


async def test_what_a_process_that_died_had_begun_to_read_is_finished(handovers: Handovers, orrest: ControlRoom) -> None:
    """Kept, and killed before anything was done or answered: a worker does it, and sends the receipt."""
    spine, message = handovers.room.platform.spine, theirs()
    partner = await partner_store.by_key(spine.db, hashlib.sha256(orrest._key.encode()).digest())
    assert partner is not None
    kept = await incoming._keep(spine, partner, message, mait.write(message))
    await store.change(spine.db, kept.id, {"next_at": moment(now_ms())})
    async with asyncio.timeout(20):
        while not [heard for heard in orrest.heard if (heard.kind, heard.incident) == ("receipt", message.incident)]:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    whole = await handovers.room.ask("control", "GET", f"/transfers/{kept.id}")
    assert whole["state"] == "received"
    assert (await handovers.room.state("control", whole["incident"]))["source"] == "handover"


async def test_a_dead_letter_is_dropped_with_a_reason(handovers: Handovers) -> None:
    room, key = handovers.room, await connected(handovers)
    await handovers.post(key, f"<nothing>{new_id()}</nothing>".encode(), status=422)
    dead = (await handovers.transfers(state="dead"))[0]
    await room.ask("control", "POST", f"/transfers/{dead['id']}/drop", 204, json={"reason": "Their test"})
    assert dead["id"] not in {one["id"] for one in await handovers.transfers(state="dead")}
    assert (await room.ask("control", "GET", f"/transfers/{dead['id']}"))["state"] == "dropped"


async def test_nobody_comes_in_without_the_partners_own_key(handovers: Handovers) -> None:
    platform = handovers.room.platform
    made = await handovers.partner("")
    body = mait.write(theirs())
    for key in ("x", "blh_" + "A" * 43, platform.tokens["admin"]):
        answer = await platform.client().post("/v1/incidents/handovers/mait", content=body, headers={"Authorization": f"Bearer {key}"})
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    kept = await platform.spine.db.fetchval("SELECT string_agg(t::text, '') FROM handover_keys t")
    assert made["key"] not in kept
    other = await handovers.room.ask("admin", "POST", f"/partners/{made['id']}/keys", 201)
    await handovers.room.ask("admin", "DELETE", f"/partners/{made['id']}/keys/{made['key_id']}", 204)
    await handovers.post(made["key"], body, status=401)
    await handovers.post(other["key"], body)


async def test_a_key_serves_its_own_format(handovers: Handovers) -> None:
    key = await connected(handovers)
    await handovers.post(key, b"{}", "eido", status=422)
    await handovers.post(key, b"{}", "nothing", status=404)
    await handovers.post(key, b"{}", "sitrep", status=404)
    await handovers.post(key, b"x" * ((1 << 20) + 1), status=413)


async def test_a_partner_cannot_touch_an_incident_that_was_not_handed_over_between_us(handovers: Handovers) -> None:
    """The id of another incident of ours, guessed, is to them a name like any other: they open one of their own."""
    room = handovers.room
    ours = await room.open()
    key = await connected(handovers)
    receipt = mait.read(await handovers.post(key, mait.write(theirs(kind="update", incident=ours, title="Mine now"))))
    row = await opened(handovers, receipt.reference)
    assert row["id"] != ours
    assert (await room.state("control", ours))["title"] == "Lorry and two cars"


async def test_a_warning_becomes_an_incident_and_what_follows_it_is_added(handovers: Handovers) -> None:
    key = await connected(handovers, format="cap", agency="MET")
    cap = FORMATS["cap"]
    assert cap.read is not None
    warning = theirs(sender="warnings@met.example", type=Coded(code="flood", words="Flood warning"), persons=(), casualties={})
    receipt = cap.read(await handovers.post(key, cap.write(warning), "cap"))
    assert (receipt.kind, receipt.outcome, receipt.answers) == ("receipt", "received", warning.id)
    page = await handovers.room.ask("control", "GET", "", params={"limit": 50})
    row = next(one for one in page["items"] if one["number"] in receipt.note)
    assert row["type"] == "flood"
    cancel = HandoverMessage(**dict(warning) | {"id": new_id(), "kind": "close", "answers": warning.id, "note": "Over"})
    await handovers.post(key, cap.write(cancel), "cap")
    assert (await handovers.room.state("control", row["id"]))["status"] == "closed"


async def test_what_they_say_of_one_that_was_merged_is_written_where_it_goes_on(handovers: Handovers) -> None:
    room = handovers.room
    key, message = await connected(handovers), theirs()
    row = await opened(handovers, mait.read(await handovers.post(key, mait.write(message))).reference)
    into = await room.open(title="Ours")
    await room.ask("control", "POST", f"/{row['id']}/merge", json={"into": into, "reason": "the same collision"})
    again = {"id": new_id(), "kind": "update", "title": "Lorry, two cars and a bus", "note": "Bus found"}
    more = (*message.persons, PersonTold(name="Sam Beck", role="witness"))
    receipt = mait.read(await handovers.post(key, mait.write(HandoverMessage(**dict(message) | again | {"persons": more}))))
    state = await room.state("control", into)
    assert (receipt.reference, state["title"]) == (state["number"], "Ours")
    assert sorted(one["name"] for one in state["persons"].values()) == ["Jo Fell", "Sam Beck"]
    log = (await room.ask("control", "GET", f"/{into}/events", params={"kind": "log.written"}))["items"]
    assert "Title there: Lorry, two cars and a bus" in log[-1]["data"]["text"]
    closing = {"id": new_id(), "kind": "close", "note": "Cleared"}
    await handovers.post(key, mait.write(HandoverMessage(**dict(message) | closing)))
    assert (await room.state("control", into))["status"] == "open"
