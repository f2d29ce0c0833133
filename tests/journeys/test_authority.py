"""A detective needs older reads: asks in the Search screen, the inspector grants on a phone, the search runs at once."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from bluelamp.kit.ids import new_id

from .conftest import Room, violations

pytestmark = pytest.mark.browser


async def _make_inspector(room: Room) -> None:
    await room.platform.spine.db.execute(
        "UPDATE memberships SET rank = 'inspector' WHERE person = (SELECT id FROM users WHERE username = $1)", room.usernames["supervisor"]
    )
    await room.platform.spine.db.execute("SELECT pg_notify('identity', '')")


async def _refused(page: Page, mark: str, reference: str) -> None:
    await page.goto(f"/search?vrm={mark}")
    await page.get_by_label("Time").select_option("365")
    await page.get_by_label("Purpose").select_option("serious_crime")
    await page.get_by_label("Reference").fill(reference)
    await page.get_by_role("button", name="Search", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("need the authority of an officer of the rank of inspector")
    await expect(page.get_by_text("What would make it lawful.")).to_be_visible()


async def test_asked_in_the_search_granted_on_a_phone_and_run_at_once(room: Room) -> None:
    await _make_inspector(room)
    reference = f"Op Journey {room.camera[-6:]}"
    detective = await room.signed_in("officer")
    await _refused(detective, f"AU{new_id()[-5:]}", reference)  # a plate that no other journey has seen
    assert await violations(detective) == []
    await detective.get_by_role("button", name="Ask for authority").click()
    await expect(detective.get_by_text("Say why this is necessary and proportionate")).to_be_visible()
    await detective.get_by_label("Why it is necessary and proportionate").fill("Seen leaving the earlier scene in the spring.")
    await detective.get_by_role("button", name="Ask for authority").click()
    await expect(detective.get_by_text("Asked: waiting for an answer")).to_be_visible()

    phone = await room.signed_in("supervisor", width=360, height=740, scheme="dark")
    await phone.goto("/authority")
    await phone.get_by_role("link", name=reference).click()
    await expect(phone.get_by_text("Seen leaving the earlier scene in the spring.")).to_be_visible()
    await phone.get_by_role("button", name="Grant").click()
    await expect(phone.get_by_text("Give your reason, whichever way you decide")).to_be_visible()
    assert await violations(phone) == []
    assert await phone.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    await phone.get_by_label("Your reason").fill("Necessary, and nothing less would do.")
    await phone.get_by_role("button", name="Grant").click()
    await expect(phone.get_by_text("In force")).to_be_visible()

    # The stream tells the detective's screen, and the search that was refused runs by itself.
    await detective.wait_for_url("**/search/*")
    await expect(detective.get_by_role("status").filter(has_text="Nothing found.")).to_be_visible()
    await expect(detective.get_by_text("are left out")).to_have_count(0)
    assert [said for said in room.complaints if "403" not in said] == []


@pytest.mark.heavy
async def test_life_in_danger_is_opened_at_once_and_told_to_the_inspector(room: Room) -> None:
    await _make_inspector(room)
    page = await room.signed_in("officer")
    await _refused(page, room.mark, f"Op Danger {room.camera[-6:]}")
    inspector = await room.signed_in("supervisor", width=360, height=740)
    await page.get_by_role("button", name="Life is in danger and this cannot wait").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Whose life is in danger, and how").fill("A child was taken in this car an hour ago.")
    await dialog.get_by_role("button", name="Look now").click()
    await expect(dialog.get_by_text("Say that life is in danger")).to_be_visible()
    assert await violations(page) == []
    await dialog.get_by_label("Life is in danger, and waiting").check()
    await dialog.get_by_role("button", name="Look now").click()
    await page.wait_for_url("**/search/*")
    await expect(inspector.get_by_text("has used the emergency override")).to_be_visible()
    await inspector.get_by_role("status").get_by_role("link", name="Open").first.click()
    await expect(inspector.get_by_text("Review due")).to_be_visible()
    assert [said for said in room.complaints if "403" not in said] == []
