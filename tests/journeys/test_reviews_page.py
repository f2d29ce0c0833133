"""A supervisor works the queue by keyboard, the officer answers on a phone, and anybody reads what the public is told."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from bluelamp.accountability.transparency import jobs
from bluelamp.accountability.transparency.routes import NAME
from bluelamp.spine.identity import actions
from tests.support.force import Force, make_force

from .conftest import Room, violations

pytestmark = pytest.mark.browser


async def signed_in(room: Room, force: Force, name: str, **look: object) -> Page:
    username = f"{name}.{force.code.lower()}"
    password = await actions.set_random_password(force.platform.spine, username)
    page = await room.page(**look)  # type: ignore[arg-type]
    await page.goto("/account")
    await page.get_by_label("Username").fill(username)
    await page.locator("#password").fill(password)
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("heading", level=1, name="Your account").wait_for()
    return page


async def fits(page: Page) -> bool:
    return bool(await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


async def test_a_look_is_asked_about_explained_and_decided(room: Room) -> None:
    force = await make_force(room.platform)
    await force.look("officer", "KN34RVW", "Op Lantern")
    await force.draw()

    desk = await signed_in(room, force, "beside")
    await desk.goto("/reviews")
    row = desk.locator("[data-review]")
    await expect(row).to_have_count(1)
    await desk.keyboard.press("j")
    story = desk.get_by_role("article")
    await expect(story).to_contain_text("Drawn by chance from the looks of")
    await expect(story).to_contain_text("Op Lantern")
    await expect(story.get_by_text("KN34 RVW").first).to_be_visible()
    await desk.keyboard.press("e")
    await expect(desk.get_by_label("Note")).to_be_focused()
    await desk.keyboard.type("Which incident was this?")
    await desk.keyboard.press("Control+Enter")
    await expect(row).to_contain_text("Person asked")

    phone = await signed_in(room, force, "officer", width=360, height=740, scheme="dark")
    await phone.get_by_role("button", name="Menu").click()
    await phone.get_by_role("link", name="Asked of you").click()
    await expect(phone.get_by_text("Which incident was this?")).to_be_visible()
    await phone.get_by_label("Your answer").fill("Incident 12, the blue van.")
    assert await violations(phone) == []
    assert await fits(phone)
    await phone.get_by_role("button", name="Send answer").click()
    await expect(phone.get_by_text("Your answer: Incident 12")).to_be_visible()

    await desk.set_viewport_size({"width": 360, "height": 740})
    await desk.reload()
    await row.click()
    await expect(story).to_contain_text("Incident 12, the blue van.")
    assert await violations(desk) == []
    assert await fits(desk)
    await desk.keyboard.press("p")
    await expect(desk.get_by_role("button", name="Save")).to_be_focused()
    await desk.keyboard.press("Enter")
    await expect(desk.get_by_text("Nothing waits for review")).to_be_visible()
    await desk.get_by_role("tab", name="Figures and samples").click()
    await expect(desk.get_by_text("1 was decided")).to_be_visible()
    # The platform may have drawn the days before as well; the latest stands first.
    await desk.get_by_role("button", name="Draw again").first.click()
    await expect(desk.get_by_text("the same sample")).to_be_visible()
    assert await violations(desk) == []
    assert await fits(desk)


async def test_anybody_reads_what_the_public_is_told(room: Room) -> None:
    await jobs.publish(room.platform.spine)
    room.platform.app.state.per_process[NAME].forget()
    visitor = await room.page(360, 740)
    await visitor.goto("/")
    await visitor.get_by_role("link", name="What the public is told").click()
    await visitor.get_by_role("heading", name="Searches of past reads, by purpose").wait_for()
    await expect(visitor.get_by_role("row").filter(has_text="Found improper")).to_be_visible()
    assert await violations(visitor) == []
    assert await fits(visitor)
    await visitor.get_by_role("link", name="Sign in").click()
    await visitor.get_by_label("Username").wait_for()
