"""A collision on the motorway from the call to the package, as people see it: control room, officer's phone, ambulance, fire, a TAK device.

Every step that a person takes goes through that person's screen. Pictures of the screens are left in BLUELAMP_SCREENS, where it is set.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import expect

from bluelamp.incidents.export.verifying import verify_package
from tests.incidents.cot import examples
from tests.incidents.cot.tak import tak  # noqa: F401

from .collision import SCENE, Scene, scene  # noqa: F401
from .conftest import partner_account

pytestmark = [pytest.mark.browser, pytest.mark.heavy]

GRID = "SD 516 926"
HELD_MS = 1_300
EMERGENCY_HERTZ = 990


async def the_officer_goes_on_duty(s: Scene) -> None:
    await s.phone.get_by_role("link", name="Status", exact=True).click()
    await s.phone.get_by_role("button", name=re.compile("Choose my unit|Crew another unit")).click()
    await s.phone.get_by_label("Call sign").fill(s.call_sign.lower())
    await s.phone.get_by_role("button", name=s.call_sign).click()
    await s.phone.get_by_role("button", name="2 On patrol").click()
    await expect(s.phone.get_by_text("It is, as soon as this device knows it")).to_be_visible()
    await s.phone.context.set_geolocation(SCENE | {"latitude": 54.32811})  # type: ignore[arg-type]
    await expect(s.phone.get_by_role("banner").get_by_text("Position on")).to_be_visible()
    await s.look(s.phone, "phone status")


async def the_call_is_taken(s: Scene) -> None:
    await s.control.goto("/incidents")
    await expect(s.control.get_by_role("button", name="New incident")).to_be_visible()
    await s.look(s.control, "control list")
    await s.control.keyboard.press("n")
    await expect(s.control.get_by_label("Type", exact=True)).to_be_focused()
    await s.control.keyboard.type("coll inj")
    await s.control.keyboard.press("Enter")
    await s.control.keyboard.press("1")
    await s.control.keyboard.type(GRID)
    await s.control.keyboard.press("Enter")
    await expect(s.control.get_by_text("On the map: SD")).to_be_visible()
    await s.control.keyboard.type(f"{s.title}. Two cars under the trailer, one driver is trapped.")
    await s.control.keyboard.press("F8")
    await s.control.keyboard.press("F9")
    await s.look(s.control, "control new incident")
    await s.control.keyboard.press("Control+Enter")
    await expect(s.control.get_by_role("heading", level=1)).to_have_text(s.title)
    s.incident = s.control.url.rsplit("/", 1)[1]
    s.number = await s.control.locator(".mono").first.inner_text()
    row = s.board.get_by_role("row").filter(has_text=s.title)
    await expect(row).to_contain_text("Immediate")
    await expect(row).to_contain_text("Kentmere Ambulance Service waits")
    await s.look(s.board, "board")


async def the_nearest_is_sent(s: Scene) -> None:
    panel = await s.tab(s.control, "Resources")
    offered = panel.get_by_role("listitem").filter(has_text=s.call_sign)
    await expect(offered).to_contain_text("miles")
    await s.control.get_by_label("Task").fill("First on scene")
    await s.look(s.control, "control resources")
    await s.control.get_by_role("button", name=f"Send {s.call_sign}").click()
    await expect(s.control.locator("[data-resource]").filter(has_text=s.call_sign)).to_contain_text("First on scene")
    # The phone says so on whatever page it shows, has it first under "my incidents", and says that it has arrived.
    sent = s.phone.get_by_role("link", name=f"You are sent: {s.title}")
    await expect(sent).to_contain_text("First on scene")
    await s.look(s.phone, "phone sent")
    await s.phone.get_by_role("link", name="Mine", exact=True).click()
    await expect(s.phone.get_by_role("link", name=s.title)).to_contain_text("You are sent here")
    await expect(sent).to_have_count(0)
    await s.look(s.phone, "phone my incidents")
    await s.phone.get_by_role("link", name="Status", exact=True).click()
    await s.phone.get_by_role("button", name="6 At scene").click()
    await expect(s.control.locator("[data-resource]").filter(has_text=s.call_sign)).to_contain_text("At scene")


async def partners_have_it_in_their_own_words(s: Scene) -> None:
    await s.ambulance.goto("/incidents")
    row = s.ambulance.get_by_role("row").filter(has_text=s.title)
    await expect(row).to_contain_text("Category 1")
    await s.look(s.ambulance, "ambulance list")
    await row.get_by_role("link", name=s.title).click()
    await expect(s.ambulance.get_by_role("main")).to_contain_text("Kentmere Police has shared this with you")
    await expect(s.ambulance.get_by_role("main")).not_to_contain_text("Road traffic collision with injuries")
    await s.look(s.ambulance, "ambulance room")
    await s.ambulance.get_by_label("Your own number").fill("KAS-4711")
    await s.ambulance.get_by_role("button", name="Acknowledge").click()
    await expect(s.ambulance.get_by_role("button", name="Acknowledge")).to_have_count(0)
    panel = await s.tab(s.control, "Who sees it")
    await expect(panel).to_contain_text("KAS-4711")
    await expect(panel.get_by_role("listitem").filter(has_text="Kentmere Ambulance")).to_contain_text("Acknowledged")
    await expect(panel.get_by_role("listitem").filter(has_text="Kentmere Fire")).to_contain_text("Not acknowledged")
    await expect(s.board.get_by_role("row").filter(has_text=s.title)).to_contain_text("has acknowledged")
    await s.look(s.control, "control who sees it")
    # Fire: in their control room's words, and on their officer's TAK device, with the police unit that is there.
    fire = await s.room.enter(await s.room.page(1400, 900), *await partner_account(s.room.platform, "KFR"))
    await fire.goto("/incidents")
    await expect(fire.get_by_role("row").filter(has_text=s.title)).to_contain_text("RTC, persons injured")
    await fire.context.close()
    assert s.title in await s.tak.hears("b-m-p", f"bluelamp-i-{s.incident}")
    await s.tak.hears("a-f-G", "bluelamp-r-", s.call_sign)


async def a_methane_comes_from_the_phone(s: Scene) -> None:
    await s.home()
    await s.look(s.phone, "phone incident")
    await s.phone.get_by_role("link", name="Report").click()
    await s.phone.get_by_role("button", name="Yes, major").click()
    await s.phone.get_by_role("button", name="Fuel").click()
    await s.phone.get_by_label("Best way in").fill("From the south, hard shoulder is free")
    await s.phone.get_by_role("button", name="Fire not said").click()
    await s.look(s.phone, "phone METHANE")
    await s.phone.get_by_role("button", name="Send METHANE").click()
    await expect(s.phone.get_by_role("list", name="Log")).to_contain_text("METHANE")
    await s.look(s.phone, "phone log")
    panel = await s.tab(s.control, "Reports")
    await expect(panel).to_contain_text("From the south, hard shoulder is free")
    for page in (s.control, s.ambulance):
        await expect(page.locator(".head")).to_contain_text("MAJOR")
    await expect(s.board.get_by_role("row").filter(has_text=s.title)).to_contain_text("MAJOR")
    await s.look(s.control, "control report")


async def a_picture_is_taken(s: Scene) -> None:
    content = io.BytesIO()
    Image.effect_noise((900, 675), 60).save(content, "JPEG")
    shot = content.getvalue()
    await s.home()
    await s.phone.get_by_role("link", name="Camera").click()
    await s.phone.get_by_label("Use the phone").set_input_files({"name": "scene.jpg", "mimeType": "image/jpeg", "buffer": shot})
    await s.phone.get_by_label("What it shows").fill("Trailer over lanes one and two")
    await s.look(s.phone, "phone camera")
    await s.phone.get_by_role("button", name="Send", exact=True).click()
    await expect(s.phone.get_by_role("list", name="Pictures")).not_to_contain_text("Waiting")
    for page in (s.control, s.ambulance):
        panel = await s.tab(page, "Pictures")
        image = page.get_by_role("img", name="Trailer over lanes one and two")
        await expect(image).to_be_visible()
        await image.evaluate("image => image.decode()")
        await page.get_by_text("Hash and more").click()
        await expect(panel).to_contain_text(hashlib.sha256(shot).hexdigest())
    await s.look(s.control, "control pictures")


async def a_plate_is_typed(s: Scene) -> None:
    mark = "KE46LRY"
    await s.room.list_mark(mark, instruction="Do not approach: tell the control room.")
    await s.room.see(mark, ago_ms=600_000)
    await s.home()
    await s.phone.get_by_role("link", name="Vehicle").click()
    await s.phone.get_by_label("Plate").fill("ke46 lry")
    await s.phone.get_by_label("Make, colour").fill("White lorry, fuel tank torn")
    await s.phone.get_by_role("button", name="Record on the incident").click()
    row = s.phone.get_by_role("list", name="Recorded vehicles").get_by_role("listitem").first
    await expect(row).to_contain_text("Do not approach")
    await s.look(s.phone, "phone vehicle")
    panel = await s.tab(s.control, "Vehicles")
    await expect(panel).to_contain_text("White lorry, fuel tank torn")
    await expect(panel).to_contain_text("Do not approach: tell the control room.")
    await expect(panel).to_contain_text(s.room.camera_name)
    await expect(s.control.get_by_label("Entries, newest first")).to_contain_text("WARNING: Do not approach")
    await expect(s.ambulance.get_by_label("Entries, newest first")).not_to_contain_text("WARNING")
    await s.look(s.control, "control vehicles")
    # What the police's list says is not the ambulance's to read; the vehicle is.
    theirs = await s.tab(s.ambulance, "Vehicles")
    await expect(theirs).to_contain_text("White lorry, fuel tank torn")
    await expect(theirs).not_to_contain_text("Do not approach")
    await s.look(s.ambulance, "ambulance vehicles")


async def _triage(s: Scene, tag: str, *answers: str, last: bool) -> None:
    for answer in answers:
        await s.phone.get_by_role("button", name=answer, exact=True).click()
    await s.phone.get_by_label("Number on the tag").fill(tag)
    if tag == "1":
        await s.look(s.phone, "phone triage")
    await s.phone.get_by_role("button", name=re.compile(r"^Save P\d$|^Save Not" if last else "next casualty")).click()


async def _counted(s: Scene, *words: str) -> None:
    for page in (s.control, s.ambulance):
        for one in words:
            await expect(page.locator(".hurt")).to_contain_text(one)
    for one in words:
        await expect(s.phone.locator(".counts")).to_contain_text(one)


async def casualties_are_triaged(s: Scene) -> None:
    await s.home()
    await s.phone.get_by_role("link", name="Casualty Ten Second Triage").click()
    await _triage(s, "1", "No", "Yes", last=False)  # does not walk, bleeds
    await _triage(s, "2", "No", "No", "Yes", "No", last=False)  # talks, nothing penetrating
    await _triage(s, "3", "Yes", last=False)  # walks
    await _triage(s, "4", "No", "No", "No", "No", last=True)  # does not breathe
    await expect(s.phone.get_by_role("heading", level=1)).to_have_text("Casualties: 4")
    await s.look(s.phone, "phone casualties")
    await s.home()
    await _counted(s, "P1 1", "P2 1", "P3 1", "Not breathing 1")
    await expect(s.board.get_by_role("row").filter(has_text=s.title).locator(".figure")).to_have_text("4")
    panel = await s.tab(s.ambulance, "Casualties")
    await expect(panel.get_by_role("row").filter(has_text="P1")).to_contain_text(s.call_sign)
    await s.look(s.ambulance, "ambulance casualties")


async def without_signal_and_back(s: Scene) -> None:
    await s.phone.context.set_offline(offline=True)
    await expect(s.phone.get_by_role("banner").get_by_role("status")).to_contain_text("Offline since")
    await s.phone.get_by_role("link", name="Chat and log").click()
    await s.phone.get_by_label("Message to everybody").fill("In the cutting, no signal. Fuel runs to the drain.")
    await s.phone.get_by_role("button", name="Send", exact=True).click()
    await expect(s.phone.get_by_text("Waiting to be sent")).to_be_visible()
    await s.look(s.phone, "phone offline chat")
    await s.home()
    await s.phone.get_by_role("link", name="Draw on the map").click()
    await s.phone.get_by_role("button", name="Inner cordon").click()
    canvas = s.phone.locator("canvas.maplibregl-canvas")
    for x, y in ((90, 70), (280, 90), (190, 230)):
        await canvas.click(position={"x": x, "y": y})
        await s.phone.wait_for_timeout(350)  # two taps at once would be a double tap
    await expect(s.phone.get_by_text("3 points set")).to_be_visible()
    await s.phone.get_by_label("In a few words").fill("Nobody without a mask")
    await s.look(s.phone, "phone draw")
    await s.phone.get_by_role("button", name="Send inner cordon").click()
    await expect(s.phone.get_by_role("listitem").filter(has_text="Inner cordon")).to_contain_text("waiting to be sent")
    await s.phone.get_by_role("link", name="Casualty Ten Second Triage").click()
    await _triage(s, "5", "No", "Yes", last=True)
    await expect(s.phone.get_by_role("banner")).to_contain_text("4 waiting")
    await s.phone.get_by_role("banner").get_by_role("link").first.click()
    await s.look(s.phone, "phone outbox")
    entries = s.control.get_by_label("Entries, newest first")
    await expect(entries).not_to_contain_text("no signal")

    await s.phone.context.set_offline(offline=False)
    await expect(s.phone.get_by_role("banner")).not_to_contain_text("waiting")
    await expect(entries).to_contain_text("no signal")
    kinds = await entries.locator("[data-kind]").evaluate_all("found => found.slice(0, 4).map((one) => one.dataset.kind)")
    assert kinds == ["casualty.triaged", "casualty.found", "feature.drawn", "chat.said"]
    await expect(entries).to_contain_text("Inner cordon · Nobody without a mask")
    await s.home()
    await _counted(s, "P1 2")
    await s.tak.hears("u-d-", "Nobody without a mask")
    await s.look(s.control, "control after the tunnel")
    # Delivered and read: both control rooms have it on their screens.
    await s.phone.get_by_role("link", name="Chat and log").click()
    mine = s.phone.get_by_role("listitem").filter(has_text="Fuel runs to the drain")
    await expect(mine).to_contain_text("Read by 2")
    await s.look(s.phone, "phone receipts")


async def the_emergency_button(s: Scene) -> None:
    await s.control.get_by_role("button", name="Turn on sound").click()
    await s.control.evaluate("window.heard.length = 0")
    button = await s.phone.get_by_role("button", name="Emergency").bounding_box()
    assert button is not None
    await s.phone.mouse.move(button["x"] + button["width"] / 2, button["y"] + button["height"] / 2)
    await s.phone.mouse.down()
    await s.phone.wait_for_timeout(HELD_MS)
    await s.phone.mouse.up()
    panel = s.phone.get_by_role("region", name="Emergency")
    await expect(panel).to_contain_text("Emergency sent")
    await s.look(s.phone, "phone emergency")
    for page in (s.control, s.board):
        alert = page.locator("[data-emergency]").filter(has_text=s.call_sign)
        await expect(alert).to_have_attribute("role", "alert")
        await expect(alert).to_contain_text("Journey officer")
        await expect(alert).to_contain_text("OS SD")
    await s.control.wait_for_function(f"window.heard.includes({EMERGENCY_HERTZ})")
    await s.look(s.control, "control emergency")
    banner = s.control.locator("[data-emergency]").filter(has_text=s.call_sign)
    await banner.get_by_role("button", name="I have it").click()
    await expect(banner).to_contain_text("Journey control has it")
    await expect(panel).to_contain_text("Control room has it")
    await expect(panel).to_contain_text("Journey control")
    await expect(panel).to_be_in_viewport(ratio=1)
    await s.look(s.phone, "phone emergency answered")
    await s.tak.hears("b-a-o", s.call_sign)
    await banner.get_by_role("button", name="Close").click()
    await s.control.get_by_label("Note").fill("Spoken to, crew is safe")
    await s.look(s.control, "control emergency close")
    await s.control.get_by_role("button", name="Close the emergency").click()
    await expect(banner).to_have_count(0)
    await expect(panel).to_contain_text("Emergency closed")
    await panel.get_by_role("button", name="Put away").click()


async def the_fire_officer_says_something(s: Scene) -> None:
    s.tak.sending.put_nowait(examples.position("PYTAK-FIRE", "FIRE 1", lat=54.3279))
    s.tak.sending.put_nowait(examples.chat("PYTAK-FIRE", "FIRE 1", "Foam is on, keep clear of the tanker side", s.number))
    for page in (s.control, s.ambulance):
        await expect(page.get_by_label("Entries, newest first")).to_contain_text("Foam is on, keep clear of the tanker side")
    await expect(s.phone.get_by_role("list", name="Log")).to_contain_text("Foam is on, keep clear of the tanker side")
    await s.control.get_by_label("As", exact=True).select_option("chat.said")
    await s.control.get_by_label("Say to the others").fill("Understood, foam. Highways close both ways.")
    await s.control.keyboard.press("Enter")
    await s.tak.hears("b-t-f", "Highways close both ways")
    await expect(s.phone.get_by_role("list", name="Log")).to_contain_text("Highways close both ways")
    await s.look(s.phone, "phone chat")
    await s.look(s.ambulance, "ambulance chat")


async def it_is_looked_back_at(s: Scene) -> None:
    await s.control.get_by_role("button", name="Replay").click()
    # The second before the first casualty was found, by the slider.
    first = await s.control.locator("[data-kind='casualty.found'] time").last.get_attribute("datetime")
    slider = s.control.get_by_label("Moment")
    whole = "(one, at) => Number(one.min) + Math.floor((Date.parse(at) - Number(one.min)) / 1000) * 1000"
    value = await slider.evaluate(whole, first) - 1_000
    await slider.fill(str(value))
    await expect(s.control.locator(".hurt")).to_contain_text("no casualties counted")
    await expect(s.control.locator(".head")).to_contain_text("MAJOR")
    await expect(s.control.get_by_label("Entries, newest first")).not_to_contain_text("no signal")
    await expect(s.control.get_by_role("button", name="Send", exact=True)).to_have_count(0)
    await s.look(s.control, "control replay")
    await s.control.get_by_role("button", name="Back to now").click()
    await expect(s.control.locator(".hurt")).to_contain_text("P1 2")


async def the_ambulance_is_put_out(s: Scene) -> None:
    panel = await s.tab(s.control, "Who sees it")
    await panel.get_by_role("listitem").filter(has_text="Kentmere Ambulance").get_by_role("button", name="Put out").click()
    await s.control.get_by_label("Reason").fill("Handed to the hospital")
    await s.look(s.control, "control put out")
    await s.control.get_by_role("dialog").get_by_role("button", name="Put out").click()
    await expect(s.ambulance.get_by_role("heading", level=1)).to_have_text(f"You no longer see {s.number}")
    for gone in (s.title, "Foam is on", "KAS-4711", "White lorry"):
        await expect(s.ambulance.locator("body")).not_to_contain_text(gone)
    await s.look(s.ambulance, "ambulance put out")
    await s.ambulance.get_by_role("main").get_by_role("link", name="All incidents").click()
    await expect(s.ambulance.get_by_role("heading", level=1)).to_have_text("Incidents")
    await s.ambulance.locator("main [aria-busy=true]").wait_for(state="detached")
    await expect(s.ambulance.get_by_role("row").filter(has_text=s.title)).to_have_count(0)


async def it_is_closed_and_taken_out(s: Scene, folder: Path) -> None:
    await s.control.get_by_role("button", name="Close", exact=True).click()
    await s.control.get_by_role("dialog").get_by_label("Reason").fill("Road is open again")
    await s.control.get_by_label("Debrief").fill("Foam early. No signal in the cutting: hand out radios.")
    await s.look(s.control, "control close")
    await s.control.get_by_role("button", name="Close it").click()
    await expect(s.control.locator(".head")).to_contain_text("No signal in the cutting")
    await expect(s.board.get_by_role("row").filter(has_text=s.title)).to_have_count(0)
    await s.phone.get_by_role("link", name="Mine", exact=True).click()
    await expect(s.phone.get_by_role("link", name=s.title)).to_have_count(0)
    await s.look(s.phone, "phone after")
    await s.control.get_by_role("button", name="Export").click()
    await s.control.get_by_role("dialog").get_by_label("Reason").fill("Collision investigation")
    async with s.control.expect_download() as waiting:
        await s.control.get_by_role("dialog").get_by_role("button", name="Export").click()
    download = await waiting.value
    assert s.number in download.suggested_filename
    package = folder / "package.zip"
    await download.save_as(package)
    verdict = verify_package(package)
    assert verdict.valid, verdict
    told = "".join(zipfile.ZipFile(package).read(name).decode(errors="replace") for name in zipfile.ZipFile(package).namelist())
    for words in ("Fuel runs to the drain", "Foam is on", "Hand out radios".lower(), "Nobody without a mask", "KE46LRY"):
        assert words in told, words
    await s.look(s.control, "control closed")


async def the_officer_goes_off_duty(s: Scene) -> None:
    await s.phone.get_by_role("link", name="Status", exact=True).click()
    await s.phone.get_by_role("button", name="11 Off duty").click()
    await expect(s.phone.get_by_role("banner").get_by_text("Position on")).to_have_count(0)
    await s.phone.get_by_role("button", name=f"Leave {s.call_sign}").click()
    await expect(s.phone.get_by_text("You crew no unit")).to_be_visible()


async def test_a_collision_on_the_motorway(scene: Scene, tmp_path: Path) -> None:  # noqa: F811
    await the_officer_goes_on_duty(scene)
    await the_call_is_taken(scene)
    await the_nearest_is_sent(scene)
    await partners_have_it_in_their_own_words(scene)
    await a_methane_comes_from_the_phone(scene)
    await a_picture_is_taken(scene)
    await a_plate_is_typed(scene)
    await casualties_are_triaged(scene)
    await without_signal_and_back(scene)
    await the_emergency_button(scene)
    await the_fire_officer_says_something(scene)
    await it_is_looked_back_at(scene)
    await the_ambulance_is_put_out(scene)
    await it_is_closed_and_taken_out(scene, tmp_path)
    await the_officer_goes_off_duty(scene)
    # What was meant to fail: requests without signal, and the look of those who were put out.
    meant = ("ERR_INTERNET_DISCONNECTED", f"status of 404 (Not Found) ({scene.room.platform.url}/v1/incidents/{scene.incident}/")
    assert [said for said in scene.room.complaints if not any(words in said for words in meant)] == []
