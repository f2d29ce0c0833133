"""Every page of the officer's app: accessible, nothing too small to touch or to read, no scrolling sideways."""

from __future__ import annotations

import pytest

from bluelamp.kit.ids import new_id

from .conftest import Room, violations
from .phone import open_incident, phone_of

pytestmark = [pytest.mark.browser, pytest.mark.heavy]


@pytest.mark.parametrize("scheme", ["dark", "light"])
async def test_every_page_is_accessible_and_fits_a_thumb(room: Room, scheme: str) -> None:
    incident = await open_incident(room, f"Lorry fire {scheme} {new_id()[-6:]}")
    page = await phone_of(room, scheme)
    await page.get_by_role("link", name="More", exact=True).click()
    await page.get_by_role("button", name=scheme.capitalize(), exact=True).click()
    found: list[str] = []
    base = f"/incident/{incident}"
    paths = ["/", "/open", "/map", "/status", "/more", "/outbox", base]
    paths += [f"{base}/{one}" for one in ("report", "chat", "casualties", "casualties/new", "vehicle", "camera", "people", "map", "draw")]
    for path in paths:
        await page.evaluate("path => { location.hash = path }", path)
        await page.get_by_role("main").get_by_role("heading", level=1).wait_for()
        await page.wait_for_timeout(300)
        found += [f"{path}: {violation}" for violation in await violations(page)]
        if await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            found.append(f"{path}: scrolls sideways")
        small = await page.evaluate(
            """() => [...document.querySelectorAll('a[href], button, input:not([type=file]), select')]
                .filter((e) => e.offsetParent && !e.closest('.maplibregl-map, .govuk-visually-hidden'))
                .filter((e) => e.getBoundingClientRect().height < 48).map((e) => e.outerHTML.slice(0, 80))"""
        )
        found += [f"{path}: lower than 48 px: {element}" for element in small]
        tiny = await page.evaluate(
            """() => [...document.querySelectorAll('main *')]
                .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
                .filter((e) => !e.closest('.maplibregl-map, .govuk-visually-hidden') && parseFloat(getComputedStyle(e).fontSize) < 16)
                .map((e) => e.outerHTML.slice(0, 80))"""
        )
        found += [f"{path}: smaller than 16 px: {element}" for element in tiny]
    assert found == []
