"""The auditor types a plate and sees who looked, when, why and with what outcome; takes the proof; prints the log."""

from __future__ import annotations

import asyncio
import csv
import json
from pathlib import Path

import pytest
from playwright.async_api import Download, expect

from bluelamp.kit import merkle
from bluelamp.kit.ids import new_id
from bluelamp.spine import audit
from tests.support.tree import under_a_checkpoint

from .conftest import Room

pytestmark = pytest.mark.browser


async def text_of(download: Download) -> str:
    return await asyncio.to_thread(Path(await download.path()).read_text)


async def test_who_looked_at_this_plate_and_why(room: Room) -> None:
    spine, plate = room.platform.spine, f"AU{new_id()[-5:]}"
    officer = audit.Actor("officer-of-the-journey", "pc.journey", "KEN")
    why = audit.Purpose("test", "CRIME/1234/26")
    entry = await audit.intend(spine.db, officer, "anpr.searches.run", subjects=(plate,), why=why)
    await audit.conclude(spine.db, entry, "answered", 3)
    await under_a_checkpoint(spine, entry)

    page = await room.signed_in("auditor")
    await page.goto("/audit")
    await page.get_by_label("Who looked at this plate").fill(plate.lower())
    await page.get_by_role("button", name="Show", exact=True).click()
    row = page.get_by_role("row").filter(has_text="pc.journey")
    await expect(row).to_contain_text("CRIME/1234/26")
    await expect(row).to_contain_text("answered, 3 records")

    await row.get_by_role("button", name="Prove").click()
    async with page.expect_download() as taken:
        await page.get_by_role("link", name="Take the proof away").click()
    proof = json.loads(await text_of(await taken.value))
    path = [bytes.fromhex(step) for step in proof["entry"]["path"]]
    hashed, root = merkle.leaf_hash(proof["entry"]["leaf"].encode()), bytes.fromhex(proof["checkpoint"]["root"])
    assert merkle.verify_inclusion(hashed, proof["entry"]["index"], proof["checkpoint"]["size"], path, root)

    await page.get_by_text("Print the section 62 log").click()
    now = await page.evaluate("new Date(Date.now() + 3600e3).toISOString().slice(0, 16)")
    day_before = await page.evaluate("new Date(Date.now() - 86400e3).toISOString().slice(0, 16)")
    await page.get_by_label("First moment").fill(day_before)
    await page.get_by_label("Until").fill(now)
    async with page.expect_download() as printed:
        await page.get_by_role("link", name="CSV").click()
    content = await text_of(await printed.value)
    (line,) = [line for line in csv.DictReader(content.splitlines()) if line["entry"] == entry]
    assert (line["person"], line["reference"], line["count"]) == ("pc.journey", "CRIME/1234/26", "3")
    assert room.complaints == []
