"""A plate typed on an incident is looked up for who typed it, once, and their agency alone sees what was found."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from bluelamp.contracts.lookups import PORT, Wanted
from bluelamp.incidents import told
from bluelamp.incidents.consumers.lookups import look_up, purpose_for
from bluelamp.incidents.log import store
from bluelamp.incidents.told import told_of
from bluelamp.kit.ids import new_id
from tests.incidents.conftest import IncidentRoom, event


class Register:
    """Knows one plate, and remembers who asked."""

    def __init__(self) -> None:
        self.asked: list[Wanted] = []

    async def look_up(self, wanted: Wanted) -> dict[str, Any] | None:
        self.asked.append(wanted)
        return {"reads": 2} if wanted.agency == "KEN" else None


async def test_what_was_found_is_for_the_agency_that_asked(room: IncidentRoom) -> None:
    incident, vehicle, register = await room.open("KFR"), new_id(), Register()
    spine = replace(room.platform.spine, ports={PORT: register})
    await room.say("officer", incident, event("vehicle.recorded", vehicle=vehicle, vrm="KE77STL"))
    await room.say("firefighter", incident, event("vehicle.recorded", vehicle=new_id(), vrm="KE77CLN"))
    events = await store.events_between(spine.db, incident, 0, 100)
    questions = [told.decode(told.encode(told_of(e, {}))) for e in events if e.kind == "vehicle.recorded"]
    for question in (*questions, *questions):  # delivered twice
        await look_up(spine, question)
    assert [wanted.vrm for wanted in register.asked[:2]] == ["KE77STL", "KE77CLN"]
    assert register.asked[0].reference.startswith("KEN-")
    state = await room.state("officer", incident)
    assert state["counts"]["vehicle.looked_up"] == 1
    assert state["vehicles"][vehicle]["found"] == {"KEN": {"anpr": {"reads": 2}}}
    assert (await room.state("fire", incident))["vehicles"][vehicle]["found"] == {}


async def test_the_search_is_the_persons_own(room: IncidentRoom) -> None:
    """End to end: recorded by an officer, looked up by the worker through ANPR, under the purpose of a collision."""
    incident, vehicle = await room.open("KFR"), new_id()
    await room.say("officer", incident, event("vehicle.recorded", vehicle=vehicle, vrm="ke77 lku"))
    await room.say("firefighter", incident, event("vehicle.recorded", vehicle=new_id(), vrm="KE77 CLN"))
    async with asyncio.timeout(20):
        while not (found := (await room.state("officer", incident))["vehicles"][vehicle]["found"]):  # noqa: ASYNC110
            await asyncio.sleep(0.1)  # the worker asks
    told_so = found["KEN"]["anpr"]
    assert told_so["seen"] == []
    assert told_so["warnings"] == []
    search = (await room.platform.client("officer").get(f"/v1/anpr/searches/{told_so['search']}")).json()
    assert search["reason"]["purpose"] == "road_safety"
    assert search["reason"]["reference"].startswith("KEN-")


async def test_the_purpose_follows_the_type() -> None:
    assert purpose_for("collision.injury") == "road_safety"
    assert purpose_for("missing_person") == "missing_person"
    assert purpose_for("violence.weapon") == "vehicle_stop"
