"""Which event was the last at a moment: the snapshots that shorten the search change nothing of its answer."""

from __future__ import annotations

from bluelamp.incidents.log import store
from bluelamp.kit.clock import to_ms
from bluelamp.kit.ids import new_id
from tests.incidents.conftest import IncidentRoom, event


async def test_every_moment_finds_its_event_before_between_and_after_snapshots(room: IncidentRoom) -> None:
    incident, db = await room.open(), room.platform.spine.db
    for _ in range(8):
        await room.say("officer", incident, *(event("casualty.found", casualty=new_id()) for _ in range(180)))
    kept = await db.fetch("SELECT sequence, at FROM incident_events WHERE incident = $1 ORDER BY sequence", incident)
    assert await db.fetchval("SELECT count(*) FROM incident_snapshots WHERE incident = $1", incident) == 2
    times = sorted({to_ms(row["at"]) for row in kept})
    for moment in (moment for at in times for moment in (at - 1, at, at + 1)):
        expected = max((row["sequence"] for row in kept if to_ms(row["at"]) <= moment), default=0)
        assert await store.sequence_at(db, incident, moment) == expected
