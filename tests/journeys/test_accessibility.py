"""axe-core finds nothing on any page, light or dark, wide or on a phone; and nothing scrolls sideways."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from .conftest import Room, violations

pytestmark = pytest.mark.browser

LOOKS = {"wide, light": (1440, 900, "light"), "phone, dark": (360, 740, "dark")}
PAGES = {
    "control": ("/", "/search", "/search?by=place", "/vehicle", "/lists", "/cameras", "/audit", "/account", "/handover", "/help"),
    "supervisor": ("/lists", "/preserved", "/reviews", "/authority", "/policy"),
    "admin": ("/retention", "/sources", "/rejects", "/users", "/cameras", "/audit"),
    "officer": ("/sources", "/my-reviews"),
    "auditor": ("/audit", "/reviews"),
}


async def _sideways(page: Page) -> int:
    return int(await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


async def _inspect(page: Page, what: str) -> list[str]:
    await page.locator("[aria-busy=true]").first.wait_for(state="detached")
    found = [f"{what}: {violation}" for violation in await violations(page)]
    return [*found, f"{what}: scrolls sideways"] if await _sideways(page) > 0 else found


@pytest.mark.heavy
@pytest.mark.parametrize("look", LOOKS)
async def test_every_page(room: Room, look: str) -> None:
    width, height, scheme = LOOKS[look]
    found: list[str] = []
    visitor = await room.page(width, height, scheme)
    await visitor.goto("/")
    await visitor.get_by_role("heading", name="Sign in").wait_for()
    found += await _inspect(visitor, "sign-in")
    for role, paths in PAGES.items():
        page = await room.signed_in(role, width=width, height=height, scheme=scheme)
        for path in paths:
            await page.goto(path)
            await page.get_by_role("main").get_by_role("heading", level=1).wait_for()
            found += await _inspect(page, f"{role} {path}")
    assert found == []


@pytest.mark.heavy
@pytest.mark.parametrize("look", LOOKS)
async def test_what_opens_on_a_page(room: Room, look: str) -> None:
    """The alert in full, its questions, a result with its pictures, a vehicle, a camera, a list and its form."""
    width, height, scheme = LOOKS[look]
    mark = f"KE5{list(LOOKS).index(look) + 2}" + room.camera[-3:].upper()
    await room.list_mark(mark, instruction="Stop and arrest. Ask for a second unit.")
    page = await room.signed_in("control", width=width, height=height, scheme=scheme)
    row = page.locator("[data-hit]").filter(has_text="second unit").first
    for ago_ms in range(0, 10_000, 500):
        await room.see(mark, ago_ms)
        try:
            await expect(row).to_be_visible(timeout=1_500)
            break
        except AssertionError:
            continue
    await row.click()
    await page.get_by_role("article").wait_for()
    found = await _inspect(page, "alert")
    await page.keyboard.press("c")
    await page.get_by_role("dialog").wait_for()
    found += await _inspect(page, "outcome")
    await page.keyboard.press("Escape")
    await page.keyboard.press("m")
    await page.get_by_role("dialog").wait_for()
    found += await _inspect(page, "mute")
    await page.keyboard.press("Escape")

    await page.goto(f"/vehicle/{mark}")
    await page.get_by_label("Purpose").select_option("test")
    await page.get_by_label("Reference").fill("accessibility")
    for _ in range(20):
        await page.get_by_role("button", name="Look").click()
        await expect(page.get_by_role("button", name="Look again")).to_be_enabled()
        if await page.get_by_text("Last seen").count():
            break
    found += await _inspect(page, "vehicle")
    await page.goto(f"/search?vrm={mark}")
    await page.get_by_role("button", name="Search", exact=True).click()
    await page.get_by_role("table").wait_for()
    await page.get_by_role("button", name="Show pictures").first.click()
    found += await _inspect(page, "result")
    await page.get_by_role("tab", name="Journey").click()
    found += await _inspect(page, "journey")
    await page.goto("/cameras")
    await page.get_by_label("Name, road or number").fill(room.camera_name)
    await page.get_by_role("button", name="Find").click()
    await page.get_by_role("link", name=room.camera_name).click()
    await page.get_by_role("heading", level=1, name=room.camera_name).wait_for()
    found += await _inspect(page, "camera")

    supervisor = await room.signed_in("supervisor", width=width, height=height, scheme=scheme)
    await supervisor.goto(f"/lists/{room.list_id}")
    await supervisor.get_by_role("cell", name=mark[:4]).first.wait_for()
    found += await _inspect(supervisor, "list")
    await supervisor.get_by_role("button", name="Add a vehicle").click()
    dialog = supervisor.get_by_role("dialog")
    await dialog.get_by_label("Plate", exact=True).fill(mark[:-1] + ("9" if mark[-1] != "9" else "8"))
    await dialog.get_by_label("Reason").fill("Seen by night")
    await dialog.get_by_text("Only in a place, at times or in a direction").click()
    await dialog.get_by_role("button", name="Use what the map shows").click()
    await dialog.get_by_role("button", name="Add a time").click()
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog.get_by_text("Give each time its beginning and its end")).to_be_visible()
    found += await _inspect(supervisor, "entry")
    await dialog.get_by_label("From", exact=True).fill("22:00")
    await dialog.get_by_label("To", exact=True).fill("06:00")
    await dialog.get_by_label("North", exact=True).check()
    await dialog.get_by_role("button", name="Save").click()
    row = supervisor.get_by_role("row").filter(has_text="Seen by night").first
    await expect(row).to_contain_text("every day 22:00 to 06:00; heading north")
    assert found == []


async def test_the_queue_is_worked_by_keyboard_alone(room: Room) -> None:
    page = await room.signed_in("control")
    await page.get_by_role("button", name="No sound here").press("Enter")
    await room.list_mark("KE44" + room.camera[-3:].upper(), instruction="Keep watching.")
    row = page.locator("[data-hit]").first
    for ago_ms in range(0, 10_000, 500):
        await room.see("KE44" + room.camera[-3:].upper(), ago_ms)
        try:
            await expect(row).to_be_visible(timeout=1_500)
            break
        except AssertionError:
            continue
    await page.keyboard.press("j")
    await expect(row).to_be_focused()
    await expect(page.get_by_role("article")).to_be_visible()
    await page.keyboard.press("c")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.keyboard.press("/")
    await expect(page.get_by_role("heading", level=1, name="Search")).to_be_focused()
