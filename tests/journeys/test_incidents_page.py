"""Incidents in a real browser: opened by keyboard, acknowledged by ambulance, told by an officer; an emergency that cannot be missed."""

from __future__ import annotations

import base64
import contextlib
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from bluelamp.kit.clock import now_ms, to_rfc3339
from bluelamp.kit.ids import new_id

from .conftest import Room, partner_account, picture, violations

pytestmark = pytest.mark.browser

PLACE = {"said": "M6 northbound, J36", "latitude": 54.2301, "longitude": -2.7180, "source": "map"}
FUEL = {"type": "Point", "coordinates": [-2.7175, 54.2299]}
LOOKS = {"wide, light": (1440, 900, "light"), "phone, dark": (360, 740, "dark")}


def event(kind: str, **data: Any) -> dict[str, Any]:
    return {"id": new_id(), "kind": kind, "happened_at": to_rfc3339(now_ms()), "data": data}


@dataclass
class ControlRooms:
    """The room of the other journeys, with a control room of the ambulance service beside the police's."""

    room: Room
    username: str
    password: str

    async def ask(self, who: str, method: str, path: str, status: int = 200, **request: Any) -> Any:
        answer = await self.room.platform.client(who).request(method, f"/v1/incidents{path}", **request)
        assert answer.status_code == status, f"{method} {path} as {who}: {answer.status_code} {answer.text[:400]}"
        return answer.json() if answer.content else None

    async def open(self, *share: str, **more: Any) -> str:
        body = {
            "title": "Lorry and two cars",
            "type": "collision.injury",
            "grade": "I",
            "place": PLACE,
            "share": [{"agency": a} for a in share],
        }
        return str((await self.ask("control", "POST", "", 201, json=body | more))["id"])

    async def say(self, who: str, incident: str, *events: dict[str, Any]) -> None:
        answer = await self.ask(who, "POST", f"/{incident}/events", json={"events": list(events)})
        assert all(item["state"] == "accepted" for item in answer["items"]), answer

    async def ambulance(self, **look: Any) -> Page:
        return await self.room.enter(await self.room.page(**look), self.username, self.password)


@pytest.fixture(scope="session")
async def ambulance_account(furnished: Room) -> tuple[str, str]:
    return await partner_account(furnished.platform, "KAS")


@pytest.fixture
async def rooms(room: Room, ambulance_account: tuple[str, str]) -> AsyncIterator[ControlRooms]:
    both = ControlRooms(room, *ambulance_account)
    yield both
    # An emergency left open would stand on every page of the tests that follow.
    for one in (await both.ask("control", "GET", "/emergencies"))["items"]:
        with contextlib.suppress(AssertionError):
            await both.ask("control", "POST", f"/emergencies/{one['id']}/close", json={"outcome": "false_alarm"})


async def test_a_call_by_keyboard_is_with_the_ambulance_service_at_once(rooms: ControlRooms) -> None:
    page = await rooms.room.signed_in("control")
    await page.goto("/incidents")
    await expect(page.get_by_role("button", name="New incident")).to_be_visible()
    await page.keyboard.press("n")
    await expect(page.get_by_label("Type", exact=True)).to_be_focused()
    headline = f"Car against tree {new_id()[-6:]}"
    await page.keyboard.type("coll inj")
    await page.keyboard.press("Enter")
    await page.keyboard.press("1")
    await page.keyboard.type("A591 at Staveley, by the bridge")
    await page.keyboard.press("Enter")
    await page.keyboard.type(f"{headline}. Driver is talking, passenger is not.")
    await page.keyboard.press("F9")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text(headline)
    await expect(page.get_by_role("main")).to_contain_text("Road traffic collision with injuries")
    await expect(page.get_by_role("main")).to_contain_text("Immediate")

    # Their own words, their own number; the receipt is on the police's screen.
    theirs = await rooms.ambulance()
    await expect(theirs.get_by_role("heading", level=1)).to_have_text("Incidents")
    row = theirs.get_by_role("row").filter(has_text=headline)
    await expect(row).to_contain_text("Category 1")
    await row.get_by_role("link", name=headline).click()
    await theirs.get_by_label("Your own number").fill("KAS-4711")
    await theirs.get_by_role("button", name="Acknowledge").click()
    await expect(theirs.get_by_role("button", name="Acknowledge")).to_have_count(0)
    await page.get_by_role("tab", name="Who sees it").click()
    await expect(page.get_by_role("tabpanel")).to_contain_text("KAS-4711")
    await expect(page.get_by_role("tabpanel").get_by_text("Acknowledged", exact=True)).to_be_visible()

    # What is for the own agency only is not told to the other.
    await page.keyboard.press("l")
    await page.get_by_label("For", exact=True).select_option("own")
    await page.get_by_label("Write to the log").fill("Driver is known to us.")
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Entries, newest first")).to_contain_text("Driver is known to us.")
    await page.get_by_label("For", exact=True).select_option("all")
    await page.get_by_label("Write to the log").fill("Road is closed both ways.")
    await page.keyboard.press("Enter")
    await expect(theirs.get_by_label("Entries, newest first")).to_contain_text("Road is closed both ways.")
    await expect(theirs.get_by_label("Entries, newest first")).not_to_contain_text("Driver is known to us.")
    # Commanding is the lead's: the others are not offered it.
    await expect(theirs.get_by_role("button", name="Declare major")).to_have_count(0)
    assert rooms.room.complaints == []


async def test_what_the_officer_says_arrives_and_can_be_looked_back_at(rooms: ControlRooms) -> None:
    incident = await rooms.open("KAS")
    page = await rooms.room.signed_in("control")
    await page.goto(f"/incidents/{incident}")
    await expect(page.get_by_role("main")).to_contain_text("no casualties counted")
    found = new_id()
    await rooms.say(
        "officer",
        incident,
        event("casualty.triaged", casualty=found, tool="TST", category="P1", place={"latitude": 54.2302, "longitude": -2.7181}),
        event("report.sent", form="ETHANE", exact_location=PLACE, type="RTC", hazards="Diesel on the road", casualties="1 P1"),
    )
    await expect(page.locator(".hurt")).to_contain_text("P1 1")
    await page.get_by_role("tab", name="Reports").click()
    await expect(page.get_by_role("tabpanel")).to_contain_text("Diesel on the road")
    await page.get_by_role("tab", name="Casualties").click()
    await page.get_by_role("tabpanel").get_by_role("button", name="C1").click()
    await expect(page.get_by_role("tabpanel")).to_contain_text("P1 (TST)")

    # Back to before anything was found, and to now.
    await page.get_by_role("button", name="Replay").click()
    await page.get_by_role("button", name="Event before").click()
    await expect(page.locator(".hurt")).to_contain_text("no casualties counted")
    await expect(page.get_by_role("button", name="Send", exact=True)).to_have_count(0)
    await page.get_by_role("button", name="Back to now").click()
    await expect(page.locator(".hurt")).to_contain_text("P1 1")
    assert rooms.room.complaints == []


async def test_a_resource_is_sent_and_a_hazard_drawn_by_keyboard(rooms: ControlRooms) -> None:
    sign = f"KR{new_id()[-5:]}"
    made = await rooms.ask("control", "POST", "/resources", 201, json={"call_sign": sign, "type": "car"})
    await rooms.ask("control", "POST", f"/resources/{made['id']}/status", json={"code": "2"})
    incident = await rooms.open()
    page = await rooms.room.signed_in("control")
    await page.goto(f"/incidents/{incident}")
    await page.get_by_label("Find a resource").fill(sign)
    await page.get_by_label("Task").fill("Close the slip road")
    await page.get_by_role("button", name=f"Send {sign}").press("Enter")
    await page.get_by_label(f"Set the status of {sign}").select_option("6")
    await expect(page.locator(f"[data-resource='{made['id']}']")).to_contain_text("At scene")
    await expect(page.locator(f"[data-resource='{made['id']}']")).to_contain_text("Close the slip road")

    await page.get_by_label("What to draw").select_option("inner_cordon")
    await page.get_by_role("button", name="Draw", exact=True).press("Enter")
    canvas = page.locator("canvas.maplibregl-canvas")
    for arrow in ("ArrowRight", "ArrowDown", "ArrowLeft"):
        await canvas.press("Enter")
        await canvas.press(arrow)
        await page.wait_for_timeout(400)  # the map glides
    await expect(page.get_by_role("group", name="Draw on the map")).to_contain_text("3 points")
    await page.get_by_label("What it is").fill("Leaking tank")
    await page.get_by_role("button", name="Save", exact=True).press("Enter")
    await expect(page.get_by_label("Entries, newest first")).to_contain_text("Inner cordon · Leaking tank")
    state = await rooms.ask("control", "GET", f"/{incident}")
    [feature] = state["features"].values()
    assert feature["geometry"]["type"] == "Polygon"
    assert len(feature["geometry"]["coordinates"][0]) == 4
    await page.get_by_role("button", name="Release").press("Enter")
    await expect(page.get_by_role("tabpanel")).to_contain_text(f"Released: {sign}")

    # What the platform refuses is told with its reason: the other incident has it.
    other = await rooms.open()
    await rooms.say("control", other, event("resource.assigned", resource=made["id"]))
    await page.get_by_role("button", name=f"On another {sign}").evaluate("button => { button.disabled = false; button.click(); }")
    await expect(page.get_by_role("alert").filter(has_text="is on another incident")).to_be_visible()
    assert rooms.room.complaints == []


async def test_who_is_soonest_and_pictures_with_their_hash(rooms: ControlRooms, tmp_path: Path) -> None:
    sign = f"KN{new_id()[-5:]}"
    made = await rooms.ask("control", "POST", "/resources", 201, json={"call_sign": sign, "type": "car"})
    await rooms.ask("officer", "PUT", "/me/resource", json={"resource": made["id"]})
    await rooms.ask("officer", "POST", f"/resources/{made['id']}/status", json={"code": "2"})
    now = to_rfc3339(now_ms())
    where = {"at": now, "latitude": 54.2500, "longitude": -2.7100}
    await rooms.ask("officer", "POST", "/positions", json={"sent_at": now, "positions": [where]})
    incident = await rooms.open()
    page = await rooms.room.signed_in("control")
    await page.goto(f"/incidents/{incident}")
    await page.get_by_label("Find a resource").fill(sign)
    await expect(page.locator(f"[data-offered='{made['id']}']")).to_contain_text("miles")
    await rooms.ask("officer", "DELETE", "/me/resource", 204)

    file = tmp_path / "scene.jpg"
    file.write_bytes(base64.b64decode(picture(640, 480)))
    await page.get_by_role("tab", name="Pictures").click()
    await page.get_by_label("Caption").fill("From the bridge")
    await page.get_by_label("Add pictures").set_input_files(file)
    shown = page.get_by_role("img", name="From the bridge")
    await expect(shown).to_be_visible()
    await shown.evaluate("image => image.decode()")
    await page.get_by_text("Hash and more").click()
    await expect(page.get_by_role("tabpanel")).to_contain_text(hashlib.sha256(file.read_bytes()).hexdigest())
    assert await violations(page) == []
    # What is no picture is refused with the reason.
    false = tmp_path / "false.jpg"
    false.write_text("not a picture")
    await page.get_by_label("Add pictures").set_input_files(false)
    await expect(page.get_by_role("alert").filter(has_text="false.jpg")).to_be_visible()


async def test_an_emergency_stands_above_every_page_until_it_is_over(rooms: ControlRooms) -> None:
    page = await rooms.room.signed_in("control")
    await page.get_by_role("button", name="No sound here").click()
    await page.goto("/search")
    emergency = new_id()
    pressed = {"id": emergency, "pressed_at": to_rfc3339(now_ms()), "place": {"latitude": 54.3301, "longitude": -2.7450, "source": "gps"}}
    await rooms.ask("officer", "POST", "/emergencies", json=pressed)
    banner = page.locator(f"[data-emergency='{emergency}']")
    await expect(banner).to_be_visible()
    await expect(banner).to_have_attribute("role", "alert")
    await expect(banner).to_contain_text("Ola Fenwick")
    await expect(banner).to_contain_text("OS SD")
    assert "EMERGENCY" in await page.title()
    await page.evaluate("scrollTo(0, 0)")
    assert await violations(page) == []
    await banner.get_by_role("button", name="I have it").click()
    await expect(banner).to_contain_text("Journey control has it")
    await banner.get_by_role("button", name="Close").click()
    await page.get_by_label("How it ended").select_option("false_alarm")
    await page.get_by_role("button", name="Close the emergency").click()
    await expect(banner).to_have_count(0)
    assert "EMERGENCY" not in await page.title()
    assert rooms.room.complaints == []


@pytest.mark.heavy
@pytest.mark.parametrize("look", LOOKS)
async def test_accessible(rooms: ControlRooms, look: str) -> None:
    width, height, scheme = LOOKS[look]
    incident = await rooms.open("KFR", "KAS")
    await rooms.say(
        "officer",
        incident,
        event("casualty.triaged", casualty=new_id(), tool="TST", category="P2", place={"latitude": 54.2302, "longitude": -2.7181}),
        event("vehicle.recorded", vehicle=new_id(), vrm="KE55ACC", description="White van"),
        event(
            "feature.drawn", feature=new_id(), type="hazard", geometry={"type": "Point", "coordinates": [-2.7175, 54.2299]}, label="Fuel"
        ),
        event("chat.said", text="On scene."),
    )
    page = await rooms.room.signed_in("control", width=width, height=height, scheme=scheme)
    found: list[str] = []

    async def inspect(what: str) -> None:
        await page.locator("[aria-busy=true]").first.wait_for(state="detached")
        sideways = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        found.extend(f"{what}: {violation}" for violation in await violations(page))
        if sideways > 0:
            found.append(f"{what}: scrolls sideways")

    for path in ("/incidents", "/incidents/wall", "/resources"):
        await page.goto(path)
        await page.get_by_role("main").get_by_role("heading", level=1).wait_for()
        await inspect(path)
    await page.goto("/incidents?new")
    await page.get_by_label("Type", exact=True).fill("coll")
    await inspect("new incident")
    await page.goto(f"/incidents/{incident}")
    await page.get_by_role("tab").first.wait_for()
    for tab in await page.get_by_role("tab").all():
        await tab.click()
        await inspect(f"room, {await tab.inner_text()}")
    await page.get_by_role("button", name="Replay").click()
    await page.get_by_role("button", name="Event before").click()
    await inspect("replay")
    await page.get_by_role("button", name="Back to now").click()
    for button in ("Change", "Close"):
        await page.get_by_role("button", name=button, exact=True).click()
        await page.get_by_role("dialog").wait_for()
        await inspect(button)
        await page.keyboard.press("Escape")
    assert found == []
