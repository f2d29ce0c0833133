"""The officer's app at the scene: drawing with a finger, where others are, people, and answers to what is entered wrongly."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.async_api import Page, expect

from bluelamp.kit.ids import new_id

from .conftest import Room
from .phone import HERE, beside_network, log_of, lose_signal, open_incident, phone_of, until_known, until_logged

pytestmark = pytest.mark.browser


async def _at(room: Room, page: Page, part: str) -> str:
    """A new incident, opened on this part of it."""
    title = f"Scene {new_id()[-6:]}"
    incident = await open_incident(room, title)
    await page.get_by_role("link", name=title).click()
    await until_known(page)
    # "Map 0 drawn on it" is another way than "Draw on the map".
    await page.get_by_role("main").get_by_role("link", name=re.compile(f"^{part}")).click()
    await page.get_by_role("heading", level=1, name=part).wait_for()
    return incident


async def _canvas(page: Page) -> tuple[float, float]:
    """The middle of the map, on the screen."""
    await expect(page.locator(".maplibregl-canvas")).to_be_visible()
    box = await page.locator(".maplibregl-canvas").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


async def test_a_cordon_is_drawn_with_one_finger_and_a_hazard_where_one_stands(room: Room) -> None:
    page = await phone_of(room)
    incident = await _at(room, page, "Draw on the map")
    await page.get_by_role("button", name="Outer cordon").click()
    status = page.get_by_role("main").get_by_role("status")
    await expect(status).to_contain_text("one finger")
    x, y = await _canvas(page)
    # As a finger does it: down, around, up. The map stays where it is.
    touch = await page.context.new_cdp_session(page)

    async def finger(kind: str, *points: tuple[float, float]) -> None:
        await touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": px, "y": py} for px, py in points]})

    await finger("touchStart", (x + 60, y))
    for step in range(1, 30):
        turn = step / 30 * 2 * math.pi
        await finger("touchMove", (x + 60 * math.cos(turn), y + 60 * math.sin(turn)))
    await finger("touchEnd")
    await expect(status).to_contain_text("points set")
    await lose_signal(page)
    await page.get_by_label("In a few words").fill("100 m")
    await page.get_by_role("button", name="Send outer cordon").dblclick()
    await expect(page.get_by_role("banner")).to_contain_text("1 waiting")
    await page.get_by_role("link", name="Draw on the map").click()
    await page.get_by_role("button", name="Where I am").click()
    await page.get_by_role("button", name="Send hazard").click()
    await page.context.set_offline(offline=False)
    cordon, hazard = await until_logged(room, incident, ["feature.drawn", "feature.drawn"])
    assert (cordon["data"]["type"], cordon["data"]["label"]) == ("outer_cordon", "100 m")
    [ring] = cordon["data"]["geometry"]["coordinates"]
    assert 8 <= len(ring) <= 40, "a circle of few corners"
    assert ring[0] == ring[-1]
    lons, lats = [lon for lon, _ in ring], [lat for _, lat in ring]
    # As wide as high on the ground, around the incident or this device: the map did not move away below the finger.
    width, height = (max(lons) - min(lons)) * math.cos(math.radians(54.3)), max(lats) - min(lats)
    assert 0.8 < width / height < 1.25
    assert hazard["data"]["geometry"] == {"type": "Point", "coordinates": [HERE["longitude"], HERE["latitude"]]}
    await page.get_by_role("link", name="Map 2 drawn on it").click()
    drawn = page.get_by_role("list", name="Drawn")
    await drawn.get_by_role("button", name="Hazard").click()
    await page.get_by_role("button", name="Take it off the map").click()
    assert (await until_logged(room, incident, ["feature.drawn", "feature.drawn", "feature.removed"]))[2]["data"]["feature"] == hazard[
        "data"
    ]["feature"]
    await expect(drawn.get_by_role("button", name="Hazard")).to_have_count(0)
    assert beside_network(room) == []


async def test_a_line_is_tapped_corner_by_corner_and_taken_back(room: Room) -> None:
    page = await phone_of(room)
    incident = await _at(room, page, "Draw on the map")
    await page.get_by_role("button", name="Way in").click()
    x, y = await _canvas(page)
    for away in (-50, 0, 50):
        await page.mouse.click(x + away, y - 30)
        await page.wait_for_timeout(350)
    status = page.get_by_role("main").get_by_role("status")
    await expect(status).to_contain_text("3 points set")
    await page.get_by_role("button", name="Take the last point back").click()
    await expect(status).to_contain_text("2 points set")
    await page.get_by_role("button", name="Send way in").click()
    (line,) = await until_logged(room, incident, ["feature.drawn"])
    assert line["data"]["geometry"]["type"] == "LineString"
    assert len(line["data"]["geometry"]["coordinates"]) == 2
    assert room.complaints == []


async def test_where_the_others_are_is_told_with_its_age(room: Room) -> None:
    page = await phone_of(room)
    control = room.platform.client("control")
    incident = await _at(room, page, "Map")
    unit = (await control.post("/v1/incidents/resources", json={"call_sign": f"KN{new_id()[-5:]}", "type": "car"})).json()
    officer = room.platform.client("officer")
    assert (await officer.put("/v1/incidents/me/resource", json={"resource": unit["id"]})).status_code == 200
    assert (await officer.post(f"/v1/incidents/resources/{unit['id']}/status", json={"code": "2"})).status_code == 200
    sent = {"id": new_id(), "kind": "resource.assigned", "happened_at": datetime.now(UTC).isoformat(), "data": {"resource": unit["id"]}}
    assert (await control.post(f"/v1/incidents/{incident}/events", json={"events": [sent]})).status_code == 200
    row = page.get_by_role("list", name="Units").get_by_role("listitem").filter(has_text=unit["call_sign"])
    await expect(row).to_contain_text("Position not known")
    now = datetime.now(UTC).isoformat()
    report: dict[str, Any] = {"sent_at": now, "positions": [{"at": now, "latitude": 54.3349, "longitude": -2.7699}]}
    answer = await officer.post("/v1/incidents/positions", json=report)
    assert answer.json()["accepted"] == 1, answer.text
    await expect(row).to_contain_text(re.compile(r"Position (just now|\d+ s ago)"))
    await expect(row).to_contain_text(re.compile(r"Position \d+ s ago"))
    assert (await officer.delete("/v1/incidents/me/resource")).status_code == 204
    assert room.complaints == []


async def test_a_person_is_recorded_in_a_few_taps_and_may_stay_with_the_own_agency(room: Room) -> None:
    page = await phone_of(room)
    incident = await _at(room, page, "People")
    await page.get_by_role("button", name="Record", exact=True).click()
    await expect(page.get_by_text("Tap what this person is")).to_be_visible()
    await page.get_by_role("button", name="Witness").click()
    await page.get_by_role("button", name="Record", exact=True).click()
    await expect(page.get_by_text("Write a name, or what they look like")).to_be_visible()
    await page.get_by_label("Name").fill("Ash Example")
    await page.get_by_role("button", name="Record", exact=True).dblclick()
    await expect(page.get_by_text("Witness Ash Example recorded")).to_be_visible()
    await lose_signal(page)
    await page.get_by_role("button", name="Suspect").click()
    await page.get_by_label("Looks, said").fill("Red jacket, ran north")
    await page.get_by_role("button", name="Only Kentmere").click()
    await page.get_by_role("button", name="Record", exact=True).click()
    people = page.get_by_role("list", name="People of the incident")
    await expect(people.get_by_role("listitem").first).to_contain_text("Waiting to be sent")
    await page.context.set_offline(offline=False)
    witness, suspect = await until_logged(room, incident, ["person.recorded", "person.recorded"])
    assert (witness["data"]["name"], witness["data"]["role"], witness["audience"]) == ("Ash Example", "witness", [])
    assert (suspect["data"]["role"], suspect["audience"]) == ("suspect", ["KEN"])
    await expect(people).to_contain_text("Only KEN")
    assert beside_network(room) == []


async def test_what_is_entered_wrongly_is_said_and_a_second_tap_sends_nothing_twice(room: Room) -> None:
    page = await phone_of(room)
    incident = await _at(room, page, "Vehicle")
    record = page.get_by_role("button", name="Record on the incident")
    await page.get_by_label("Plate").fill("what?")
    await record.click()
    await expect(page.get_by_text("A plate has 2 to 10 letters and digits")).to_be_visible()
    await page.get_by_label("Plate").fill("ke46 jnq")
    await record.dblclick()
    await page.get_by_role("link", name="Back to the incident").click()

    await page.get_by_role("link", name="Camera").click()
    for name, kind in (("notes.jpg", "image/jpeg"), ("shot.heic", "image/heic")):
        await page.get_by_label("Use the phone").set_input_files({"name": name, "mimeType": kind, "buffer": b"not a picture"})
        await expect(page.get_by_text("This is no picture that can be kept")).to_be_visible()
    await page.get_by_role("link", name="Back to the incident").click()

    await page.get_by_role("link", name="Chat and log").click()
    message = page.get_by_label("Message to everybody")
    await message.fill("x" * 4_001)
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.get_by_text("That has 4,001 characters")).to_be_visible()
    assert len(await message.input_value()) == 4_001, "nothing that was written is cut off"
    await message.fill("All well")
    await page.get_by_role("button", name="Send", exact=True).dblclick()
    await page.get_by_role("link", name="Back to the incident").click()

    await page.get_by_role("link", name="Casualty Ten Second Triage").click()
    await expect(page.get_by_role("button", name="Save")).to_have_count(0)  # not before there is a category
    await page.get_by_role("button", name="Yes", exact=True).click()
    await page.get_by_role("button", name="Save P3").dblclick()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Casualties: 1")
    await page.get_by_role("link", name="Back to the incident").click()

    await page.get_by_role("link", name="Report ETHANE").click()
    await page.get_by_label("What it is").fill("")
    await page.get_by_role("button", name="Send ETHANE").click()
    await expect(page.get_by_text("Say what it is: T, type.")).to_be_visible()
    await page.get_by_label("What it is").fill("Collision")
    await page.get_by_role("button", name="Send ETHANE").dblclick()
    await expect(page.get_by_role("list", name="Log")).to_contain_text("ETHANE: Collision")
    await expect(page.get_by_role("banner")).not_to_contain_text("waiting")
    said = [event["kind"] for event in await log_of(room, incident) if event["kind"] != "vehicle.looked_up"]
    assert said == ["incident.opened", "vehicle.recorded", "chat.said", "casualty.found", "casualty.triaged", "report.sent"]
    assert room.complaints == []
