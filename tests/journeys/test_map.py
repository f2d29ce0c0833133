"""The installation's own map under the platform's layers, read by a real browser from one PMTiles file."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Page

from tests.journeys.conftest import Room
from tests.journeys.pmtiles import world

MAGENTA = (255, 0, 255)
STYLE = {
    "version": 8,
    "sources": {"own": {"type": "vector", "url": "pmtiles://own.pmtiles"}},
    "layers": [{"id": "everything", "type": "fill", "source": "own", "source-layer": "ground", "paint": {"fill-color": "#ff00ff"}}],
}


@pytest.fixture
def folder(room: Room) -> Iterator[Path]:
    made = room.platform.spine.settings.data / "map"
    made.mkdir(exist_ok=True)
    (made / "own.pmtiles").write_bytes(world("ground"))
    yield made
    shutil.rmtree(made)


async def share_of(page: Page, colour: tuple[int, int, int]) -> float:
    """Of the map's pixels, how many have this colour."""
    picture = Image.open(io.BytesIO(await page.locator(".maplibregl-canvas").first.screenshot())).convert("RGB")
    return sum(count for count, pixel in picture.getcolors(1 << 24) or () if pixel == colour) / (picture.width * picture.height)


async def comes(page: Page, colour: tuple[int, int, int], least: float) -> bool:
    for _ in range(60):
        if await share_of(page, colour) >= least:
            return True
        await asyncio.sleep(0.25)
    return False


async def test_it_is_drawn_from_a_file_beside_the_platform(room: Room, folder: Path) -> None:
    (folder / "style.json").write_text(json.dumps(STYLE))
    page = await room.signed_in("control")
    await page.locator(".maplibregl-canvas").first.wait_for()
    assert await comes(page, MAGENTA, 0.6), "the file's own layer covers what the coast showed"
    assert room.complaints == []


async def test_over_the_coast_it_leaves_land_and_sea(room: Room, folder: Path) -> None:
    over = {"metadata": {"bluelamp:over": "coast"}, "layers": [STYLE["layers"][0] | {"maxzoom": 3}]}  # type: ignore[index,operator]
    (folder / "style.json").write_text(json.dumps(STYLE | over))
    page = await room.signed_in("control")
    await page.locator(".maplibregl-canvas").first.wait_for()
    assert await comes(page, (0xDB, 0xE7, 0xEF), 0.1), "the sea of our own map"
    assert await share_of(page, MAGENTA) == 0


async def test_one_that_cannot_be_read_leaves_the_coast(room: Room, folder: Path) -> None:
    (folder / "style.json").write_text("{")
    page = await room.signed_in("control")
    await page.locator(".maplibregl-canvas").first.wait_for()
    assert await comes(page, (0xDB, 0xE7, 0xEF), 0.1)
