"""The large steps of a control room on its own screen, and what each form says to what cannot be."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Locator, Page, expect

from bluelamp.kit.ids import new_id

from .conftest import partner_account, violations
from .test_incidents_page import ControlRooms, ambulance_account, event, rooms  # noqa: F401

pytestmark = pytest.mark.browser


async def _room(rooms: ControlRooms, incident: str) -> Page:  # noqa: F811
    page = await rooms.room.signed_in("control", width=1400)
    await page.goto(f"/incidents/{incident}")
    await page.get_by_role("tab").first.wait_for()
    return page


async def _tab(page: Page, name: str) -> Locator:
    await page.get_by_role("tab", name=re.compile(f"^{name}")).click()
    return page.get_by_role("tabpanel")


async def _ask(page: Page, button: str) -> Locator:
    await page.get_by_role("button", name=button, exact=True).click()
    dialog = page.get_by_role("dialog")
    await dialog.wait_for()
    return dialog


async def test_two_calls_about_one_collision_become_one(rooms: ControlRooms) -> None:  # noqa: F811
    tail = new_id()[-6:]
    first, second = await rooms.open(title=f"Collision {tail}"), await rooms.open("KAS", title=f"Second call {tail}")
    await rooms.say("officer", second, event("casualty.found", casualty=new_id(), label="By the barrier"))
    page = await _room(rooms, second)
    dialog = await _ask(page, "Link")
    await dialog.get_by_role("button", name="Link", exact=True).click()
    await expect(dialog).to_contain_text("Choose an incident")
    number = (await rooms.ask("control", "GET", f"/{first}"))["number"]
    await dialog.get_by_label("Which incident").select_option(label=f"{number} Collision {tail}")
    await dialog.get_by_role("button", name="Link", exact=True).click()
    await expect(page.locator(".head").get_by_role("link", name=number)).to_be_visible()

    dialog = await _ask(page, "Merge")
    await dialog.get_by_label("Which incident").select_option(label=f"{number} Collision {tail}")
    await dialog.get_by_role("button", name="Merge", exact=True).click()
    await expect(dialog).to_contain_text("Say why")
    await dialog.get_by_label("Reason").fill("The same lorry, told twice")
    await dialog.get_by_role("button", name="Merge", exact=True).click()
    # One is where one works on: the other incident, with what the ended one knew and who was on it.
    await expect(page.get_by_role("heading", level=1)).to_have_text(f"Collision {tail}")
    await expect(await _tab(page, "Casualties")).to_contain_text("By the barrier")
    await expect(await _tab(page, "Who sees it")).to_contain_text("Kentmere Ambulance Service")
    await page.goto(f"/incidents/{second}")
    await expect(page.locator(".head")).to_contain_text("Merged")
    assert rooms.room.complaints == []


async def test_closed_with_a_debrief_and_opened_again(rooms: ControlRooms) -> None:  # noqa: F811
    incident = await rooms.open()
    page = await _room(rooms, incident)
    dialog = await _ask(page, "Close")
    await dialog.get_by_label("Debrief").fill("x" * 4_005)
    await expect(dialog).to_contain_text("Too long by 5 characters: shorten it")
    await dialog.get_by_role("button", name="Close it").click()
    await expect(dialog).to_contain_text("Say why")
    await dialog.get_by_label("Debrief").fill("Second car was late.")
    await dialog.get_by_label("Reason").fill("All clear")
    await dialog.get_by_role("button", name="Close it").click()
    await expect(page.locator(".head")).to_contain_text("Debrief: Second car was late.")
    await expect(page.get_by_role("button", name="Declare major")).to_have_count(0)
    dialog = await _ask(page, "Open again")
    await dialog.get_by_role("button", name="Open it").click()
    await expect(dialog).to_contain_text("Say why")
    await dialog.get_by_label("Reason").fill("One driver is missing")
    await dialog.get_by_role("button", name="Open it").click()
    await expect(page.get_by_role("button", name="Declare major")).to_be_visible()
    await expect(page.get_by_label("Entries, newest first")).to_contain_text("One driver is missing")
    assert rooms.room.complaints == []


async def test_shared_with_some_roles_and_the_lead_passed(rooms: ControlRooms) -> None:  # noqa: F811
    incident = await rooms.open(title=f"Fire {new_id()[-6:]}")
    page = await _room(rooms, incident)
    panel = await _tab(page, "Who sees it")
    dialog = await _ask(page, "Share with an agency")
    await dialog.get_by_label("Agency").select_option(label="Kentmere Fire and Rescue")
    await dialog.get_by_text("Only some of their roles").click()
    await dialog.get_by_role("button", name="Share", exact=True).click()
    await expect(dialog).to_contain_text("Tick the roles")
    await dialog.get_by_label("dispatchers").check()
    await dialog.get_by_role("button", name="Share", exact=True).click()
    theirs = panel.get_by_role("listitem").filter(has_text="Kentmere Fire and Rescue")
    await expect(theirs).to_contain_text("Only dispatchers")
    await rooms.ask("firefighter", "GET", f"/{incident}", 404)

    fire = await rooms.room.enter(await rooms.room.page(1400, 900), *await partner_account(rooms.room.platform, "KFR"))
    await fire.goto(f"/incidents/{incident}")
    await expect(fire.get_by_role("button", name="Acknowledge")).to_be_visible()
    await theirs.get_by_role("button", name="Pass the lead to them").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("you stay on the incident")
    await dialog.get_by_role("button", name="Pass the lead").click()
    await expect(dialog).to_contain_text("Say why")
    await dialog.get_by_label("Reason").fill("It burns")
    await dialog.get_by_role("button", name="Pass the lead").click()
    # Who leads now is offered to command; who led is not any more.
    await expect(fire.get_by_role("button", name="Declare major")).to_be_visible()
    await expect(page.get_by_role("button", name="Declare major")).to_have_count(0)
    panel = await _tab(fire, "Who sees it")
    await panel.get_by_role("listitem").filter(has_text="Kentmere Police").get_by_role("button", name="Put out").click()
    await fire.get_by_label("Reason").fill("Nothing for police")
    await fire.get_by_role("dialog").get_by_role("button", name="Put out").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("You no longer see")
    meant = f"/v1/incidents/{incident}/"
    assert [said for said in rooms.room.complaints if "404" not in said or meant not in said] == []


async def test_decisions_and_checklists(rooms: ControlRooms) -> None:  # noqa: F811
    incident = await rooms.open()
    page = await _room(rooms, incident)
    panel = await _tab(page, "Decisions")
    dialog = await _ask(page, "Record a decision")
    await dialog.get_by_label("Review at").fill("2020-01-01T03:00")
    await dialog.get_by_label("1. Information").fill("Fuel on both lanes")
    await dialog.get_by_label("2. Threats").fill("y" * 4_001)
    await dialog.get_by_role("button", name="Record", exact=True).click()
    for words in ("Say what was decided", "Say what is done", "That time is past", "Too long by 1 character:"):
        await expect(dialog).to_contain_text(words)
    assert await violations(page) == []
    await dialog.get_by_label("Decision in a few words").fill("Close the motorway")
    await dialog.get_by_label("2. Threats").fill("Fire")
    await dialog.get_by_label("5. Action").fill("Both directions, from junction 36")
    await dialog.get_by_label("Review at").fill("2090-01-01T03:00")
    await dialog.get_by_role("button", name="Record", exact=True).click()
    await expect(panel).to_contain_text("Both directions, from junction 36")
    await panel.get_by_text("Reasons").click()
    await expect(panel).to_contain_text("Fuel on both lanes")

    panel = await _tab(page, "Checklists")
    await panel.get_by_role("button", name=re.compile("^Start: ")).first.click()
    box = panel.get_by_role("checkbox").first
    await box.check()
    await expect(panel.get_by_role("group").first).to_contain_text("Journey control")
    await expect(panel.get_by_role("group").first).to_contain_text("1 of")
    await expect(page.get_by_label("Entries, newest first")).to_contain_text("Done: ")
    assert rooms.room.complaints == []


async def test_what_cannot_be_is_answered_with_what_to_do(rooms: ControlRooms) -> None:  # noqa: F811
    page = await rooms.room.signed_in("control", width=1400)
    await page.goto("/incidents?new")
    await page.get_by_label("Type", exact=True).fill("no such thing")
    await page.get_by_role("button", name="Open the incident").click()
    form = page.get_by_role("form", name="New incident")
    for words in ("Choose a type from the list", "Choose a grade", "Say where, or click on the map"):
        await expect(form).to_contain_text(words)
    await page.get_by_label("Place, as it is said").fill("ZZ 123")
    await page.get_by_label("What is known").fill("x" * 4_010)
    await expect(form).to_contain_text("Too long by 10 characters")
    await expect(form).to_contain_text("a grid reference has two letters and 2, 4, 6, 8 or 10 figures")

    incident = await rooms.open()
    await rooms.say("officer", incident, event("casualty.found", casualty=new_id(), label="K1"))
    await page.goto(f"/incidents/{incident}")
    await page.get_by_role("tab").first.wait_for()
    dialog = await _ask(page, "Change")
    await dialog.get_by_label("Headline").fill(" ")
    await dialog.get_by_label("Place").fill("")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog).to_contain_text("Give it a headline")
    await expect(dialog).to_contain_text("Say where it is")
    await page.keyboard.press("Escape")
    await page.get_by_label("Write to the log").fill("z" * 4_020)
    await expect(page.get_by_role("alert").filter(has_text="Too long by 20 characters")).to_be_visible()
    await expect(page.get_by_role("button", name="Send", exact=True).first).to_be_disabled()
    for tab, button, submit, words in (
        ("Vehicles", "Add a vehicle", "Add", "Type the plate, or say below what it looks like"),
        ("People", "Add a person", "Add", "Give a name, or say below what they look like"),
        ("Reports", "Write a report", "Send the report", "Say what it is"),
    ):
        await _tab(page, tab)
        dialog = await _ask(page, button)
        if tab == "Reports":
            await dialog.get_by_label("Type").fill("")
        await dialog.get_by_role("button", name=submit, exact=True).click()
        await expect(dialog).to_contain_text(words)
        await page.keyboard.press("Escape")
    panel = await _tab(page, "Casualties")
    await panel.get_by_role("button", name="K1").click()
    dialog = await _ask(page, "Strike out")
    await dialog.get_by_role("button", name="Strike out").click()
    await expect(dialog).to_contain_text("Say why")
    assert await violations(page) == []
    await page.keyboard.press("Escape")
    dialog = await _ask(page, "Export")
    await dialog.get_by_role("button", name="Export").click()
    await expect(dialog).to_contain_text("Say why it is exported")
    assert rooms.room.complaints == []
