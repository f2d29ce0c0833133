"""The officer's app in a hand: nothing moves away while the rest arrives, nothing is told that was not done, nothing is lost in silence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Page, Request, Route, expect

from bluelamp.kit.ids import new_id

from .conftest import Room, partner_account
from .phone import open_incident, phone_of, until_known, until_logged

pytestmark = pytest.mark.browser


@asynccontextmanager
async def _held(page: Page, pattern: str) -> AsyncIterator[asyncio.Event]:
    """Answers to requests like that are on their way until the event is set, or this is over."""
    let_go = asyncio.Event()

    async def late(route: Route) -> None:
        answer = await route.fetch()
        await let_go.wait()
        await route.fulfill(response=answer)

    await page.route(pattern, late)
    yield let_go
    let_go.set()
    await page.unroute_all(behavior="wait")


async def test_what_arrives_late_moves_nothing_away_under_the_thumb(room: Room) -> None:
    title = f"Shed fire {new_id()[-6:]}"
    incident = await open_incident(room, title)
    page = await phone_of(room)
    card = page.get_by_role("link", name=title)
    await expect(card).to_contain_text("miles")  # the phone knows where it is
    async with _held(page, f"**/v1/incidents/{incident}*") as let_go:
        await card.click()
        box = await page.get_by_role("link", name="Chat and log").bounding_box()
        assert box is not None
        await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        await page.mouse.down()
        let_go.set()
        await until_known(page)
        await page.mouse.up()
    await page.get_by_role("heading", level=1, name="Chat and log").wait_for()
    assert room.complaints == []


async def test_nothing_stands_over_the_words_of_a_drawing(room: Room) -> None:
    incident = await open_incident(room, f"Fallen wires {new_id()[-6:]}")
    page = await phone_of(room)
    await page.evaluate("path => { location.hash = path }", f"/incident/{incident}/draw")
    label = page.get_by_text("In a few words")
    await label.wait_for()
    # Just above the bar with the four places.
    await label.evaluate(
        "e => scrollBy(0, e.getBoundingClientRect().bottom - document.querySelector('nav').getBoundingClientRect().top + 8)"
    )
    seen = "e => { const b = e.getBoundingClientRect(); return document.elementFromPoint(b.x + 20, b.y + b.height / 2) === e; }"
    assert await label.evaluate(seen)
    assert room.complaints == []


async def test_who_reads_further_up_in_the_log_stays_there(room: Room) -> None:
    incident = await open_incident(room, f"Long night {new_id()[-6:]}")
    control = room.platform.client("control")

    async def say(*words: str) -> None:
        events = [{"id": new_id(), "kind": "chat.said", "happened_at": "2026-01-01T00:00:00Z", "data": {"text": text}} for text in words]
        answer = await control.post(f"/v1/incidents/{incident}/events", json={"events": events})
        assert {one["state"] for one in answer.json()["items"]} == {"accepted"}, answer.text

    await say(*(f"Step {n}" for n in range(30)))
    page = await phone_of(room)
    await page.evaluate("path => { location.hash = path }", f"/incident/{incident}/chat")
    log = page.get_by_role("list", name="Log").get_by_role("listitem")
    await expect(log.filter(has_text="Step 29")).to_be_in_viewport()
    await log.filter(has_text="Step 10").scroll_into_view_if_needed()
    before = await page.evaluate("scrollY")
    await say("Relief is on its way")
    await expect(log.filter(has_text="Relief is on its way")).to_be_attached()
    await page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    assert await page.evaluate("scrollY") == before
    # One's own words are shown, and from there on what comes.
    await page.get_by_label("Message to everybody").fill("Thank you")
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(log.filter(has_text="Thank you")).to_be_in_viewport()
    await say("Out")
    await expect(log.filter(has_text="Out")).to_be_in_viewport()
    assert room.complaints == []


async def test_who_has_left_the_log_has_not_read_what_came_then(room: Room) -> None:
    title = f"Quick look {new_id()[-6:]}"
    incident = await open_incident(room, title)
    page = await phone_of(room)
    told: list[int] = []

    def heard(request: Request) -> None:
        if request.method == "POST" and request.url.endswith(f"{incident}/receipts"):
            told.append(int((request.post_data_json or {}).get("read", 0)))

    page.on("request", heard)
    async with _held(page, f"**/v1/incidents/{incident}/events*") as let_go:
        await page.evaluate("path => { location.hash = path }", f"/incident/{incident}/chat")
        await page.get_by_role("link", name="Back to the incident").click()
        await page.get_by_role("heading", level=1, name=title).wait_for()
        async with page.expect_response(f"**/v1/incidents/{incident}/receipts"):
            let_go.set()
        await until_known(page)
    assert set(told) == {0}, "delivered, and read by nobody"
    assert room.complaints == []


async def test_what_cannot_be_kept_is_said_and_stays_in_the_form(room: Room) -> None:
    incident = await open_incident(room, f"Full phone {new_id()[-6:]}")
    page = await phone_of(room)
    await page.evaluate("path => { location.hash = path }", f"/incident/{incident}/chat")
    await expect(page.get_by_role("list", name="Log")).to_contain_text("Incident opened")
    put = "IDBObjectStore.prototype.put"
    full = "() => { throw new DOMException('full', 'QuotaExceededError'); }"
    await page.evaluate(f"() => {{ globalThis.put = {put}; {put} = {full}; }}")
    message = page.get_by_label("Message to everybody")
    await message.fill("Send two more engines")
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.get_by_role("alert").filter(has_text="was not kept")).to_be_visible()
    await expect(message).to_have_value("Send two more engines")
    await page.evaluate(f"() => {{ {put} = globalThis.put; }}")
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.get_by_text("was not kept")).to_have_count(0)
    (said,) = await until_logged(room, incident, ["chat.said"])
    assert said["data"]["text"] == "Send two more engines"
    assert room.complaints == []


async def test_what_one_person_asked_for_is_not_kept_for_the_next(room: Room) -> None:
    title = f"Not for others {new_id()[-6:]}"
    incident = await open_incident(room, title)
    username, password = await partner_account(room.platform, "KFR")
    page = await phone_of(room)
    async with _held(page, f"**/v1/incidents/{incident}") as let_go:  # what it is; its log comes
        async with page.expect_request(f"**/v1/incidents/{incident}"):
            await page.get_by_role("link", name=title).click()
        await page.get_by_role("link", name="More", exact=True).click()
        await page.get_by_role("button", name="Sign out").click()
        await page.get_by_label("Username").fill(username)
        async with page.expect_response(f"**/v1/incidents/{incident}"):
            let_go.set()
    # From here on the phone learns nothing of it, not even that it may not be seen: what is shown was kept.
    async with _held(page, f"**/v1/incidents/{incident}/*"):
        await page.locator("#password").fill(password)
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_role("heading", level=1).wait_for()
        await page.evaluate("path => { location.hash = path }", f"/incident/{incident}")
        await page.get_by_text("This incident is not on this device").wait_for()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Incident")
