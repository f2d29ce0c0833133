"""The officer's app keeps its officer safe: the emergency button, positions on duty only, nothing left behind."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from bluelamp.kit.ids import new_id

from .conftest import Room, violations
from .phone import HERE, beside_network, lose_signal, open_incident, phone_of, until_known

pytestmark = pytest.mark.browser

HELD_MS = 1_300


async def _hold(page: Page, held_ms: int) -> None:
    box = await page.get_by_role("button", name="Emergency").bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    await page.mouse.down()
    await page.wait_for_timeout(held_ms)
    await page.mouse.up()


async def test_an_emergency_pressed_without_signal_arrives_and_is_answered(room: Room) -> None:
    page = await phone_of(room)
    await expect(page.get_by_role("button", name="Emergency")).to_be_visible()
    # Let go too early: nothing happens, and that is said.
    await _hold(page, 0)
    await expect(page.get_by_text("Nothing was sent")).to_be_visible()
    await page.get_by_role("link", name="Map", exact=True).click()  # the page looks where it is
    await page.get_by_role("heading", level=1, name="Map").wait_for()
    await lose_signal(page)
    await _hold(page, HELD_MS)
    panel = page.get_by_role("region", name="Emergency")
    await expect(panel).to_contain_text("not heard yet")
    control = room.platform.client("control")

    async def mine() -> list[dict[str, Any]]:
        answer = await control.get("/v1/incidents/emergencies")
        return [one for one in answer.json()["items"] if one["person_name"] == "Journey officer"]

    assert await mine() == []
    # Kept through a reload. (The browser's simulated lack of signal has gaps while a page loads: it may be heard already.)
    await page.reload()
    await expect(panel).to_contain_text("Emergency")
    await page.context.set_offline(offline=False)
    await expect(panel).to_contain_text("Emergency sent")
    (call,) = await mine()
    assert call["place"]["latitude"] == HERE["latitude"]
    assert (await control.post(f"/v1/incidents/emergencies/{call['id']}/acknowledge")).status_code == 200
    await expect(panel).to_contain_text("Control room has it")
    await expect(panel).to_contain_text(re.compile(r"at \d\d:\d\d:\d\d"))
    outcome = {"outcome": "resolved"}
    assert (await control.post(f"/v1/incidents/emergencies/{call['id']}/close", json=outcome)).status_code == 200
    await page.reload()
    await panel.get_by_role("button", name="Put away").click()
    await expect(panel).to_have_count(0)
    assert len(await mine()) == 0
    assert beside_network(room) == []


async def test_positions_are_told_on_duty_only_and_that_is_shown(room: Room) -> None:
    control = room.platform.client("control")
    call_sign = f"KN{new_id()[-5:]}"
    unit = (await control.post("/v1/incidents/resources", json={"call_sign": call_sign, "type": "car"})).json()
    page = await phone_of(room)
    await page.get_by_role("link", name="Status", exact=True).click()
    await page.get_by_role("button", name=re.compile("Choose my unit|Crew another unit")).click()
    await page.get_by_label("Call sign").fill(call_sign.lower())
    await page.get_by_role("button", name=call_sign).click()
    # Off duty, as a new unit is: nothing leaves.
    await expect(page.get_by_role("button", name="11 Off duty")).to_have_attribute("aria-pressed", "true")
    await expect(page.get_by_text("Your position is not sent")).to_be_visible()

    async def shown() -> dict[str, Any] | None:
        answer = await control.get("/v1/incidents/positions?bbox=-3,54,-2.5,54.5")
        return next((one for one in answer.json()["items"] if one["resource"] == unit["id"]), None)

    assert await shown() is None
    await page.get_by_role("button", name="2 On patrol").click()
    await expect(page.get_by_text("It is, as soon as this device knows it")).to_be_visible()
    # A simulated device says where it is only when it moves.
    moved = HERE | {"latitude": 54.33001}
    await page.context.set_geolocation(moved)  # type: ignore[arg-type]
    await expect(page.get_by_role("banner").get_by_text("Position on")).to_be_visible()
    for _ in range(100):
        if (seen := await shown()) is not None:
            break
        await asyncio.sleep(0.1)
    assert seen is not None
    assert (seen["latitude"], seen["longitude"]) == (moved["latitude"], HERE["longitude"])
    await page.get_by_role("button", name="11 Off duty").click()
    await expect(page.get_by_role("banner").get_by_text("Position on")).to_have_count(0)
    await page.get_by_role("button", name=f"Leave {call_sign}").click()
    await expect(page.get_by_text("You crew no unit")).to_be_visible()
    assert room.complaints == []


async def test_a_status_pressed_around_a_change_of_units_goes_to_the_right_one(room: Room) -> None:
    control = room.platform.client("control")
    first, second = [f"KN{new_id()[-5:]}" for _ in range(2)]
    units = {}
    for sign in (first, second):
        units[sign] = (await control.post("/v1/incidents/resources", json={"call_sign": sign, "type": "car"})).json()["id"]
    page = await phone_of(room)
    await page.get_by_role("link", name="Status", exact=True).click()

    async def choose(sign: str) -> None:
        await page.get_by_role("button", name=re.compile("Choose my unit|Crew another unit")).click()
        await page.get_by_label("Call sign").fill(sign)
        await page.get_by_role("button", name=sign).click()

    async def code(sign: str) -> str:
        return str(await room.platform.spine.db.fetchval("SELECT code FROM resources WHERE id = $1", units[sign]))

    # The platform takes its time with each booking and each status, and the officer does not.
    async def slowly(route: Route) -> None:
        await asyncio.sleep(1 if route.request.method in {"POST", "PUT"} else 0)
        await route.continue_()

    await page.route(re.compile(r"/v1/incidents/(me/resource|resources/[^/]+/status)$"), slowly)
    await choose(first)
    await page.get_by_role("button", name="2 On patrol").click()
    await expect(page.get_by_text("Status 2 since")).to_be_visible()
    await choose(second)
    await page.get_by_role("button", name="3 Standby").click()
    await page.get_by_role("button", name=f"Leave {second}").click()
    await expect(page.get_by_text("You crew no unit")).to_be_visible()
    assert await code(first) == "2"
    assert await code(second) == "3"
    # What cannot be sent yet holds the change up, and one may stay.
    await choose(first)
    await expect(page.get_by_role("heading", level=1)).to_contain_text(first)
    await lose_signal(page)
    await page.get_by_role("button", name="11 Off duty").click()
    await page.get_by_role("button", name=f"Leave {first}").click()
    await expect(page.get_by_text(f"Status 11 of {first} is sent first")).to_be_visible()
    await page.get_by_role("button", name=f"Stay with {first}").click()
    await expect(page.get_by_text("Status 11 waits to be sent")).to_be_visible()
    await page.get_by_role("button", name=f"Leave {first}").click()
    await page.context.set_offline(offline=False)
    await expect(page.get_by_text("You crew no unit")).to_be_visible()
    assert await code(first) == "11"
    assert beside_network(room) == []


async def test_the_locked_screen_calls_for_help(room: Room) -> None:
    page = await phone_of(room)
    await page.get_by_role("link", name="More", exact=True).click()
    await page.get_by_role("button", name="Lock").click()
    locked = page.get_by_role("dialog", name="Locked")
    await expect(locked).to_be_visible()
    await _hold(page, HELD_MS)
    panel = locked.get_by_role("region", name="Emergency")
    await expect(panel).to_contain_text("Emergency sent")
    await page.reload()
    await expect(panel).to_contain_text("Emergency sent")
    assert await violations(page) == []
    control = room.platform.client("control")
    calls = (await control.get("/v1/incidents/emergencies")).json()["items"]
    (call,) = (one for one in calls if one["person_name"] == "Journey officer")
    assert (await control.post(f"/v1/incidents/emergencies/{call['id']}/acknowledge")).status_code == 200
    await expect(panel).to_contain_text("Control room has it")
    assert (await control.post(f"/v1/incidents/emergencies/{call['id']}/close", json={"outcome": "false_alarm"})).status_code == 200
    await page.get_by_label("Password").fill(room.passwords["officer"])
    await page.get_by_role("button", name="Unlock with your password").click()
    await page.get_by_role("button", name="Put away").click(timeout=30_000)


async def test_signing_out_leaves_nothing_that_can_be_read(room: Room) -> None:
    title = f"Burglary alarm {new_id()[-6:]}"
    await open_incident(room, title)
    page = await phone_of(room)
    await page.get_by_role("link", name=title).click()
    await until_known(page)
    kept = """async () => {
        const answered = (request) => new Promise((done) => { request.onsuccess = () => done(request.result); });
        const db = await answered(indexedDB.open('bluelamp-officer'));
        const all = {};
        for (const store of db.objectStoreNames) all[store] = await answered(db.transaction(store).objectStore(store).getAll());
        db.close();
        const text = (bytes) => new TextDecoder('latin1').decode(new Uint8Array(bytes));
        const shown = JSON.stringify(all, (_, v) => v instanceof ArrayBuffer || ArrayBuffer.isView(v) ? text(v.buffer ?? v) : v);
        let extractable = (all.keys[0] ?? {}).key?.extractable;
        return { count: Object.values(all).reduce((n, rows) => n + rows.length, 0), shown, extractable };
    }"""
    before = await page.evaluate(kept)
    assert before["count"] >= 3
    assert before["extractable"] is False
    assert title not in before["shown"]
    assert "Plumgarths" not in before["shown"]
    await page.get_by_role("link", name="More", exact=True).click()
    await page.get_by_role("button", name="Sign out").click()
    await page.get_by_role("heading", name="Sign in").wait_for()
    assert (await page.evaluate(kept))["count"] == 0
    assert room.complaints == []
