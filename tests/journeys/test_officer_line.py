"""The officer's phone and its line: news at once, by fallback where WebSockets are barred, versions, old outboxes, wrong clocks."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from bluelamp.app import static
from bluelamp.kit.ids import new_id

from .conftest import Room
from .phone import HEIGHT, WIDTH, beside_network, log_of, lose_signal, open_incident, phone_of, shows_health, sign_in, until_logged

pytestmark = pytest.mark.browser

NO_SOCKETS = "globalThis.WebSocket = class { constructor() { throw new DOMException('barred', 'SecurityError'); } };"
"""As some company's own browser has it: none can be made."""
ASKS = "performance.getEntriesByType('resource').filter((r) => r.name.endsWith('/v1/incidents/me')).length"


async def _crew(room: Room, page: Page) -> dict[str, Any]:
    """A new unit that the phone's person crews, on patrol."""
    control, call_sign = room.platform.client("control"), f"KN{new_id()[-5:]}"
    unit = (await control.post("/v1/incidents/resources", json={"call_sign": call_sign, "type": "car"})).json()
    await page.get_by_role("link", name="Status", exact=True).click()
    await page.get_by_role("button", name=re.compile("Choose my unit|Crew another unit")).click()
    await page.get_by_label("Call sign").fill(call_sign)
    await page.get_by_role("button", name=call_sign).click()
    await page.get_by_role("button", name="2 On patrol").click()
    await expect(page.get_by_text("Status 2 since")).to_be_visible()
    return dict(unit)


async def _say(room: Room, incident: str, kind: str, **data: Any) -> None:
    event = {"id": new_id(), "kind": kind, "happened_at": datetime.now(UTC).isoformat(), "data": data}
    answer = await room.platform.client("control").post(f"/v1/incidents/{incident}/events", json={"events": [event]})
    assert answer.json()["items"][0]["state"] == "accepted", answer.text


async def test_being_sent_is_heard_at_once_without_asking(room: Room) -> None:
    page = await phone_of(room)
    await expect(page.get_by_role("banner")).to_have_attribute("data-live", "websocket")
    unit = await _crew(room, page)
    title = f"Gas smell {new_id()[-6:]}"
    incident = await open_incident(room, title)
    # New on the list, with no look of the phone's own.
    await page.get_by_role("link", name="Mine", exact=True).click()
    asked = await page.evaluate(ASKS)
    await expect(page.get_by_role("link", name=title)).to_be_visible()
    assert await page.evaluate(ASKS) == asked
    await page.get_by_role("link", name="More", exact=True).click()
    await _say(room, incident, "resource.assigned", resource=unit["id"], task="Close the road")
    # While the line stands nothing is asked by the clock for two minutes.
    panel = page.get_by_role("link", name="You are sent:")
    await expect(panel).to_contain_text(title)
    await expect(panel).to_contain_text("Close the road")
    await panel.click()
    await expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()
    await expect(panel).to_have_count(0)
    await _say(room, incident, "incident.closed", reason="false call")
    await page.get_by_role("link", name="Mine", exact=True).click()
    await expect(page.get_by_role("main").get_by_role("link", name=title)).to_have_count(0)
    assert room.complaints == []


async def test_where_websockets_are_barred_news_comes_by_events(room: Room) -> None:
    page = await room.page(WIDTH, HEIGHT, "dark")
    await page.add_init_script(NO_SOCKETS)
    await phone_of(room, page=page)
    await expect(page.get_by_role("banner")).to_have_attribute("data-live", "events")
    await shows_health(page, "Connected by fallback")
    unit = await _crew(room, page)
    title = f"Slow handshake {new_id()[-6:]}"
    incident = await open_incident(room, title)
    await _say(room, incident, "resource.assigned", resource=unit["id"])
    await page.get_by_role("link", name="You are sent:").click()
    await page.get_by_role("link", name="Chat and log").click()
    await expect(page.get_by_role("list", name="Log")).to_contain_text("Incident opened")
    await _say(room, incident, "chat.said", text="Two engines are coming")
    await expect(page.get_by_role("list", name="Log")).to_contain_text("Two engines are coming")
    await lose_signal(page)
    await page.context.set_offline(offline=False)
    await shows_health(page, "Connected by fallback")
    assert beside_network(room) == []


async def test_the_control_room_has_its_line_by_events_too(room: Room) -> None:
    page = await room.page()
    await page.add_init_script(NO_SOCKETS)
    await page.goto("/")
    await sign_in(room, page, "control")
    await page.locator("header").wait_for()
    title = f"Barred {new_id()[-6:]}"
    await page.goto("/incidents")
    await expect(page.get_by_text("Live by fallback")).to_be_visible()
    await open_incident(room, title)
    await expect(page.get_by_role("link", name=title)).to_be_visible(timeout=5_000)
    assert room.complaints == []


@asynccontextmanager
async def _newer_version(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """The platform comes back with a build whose worker has another id; the id."""
    files = dict(static.load(static.WEB))
    worker = files["officer/sw.js"]
    text = worker.forms["identity"].decode()
    [old] = set(re.findall(r"bluelamp-shell-([0-9a-f]{12})", text))
    fresh = "0123456789ab"
    files["officer/sw.js"] = worker._replace(tag=fresh, forms={"identity": text.replace(old, fresh).encode()})
    monkeypatch.setattr(static, "load", lambda _root: files)
    yield fresh
    monkeypatch.undo()


SHELLS = "caches.keys().then((names) => names.filter((name) => name.startsWith('bluelamp-shell-')))"


async def test_a_newer_version_is_offered_and_taken_and_what_waits_is_kept(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    title = f"Loose horses {new_id()[-6:]}"
    incident = await open_incident(room, title)
    page = await phone_of(room)
    assert await page.evaluate("navigator.serviceWorker.ready.then(() => !!navigator.serviceWorker.controller)")
    await page.get_by_role("link", name=title).click()
    await page.get_by_role("link", name="Chat and log").click()
    await expect(page.get_by_role("list", name="Log")).to_contain_text("Incident opened")

    # What is said does not get through, all else does: an entry waits while the newer version comes.
    tried: list[float] = []

    async def hold(route: Route) -> None:
        if route.request.method == "POST":
            tried.append(perf_counter())
            await route.abort()
        else:
            await route.continue_()

    await page.route("**/v1/incidents/*/events", hold)
    await page.get_by_label("Message to everybody").fill("Three on the A591")
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.get_by_role("banner")).to_contain_text("1 waiting")
    async with _newer_version(monkeypatch) as version:
        await page.evaluate("navigator.serviceWorker.getRegistration('/officer/').then((r) => r.update())")
        offer = page.get_by_role("button", name="A newer version is here")
        await expect(offer).to_be_visible()
        # Nothing is reloaded under anybody: the old one stays until it is asked for.
        await page.get_by_label("Message to everybody").fill("half a sentence")
        await expect(page.get_by_label("Message to everybody")).to_have_value("half a sentence")
        async with page.expect_navigation():
            await offer.click()
        await expect(page.get_by_role("heading", level=1, name="Chat and log")).to_be_visible()
        await expect(page.get_by_role("list", name="Log").get_by_role("listitem").filter(has_text="Three on the A591")).to_be_visible()
        assert await page.evaluate(SHELLS) == [f"bluelamp-shell-{version}"]
        # Tried again and again, but what else gets through is no reason to try at once: once a second is too often.
        assert len(tried) <= 5 + (tried[-1] - tried[0])
        await page.unroute("**/v1/incidents/*/events")
        (said,) = await until_logged(room, incident, ["chat.said"])
        assert said["data"]["text"] == "Three on the A591"
    assert [one for one in room.complaints if "ERR_FAILED" not in one] == []


async def test_a_newer_version_that_another_window_takes_reloads_nothing_under_anybody(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    incident = await open_incident(room, f"Two windows {new_id()[-6:]}")
    page = await phone_of(room)
    assert await page.evaluate("navigator.serviceWorker.ready.then(() => !!navigator.serviceWorker.controller)")
    other = await page.context.new_page()
    await other.goto(f"/officer/#/incident/{incident}/chat")
    await other.get_by_label("Message to everybody").fill("half a sentence")
    changed = "new Promise((done) => navigator.serviceWorker.addEventListener('controllerchange', () => setTimeout(done)))"
    await other.evaluate(f"() => {{ globalThis.changed = {changed}; }}")
    offer = "A newer version is here"
    async with _newer_version(monkeypatch):
        await page.evaluate("navigator.serviceWorker.getRegistration('/officer/').then((r) => r.update())")
        await expect(other.get_by_role("button", name=offer)).to_be_visible()
        async with page.expect_navigation():
            await page.get_by_role("button", name=offer).click()
        await other.evaluate("globalThis.changed")
        await expect(other.get_by_label("Message to everybody")).to_have_value("half a sentence")
        async with other.expect_navigation():
            await other.get_by_role("button", name=offer).click()
        await other.get_by_role("heading", level=1, name="Chat and log").wait_for()
        await expect(other.get_by_role("button", name=offer)).to_have_count(0)
    assert room.complaints == []


async def test_an_outbox_of_yesterday_keeps_its_time_and_is_recognised(room: Room) -> None:
    title = f"Lost walker {new_id()[-6:]}"
    incident = await open_incident(room, title)
    page = await phone_of(room)
    await page.get_by_role("link", name=title).click()
    await page.get_by_role("link", name="Chat and log").click()
    await expect(page.get_by_role("list", name="Log")).to_contain_text("Incident opened")
    # The platform keeps it and its answer is lost; then the phone is put away until the next day.
    sent: list[dict[str, Any]] = []

    async def swallow(route: Route) -> None:
        if route.request.method != "POST":
            await route.continue_()
            return
        sent.extend(json.loads(route.request.post_data or "{}")["events"])
        await route.fetch()
        await route.abort()

    await page.route("**/v1/incidents/*/events", swallow)
    await page.get_by_label("Message to everybody").fill("Footprints at the tarn")
    await page.get_by_role("button", name="Send", exact=True).click()
    await until_logged(room, incident, ["chat.said"])
    await expect(page.get_by_role("banner")).to_contain_text("1 waiting")
    await lose_signal(page)
    await page.unroute_all(behavior="ignoreErrors")
    yesterday = datetime.now(UTC) - timedelta(hours=26)
    await page.clock.install(time=yesterday)
    await page.get_by_label("Message to everybody").fill("Going down to the lake")
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.get_by_role("banner")).to_contain_text("2 waiting")
    await page.clock.set_system_time(datetime.now(UTC))
    await page.context.set_offline(offline=False)
    await page.clock.run_for(31_000)
    await expect(page.get_by_role("banner")).not_to_contain_text("waiting")
    first, second = await until_logged(room, incident, ["chat.said", "chat.said"])
    assert [first["data"]["text"], second["data"]["text"]] == ["Footprints at the tarn", "Going down to the lake"]
    assert first["id"] == sent[0]["id"]
    happened = datetime.fromisoformat(second["happened_at"])
    assert abs(happened - yesterday) < timedelta(minutes=5)
    assert [one for one in beside_network(room) if "ERR_FAILED" not in one] == []


@pytest.mark.parametrize("hours", [1, -1])
async def test_a_clock_an_hour_off_makes_no_wrong_log(room: Room, hours: int) -> None:
    title = f"Wrong clock {new_id()[-6:]}"
    incident = await open_incident(room, title)
    page = await room.page(WIDTH, HEIGHT, "dark")
    await page.clock.install(time=datetime.now(UTC) + timedelta(hours=hours))
    await phone_of(room, page=page)
    await page.get_by_role("link", name=title).click()
    await page.get_by_role("link", name="Chat and log").click()
    await page.get_by_label("Message to everybody").fill("What time is it?")
    began = datetime.now(UTC)
    await page.get_by_role("button", name="Send", exact=True).click()
    (said,) = await until_logged(room, incident, ["chat.said"])
    # The platform cuts off what is ahead of its own clock: what is behind shows whether it was put right.
    assert timedelta(seconds=-5) < datetime.fromisoformat(said["happened_at"]) - began < timedelta(minutes=1)
    own = page.get_by_role("list", name="Log").get_by_role("listitem").filter(has_text="What time is it?")
    await expect(own).to_contain_text("Sent")
    assert room.complaints == []
    assert len(await log_of(room, incident)) == 2


async def test_a_request_that_hangs_in_a_dead_spot_holds_nothing_up(room: Room) -> None:
    title = f"Dead spot {new_id()[-6:]}"
    incident = await open_incident(room, title)
    page = await phone_of(room)
    await page.get_by_role("link", name=title).click()
    await page.get_by_role("link", name="Chat and log").click()
    await expect(page.get_by_role("list", name="Log")).to_contain_text("Incident opened")
    hung: list[Route] = []

    async def hang(route: Route) -> None:
        if route.request.method == "POST" and not hung:
            hung.append(route)  # never answered
        else:
            await route.continue_()

    await page.route("**/v1/incidents/*/events", hang)
    await page.get_by_label("Message to everybody").fill("Into the tunnel")
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.get_by_role("banner")).to_contain_text("1 waiting")
    await lose_signal(page)
    await page.context.set_offline(offline=False)
    (said,) = await until_logged(room, incident, ["chat.said"])
    assert (said["data"]["text"], len(hung)) == ("Into the tunnel", 1)
    await expect(page.get_by_role("banner")).not_to_contain_text("waiting")
    assert beside_network(room) == []
