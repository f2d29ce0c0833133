"""What was said while a device was away is there when it comes back, each message under the id it has in the log."""

from __future__ import annotations

from bluelamp.incidents.gateways.cot.wire.event import CotEvent
from tests.incidents.conftest import IncidentRoom, event
from tests.incidents.cot.device import Device
from tests.incidents.cot.examples import chat, position
from tests.incidents.cot.tak import Tak
from tests.incidents.cot.test_joining import events, open_incident


def message_id(said: CotEvent) -> str:
    found = said.detail.find("__chat")
    return "" if found is None else found.get("messageId", "")


async def test_chat_that_was_missed_is_told_to_those_who_may_hear_it(tak: Tak) -> None:
    incident = await open_incident(tak)
    room = IncidentRoom(tak.platform)
    control = (await tak.platform.client("control").get("/v1/me")).json()["id"]
    await room.say("control", incident["id"], event("agency.joined", agency="KFR"))
    ours, fire = await tak.context("supervisor"), await tak.context("firefighter")
    port = tak.doors.ports["tls"]
    async with Device.at(port, ours) as first, Device.at(port, fire) as second:
        for device in (first, second):
            await device.wait("b-m-p", uid=f"bluelamp-i-{incident['id']}")
        first.send(position("P-missed"), chat("P-missed", "KILO 7", "I am leaving", incident["number"]))
        await events(tak, incident["id"], "chat.said")
    for_all, for_us = event("chat.said", text="Road open"), event("chat.said", text="Brief at nine", audience=("KEN",))
    await room.say("control", incident["id"], for_all, for_us)
    async with Device.at(port, ours) as first, Device.at(port, fire) as second:
        for device, last in ((first, for_us), (second, for_all)):
            await device.wait("b-t-f", uid=f"GeoChat.bluelamp-p-{control}.{incident['number']}.{last['id']}")
            await device.settled()
        heard = [said.detail.findtext("remarks") for said in second.events if f".{incident['number']}." in said.uid]
        assert heard == ["I am leaving", "Road open"]
        assert {for_all["id"], for_us["id"]} <= {message_id(said) for said in first.events}
        assert "I am leaving" not in [said.detail.findtext("remarks") for said in first.events], "its own words"
