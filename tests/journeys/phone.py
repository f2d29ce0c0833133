"""An officer's phone in a journey: a browser of its size that knows where it is, and what the platform has of what it said."""

from __future__ import annotations

import asyncio
from typing import Any

from playwright.async_api import Page, expect

from .conftest import Room

WIDTH, HEIGHT = 360, 740
HERE = {"latitude": 54.32812, "longitude": -2.74501, "accuracy": 8}


async def open_incident(room: Room, title: str) -> str:
    question = {
        "title": title,
        "type": "collision.injury",
        "grade": "I",
        "place": {"said": "A591, Plumgarths", "latitude": 54.3345, "longitude": -2.7702, "source": "caller"},
    }
    answer = await room.platform.client("control").post("/v1/incidents", json=question)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def log_of(room: Room, incident: str) -> list[dict[str, Any]]:
    answer = await room.platform.client("control").get(f"/v1/incidents/{incident}/events")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def until_logged(room: Room, incident: str, kinds: list[str]) -> list[dict[str, Any]]:
    """The log after the opening, once it has as many events as there are kinds."""
    for _ in range(200):
        said = (await log_of(room, incident))[1:]
        if len(said) >= len(kinds):
            break
        await asyncio.sleep(0.1)
    found = [event["kind"] for event in said]
    assert found == kinds, f"the log has {found}"
    return said


async def phone_of(room: Room, scheme: str = "dark", role: str = "officer", page: Page | None = None) -> Page:
    """Signed in, at the list. `page`: one that was prepared before."""
    page = page or await room.page(WIDTH, HEIGHT, scheme)
    await page.context.grant_permissions(["geolocation"], origin=room.platform.url)
    await page.context.set_geolocation(HERE)  # type: ignore[arg-type]
    await page.goto("/officer/")
    await sign_in(room, page, role)
    await page.get_by_role("heading", level=1, name="My incidents").wait_for()
    return page


async def sign_in(room: Room, page: Page, role: str) -> None:
    await page.get_by_label("Username").fill(room.usernames[role])
    await page.locator("#password").fill(room.passwords[role])
    await page.get_by_role("button", name="Sign in").click()


async def until_known(page: Page) -> None:
    """All of the incident that is shown is on the phone, also without signal; the list alone knows its head."""
    await expect(page.get_by_role("main")).to_contain_text("leads · as of")


async def shows_health(page: Page, words: str) -> None:
    await expect(page.get_by_role("banner").get_by_role("status")).to_contain_text(words)


async def lose_signal(page: Page) -> None:
    await page.context.set_offline(offline=True)
    await shows_health(page, "Offline since")


def beside_network(room: Room) -> list[str]:
    """What the pages complained of, less the requests that a test without signal means to lose."""
    return [said for said in room.complaints if "ERR_INTERNET_DISCONNECTED" not in said]
