"""The main job in a real browser: sign in, watch a hit arrive, take and confirm it, search the plate, open the journey, export."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from .conftest import Room, violations

pytestmark = pytest.mark.browser

INSTRUCTION = "Do not stop: firearms. Tell the control room at once."


async def _give_reason(page: Page) -> None:
    await page.get_by_label("Purpose").select_option("test")
    await page.get_by_label("Reference").fill("browser journey")


async def _watch_for(room: Room, page: Page, mark: str) -> None:
    """Live until the hit is on the screen. A list's change is in force within a second: the vehicle passes until it is seen."""
    await room.list_mark(mark, marker="firearms", instruction=INSTRUCTION)
    row = page.locator("[data-hit]").filter(has_text=INSTRUCTION).filter(has_text=room.camera_name).first
    for ago_ms in range(0, 10_000, 500):
        await room.see(mark, ago_ms)
        try:
            await expect(row).to_be_visible(timeout=1_500)
        except AssertionError:
            continue
        return
    pytest.fail("the hit never reached the console")


async def test_from_the_alert_to_the_export(room: Room, tmp_path: Path) -> None:
    page = await room.signed_in("control")
    await page.get_by_role("button", name="No sound here").click()
    await expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
    await _watch_for(room, page, room.mark)
    await expect(page.get_by_role("log")).to_contain_text(INSTRUCTION)

    # The instruction is the first and the largest thing that the alert says.
    await page.locator("[data-hit]").filter(has_text=room.camera_name).first.click()
    alert = page.get_by_role("article")
    sizes = await alert.locator("p, a, strong, dd, button").evaluate_all(
        "all => all.map(e => [e.innerText, parseFloat(getComputedStyle(e).fontSize)])"
    )
    assert sizes[0][0] == INSTRUCTION
    assert all(size < sizes[0][1] for _, size in sizes[1:])
    await expect(alert).to_contain_text("Exact")
    for picture in await alert.get_by_role("img").all():
        await expect(picture).to_have_js_property("complete", value=True)
        assert await picture.evaluate("image => image.naturalWidth") > 0
    assert await alert.get_by_role("img").count() == 2

    # Take it; a colleague who looks at the queue sees who has it, in place: nothing moves under the focus.
    colleague = await room.signed_in("supervisor")
    await colleague.locator("[data-hit]").filter(has_text=room.camera_name).first.focus()
    await page.keyboard.press("t")
    await expect(alert).to_contain_text("Taken by you")
    await expect(colleague.locator("[data-hit]").filter(has_text="Taken by Journey control").first).to_be_visible()

    await alert.get_by_role("button", name="Confirm or dismiss").click()
    await page.get_by_label("Correct: this is the vehicle").check()
    await page.get_by_label("Note").fill("<b>stopped</b> by unit 7")
    await page.get_by_role("button", name="Save outcome").click()
    await expect(alert).to_contain_text("<b>stopped</b> by unit 7")

    # Search the plate: no reason, no search.
    await page.get_by_role("link", name="Search", exact=True).click()
    await page.locator("#plates").fill(f"{room.mark[:4]} {room.mark[4:]}".lower())
    await page.get_by_role("button", name="Search", exact=True).click()
    await expect(page.get_by_text("Say what this look is for")).to_be_visible()
    await _give_reason(page)
    await page.get_by_role("button", name="Search", exact=True).click()
    await expect(page.get_by_role("table")).to_contain_text(room.camera_name)
    await page.get_by_role("tab", name="Journey").click()
    await expect(page.get_by_role("region", name="Sightings in order")).to_contain_text(room.camera_name)

    # Export: what arrives is what the manifest says.
    await page.get_by_role("button", name="CSV").click()
    async with page.expect_download() as coming:
        await page.get_by_role("link", name="reads.csv").click()
    target = tmp_path / "reads.csv"
    await (await coming.value).save_as(target)
    told = await page.locator("li").filter(has_text="reads.csv").locator("code").inner_text()
    assert hashlib.sha256(target.read_bytes()).hexdigest() == told
    assert room.mark in target.read_text()
    assert room.complaints == []


async def test_the_vehicle_page_tells_a_history(room: Room) -> None:
    page = await room.signed_in("control")
    mark = "KE77" + room.camera[-3:].upper()
    await room.see(mark, ago_ms=240_000)
    await room.see(mark, ago_ms=60_000)
    await page.goto(f"/vehicle/{mark}")
    await _give_reason(page)
    # What was just seen becomes searchable in a moment: asking again is what a person would do.
    for _ in range(20):
        await page.get_by_role("button", name="Look").click()
        await expect(page.get_by_role("button", name="Look again")).to_be_enabled()
        if await page.get_by_text("Last seen").count():
            break
    await expect(page.get_by_role("region", name="Sightings in order")).to_contain_text(room.camera_name)
    # Remembered for the session: the next look needs no typing.
    await page.goto("/search")
    await expect(page.get_by_label("Reference")).to_have_value("browser journey")


async def test_nothing_found_never_hides_the_cameras_that_were_down(room: Room) -> None:
    page = await room.signed_in("control")
    await page.goto("/search?vrm=ZZ99NIL")
    await _give_reason(page)
    await page.get_by_role("button", name="Search", exact=True).click()
    await expect(page.get_by_text("Nothing found.")).to_be_visible()
    await expect(page.locator(".bl-notice").filter(has_text="down")).to_be_visible()


async def test_text_from_outside_is_text(room: Room) -> None:
    """Markup in every field that a stranger fills arrives on the screen as the characters it is."""
    hostile = "<img src=x onerror=\"document.title='owned'\">'; DROP TABLE reads;--"
    mark = "KE66" + room.camera[-3:].upper()
    await room.list_mark(mark, instruction=hostile, reason=hostile, marker="<script>1</script>")
    page = await room.signed_in("control")
    row = page.locator("[data-hit]").filter(has_text="DROP TABLE").first
    for ago_ms in range(0, 10_000, 500):
        await room.see(mark, ago_ms, make="<svg onload=alert(1)>", model='"><script>')
        try:
            await expect(row).to_be_visible(timeout=1_500)
            break
        except AssertionError:
            continue
    await row.click()
    await expect(page.get_by_role("article").locator(".instruction")).to_have_text(hostile)
    await expect(page.get_by_role("article")).to_contain_text("<svg onload=alert(1)>")
    assert await page.title() != "owned"
    assert room.complaints == []


async def test_a_one_time_password_opens_nothing_but_its_replacement(room: Room) -> None:
    admin = await room.signed_in("admin")
    await admin.goto("/users")
    await admin.get_by_role("button", name="Add a user").click()
    username = f"new.{room.camera.lower()}"
    await admin.get_by_label("Username").fill(username)
    await admin.get_by_label("Name", exact=True).fill("New Officer")
    await admin.get_by_label("Officer: search, see hits").check()
    await admin.get_by_role("button", name="Save").click()
    once = await admin.locator("code.secret").inner_text()

    page = await room.page()
    await page.goto("/search")
    await page.get_by_label("Username").fill(username)
    await page.locator("#password").fill(once)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_text("Choose your own password first")).to_be_visible()
    await page.get_by_label("Current password").fill(once)
    await page.get_by_label("New password", exact=True).fill("a-long-walk-in-the-rain")
    await page.get_by_label("New password again").fill("a-long-walk-in-the-rain")
    await page.get_by_role("button", name="Change password").click()
    await expect(page.get_by_role("link", name="Search", exact=True)).to_be_visible()
    # An officer searches; lists, sources and users are not theirs and are not offered.
    for hidden in ("Lists", "Sources", "Users"):
        await expect(page.get_by_role("link", name=hidden, exact=True)).to_have_count(0)
    await page.goto("/users")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("not for your role")


async def test_bad_rows_of_an_import_are_told_one_by_one(room: Room, tmp_path: Path) -> None:
    page = await room.signed_in("supervisor")
    await page.goto(f"/lists/{room.list_id}")
    file = tmp_path / "list.csv"
    file.write_text(
        "vrm,reason,priority,starts,expires,marker,instruction\nKE55GUD,stolen,high,,,,\n???,stolen,high,,,,\nKE55BAD,stolen,urgent,,,,\n"
    )
    await page.get_by_label("CSV file").set_input_files(file)
    await page.get_by_role("button", name="Import").click()
    told = page.get_by_role("region", name="Rows not taken")
    await expect(told.get_by_role("row")).to_have_count(3)
    await expect(page.get_by_role("status").filter(has_text="1 entry imported")).to_be_visible()


async def test_a_directory_is_loaded_and_erased_and_never_shown(room: Room, tmp_path: Path) -> None:
    page = await room.signed_in("admin")
    await page.goto("/users")
    part = page.get_by_role("region", name="What the force knows of its people")
    file = tmp_path / "directory.csv"
    file.write_text("kind,person,subject,relation\nvehicle,j.doe,KE55OWN,own car\nfaith,j.doe,none,\n")
    await part.get_by_label("Directory file").set_input_files(file)
    await part.get_by_role("button", name="Replace the directory").click()
    await expect(part.get_by_role("status").filter(has_text="1 fact loaded")).to_be_visible()
    await expect(part.get_by_role("region", name="Rows left out").get_by_role("row")).to_have_count(2)
    assert "KE55OWN" not in await page.content()
    await page.evaluate("scrollTo(0, 0)")  # where the page is scrolled, the head may lie over somebody's buttons
    assert await violations(page) == []
    await part.get_by_role("button", name="Erase the directory").click()
    await page.get_by_role("dialog").get_by_role("button", name="Erase", exact=True).click()
    await expect(part.get_by_text("None is loaded")).to_be_visible()
    assert room.complaints == []


async def test_nothing_moves_under_the_pointer(room: Room) -> None:
    page = await room.signed_in("control")
    await page.get_by_role("button", name="No sound here").click()
    tail = room.camera[-3:].upper()
    await _watch_for(room, page, f"KE33{tail}")
    rows = page.locator("[data-hit]")
    await rows.first.hover()
    before = await rows.evaluate_all("all => all.map(row => row.dataset.hit)")
    await room.list_mark(f"KE32{tail}", instruction="Came while somebody was reaching.")
    fresh = page.get_by_role("button", name="new alert")
    for ago_ms in range(0, 10_000, 500):
        await room.see(f"KE32{tail}", ago_ms)
        try:
            await expect(fresh).to_be_visible(timeout=1_500)
            break
        except AssertionError:
            continue
    assert await rows.evaluate_all("all => all.map(row => row.dataset.hit)") == before
    # By keyboard: the driver scrolls before it clicks, which moves the list from under a pointer that stands still.
    await fresh.press("Enter")
    await expect(rows.filter(has_text="Came while somebody was reaching.").first).to_be_visible()
