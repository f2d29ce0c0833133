"""What went to and fro between control rooms goes when it has long been settled; what waits for a person stays."""

from __future__ import annotations

from dataclasses import replace

from bluelamp.incidents.handovers import store
from bluelamp.incidents.handovers.jobs import delete_old
from bluelamp.incidents.settings import incident_settings
from bluelamp.kit.clock import now_ms
from tests.incidents.conftest import event
from tests.incidents.handovers.conftest import Handovers

DAY_MS = 86_400_000


async def test_settled_messages_of_ended_incidents_are_deleted_in_time(handovers: Handovers, orrest: object) -> None:
    del orrest
    room = handovers.room
    ended, still_open, waiting = [await room.open("ORR") for _ in range(3)]
    for incident in (ended, still_open, waiting):
        await handovers.until(incident, "received")
    for incident in (ended, waiting):
        await room.say("control", incident, event("incident.closed", reason="done"))
        await handovers.until(incident, "received", "received")
    (last, _) = await handovers.transfers(waiting)
    await store.change(room.platform.spine.db, last["id"], {"state": "dead"})
    spine = room.platform.spine
    days = incident_settings().handover_days
    later = replace(spine, clock=lambda: now_ms() + int((days - 1) * DAY_MS))
    await delete_old(later)
    assert len(await handovers.transfers(ended)) == 2
    later = replace(spine, clock=lambda: now_ms() + int((days + 1) * DAY_MS))
    await delete_old(later)
    assert await handovers.transfers(ended) == []
    assert [one["id"] for one in await handovers.transfers(waiting)] == [last["id"]]
    assert len(await handovers.transfers(still_open)) == 1
    assert await store.links_of(spine.db, ended) == []
    assert len(await store.links_of(spine.db, still_open)) == len(await store.links_of(spine.db, waiting)) == 1
    kinds = (await room.state("control", ended))["handovers"]
    assert {one["state"] for one in kinds.values()} == {"received"}  # the log keeps that there was one
