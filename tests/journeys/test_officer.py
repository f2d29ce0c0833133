"""The officer's app in a phone-sized browser: report in a few taps, work without signal, see what became of it."""

from __future__ import annotations

import asyncio
import hashlib
import io

import pytest
from PIL import Image
from playwright.async_api import expect

from bluelamp.kit.ids import new_id

from .conftest import Room
from .phone import HERE, beside_network, log_of, lose_signal, open_incident, phone_of, shows_health, until_known, until_logged

pytestmark = pytest.mark.browser


async def test_an_ethane_report_is_three_taps(room: Room) -> None:
    title = f"Van against wall {new_id()[-6:]}"
    incident = await open_incident(room, title)
    page = await phone_of(room)
    await shows_health(page, "Connected")
    await page.get_by_role("link", name=title).click()
    await page.get_by_role("link", name="Report").click()
    await expect(page.get_by_text("within 8 m")).to_be_visible()
    await page.get_by_role("button", name="Send ETHANE").click()
    await expect(page.get_by_role("list", name="Log")).to_contain_text("ETHANE")
    (report,) = await until_logged(room, incident, ["report.sent"])
    assert report["data"]["form"] == "ETHANE"
    assert report["data"]["exact_location"]["latitude"] == HERE["latitude"]
    assert report["data"]["exact_location"]["source"] == "gps"
    assert "injur" in report["data"]["type"].lower()
    assert room.complaints == []


async def test_what_is_entered_without_signal_arrives_once_and_in_order(room: Room) -> None:
    title = f"Coach on its side {new_id()[-6:]}"
    incident = await open_incident(room, title)
    page = await phone_of(room)
    await page.get_by_role("link", name=title).click()
    await until_known(page)
    await lose_signal(page)

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
    assert len(await log_of(room, incident)) == 1

    # The shell opens without signal, and what waits is still there.
    assert await page.evaluate("navigator.serviceWorker.ready.then(() => !!navigator.serviceWorker.controller)")
    await page.reload()
    await page.get_by_role("heading", level=1, name="Chat and log").wait_for()
    await expect(page.get_by_role("banner")).to_contain_text("4 waiting")
    await page.get_by_role("banner").get_by_role("link").first.click()
    await expect(page.get_by_role("listitem").filter(has_text="METHANE report")).to_be_visible()

    await page.context.set_offline(offline=False)
    said = await until_logged(room, incident, ["chat.said", "casualty.found", "casualty.triaged", "report.sent"])
    assert said[0]["data"]["text"] == "Two lanes blocked, send recovery"
    assert said[1]["data"]["label"] == "17"
    triaged = {"casualty": said[1]["data"]["casualty"], "tool": "TST", "category": "P2"}
    assert triaged.items() <= said[2]["data"].items()
    assert said[3]["data"]["form"] == "METHANE"
    assert said[3]["data"]["hazards"] == "Fuel"
    assert said[3]["data"]["services"]["needed"] == "Ambulance"
    assert said[3]["data"]["casualties"] == "P2 1"
    await expect(page.get_by_role("banner")).not_to_contain_text("waiting")
    await shows_health(page, "Connected")
    assert len(await log_of(room, incident)) == 5
    assert beside_network(room) == []


async def test_chat_says_how_far_it_has_got(room: Room) -> None:
    title = f"Fallen tree {new_id()[-6:]}"
    incident = await open_incident(room, title)
    page = await phone_of(room)
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
    incident = await open_incident(room, title)
    page = await phone_of(room)
    await page.get_by_role("link", name=title).click()
    await page.get_by_role("link", name="Chat and log").click()
    await expect(page.get_by_role("list", name="Log")).to_contain_text("Incident opened")
    await lose_signal(page)
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
    assert beside_network(room) == []


async def test_a_plate_is_recorded_and_looked_up(room: Room) -> None:
    title = f"Hit and run {new_id()[-6:]}"
    incident = await open_incident(room, title)
    mark = "KE46JNP"
    await room.list_mark(mark, instruction="Do not approach: tell the control room.")
    await room.see(mark, ago_ms=120_000)
    page = await phone_of(room)
    await page.get_by_role("link", name=title).click()
    await page.get_by_role("link", name="Vehicle").click()
    await page.get_by_label("Plate").fill(f"{mark[:4]} {mark[4:]}".lower())
    await page.get_by_role("button", name="Left the scene").click()
    await page.get_by_role("button", name="Record on the incident").click()
    row = page.get_by_role("list", name="Recorded vehicles").get_by_role("listitem").first
    await expect(row).to_contain_text(f"{mark[:4]} {mark[4:]}")
    await expect(row).to_contain_text("in the last 7 days", timeout=20_000)
    (recorded,) = [event for event in await log_of(room, incident) if event["kind"] == "vehicle.recorded"]
    assert (recorded["data"]["vrm"], recorded["data"]["involvement"]) == (mark, "Left the scene")
    assert room.complaints == []


async def test_a_picture_taken_without_signal_arrives_whole(room: Room) -> None:
    title = f"Bridge strike {new_id()[-6:]}"
    incident = await open_incident(room, title)
    page = await phone_of(room)
    await page.get_by_role("link", name=title).click()
    await page.get_by_role("link", name="Camera").click()
    await page.get_by_role("heading", level=1, name="Camera").wait_for()
    await lose_signal(page)
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
    (added,) = await until_logged(room, incident, ["media.added"])
    assert (added["data"]["sha256"], added["data"]["bytes"]) == (digest, len(shot))
    assert added["data"]["caption"] == "Beam over lane one"
    assert added["data"]["place"]["latitude"] == HERE["latitude"]
    await expect(pictures).not_to_contain_text("Waiting")
    await page.get_by_role("button", name="Show it").click()
    await expect(pictures.get_by_role("img")).to_have_js_property("complete", value=True)
    assert await pictures.get_by_role("img").evaluate("image => image.naturalWidth") > 0
    kept = await room.platform.client("control").get(f"/v1/incidents/{incident}/media/{added['data']['media']}")
    assert kept.content == shot
    assert beside_network(room) == []
