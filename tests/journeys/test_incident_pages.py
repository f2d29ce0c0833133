"""The pages around an incident in a real browser: mended hand-overs, coverage and its gaps, a replay with positions, times, a package."""

from __future__ import annotations

import asyncio
import math
import os
import zipfile
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from bluelamp.incidents.gateways import mait
from bluelamp.incidents.gateways.message import HandoverMessage
from bluelamp.incidents.positions.domain import Position
from bluelamp.incidents.positions.store import history
from bluelamp.kit.clock import now_ms, to_rfc3339
from bluelamp.kit.ids import new_id
from tests.incidents.conftest import PLACE, IncidentRoom, event

from .conftest import Room, violations

pytestmark = pytest.mark.browser

WIDE = {"width": 1400, "height": 900}
AWAY = "UPDATE handover_partners SET agency = 'X' || substr(id, 20), active = false WHERE owner = 'KEN' AND agency = 'ORR'"
"""Partners of Orrest that others left."""
SHOTS = os.environ.get("BLUELAMP_SHOTS", "")
"""A folder for pictures of what is tested, for people to look at."""


async def shot(page: Page, name: str) -> None:
    if SHOTS:
        await page.wait_for_timeout(700)
        await page.screenshot(path=Path(SHOTS) / f"{name}.png")


async def sound(page: Page, what: str) -> None:
    """Nothing that axe finds, nothing that scrolls sideways."""
    sideways = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert ([*await violations(page)], max(0, sideways)) == ([], 0), what


async def sound_on_a_phone(page: Page, what: str) -> None:
    """The same on a sergeant's."""
    await page.set_viewport_size({"width": 390, "height": 844})
    await shot(page, f"{what}, phone")
    await sound(page, f"{what} on a phone")
    await page.set_viewport_size({"width": WIDE["width"], "height": WIDE["height"]})


@pytest.fixture
async def incidents(room: Room) -> AsyncIterator[IncidentRoom]:
    yield IncidentRoom(room.platform)
    assert room.complaints == []


async def _unread(incidents: IncidentRoom, name: str) -> None:
    """A control room of Orrest sends what nobody here can read."""
    db = incidents.platform.spine.db
    await db.execute(AWAY)
    made = await incidents.ask("admin", "POST", "/partners", 201, json={"name": name, "agency": "ORR", "format": "mait"})
    told = HandoverMessage(
        id=new_id(), kind="create", sender="ORR", receiver="KEN", at=now_ms(), incident=f"orr:{new_id()}", title="Walker in the beck",
        description="Leg broken, talking. Two with her.", reference="ORR/9",
    )  # fmt: skip
    body = mait.write(told).replace(b'version="1"', b'version="3"')
    headers = {"Authorization": f"Bearer {made['key']}"}
    answer = await incidents.platform.client().post("/v1/incidents/handovers/mait", content=body, headers=headers)
    assert answer.status_code == 422


async def test_a_dead_letter_is_seen_and_mended(room: Room, incidents: IncidentRoom) -> None:
    name, headline = f"Orrest {new_id()[-6:]}", f"Walker with a broken leg {new_id()[-6:]}"
    await _unread(incidents, name)
    page = await room.signed_in("control", **WIDE)
    await page.goto("/incidents")
    await page.get_by_role("link", name="Hand-overs").click()
    line = page.get_by_role("region", name="Lines to other control rooms").get_by_role("row").filter(has_text=name)
    await expect(line).to_contain_text("Up")
    await line.get_by_role("button", name="wait for you").click()
    messages = page.get_by_role("region", name="Messages")
    await expect(messages.get_by_role("row")).to_have_count(2)
    await expect(messages).to_contain_text("version 1")
    await shot(page, "handovers")
    await sound(page, "hand-overs")
    await sound_on_a_phone(page, "hand-overs")
    await messages.get_by_role("button", name="Open").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Leg broken, talking")
    await shot(page, "dead-letter")
    await sound(page, "a dead letter")
    await dialog.get_by_role("button", name="Say what it is").click()
    await expect(dialog.get_by_label("What is known")).to_have_value("Leg broken, talking. Two with her.")
    await dialog.get_by_role("button", name="Take it in").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("a headline, a type, a grade and a place")
    await dialog.get_by_label("Headline").fill(headline)
    await dialog.get_by_label("Type").select_option(label="Medical emergency")
    await dialog.get_by_label("Grade").select_option(label="Priority")
    await dialog.get_by_label("Place, as it is said").fill("Sour Milk Gill")
    canvas = dialog.get_by_label("Map: click where it is")
    await canvas.scroll_into_view_if_needed()
    await canvas.click(position={"x": 200, "y": 100})
    await expect(dialog).to_contain_text("On the map:")
    await shot(page, "mending")
    await sound(page, "mending")
    await sound_on_a_phone(page, "mending")
    await dialog.get_by_role("button", name="Take it in").click()
    await expect(page.get_by_text("It is being acted on")).to_be_visible()
    await page.get_by_role("tab", name="All").click()
    taken = messages.get_by_role("row").filter(has_text=headline)
    await expect(taken).to_contain_text("Taken in")
    await expect(taken).to_contain_text("put right by Journey control")
    await shot(page, "handovers-mended")
    await taken.get_by_role("link", name=headline).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(headline)

    # What is let go needs a reason.
    await _unread(incidents, f"{name} again")
    await page.goto("/incidents/handovers")
    await messages.get_by_role("row").filter(has_text=f"{name} again").get_by_role("button", name="Open").click()
    await dialog.get_by_role("button", name="Let it go").click()
    await dialog.get_by_role("button", name="Let it go").click()
    await expect(dialog).to_contain_text("Say why")
    await dialog.get_by_label("Why nothing is done about it").fill("Their test")
    await dialog.get_by_role("button", name="Let it go").click()
    await expect(page.get_by_text("Let go. It is kept")).to_be_visible()


async def test_receipts_stand_in_the_room(room: Room, incidents: IncidentRoom) -> None:
    """A message that nobody takes is seen where the incident is, with the way to mend it."""
    db = incidents.platform.spine.db
    await db.execute(AWAY)
    name = f"Orrest {new_id()[-6:]}"
    made = await incidents.ask("admin", "POST", "/partners", 201, json={"name": name, "agency": "ORR", "format": "mait"})
    # As if the operator had allowed the host and taken it back since: what is sent there fails at once.
    await db.execute("UPDATE handover_partners SET url = 'https://gone.example/mait' WHERE id = $1", made["id"])
    incident = await incidents.open("ORR")
    async with asyncio.timeout(20):
        while not any(one["state"] == "failed" for one in (await incidents.state("control", incident))["handovers"].values()):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    page = await room.signed_in("control", **WIDE)
    await page.goto(f"/incidents/{incident}")
    await page.get_by_role("tab", name="Who sees it").click()
    panel = page.get_by_role("tabpanel")
    await expect(panel).to_contain_text("Did not get through")
    await expect(panel).to_contain_text("BLUELAMP_INCIDENTS_PARTNER_HOSTS")
    await shot(page, "room-receipts")
    await sound(page, "receipts in the room")
    await panel.get_by_role("link", name="put it right").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("nothing has left")
    await dialog.get_by_role("button", name="Put right").click()
    await expect(dialog.get_by_label("Headline")).to_have_value("Lorry and two cars")
    await dialog.get_by_role("button", name="Send it again").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("Nothing was changed")
    await dialog.get_by_label("Type, their code").fill("RTC")
    await shot(page, "mending-ours")
    await dialog.get_by_role("button", name="Send it again").click()
    await expect(page.get_by_text("It goes out anew")).to_be_visible()
    await db.execute(AWAY)


async def test_coverage_marks_its_gaps(room: Room, incidents: IncidentRoom) -> None:
    unit = await incidents.resource(type="boat", skills=["journey"])
    await incidents.ask("officer", "PUT", "/me/resource", json={"resource": unit["id"]})
    try:
        await incidents.ask("control", "POST", f"/resources/{unit['id']}/status", json={"code": "2"})
        at = to_rfc3339(now_ms())
        body = {"sent_at": at, "positions": [{"at": at, "latitude": 54.46, "longitude": -3.0}]}
        assert (await incidents.ask("officer", "POST", "/positions", json=body))["accepted"] == 1
        page = await room.signed_in("control", **WIDE)
        await page.emulate_media(reduced_motion="reduce")
        await page.goto("/resources")
        await page.get_by_role("tab", name="Coverage").click()
        panel = page.get_by_role("tabpanel")
        await expect(panel).to_contain_text("of what the map showed is reached within 15 min")
        await panel.get_by_label("Reached within, minutes").fill("a lot")
        await panel.get_by_role("button", name="Look at what the map shows").click()
        await expect(panel).to_contain_text("A number of minutes from 1 to 240")
        await panel.get_by_label("Reached within, minutes").fill("10")
        await panel.get_by_label("With the skill").select_option("journey")
        await panel.get_by_role("button", name="Look at what the map shows").click()
        await expect(panel).to_contain_text("is reached within 10 min by 1 free resource")
        # Close to it, wherever others of the agency are: what it reaches is some of what the map shows.
        await panel.get_by_role("button", name=unit["call_sign"], exact=True).click()
        await panel.get_by_role("button", name="Look at what the map shows").click()
        await expect(panel.get_by_role("region", name="Gaps")).to_contain_text(unit["call_sign"])
        await expect(panel).to_contain_text("is first to")
        await shot(page, "coverage")
        await sound(page, "coverage")
    finally:
        await incidents.ask("officer", "DELETE", "/me/resource", 204)


async def _collision(incidents: IncidentRoom) -> tuple[str, dict[str, Any]]:
    """Two minutes of an incident with a resource that drives to it, a position a second."""
    incident, unit, began = await incidents.open("KFR", called_seconds_ago=18), await incidents.resource(), now_ms()
    await incidents.say("control", incident, event("resource.assigned", at_ms=began, resource=unit["id"]))
    positions = [
        Position(unit["id"], began + n * 20, 54.18 + n / 2000, -2.74 + n / 5000, "KEN", began, call_sign=unit["call_sign"], source="phone")
        for n in range(100)
    ]
    await history.insert(incidents.platform.spine.columnar, positions)
    await asyncio.sleep(2.1)
    await incidents.say("control", incident, event("resource.status", resource=unit["id"], code="6"), event("chat.said", text="There."))
    return incident, unit


async def test_a_replay_moves_resources_and_asks_once(room: Room, incidents: IncidentRoom) -> None:
    incident, unit = await _collision(incidents)
    page = await room.signed_in("control", **WIDE)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.rsplit("/", 1)[-1].partition("?")[0]))
    await page.goto(f"/incidents/{incident}")
    await page.get_by_role("button", name="Replay").click()
    replay = page.get_by_role("region", name="Replay")
    await expect(replay).to_contain_text("Positions of 1 of 1 that were on it, trails of 5 min.")
    slider = replay.get_by_role("slider")
    box = await slider.bounding_box()
    assert box is not None
    before = len([one for one in asked if one == incident])
    await page.mouse.move(box["x"] + box["width"] - 10, box["y"] + box["height"] / 2)
    await page.mouse.down()
    for step in range(40):
        await page.mouse.move(box["x"] + box["width"] * (1 - step / 80), box["y"] + box["height"] / 2)
    await page.mouse.up()
    await expect(replay).to_contain_text("This is the past")
    assert len([one for one in asked if one == incident]) - before < 12, "dragging is not a request for every pixel"
    assert asked.count("tracks") == 1
    await shot(page, "replay")
    await sound(page, "replay")
    await replay.get_by_role("button", name="Back to now").click()
    await expect(replay).to_have_count(0)
    looks = await incidents.platform.spine.db.fetchval(
        "SELECT count(*) FROM audit_entries WHERE action = 'incidents.positions.history' AND subjects @> $1", [incident, unit["id"]]
    )
    assert looks == 1


async def test_a_long_log_is_looked_back_at_before_what_was_fetched(room: Room, incidents: IncidentRoom) -> None:
    incident = await incidents.open()
    await asyncio.sleep(1.1)
    await incidents.say("control", incident, event("casualty.found", casualty=new_id(), label="By the barrier"))
    await asyncio.sleep(1.1)
    # More than a room fetches: what was before is not among its entries.
    for _ in range(3):
        await incidents.say("control", incident, *(event("log.written", text=f"Entry {n}") for n in range(70)))
    state = await incidents.state("control", incident)
    [casualty] = state["casualties"].values()
    after = datetime.fromisoformat(casualty["at"]) - datetime.fromisoformat(state["opened_at"])
    page = await room.signed_in("control", **WIDE)
    await page.goto(f"/incidents/{incident}")
    await page.get_by_role("button", name="Replay").click()
    slider = page.get_by_role("region", name="Replay").get_by_role("slider")
    await slider.press("Home")
    await expect(page.locator(".hurt")).to_contain_text("no casualties counted")
    for _ in range(math.ceil(after.total_seconds())):
        await slider.press("ArrowRight")
    await expect(page.locator(".hurt")).to_contain_text("Not triaged 1")
    await slider.press("Home")
    await expect(page.locator(".hurt")).to_contain_text("no casualties counted")


async def test_the_map_of_a_room_shows_what_comes_until_somebody_moves_it(room: Room, incidents: IncidentRoom) -> None:
    incident = await incidents.open()
    page = await room.signed_in("control", **WIDE)
    await page.emulate_media(reduced_motion="reduce")
    await page.goto(f"/incidents/{incident}")
    scale = page.locator(".maplibregl-ctrl-scale")
    await expect(scale).to_have_text("1000 ft")

    async def found(label: str, east: float) -> None:
        place = {"latitude": PLACE["latitude"], "longitude": PLACE["longitude"] + east, "source": "gps"}
        await incidents.say("officer", incident, event("casualty.found", casualty=new_id(), label=label, place=place))
        await expect(page.get_by_role("tab", name="Casualties")).to_contain_text(label[-1])

    # What lies close together stands apart, without anybody's doing.
    await found("K1", 0.0004)
    await expect(scale).to_have_text("200 ft")
    await page.get_by_role("button", name="Zoom in").click()
    await expect(scale).to_have_text("100 ft")
    await found("K2", 0.3)
    await expect(scale).to_have_text("100 ft")  # who looks closely is left to look
    await page.get_by_role("button", name="Show all").click()
    await expect(scale).to_contain_text("mi")
    wide = await scale.inner_text()
    await found("K3", 1.2)
    await expect(scale).not_to_have_text(wide)


LUMINANCE = r"""colour => {
    const [r, g, b] = colour.match(/\d+/g).map((n) => n / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; }"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_two_bars_of_a_time_are_told_apart(room: Room, incidents: IncidentRoom, scheme: str) -> None:
    await incidents.open(called_seconds_ago=18)
    page = await room.signed_in("control", scheme=scheme, **WIDE)
    await page.goto("/incidents/times")
    bars = page.get_by_role("region", name="Call to incident open").locator("svg").first.locator("rect")
    await expect(bars).to_have_count(2)
    shades, heights = [], set()
    for bar in await bars.all():
        shades.append(await page.evaluate(LUMINANCE, await bar.evaluate("bar => getComputedStyle(bar).fill")))
        heights.add(await bar.get_attribute("height"))
    shades.append(await page.evaluate(LUMINANCE, await page.evaluate("getComputedStyle(document.body).backgroundColor")))
    for one, other in ((0, 1), (0, 2)):
        low, high = sorted((shades[one], shades[other]))
        assert (high + 0.05) / (low + 0.05) >= 3, (scheme, shades)
    assert len(heights) == 2, "not by colour alone"


async def test_times_are_drawn_and_a_package_is_made_at_once(room: Room, incidents: IncidentRoom, tmp_path: Path) -> None:
    incident, _ = await _collision(incidents)
    await incidents.say("control", incident, event("incident.closed", reason="road clear"))
    page = await room.signed_in("control", **WIDE)
    await page.goto("/incidents/times")
    section = page.get_by_role("region", name="Call to incident open")
    await expect(section).to_contain_text("Immediate")
    await expect(section).to_contain_text("s")
    await page.get_by_label("By", exact=True).select_option(label="type and grade")
    await expect(section).to_contain_text("Road traffic collision with injuries, Immediate")
    await shot(page, "times")
    await sound(page, "times")
    await sound_on_a_phone(page, "times")
    await page.get_by_label("Opened in").select_option(label="a period of your own")
    await page.get_by_label("First moment").fill("2024-01-01T00:00")
    await page.get_by_role("button", name="Show").click()
    await expect(page.get_by_role("alert")).to_contain_text("at most 366 days")
    # Chromium says of every refusal that it was one.
    assert all("422" in complaint for complaint in room.complaints), room.complaints
    room.complaints.clear()

    await page.goto(f"/incidents/{incident}")
    await page.get_by_role("button", name="Export").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Export").click()
    await expect(dialog).to_contain_text("Say why it is exported")
    await dialog.get_by_label("Reason").fill("Coroner asked")
    async with page.expect_download() as coming:
        await dialog.get_by_role("button", name="Export").click()
    await (await coming.value).save_as(tmp_path / "incident.zip")
    with zipfile.ZipFile(tmp_path / "incident.zip") as package:
        assert package.testzip() is None
        assert {"index.html", "SIGNATURE", "statistics.json"} <= set(package.namelist())
    await expect(dialog).to_contain_text("Saved as")
    await shot(page, "package")
    await sound(page, "package")
