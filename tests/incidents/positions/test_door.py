"""From a phone to the book of another process and the history, on the running platform."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bluelamp.incidents.positions.book import PositionBook
from bluelamp.incidents.positions.service import PositionService
from bluelamp.kit.clock import now_ms, to_rfc3339
from tests.incidents.conftest import IncidentRoom, event

REASON = {"purpose": "test", "reference": "positions"}


def at(ms: int, latitude: float = 54.3, longitude: float = -2.7, **more: Any) -> dict[str, Any]:
    return {"at": to_rfc3339(ms), "latitude": latitude, "longitude": longitude, **more}


async def send(room: IncidentRoom, who: str, *positions: dict[str, Any], sent_at: int | None = None, status: int = 200) -> Any:
    body = {"sent_at": to_rfc3339(sent_at or now_ms()), "positions": list(positions)}
    return await room.ask(who, "POST", "/positions", status, json=body)


async def until(ready: Callable[[], bool | Awaitable[bool]], what: str) -> None:
    """Asks again and again; fails with `what` after 20 s."""
    for _ in range(400):
        answer = ready()
        if await answer if isinstance(answer, Awaitable) else answer:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"this did not come true: {what}")


@asynccontextmanager
async def on_duty(
    room: IncidentRoom, who: str = "officer", control: str = "control", code: str = "2", **more: Any
) -> AsyncIterator[dict[str, Any]]:
    unit = await room.resource(control, **more)
    await room.ask(control, "POST", f"/resources/{unit['id']}/status", json={"code": code})
    await room.ask(who, "PUT", "/me/resource", json={"resource": unit["id"]})
    known = room.platform.app.state.per_process["positions"].door.carriers

    async def heard() -> bool:
        me = (await room.platform.client(who).get("/v1/me")).json()["id"]
        carrier = await known.of_person(me)
        return carrier is not None and carrier.resource == unit["id"] and carrier.on_duty

    await until(heard, "the process has heard who crews it")
    try:
        yield unit
    finally:
        await room.ask(who, "DELETE", "/me/resource", 204)


@pytest.fixture
async def other(room: IncidentRoom) -> AsyncIterator[PositionBook]:
    """The book of a second process."""
    service = PositionService(room.platform.spine)
    await service.start()
    yield service.book
    await service.close()


async def test_a_phone_is_on_every_map_and_in_the_history(room: IncidentRoom, other: PositionBook) -> None:
    async with on_duty(room) as unit:
        began = now_ms()
        account = await send(room, "officer", at(began, accuracy_m=5, speed_mps=12.5, course_deg=90, altitude_m=41))
        assert account == {"tracked": True, "accepted": 1, "late": 0, "repeated": 0, "clock_off_ms": 0, "rejected": []}
        await until(lambda: other.latest(unit["id"]) is not None, "the other process has it")
        known = other.latest(unit["id"])
        assert known is not None
        assert (known.call_sign, known.agency, known.kind, known.source, known.speed_mps) == (
            unit["call_sign"],
            "KEN",
            "car",
            "phone",
            12.5,
        )
        await until(
            lambda: any(True for _ in room.platform.app.state.per_process["positions"].book.within(-2.7, 54.3, -2.7, 54.3)), "own book"
        )
        seen = (await room.ask("control", "GET", "/positions", params={"bbox": "-2.8,54.2,-2.6,54.4"}))["items"]
        mine = next(one for one in seen if one["resource"] == unit["id"])
        assert (mine["stale"], mine["accuracy_m"], mine["at"]) == (False, 5, to_rfc3339(began))
        again = await send(room, "officer", at(began), at(began + 10, 54.31), at(began - 60_000, 54.2))
        assert (again["accepted"], again["repeated"], [r["code"] for r in again["rejected"]]) == (1, 1, ["before_duty"])
        question = {"resource": unit["id"], "from": to_rfc3339(began - 1000), "to": to_rfc3339(began + 1000), "reason": REASON}

        async def stored() -> bool:
            return len((await room.ask("control", "POST", "/positions/track", json=question))["items"]) == 2

        await until(stored, "the history has both")
        track = await room.ask("control", "POST", "/positions/track", json=question)
        assert track["complete"]
        assert [(one["at"], one["latitude"], one["altitude_m"]) for one in track["items"]] == [
            (to_rfc3339(began), 54.3, 41.0),
            (to_rfc3339(began + 10), 54.31, None),
        ]
        thin = await room.ask("control", "POST", "/positions/track", json=question | {"every_seconds": 60})
        assert len(thin["items"]) in {1, 2}
        asked = {"resources": [unit["id"], "0000000000NOBODY"], "at": to_rfc3339(began + 5), "reason": REASON}
        then = (await room.ask("control", "POST", "/positions/whereabouts", json=asked))["items"]
        assert [(one["resource"], one["latitude"]) for one in then] == [(unit["id"], 54.3)]


async def test_a_look_at_the_past_needs_a_reason_a_role_and_the_agency(room: IncidentRoom) -> None:
    unit = await room.resource()
    question = {"resource": unit["id"], "from": to_rfc3339(now_ms() - 1000), "to": to_rfc3339(now_ms())}
    await room.ask("control", "POST", "/positions/track", 422, json=question)
    await room.ask("control", "POST", "/positions/track", 422, json=question | {"reason": {"purpose": "curiosity"}})
    await room.ask("officer", "POST", "/positions/track", 403, json=question | {"reason": REASON})
    await room.ask("fire", "POST", "/positions/track", 404, json=question | {"reason": REASON})
    long = question | {"from": to_rfc3339(now_ms() - 20 * 86_400_000), "reason": REASON}
    assert (await room.ask("control", "POST", "/positions/track", 422, json=long))["code"] == "bad_window"
    asked = {"resources": [unit["id"]], "at": to_rfc3339(now_ms()), "reason": REASON}
    assert (await room.ask("fire", "POST", "/positions/whereabouts", json=asked))["items"] == []
    entries = (await room.platform.client("auditor").get("/v1/audit", params={"subject": unit["id"]})).json()["items"]
    looks = [entry for entry in entries if entry["action"] == "incidents.positions.history"]
    assert looks


async def test_off_duty_is_not_tracked_and_leaves_every_screen(room: IncidentRoom, other: PositionBook) -> None:
    assert await send(room, "officer2", at(now_ms())) == {
        "tracked": False, "accepted": 0, "late": 0, "repeated": 0, "clock_off_ms": 0, "rejected": [],
    }  # fmt: skip
    async with on_duty(room) as unit:
        await send(room, "officer", at(now_ms()))
        await until(lambda: other.latest(unit["id"]) is not None, "shown")
        number = other.number
        await room.ask("control", "POST", f"/resources/{unit['id']}/status", json={"code": "11"})

        async def tracked() -> bool:
            return bool((await send(room, "officer", at(now_ms())))["tracked"])

        async def untracked() -> bool:
            return not await tracked()

        await until(untracked, "dropped at the door")
        await until(lambda: other.latest(unit["id"]) is None, "gone")
        assert [(p.resource, p.gone) for p in other.changed_since(number)[0] if p.resource == unit["id"]] == [(unit["id"], True)]
        await room.ask("control", "POST", f"/resources/{unit['id']}/status", json={"code": "2"})
        await until(tracked, "tracked again")
        await until(lambda: other.latest(unit["id"]) is not None, "back")


async def test_who_books_off_takes_their_place_with_them(room: IncidentRoom, other: PositionBook) -> None:
    async with on_duty(room) as unit:
        await send(room, "officer", at(now_ms()))
        await until(lambda: other.latest(unit["id"]) is not None, "shown")
    await until(lambda: other.latest(unit["id"]) is None, "the phone's place is gone, though the car is on duty")


async def test_who_becomes_covert_is_hidden_at_once(room: IncidentRoom, other: PositionBook) -> None:
    async with on_duty(room) as unit:
        await send(room, "officer", at(now_ms(), 54.31, -2.71))
        await until(lambda: other.latest(unit["id"]) is not None, "shown")
        await room.ask("control", "PATCH", f"/resources/{unit['id']}", json={"covert": True})

        async def hidden() -> bool:
            seen = (await room.ask("officer", "GET", "/positions", params={"bbox": "-2.8,54.2,-2.6,54.4"}))["items"]
            return unit["id"] not in {one["resource"] for one in seen}

        await until(hidden, "no officer sees it")
        seen = (await room.ask("control", "GET", "/positions", params={"bbox": "-2.8,54.2,-2.6,54.4"}))["items"]
        assert unit["id"] in {one["resource"] for one in seen}
        await until(lambda: other.latest(unit["id"]).covert, "every process knows")


async def test_partners_see_a_resource_while_it_is_on_a_shared_incident(room: IncidentRoom) -> None:
    box = {"bbox": "-2.95,54.2,-2.85,54.4"}
    async with on_duty(room) as unit:
        await send(room, "officer", at(now_ms(), 54.3, -2.9))

        async def seen(who: str) -> bool:
            return unit["id"] in {one["resource"] for one in (await room.ask(who, "GET", "/positions", params=box))["items"]}

        await until(lambda: seen("control"), "its own control room sees it")
        assert not await seen("fire")
        incident = await room.open("KFR")
        await room.say("control", incident, event("resource.assigned", resource=unit["id"]))
        assert await seen("fire")
        assert not await seen("ambulance")
        await room.say("control", incident, event("agency.left", agency="KFR", reason="not needed"))
        assert not await seen("fire")


async def test_a_clock_an_hour_off_is_put_right(room: IncidentRoom, other: PositionBook) -> None:
    async with on_duty(room) as unit:
        ahead = now_ms() + 3_600_000
        account = await send(room, "officer", at(ahead), sent_at=ahead)
        assert account["accepted"] == 1
        assert abs(account["clock_off_ms"] - 3_600_000) < 20_000
        await until(lambda: other.latest(unit["id"]) is not None, "shown")
        known = other.latest(unit["id"])
        assert known is not None
        assert abs(known.at - now_ms()) < 20_000
        refused = await send(room, "officer", at(ahead))
        assert [r["code"] for r in refused["rejected"]] == ["ahead_of_time"]


async def test_a_book_begins_with_what_is_known(room: IncidentRoom, other: PositionBook) -> None:
    async with on_duty(room) as unit:
        await send(room, "officer", at(now_ms()))
        await until(lambda: other.latest(unit["id"]) is not None, "shown")
        late = PositionService(room.platform.spine)
        await late.start()
        try:
            assert late.book.latest(unit["id"]) is not None
        finally:
            await late.close()


async def test_a_request_is_bounded(room: IncidentRoom) -> None:
    await send(room, "officer", *[at(now_ms() - at_ms) for at_ms in range(501)], status=422)
    await send(room, "officer", status=422)
    await room.ask("control", "GET", "/positions", 422, params={"bbox": "1,2,3"})
    await room.ask("control", "GET", "/positions", 422, params={"bbox": "1,60,3,50"})
