"""Where resources were: asked for once, by those who may see it, while they were on the incident and it was shared."""

from __future__ import annotations

from typing import Any

from bluelamp.incidents.positions.domain import Position
from bluelamp.incidents.positions.store import history
from bluelamp.kit.clock import now_ms
from bluelamp.kit.ids import new_id
from tests.incidents.conftest import IncidentRoom, event


async def drives(room: IncidentRoom, unit: dict[str, Any], since_ms: int, count: int, **more: Any) -> None:
    """A position a second, as they would have come in."""
    positions = [
        Position(
            unit["id"],
            since_ms + n * 1000,
            54.2 + n / 1000,
            -2.7,
            unit["agency"],
            since_ms,
            call_sign=unit["call_sign"],
            source="phone",
            **more,
        )
        for n in range(count)
    ]
    await history.insert(room.platform.spine.columnar, positions)


async def tracks(room: IncidentRoom, who: str, incident: str) -> dict[str, dict[str, Any]]:
    answer = await room.ask(who, "GET", f"/{incident}/tracks")
    assert answer["complete"]
    return {one["resource"]: one for one in answer["tracks"]}


async def test_a_replay_has_those_on_the_incident_while_they_were_on_it(room: IncidentRoom) -> None:
    incident, unit, other = await room.open("KFR"), await room.resource(), await room.resource()
    start = now_ms() - 60_000
    await drives(room, unit, start, 60)
    await drives(room, other, start, 60)
    await room.say("control", incident, event("resource.assigned", at_ms=start + 10_000, resource=unit["id"]))
    await room.say("control", incident, event("resource.released", at_ms=start + 30_000, resource=unit["id"]))
    found = await tracks(room, "control", incident)
    assert list(found) == [unit["id"]], "who was never on it is not in it"
    mine = found[unit["id"]]
    times = [at for at, _, _ in mine["points"]]
    assert times == sorted(times)
    assert (min(times), max(times)) == (0, 20_000), "from when it was sent until it was released"
    assert mine["points"][0][1:] == [-2.7, 54.21]
    assert mine["stale_ms"] > 0


async def test_others_are_seen_while_it_was_shared_and_covert_ones_never(room: IncidentRoom) -> None:
    incident = await room.open()
    plain, covert = await room.resource(), await room.resource(covert=True)
    start = now_ms() - 60_000
    for unit in (plain, covert):
        await drives(room, unit, start, 120, covert=unit is covert)
        await room.say("control", incident, event("resource.assigned", at_ms=start, resource=unit["id"]))
    await room.say("control", incident, event("agency.joined", agency="KFR"))
    shared_from = now_ms()
    theirs = await tracks(room, "fire", incident)
    assert covert["id"] not in theirs
    seen = theirs.get(plain["id"], {"points": []})["points"]
    assert len(seen) < 30, "what was before it was shared is not theirs"
    assert len((await tracks(room, "control", incident))[plain["id"]]["points"]) > 50
    assert covert["id"] in await tracks(room, "control", incident)
    assert now_ms() >= shared_from
    # Marked covert afterwards, it leaves the past of others too.
    await room.ask("control", "PATCH", f"/resources/{plain['id']}", json={"covert": True})
    assert await tracks(room, "fire", incident) == {}
    await room.say("control", incident, event("agency.left", agency="KFR", reason="not needed"))
    await room.ask("fire", "GET", f"/{incident}/tracks", 404)


async def test_a_replay_is_on_record_once_and_for_control_rooms(room: IncidentRoom) -> None:
    incident, unit = await room.open("KFR"), await room.resource()
    await room.say("control", incident, event("resource.assigned", resource=unit["id"]))
    await room.ask("officer", "GET", f"/{incident}/tracks", 403)
    await room.ask("firefighter", "GET", f"/{incident}/tracks", 403)
    await room.ask("control", "GET", f"/{new_id()}/tracks", 404)
    await tracks(room, "control", incident)
    entries = await room.platform.spine.db.fetch(
        "SELECT subjects, reference, detail FROM audit_entries WHERE action = 'incidents.positions.history' AND $1 = ANY(subjects)",
        incident,
    )
    assert [(row["subjects"], row["detail"]["replay"]) for row in entries] == [([incident, unit["id"]], True)]
    assert entries[0]["reference"].startswith("KEN-")


async def test_off_duty_is_nowhere(room: IncidentRoom) -> None:
    incident, unit = await room.open(), await room.resource()
    start = now_ms() - 60_000
    await drives(room, unit, start, 20)
    gone = Position(unit["id"], start + 19_500, 54.3, -2.7, "KEN", start, call_sign=unit["call_sign"], gone=True)
    await history.insert(room.platform.spine.columnar, [gone])
    await room.say("control", incident, event("resource.assigned", at_ms=start, resource=unit["id"]))
    found = (await tracks(room, "control", incident))[unit["id"]]
    assert found["gone"] == [19_500]
    assert 19_500 not in [at for at, _, _ in found["points"]]
