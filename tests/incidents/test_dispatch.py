"""Who is soonest there, and what is covered: by where resources are now, and only of those that may be sent."""

from __future__ import annotations

import asyncio

from bluelamp.kit.clock import now_ms, to_rfc3339
from tests.incidents.conftest import IncidentRoom, event

FAR = (58.61, -4.02)
"""Where no other test puts anybody."""


async def placed(room: IncidentRoom, who: str, latitude: float, longitude: float, **more: object) -> str:
    """A free resource of somebody's who is at this place now, and says so."""
    unit = (await room.resource(**more))["id"]
    await room.ask(who, "PUT", "/me/resource", json={"resource": unit})
    await room.ask("control", "POST", f"/resources/{unit}/status", json={"code": "2"})
    at = to_rfc3339(now_ms())
    body = {"sent_at": at, "positions": [{"at": at, "latitude": latitude, "longitude": longitude}]}
    assert (await room.ask(who, "POST", "/positions", json=body))["accepted"] == 1
    return str(unit)


async def nearest(room: IncidentRoom, **params: object) -> list[dict[str, object]]:
    asked = {"latitude": FAR[0], "longitude": FAR[1], "skill": "fell", "limit": 100, **params}
    return list((await room.ask("control", "GET", "/nearest", params=asked))["items"])


async def test_the_soonest_comes_first_and_who_is_committed_is_not_sent(room: IncidentRoom) -> None:
    near = await placed(room, "officer", 58.62, -4.02, skills=["fell"])
    far = await placed(room, "supervisor", 58.9, -4.02, skills=["fell"])
    lost = (await room.resource(skills=["fell"]))["id"]
    await room.ask("control", "POST", f"/resources/{lost}/status", json={"code": "2"})
    async with asyncio.timeout(10):
        while [one["by"] for one in await nearest(room)] != ["straight_line", "straight_line", "unknown"]:  # noqa: ASYNC110
            await asyncio.sleep(0.05)  # positions come by the stream
    found = await nearest(room)
    assert [one["resource"]["id"] for one in found] == [near, far, lost]  # type: ignore[index]
    assert 0 < found[0]["seconds"] < found[1]["seconds"]  # type: ignore[operator]
    assert found[0]["position"]["stale"] is False  # type: ignore[index]

    incident = await room.open()
    await room.say("control", incident, event("resource.assigned", resource=near))
    assert [one["resource"]["id"] for one in await nearest(room)] == [far, lost]  # type: ignore[index]
    assert [one["resource"]["id"] for one in await nearest(room, free=False)] == [near, far, lost]  # type: ignore[index]
    assert await nearest(room, type="boat") == []

    box = [[-4.1, 58.85], [-3.9, 58.85], [-3.9, 58.95], [-4.1, 58.95], [-4.1, 58.85]]
    asked = {"area": {"type": "Polygon", "coordinates": [box]}, "minutes": 60, "skill": "fell"}
    assert (await room.ask("control", "POST", "/coverage", json=asked))["share"] == 1
    short = await room.ask("control", "POST", "/coverage", json=asked | {"minutes": 1})
    assert 0 < short["share"] < 0.5
    assert len(short["cells"]) > 50
    nation = [[-5, 50], [1, 50], [1, 58], [-5, 58], [-5, 50]]
    too_fine = asked | {"cell_m": 100, "area": {"type": "Polygon", "coordinates": [nation]}}
    assert (await room.ask("control", "POST", "/coverage", 422, json=too_fine))["code"] == "area_too_fine"
    for who in ("officer", "supervisor"):
        await room.ask(who, "DELETE", "/me/resource", 204)


async def test_only_control_rooms_ask(room: IncidentRoom) -> None:
    await room.ask("officer", "GET", "/nearest", 403, params={"latitude": 1, "longitude": 1})
    await room.ask("control", "GET", "/nearest", 422, params={"latitude": 91, "longitude": 1})
