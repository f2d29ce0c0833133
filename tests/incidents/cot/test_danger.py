"""Somebody in danger is heard: whatever fails, whatever is full, and by those who come later."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from bluelamp.incidents.gateways.cot.joining import incoming, outgoing
from bluelamp.incidents.gateways.cot.missions import contents
from bluelamp.incidents.gateways.cot.trust import keeper
from bluelamp.kit.ids import new_id
from bluelamp.spine.errors import EngineDownError
from tests.incidents.conftest import IncidentRoom
from tests.incidents.conftest import event as room_event
from tests.incidents.cot.device import Device
from tests.incidents.cot.examples import chat, emergency, iso, position
from tests.incidents.cot.tak import Tak
from tests.incidents.cot.test_joining import ask, crew, events, open_incident


@asynccontextmanager
async def seeing(tak: Tak, username: str, incident: str) -> AsyncIterator[Device]:
    """A device that is connected and has the incident on its map."""
    async with await tak.device(username) as device:
        await device.wait("b-m-p", uid=f"bluelamp-i-{incident}")
        yield device


async def close_all(tak: Tak) -> None:
    """Of other tests."""
    await tak.platform.spine.db.execute("UPDATE emergencies SET state = 'closed' WHERE state <> 'closed'")


@pytest.mark.parametrize("failure", [EngineDownError("away"), asyncpg.DeadlockDetectedError("a knot"), ValueError("a fault of ours")])
async def test_an_alert_is_raised_once_whatever_fails_before(tak: Tak, monkeypatch: pytest.MonkeyPatch, failure: Exception) -> None:
    incident = await open_incident(tak)
    await crew(tak, "officer", incident["id"])
    await close_all(tak)
    raise_emergency, tried = incoming.raise_emergency, []

    async def failing(*args: Any) -> Any:
        tried.append(args[2])
        if len(tried) == 1:
            raise failure
        done = await raise_emergency(*args)
        if len(tried) == 2:
            raise failure  # raised, but the answer was lost
        return done

    monkeypatch.setattr(incoming, "raise_emergency", failing)
    async with seeing(tak, "officer", incident["id"]) as device:
        device.send(position("P-danger"), emergency("P-danger", "KILO 1"), emergency("P-danger", "KILO 1"))
        await events(tak, incident["id"], "emergency.raised")
        async with asyncio.timeout(20):
            while len(tried) < 3:  # noqa: ASYNC110 - what is waited for tells nobody
                await asyncio.sleep(0.02)
        await device.settled()
        assert len(await events(tak, incident["id"], "emergency.raised")) == 1
        assert len(set(tried)) == 1, "under the same id, so that it is the same"


async def test_a_cancel_on_the_device_is_told_and_ends_nothing_by_itself(tak: Tak) -> None:
    incident = await open_incident(tak)
    await crew(tak, "officer", incident["id"])
    await close_all(tak)
    async with seeing(tak, "officer", incident["id"]) as device, seeing(tak, "supervisor", incident["id"]) as other:
        alert = emergency("P-danger-cancel", "KILO 1")
        device.send(position("P-danger-cancel", "KILO 1"), alert)
        (raised,) = await events(tak, incident["id"], "emergency.raised")
        number = raised["data"]["emergency"]
        device.send(*[alert.replace(b"b-a-o-tbl", b"b-a-o-can")] * 3)
        (cancelled,) = await events(tak, incident["id"], "emergency.cancelled")
        assert (cancelled["data"]["emergency"], cancelled["call_sign"]) == (number, raised["call_sign"])
        await other.wait("b-a-o-can", uid="P-danger-cancel-9-1-1")
        found = {one["id"]: one for one in (await ask(tak, "control", "GET", "/emergencies"))["items"]}
        assert (found[number]["state"], bool(found[number]["cancelled_at"])) == ("raised", True), "a control room answers it all the same"
        shown = (await ask(tak, "control", "GET", f"/{incident['id']}"))["emergencies"][number]
        assert (shown["state"], bool(shown["cancelled_at"])) == ("raised", True)
        escalates = await tak.platform.spine.db.fetchval("SELECT escalates_at FROM emergencies WHERE id = $1", number)
        assert escalates is not None, "and is told again until somebody does"
        await ask(tak, "control", "POST", f"/emergencies/{number}/acknowledge")
        await ask(tak, "control", "POST", f"/emergencies/{number}/close", json={"outcome": "false_alarm"})
        entries = await tak.platform.spine.db.fetchval(
            "SELECT count(*) FROM audit_entries WHERE kind = 'alteration' AND action = 'incidents.emergencies.raise' AND subjects @> $1",
            [number],
        )
        assert entries == 1


async def test_a_cancel_ends_no_emergency_of_the_phone_or_of_another(tak: Tak) -> None:
    incident = await open_incident(tak)
    await crew(tak, "officer", incident["id"])
    await close_all(tak)
    async with seeing(tak, "officer", incident["id"]) as device, seeing(tak, "control", incident["id"]) as forger:
        device.send(position("P-danger-own", "KILO 1"), emergency("P-danger-own", "KILO 1"))
        (raised,) = await events(tak, incident["id"], "emergency.raised")
        body = {"id": new_id(), "pressed_at": iso()}
        await ask(tak, "officer", "POST", "/emergencies", json=body)
        forger.send(position("P-danger-forger", "KILO 9"), emergency("P-danger-own", "KILO 1").replace(b"b-a-o-tbl", b"b-a-o-can"))
        forger.send(emergency("P-danger-forger", "KILO 9").replace(b"b-a-o-tbl", b"b-a-o-can"))
        device.send(emergency("P-danger-other", "KILO 1").replace(b'uid="P-danger-other"', b'uid="P-danger-own"').replace(b"tbl", b"can"))
        await forger.settled()
        await device.settled()
        device.send(emergency("P-danger-own", "KILO 1").replace(b"b-a-o-tbl", b"b-a-o-can"))
        (cancelled,) = await events(tak, incident["id"], "emergency.cancelled")
        assert cancelled["data"]["emergency"] == raised["data"]["emergency"]
        found = {one["id"]: one for one in (await ask(tak, "control", "GET", "/emergencies"))["items"]}
        assert found[body["id"]]["cancelled_at"] is None
        await close_all(tak)


@pytest.fixture
def few_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the gateway is made."""
    monkeypatch.setattr(incoming, "WAITING_MAX", 15)


@pytest.mark.usefixtures("few_wait")
async def test_an_alert_passes_what_waits_to_be_kept(tak: Tak, monkeypatch: pytest.MonkeyPatch) -> None:
    incident = await open_incident(tak)
    await crew(tak, "officer", incident["id"])
    await close_all(tak)
    say_kept, stuck = contents.say, asyncio.Event()

    async def slow(*args: Any) -> Any:
        await stuck.wait()
        return await say_kept(*args)

    monkeypatch.setattr(contents, "say", slow)
    async with seeing(tak, "officer", incident["id"]) as device:
        device.send(position("P-danger-full"))
        device.send(*(chat("P-danger-full", "KILO 1", f"word {n}", incident["number"], number=f"m-{n}") for n in range(15)))
        device.send(*(emergency("P-danger-full", "KILO 1").replace(b"-9-1-1", b"-9-1-1-%d" % n) for n in range(50)))
        await events(tak, incident["id"], "emergency.raised")
        await device.settled()
        stuck.set()
        assert len(await events(tak, incident["id"], "chat.said", 15)) == 15


async def test_who_comes_later_hears_who_is_in_danger_now(tak: Tak) -> None:
    incident = await open_incident(tak)
    await crew(tak, "officer", incident["id"])
    await close_all(tak)
    number = new_id()
    await IncidentRoom(tak.platform).ask("officer", "POST", "/emergencies", json={"id": number, "pressed_at": iso()})
    async with seeing(tak, "supervisor", incident["id"]) as first:
        await first.wait("b-a-o", uid=f"bluelamp-e-{number}")
    async with await tak.device("supervisor") as again, await tak.device("firefighter") as stranger:
        await again.wait("b-a-o", uid=f"bluelamp-e-{number}")
        await stranger.settled()
        assert not [event for event in stranger.events if event.uid == f"bluelamp-e-{number}"]
        join = {"agency": "KFR"}
        await IncidentRoom(tak.platform).say("control", incident["id"], room_event("agency.joined", **join))
        await stranger.wait("b-a-o", uid=f"bluelamp-e-{number}")
        await IncidentRoom(tak.platform).ask("control", "POST", f"/emergencies/{number}/close", json={"outcome": "resolved"})
        await stranger.wait("b-a-o-can", uid=f"bluelamp-e-{number}")
        left = room_event("agency.left", agency="KFR", reason="over")  # the officer's resource stays there, and other tests call for help
        await IncidentRoom(tak.platform).say("control", incident["id"], left)
    async with seeing(tak, "supervisor", incident["id"]) as after:
        await after.settled()
        assert not [event for event in after.events if event.uid == f"bluelamp-e-{number}"], "it is over"


async def test_an_agency_put_out_hears_nothing_more_though_nobody_can_say_who_sees_what(tak: Tak, monkeypatch: pytest.MonkeyPatch) -> None:
    incident = await open_incident(tak)
    room = IncidentRoom(tak.platform)
    await room.say("control", incident["id"], room_event("agency.joined", agency="KFR"))
    standing = keeper.CertificateKeeper._standing

    async def of_ours(self: keeper.CertificateKeeper, device: str, person: str, agency: str, *known: Any) -> Any:
        if agency == "KFR":
            raise EngineDownError("nobody can say")
        return await standing(self, device, person, agency, *known)

    async with seeing(tak, "firefighter", incident["id"]) as fire, seeing(tak, "supervisor", incident["id"]) as ours:
        monkeypatch.setattr(keeper.CertificateKeeper, "_standing", of_ours)
        await room.say("control", incident["id"], room_event("agency.left", agency="KFR", reason="stood down"))
        await room.say("control", incident["id"], room_event("chat.said", text="for us alone"))
        await fire.wait("t-x-d-d", uid=f"gone-bluelamp-i-{incident['id']}")
        await ours.wait("b-t-f", like=lambda said: f".{incident['number']}." in said.uid)
        assert not [event for event in fire.events if f".{incident['number']}." in event.uid]


async def test_a_position_that_cannot_be_shown_stops_no_other(tak: Tak, monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = await crew(tak, "officer"), await crew(tak, "control")
    for one in (bad, good):
        await IncidentRoom(tak.platform).ask("control", "POST", f"/resources/{one}/status", json={"code": "2"})
    show = outgoing.Outgoing._show_resource

    def failing(self: outgoing.Outgoing, resource: str) -> None:
        if resource == bad:
            raise ZeroDivisionError
        show(self, resource)

    monkeypatch.setattr(outgoing.Outgoing, "_show_resource", failing)
    report = {"sent_at": iso(), "positions": [{"at": iso(), "latitude": 54.4, "longitude": -2.6}]}
    async with await tak.device("supervisor") as viewer:
        for who in ("officer", "control"):
            await IncidentRoom(tak.platform).ask(who, "POST", "/positions", json=report)
        await viewer.wait("a-f", uid=f"bluelamp-r-{good}")
