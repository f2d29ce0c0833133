"""The officer's app in a phone-sized browser: report in a few taps, work without signal, call for help, leave nothing behind."""

from __future__ import annotations

import asyncio
import hashlib
import io
import re
from typing import Any

import pytest
from PIL import Image
from playwright.async_api import Page, expect

from bluelamp.kit.ids import new_id

from .conftest import Room, violations

pytestmark = pytest.mark.browser

WIDTH, HEIGHT = 360, 740
HERE = {"latitude": 54.32812, "longitude": -2.74501, "accuracy": 8}
HELD_MS = 1_300


async def _incident(room: Room, title: str) -> str:
    question = {
        "title": title,
        "type": "collision.injury",
        "grade": "I",
        "place": {"said": "A591, Plumgarths", "latitude": 54.3345, "longitude": -2.7702, "source": "caller"},
    }
    answer = await room.platform.client("control").post("/v1/incidents", json=question)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def _log(room: Room, incident: str) -> list[dict[str, Any]]:
    answer = await room.platform.client("control").get(f"/v1/incidents/{incident}/events")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def _until(room: Room, incident: str, kinds: list[str]) -> list[dict[str, Any]]:
    """The log after the opening, once it has as many events as there are kinds."""
    for _ in range(200):
        said = (await _log(room, incident))[1:]
        if len(said) >= len(kinds):
            break
        await asyncio.sleep(0.1)
    assert [event["kind"] for event in said] == kinds
    return said


async def _phone(room: Room, scheme: str = "dark", role: str = "officer") -> Page:
    page = await room.page(WIDTH, HEIGHT, scheme)
    await page.context.grant_permissions(["geolocation"], origin=room.platform.url)
    await page.context.set_geolocation(HERE)  # type: ignore[arg-type]
    await page.goto("/officer/")
    await page.get_by_label("Username").fill(room.usernames[role])
    await page.locator("#password").fill(room.passwords[role])
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("heading", level=1, name="My incidents").wait_for()
    return page


async def _health(page: Page, words: str) -> None:
    await expect(page.get_by_role("banner").get_by_role("status")).to_contain_text(words)


async def _offline(page: Page) -> None:
    await page.context.set_offline(offline=True)
    await _health(page, "Offline since")


async def _hold(page: Page, held_ms: int) -> None:
    box = await page.get_by_role("button", name="Emergency").bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    await page.mouse.down()
    await page.wait_for_timeout(held_ms)
    await page.mouse.up()


def _only_network(room: Room) -> list[str]:
    """What the pages complained of, less the requests that a test without signal means to lose."""
    return [said for said in room.complaints if "ERR_INTERNET_DISCONNECTED" not in said]


async def test_an_ethane_report_is_three_taps(room: Room) -> None:
    title = f"Van against wall {new_id()[-6:]}"
    incident = await _incident(room, title)
    page = await _phone(room)
    await _health(page, "Connected")
    await page.get_by_role("link", name=title).click()
    await page.get_by_role("link", name="Report").click()
    await expect(page.get_by_text("within 8 m")).to_be_visible()
    await page.get_by_role("button", name="Send ETHANE").click()
    await expect(page.get_by_role("list", name="Log")).to_contain_text("ETHANE")
    (report,) = await _until(room, incident, ["report.sent"])
    assert report["data"]["form"] == "ETHANE"
    assert report["data"]["exact_location"]["latitude"] == HERE["latitude"]
    assert report["data"]["exact_location"]["source"] == "gps"
    assert "injur" in report["data"]["type"].lower()
    assert room.complaints == []


async def test_what_is_entered_without_signal_arrives_once_and_in_order(room: Room) -> None:
    title = f"Coach on its side {new_id()[-6:]}"
    incident = await _incident(room, title)
    page = await _phone(room)
    await page.get_by_role("link", name=title).click()
    await expect(page.get_by_text("A591, Plumgarths").first).to_be_visible()
    await _offline(page)

    await page.get_by_role("link", name="Chat and log").click()
    await page.get_by_label("Message to everybody").fill("Two lanes blocked, send recovery")
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.get_by_text("Waiting to be sent")).to_be_visible()
    await page.get_by_role("link", name="Back to the incident").click()

    await page.get_by_role("link", name="Casualty Ten Second Triage").click()
    for answer in ("No", "No", "Yes", "No"):  # walking, bleeding, talking, penetrating
        await page.get_by_role("button", name=answer, exact=True).click()
    await page.get_by_label("Number on the tag").fill("17")
    await page.get_by_role("button", name="Save P2").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Casualties: 1")

    await page.get_by_role("link", name="Back to the incident").click()
    await page.get_by_role("link", name="Report").click()
    await page.get_by_role("button", name="Yes, major").click()
    await page.get_by_role("button", name="Fuel").click()
    await page.get_by_role("button", name="Ambulance").click()
    await page.get_by_role("button", name="Send METHANE").click()
    await expect(page.get_by_role("banner")).to_contain_text("4 waiting")
    assert len(await _log(room, incident)) == 1

    # The shell opens without signal, and what waits is still there.
    assert await page.evaluate("navigator.serviceWorker.ready.then(() => !!navigator.serviceWorker.controller)")
    await page.reload()
    await page.get_by_role("heading", level=1, name="Chat and log").wait_for()
    await expect(page.get_by_role("banner")).to_contain_text("4 waiting")
    await page.get_by_role("banner").get_by_role("link").first.click()
    await expect(page.get_by_role("listitem").filter(has_text="METHANE report")).to_be_visible()

    await page.context.set_offline(offline=False)
    said = await _until(room, incident, ["chat.said", "casualty.found", "casualty.triaged", "report.sent"])
    assert said[0]["data"]["text"] == "Two lanes blocked, send recovery"
    assert said[1]["data"]["label"] == "17"
    triaged = {"casualty": said[1]["data"]["casualty"], "tool": "TST", "category": "P2"}
    assert triaged.items() <= said[2]["data"].items()
    assert said[3]["data"]["form"] == "METHANE"
    assert said[3]["data"]["hazards"] == "Fuel"
    assert said[3]["data"]["services"]["needed"] == "Ambulance"
    assert said[3]["data"]["casualties"] == "P2 1"
    await expect(page.get_by_role("banner")).not_to_contain_text("waiting")
    await _health(page, "Connected")
    assert len(await _log(room, incident)) == 5
    assert _only_network(room) == []


async def test_chat_says_how_far_it_has_got(room: Room) -> None:
    title = f"Fallen tree {new_id()[-6:]}"
    incident = await _incident(room, title)
    page = await _phone(room)
    await page.get_by_role("link", name=title).click()
    # From here on news comes over the live line: asking would take a minute.
    await expect(page.get_by_role("banner")).to_have_attribute("data-live", "websocket")
    await page.get_by_role("link", name="Chat and log").click()
    await page.get_by_label("Message to everybody").fill("One lane open")
    await page.get_by_role("button", name="Send", exact=True).click()
    mine = page.get_by_role("list", name="Log").get_by_role("listitem").filter(has_text="One lane open")
    await expect(mine).to_contain_text("Sent")
    control = room.platform.client("control")
    receipt = {"delivered": 2, "read": 0}
    assert (await control.post(f"/v1/incidents/{incident}/receipts", json=receipt)).status_code == 204
    await expect(mine).to_contain_text("Delivered to 1")
    assert (await control.post(f"/v1/incidents/{incident}/receipts", json=receipt | {"read": 2})).status_code == 204
    await expect(mine).to_contain_text("Read by 1")
    # And the control room learns that the officer has read its answer.
    answer = {"id": new_id(), "kind": "chat.said", "happened_at": "2026-01-01T00:00:00Z", "data": {"text": "Recovery is coming"}}
    assert (await control.post(f"/v1/incidents/{incident}/events", json={"events": [answer]})).status_code == 200
    await expect(page.get_by_role("list", name="Log")).to_contain_text("Recovery is coming")
    for _ in range(100):
        read = {one["name"]: one["read"] for one in (await control.get(f"/v1/incidents/{incident}/receipts")).json()["items"]}
        if read.get("Journey officer") == 3:
            break
        await asyncio.sleep(0.1)
    assert read["Journey officer"] == 3
    assert room.complaints == []


async def test_what_is_refused_is_shown_to_its_writer(room: Room) -> None:
    title = f"Noise {new_id()[-6:]}"
    incident = await _incident(room, title)
    page = await _phone(room)
    await page.get_by_role("link", name=title).click()
    await page.get_by_role("link", name="Chat and log").click()
    await expect(page.get_by_role("list", name="Log")).to_contain_text("Incident opened")
    await _offline(page)
    closing = {"id": new_id(), "kind": "incident.closed", "happened_at": "2026-01-01T00:00:00Z", "data": {"reason": "Quiet again"}}
    answer = await room.platform.client("control").post(f"/v1/incidents/{incident}/events", json={"events": [closing]})
    assert answer.json()["items"][0]["state"] == "accepted", answer.text
    await page.get_by_label("Message to everybody").fill("Still loud")
    await page.get_by_role("button", name="Send", exact=True).click()
    await page.context.set_offline(offline=False)
    await expect(page.get_by_role("banner")).to_contain_text("1 refused")
    await page.get_by_role("banner").get_by_role("link").first.click()
    row = page.get_by_role("listitem").filter(has_text="Still loud")
    await expect(row).to_contain_text("the incident is closed")
    await row.get_by_role("button", name="Put right").click()
    await expect(page.get_by_label("Put right")).to_have_value("Still loud")
    await row.get_by_role("button", name="Send again").click()
    await expect(page.get_by_role("banner")).to_contain_text("1 refused")
    await page.get_by_role("button", name="Throw away").click()
    await expect(page.get_by_role("banner")).not_to_contain_text("refused")
    assert _only_network(room) == []


async def test_an_emergency_pressed_without_signal_arrives_and_is_answered(room: Room) -> None:
    page = await _phone(room)
    await expect(page.get_by_role("button", name="Emergency")).to_be_visible()
    # Let go too early: nothing happens, and that is said.
    await _hold(page, 200)
    await expect(page.get_by_text("Nothing was sent")).to_be_visible()
    await page.get_by_role("link", name="Map", exact=True).click()  # the page looks where it is
    await page.get_by_role("heading", level=1, name="Map").wait_for()
    await _offline(page)
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
    assert _only_network(room) == []


async def test_positions_are_told_on_duty_only_and_that_is_shown(room: Room) -> None:
    control = room.platform.client("control")
    call_sign = f"KN{new_id()[-5:]}"
    unit = (await control.post("/v1/incidents/resources", json={"call_sign": call_sign, "type": "car"})).json()
    page = await _phone(room)
    await page.get_by_role("link", name="Status", exact=True).click()
    await page.get_by_role("button", name="Choose my unit").click()
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


async def test_the_locked_screen_calls_for_help(room: Room) -> None:
    page = await _phone(room)
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


async def test_a_plate_is_recorded_and_looked_up(room: Room) -> None:
    title = f"Hit and run {new_id()[-6:]}"
    incident = await _incident(room, title)
    mark = "KE46JNP"
    await room.list_mark(mark, instruction="Do not approach: tell the control room.")
    await room.see(mark, ago_ms=120_000)
    page = await _phone(room)
    await page.get_by_role("link", name=title).click()
    await page.get_by_role("link", name="Vehicle").click()
    await page.get_by_label("Plate").fill(f"{mark[:4]} {mark[4:]}".lower())
    await page.get_by_role("button", name="Left the scene").click()
    await page.get_by_role("button", name="Record on the incident").click()
    row = page.get_by_role("list", name="Recorded vehicles").get_by_role("listitem").first
    await expect(row).to_contain_text(f"{mark[:4]} {mark[4:]}")
    await expect(row).to_contain_text("in the last 7 days", timeout=20_000)
    (recorded,) = [event for event in await _log(room, incident) if event["kind"] == "vehicle.recorded"]
    assert (recorded["data"]["vrm"], recorded["data"]["involvement"]) == (mark, "Left the scene")
    assert room.complaints == []


async def test_a_picture_taken_without_signal_arrives_whole(room: Room) -> None:
    title = f"Bridge strike {new_id()[-6:]}"
    incident = await _incident(room, title)
    page = await _phone(room)
    await page.get_by_role("link", name=title).click()
    await page.get_by_role("link", name="Camera").click()
    await page.get_by_role("heading", level=1, name="Camera").wait_for()
    await _offline(page)
    # Noise does not shrink: several pieces.
    content = io.BytesIO()
    Image.effect_noise((1600, 1200), 90).save(content, "PNG")
    shot = content.getvalue()
    assert len(shot) > 2 * 512 * 1024
    await page.get_by_label("Use the phone").set_input_files({"name": "shot.png", "mimeType": "image/png", "buffer": shot})
    digest = hashlib.sha256(shot).hexdigest()
    await expect(page.get_by_text(digest)).to_be_visible()
    await page.get_by_label("What it shows").fill("Beam over lane one")
    await page.get_by_role("button", name="Send", exact=True).click()
    pictures = page.get_by_role("list", name="Pictures")
    await expect(pictures).to_contain_text("Waiting to be sent")
    await page.reload()
    await expect(pictures).to_contain_text("Waiting to be sent")
    await page.context.set_offline(offline=False)
    (added,) = await _until(room, incident, ["media.added"])
    assert (added["data"]["sha256"], added["data"]["bytes"]) == (digest, len(shot))
    assert added["data"]["caption"] == "Beam over lane one"
    assert added["data"]["place"]["latitude"] == HERE["latitude"]
    await expect(pictures).not_to_contain_text("Waiting")
    await page.get_by_role("button", name="Show it").click()
    await expect(pictures.get_by_role("img")).to_have_js_property("complete", value=True)
    assert await pictures.get_by_role("img").evaluate("image => image.naturalWidth") > 0
    kept = await room.platform.client("control").get(f"/v1/incidents/{incident}/media/{added['data']['media']}")
    assert kept.content == shot
    assert _only_network(room) == []


async def test_signing_out_leaves_nothing_that_can_be_read(room: Room) -> None:
    title = f"Burglary alarm {new_id()[-6:]}"
    await _incident(room, title)
    page = await _phone(room)
    await page.get_by_role("link", name=title).click()
    await expect(page.get_by_text("A591, Plumgarths").first).to_be_visible()
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


@pytest.mark.parametrize("scheme", ["dark", "light"])
async def test_every_page_is_accessible_and_fits_a_thumb(room: Room, scheme: str) -> None:
    incident = await _incident(room, f"Lorry fire {scheme} {new_id()[-6:]}")
    page = await _phone(room, scheme)
    await page.get_by_role("link", name="More", exact=True).click()
    await page.get_by_role("button", name=scheme.capitalize(), exact=True).click()
    found: list[str] = []
    base = f"/incident/{incident}"
    paths = ["/", "/open", "/map", "/status", "/more", "/outbox", base]
    paths += [f"{base}/{one}" for one in ("report", "chat", "casualties", "casualties/new", "vehicle", "camera", "draw")]
    for path in paths:
        await page.evaluate("path => { location.hash = path }", path)
        await page.get_by_role("main").get_by_role("heading", level=1).wait_for()
        await page.wait_for_timeout(300)
        found += [f"{path}: {violation}" for violation in await violations(page)]
        if await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            found.append(f"{path}: scrolls sideways")
        small = await page.evaluate(
            """() => [...document.querySelectorAll('a[href], button, input:not([type=file]), select')]
                .filter((e) => e.offsetParent && !e.closest('.maplibregl-map, .govuk-visually-hidden'))
                .filter((e) => e.getBoundingClientRect().height < 48).map((e) => e.outerHTML.slice(0, 80))"""
        )
        found += [f"{path}: lower than 48 px: {element}" for element in small]
        tiny = await page.evaluate(
            """() => [...document.querySelectorAll('main *')]
                .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
                .filter((e) => !e.closest('.maplibregl-map, .govuk-visually-hidden') && parseFloat(getComputedStyle(e).fontSize) < 16)
                .map((e) => e.outerHTML.slice(0, 80))"""
        )
        found += [f"{path}: smaller than 16 px: {element}" for element in tiny]
    assert found == []
