"""Two control rooms on platforms of this kind speak to each other through their doors, by HTTP: one platform as its own partner."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

import pytest

from bluelamp.demo.incidents.control_room import ControlRoom
from bluelamp.demo.session.client import PlatformClient
from bluelamp.incidents.domain.rules import Author, New
from bluelamp.incidents.handovers import partner_store
from bluelamp.incidents.handovers.partner_store import Partner
from bluelamp.incidents.log.actions import append
from bluelamp.incidents.log.queries import state_now
from bluelamp.incidents.log.store import moment
from bluelamp.kit.clock import now_ms
from bluelamp.kit.ids import new_id
from bluelamp.spine.audit import SYSTEM
from tests.incidents.conftest import event
from tests.incidents.handovers.conftest import Handovers

OIDS = {"address": "1.2.276.0.99.2", "own_address": "1.2.276.0.99.1"}


async def connect(handovers: Handovers, name: str) -> str:
    """Kentmere and Orrest are partners of each other; id of Orrest's record of Kentmere."""
    spine, here = handovers.room.platform.spine, handovers.room.platform.url
    door, oids = f"{here}/v1/incidents/handovers/{name}", OIDS if name == "ucri2" else {}
    their_key, other, now = f"blh_{new_id()}{new_id()}", new_id(), moment(now_ms())
    made = await handovers.partner(door, format=name, agency="ORR", their_key=their_key, **oids)
    await spine.db.execute(
        "UPDATE handover_partners SET agency = 'X' || substr(id, 20), active = false WHERE owner = 'ORR' AND agency = 'KEN'"
    )
    record = Partner(other, "ORR", "KEN", "Kentmere control", name, door, oids.get("own_address", ""), oids.get("address", ""), made["key"],
                     active=True, created_at=now, changed_at=now)  # fmt: skip
    async with spine.db.transaction() as connection:
        assert await partner_store.add(connection, record)
        await partner_store.add_key(connection, new_id(), other, hashlib.sha256(their_key.encode()).digest(), their_key[:8], now)
    return other


async def when(check: Any) -> Any:
    async with asyncio.timeout(30):
        while not (found := await check()):  # noqa: ASYNC110 - what is waited for sends no signal
            await asyncio.sleep(0.05)
    return found


@pytest.mark.parametrize("name", ["mait", "eido", "ucri2"])
async def test_an_incident_goes_over_and_both_sides_stay_in_step(handovers: Handovers, name: str) -> None:
    room, spine = handovers.room, handovers.room.platform.spine
    other = await connect(handovers, name)
    ours = await room.open("ORR")
    await handovers.until(ours, "received")
    theirs = await spine.db.fetchval("SELECT incident FROM handover_links WHERE partner = $1", other)
    state = await state_now(spine, theirs)
    assert (state.lead, state.title, state.type, state.grade) == ("ORR", "Lorry and two cars", "collision.injury", "emergency")
    assert state.place.point == (54.2301, -2.718)
    mine = await room.state("control", ours)
    assert state.reference == mine["number"]
    assert mine["agencies"]["ORR"]["reference"] == state.number, "their number came with the receipt"

    await room.say("control", ours, event("log.written", text="Diesel on the road"), event("incident.amended", title="Lorry and bus"))

    async def amended() -> bool:
        return (await state_now(spine, theirs)).title == "Lorry and bus"

    await when(amended)
    author = Author(SYSTEM, "Orrest control", "ORR", frozenset(), frozenset(), platform=True)
    await append(spine, author, theirs, [New(new_id(), "log.written", now_ms(), {"text": "Two engines on the way"})])

    async def answered() -> bool:
        page = await room.ask("control", "GET", f"/{ours}/events", params={"kind": "log.written"})
        return any("Two engines on the way" in one["data"]["text"] for one in page["items"])

    await when(answered)
    before = (await room.state("control", ours))["sequence"], (await state_now(spine, theirs)).sequence
    await asyncio.sleep(1)
    settled = (await room.state("control", ours))["sequence"], (await state_now(spine, theirs)).sequence
    assert settled[0] - before[0] <= 2, "what they say is not said back to them for ever"
    assert settled[1] - before[1] <= 2
    await room.say("control", ours, event("incident.closed", reason="Cleared"))

    async def closed() -> bool:
        return (await state_now(spine, theirs)).status == "closed"

    await when(closed)


async def test_the_simulated_control_room_connects_hands_over_and_goes_on(handovers: Handovers) -> None:
    """As the demonstration does it, from nothing."""
    platform = handovers.room.platform
    await handovers.partner("")  # what other tests left of Orrest is out of the way
    await platform.spine.db.execute("UPDATE handover_partners SET agency = 'X' || substr(id, 20) WHERE owner = 'KEN' AND agency = 'ORR'")
    there = ControlRoom("Orrest control", "ORR", platform.url, seed=3)
    await there.start()
    handovers.allow(there.url)
    try:
        async with PlatformClient(platform.url, platform.tokens["admin"]) as admin:
            first = await there.connect(admin)
            assert await there.connect(admin) == first, "again, with a new key"
        shared = await there.hand_over("Walker with a broken leg", "medical", "Medical", "priority", "Sour Milk Gill", 54.47, -3.02)
        ((_, outcome, number),) = there.receipts
        assert outcome == "received"
        page = await handovers.room.ask("control", "GET", "", params={"limit": 200})
        row = next(one for one in page["items"] if one["number"] == number)
        assert (row["type"], row["grade"], row["title"]) == ("medical", "priority", "Walker with a broken leg")
        await there.update(shared, "Mountain rescue is on the way", {"P2": 1})
        await handovers.room.say("control", row["id"], event("log.written", text="Helicopter asked for"))

        async def told() -> bool:
            return any("Helicopter" in heard.note for heard in there.heard)

        await when(told)
        await there.close(shared, "Handed to the ambulance")
        assert (await handovers.room.state("control", row["id"]))["status"] == "closed"
        assert [outcome for _, outcome, _ in there.receipts] == ["received"] * len(there.receipts)
    finally:
        await there.stop()
