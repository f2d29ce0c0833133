"""Where somebody is goes to those who may see it now: what changes that takes them off the maps of all others."""

from __future__ import annotations

from tests.incidents.cot.examples import iso, position
from tests.incidents.cot.tak import Tak
from tests.incidents.cot.test_joining import ask, crew, open_incident, say, seeing


async def test_who_becomes_covert_leaves_every_map_but_the_control_rooms(tak: Tak) -> None:
    incident = await open_incident(tak)
    resource = await crew(tak, "officer", incident["id"])
    await say(tak, "control", incident["id"], "agency.joined", agency="KFR", roles=[], reason="fire")
    devices = [await seeing(tak, who, incident["id"]) for who in ("officer", "control", "officer", "firefighter")]
    police, control, *others = devices
    try:
        police.send(position("P-covert", "KILO 1"))
        for device in (control, *others):
            await device.wait("a-f", uid="P-covert")
        await ask(tak, "control", "PATCH", f"/resources/{resource}", json={"covert": True})
        for device in others:
            await device.wait("t-x-d-d", uid="gone-P-covert")
        await control.wait("a-f", uid="P-covert", count=2)
        police.send(position("P-covert", "KILO 1", lat=54.9))
        assert (await control.wait("a-f", uid="P-covert", count=3))[-1].latitude == 54.9
        late = await seeing(tak, "officer", incident["id"])
        devices.append(late)
        for device in (*others, late):
            await device.settled(police)
        assert [len([one for one in device.events if one.uid == "P-covert"]) for device in (*others, late)] == [1, 1, 0]
    finally:
        await ask(tak, "control", "PATCH", f"/resources/{resource}", json={"covert": False})
        for device in devices:
            await device.__aexit__()


async def test_a_partner_sees_a_device_no_more_when_its_crew_is_released(tak: Tak) -> None:
    incident = await open_incident(tak)
    resource = await crew(tak, "officer", incident["id"])
    await say(tak, "control", incident["id"], "agency.joined", agency="KFR", roles=[], reason="fire")
    police, fire = await seeing(tak, "officer", incident["id"]), await seeing(tak, "firefighter", incident["id"])
    try:
        police.send(position("P-released", "KILO 1"))
        await fire.wait("a-f", uid="P-released")
        await say(tak, "control", incident["id"], "resource.released", resource=resource)
        await fire.wait("t-x-d-d", uid="gone-P-released")
        await say(tak, "control", incident["id"], "resource.assigned", resource=resource)
        await fire.wait("a-f", uid="P-released", count=2)  # at once, and not with its next position
    finally:
        await police.__aexit__()
        await fire.__aexit__()


async def test_a_vehicle_that_becomes_covert_leaves_devices_too(tak: Tak) -> None:
    resource = await crew(tak, "supervisor")
    await ask(tak, "control", "POST", f"/resources/{resource}/status", json={"code": "2"})
    report = {"sent_at": iso(), "positions": [{"at": iso(), "latitude": 54.4, "longitude": -2.6}]}
    async with await tak.device("officer") as viewer, await tak.device("control") as control:
        await ask(tak, "supervisor", "POST", "/positions", json=report)
        for device in (viewer, control):
            await device.wait("a-f", uid=f"bluelamp-r-{resource}")
        await ask(tak, "control", "PATCH", f"/resources/{resource}", json={"covert": True})
        await viewer.wait("t-x-d-d", uid=f"gone-bluelamp-r-{resource}")
        await control.wait("a-f", uid=f"bluelamp-r-{resource}", count=2)
        await ask(tak, "control", "PATCH", f"/resources/{resource}", json={"covert": False})
