"""On a phone, a supervisor preserves what a search found, sees it among the preserved, puts it under hold, and cannot release it."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from .conftest import Room, violations

pytestmark = pytest.mark.browser


async def test_from_the_result_to_the_hold(room: Room) -> None:
    mark = "PR34" + room.camera[-3:].upper()
    await room.see(mark)
    page = await room.signed_in("supervisor", width=360, height=740, scheme="dark")
    await page.goto(f"/vehicle/{mark}")
    await page.get_by_label("Purpose").select_option("test")
    await page.get_by_label("Reference").fill(f"OP {mark}")
    button = page.get_by_role("button", name="Preserve for a case")
    for _ in range(20):  # until the writer has stored it
        await page.get_by_role("button", name="Look", exact=False).first.click()
        try:
            await expect(button).to_be_visible(timeout=1_500)
        except AssertionError:
            continue
        break
    await button.click()
    await page.get_by_role("button", name="Preserve", exact=True).click()
    await expect(page.get_by_text("Enter who gave authority")).to_be_visible()
    await page.get_by_label("Authority").fill("DI Hart, CPIA")
    await page.get_by_label("Reason").last.fill("murder inquiry")
    await page.get_by_role("button", name="Preserve", exact=True).click()
    await page.get_by_role("link", name="See what is preserved").click()
    case = page.get_by_role("article", name=f"OP {mark}")
    await expect(case).to_contain_text("1 read")
    await case.get_by_role("button", name="Legal hold").click()
    await page.get_by_label("Reason").fill("appeal pending")
    await page.get_by_role("dialog").get_by_role("button", name="Legal hold").click()
    await expect(case.get_by_text("appeal pending")).to_be_visible()
    await expect(case.get_by_role("button", name="Release")).to_have_count(0)
    assert await violations(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    assert room.complaints == []
