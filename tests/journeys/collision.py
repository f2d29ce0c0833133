"""Who plays the collision on the motorway: the windows, the fire officer's TAK device, and what they have in hand."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytak
import pytest
from playwright.async_api import Locator, Page, expect

from bluelamp.kit.ids import new_id
from tests.incidents.cot.tak import Tak
from tests.incidents.cot.test_pytak import enrolled

from .conftest import Room, partner_account

SCENE = {"latitude": 54.32703, "longitude": -2.74561, "accuracy": 8}
PATIENCE_MS = 10_000
"""Four windows draw their maps on the processors that the platform runs on."""
LISTENING = """() => {
    window.heard = [];
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (...given) { window.heard.push(this.frequency.value); return start.apply(this, given); };
}"""


@dataclass
class TakDevice:
    """A fire officer's device: pytak, and whatever it has heard."""

    sending: asyncio.Queue[bytes]
    received: asyncio.Queue[bytes]
    heard: list[str] = field(default_factory=list)

    async def hears(self, *words: str) -> str:
        """The first event that has all these words."""
        async with asyncio.timeout(20):
            while True:
                for event in self.heard:
                    if all(word in event for word in words):
                        return event
                self.heard.append((await self.received.get()).decode())


@dataclass
class Scene:
    """Who plays: the windows, the device, and what the collision is called."""

    room: Room
    control: Page
    board: Page
    ambulance: Page
    phone: Page
    tak: TakDevice
    title: str
    call_sign: str
    number: str = ""
    incident: str = ""
    shots: int = 0

    async def look(self, page: Page, what: str) -> None:
        self.shots += 1
        if folder := os.environ.get("BLUELAMP_SCREENS"):
            await page.screenshot(path=Path(folder) / f"{self.shots:02} {what}.png", full_page=False)

    async def tab(self, page: Page, name: str) -> Locator:
        await page.get_by_role("tab", name=re.compile(f"^{name}")).click()
        return page.get_by_role("tabpanel")

    async def home(self) -> None:
        """The phone, on the incident's own page."""
        await self.phone.get_by_role("link", name="Mine", exact=True).click()
        await self.phone.get_by_role("link", name=self.title).click()
        await expect(self.phone.get_by_role("heading", level=1)).to_have_text(self.title)


@contextlib.asynccontextmanager
async def device_of(tak: Tak, monkeypatch: pytest.MonkeyPatch, folder: Path, username: str) -> AsyncIterator[TakDevice]:
    config = await enrolled(tak, monkeypatch, folder, username)
    reader, writer = await pytak.protocol_factory(config)
    device = TakDevice(asyncio.Queue(), asyncio.Queue())
    workers = [
        asyncio.create_task(pytak.RXWorker(device.received, config, reader).run()),
        asyncio.create_task(pytak.TXWorker(device.sending, config, writer).run()),
    ]
    try:
        yield device
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        writer.close()


async def _phone(room: Room) -> Page:
    page = await room.page(390, 844, "dark")
    await page.context.grant_permissions(["geolocation"], origin=room.platform.url)
    await page.context.set_geolocation(SCENE)  # type: ignore[arg-type]
    await page.goto("/officer/")
    await page.get_by_label("Username").fill(room.usernames["officer"])
    await page.locator("#password").fill(room.passwords["officer"])
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("heading", level=1, name="My incidents").wait_for()
    return page


@pytest.fixture
async def scene(room: Room, tak: Tak, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[Scene]:
    expect.set_options(timeout=PATIENCE_MS)
    tail = new_id()[-5:]
    made = await room.platform.client("control").post("/v1/incidents/resources", json={"call_sign": f"KM{tail}", "type": "car"})
    assert made.status_code == 201, made.text
    control = await room.page(1400, 900, "dark")
    await control.add_init_script(f"({LISTENING})()")
    await room.enter(control, room.usernames["control"], room.passwords["control"])
    board = await control.context.new_page()
    await board.goto("/incidents")
    ambulance = await room.page(1400, 900)
    await room.enter(ambulance, *await partner_account(room.platform, "KAS"))
    async with device_of(tak, monkeypatch, tmp_path, "firefighter") as device:
        yield Scene(room, control, board, ambulance, await _phone(room), device, f"Lorry across the M6 {tail}", f"KM{tail}")
    expect.set_options(timeout=5_000)
