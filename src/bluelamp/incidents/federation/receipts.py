"""How far people have received and read, told between regions. Numbers of one log mean nothing in another: what crosses is the last event
that somebody has come to, of each region's, and the other side counts for itself. It never says more than was read.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

import msgspec

from bluelamp.incidents.federation import store
from bluelamp.incidents.federation.link import Link
from bluelamp.incidents.federation.parcels import Parcel, ReceiptTold, send
from bluelamp.incidents.log.receipts import whisper
from bluelamp.spine import audit
from bluelamp.spine.module import Spine

log = logging.getLogger(__name__)

ACTION = "incidents.federation.receipts"
EVERY_S = 1.0
ALL_AGAIN_S = 60.0
"""Whispers may be missed: what they would have told is looked for as often."""
WAITING_MAX = 10_000


class _Whispered(msgspec.Struct):
    incident: str
    region: str = ""


class Receipts:
    """What is told: of each person the last that is not told yet."""

    def __init__(self, spine: Spine, link: Link) -> None:
        self._spine, self._link = spine, link
        self._changed: set[str] = set()
        self._woken = asyncio.Event()
        self._told: dict[tuple[str, str, str], tuple[int, int]] = {}
        """Region, incident, person -> delivered and read."""

    def hear(self, payload: bytes) -> None:
        with suppress(msgspec.MsgspecError):
            whispered = msgspec.json.decode(payload, type=_Whispered)
            if not whispered.region and len(self._changed) < WAITING_MAX:
                self._changed.add(whispered.incident)
                self._woken.set()

    async def run(self) -> None:
        """For ever."""
        loop = asyncio.get_running_loop()
        elsewhere, all_at = self._link.settings.elsewhere, 0.0
        while True:
            if loop.time() >= all_at:
                shared = await store.shared_incidents(self._spine.db, elsewhere)
                self._changed.update(shared)
                self._told = {key: value for key, value in self._told.items() if key[1] in self._changed}
                all_at = loop.time() + ALL_AGAIN_S
            changed, self._changed = self._changed, set()
            try:
                for incident in sorted(changed):
                    await self._tell(incident)
            except BaseException:
                self._changed |= changed
                raise
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, all_at - loop.time())):
                    await self._woken.wait()
            self._woken.clear()
            await asyncio.sleep(EVERY_S)

    async def _tell(self, incident: str) -> None:
        rows = await store.own_receipts(self._spine.db, incident)
        settings = self._link.settings
        for region, agencies in settings.regions.items():
            new = [row for row in rows if self._told.get((region, incident, row["person"])) != (row["delivered"], row["read"])]
            seeing = await store.agencies_seeing(self._spine.db, incident, agencies) if new else []
            if not seeing:
                continue
            told = []
            for row in new:
                places = [
                    await store.marks(self._spine.db, settings.region, incident, row[what], seeing, list(settings.regions))
                    for what in ("delivered", "read")
                ]
                told.append(ReceiptTold(row["person"], row["name"], row["agency"], *places))
            await send(self._link, region, Parcel(incident, "", (), tuple(told)), "")
            self._told |= {(region, incident, row["person"]): (row["delivered"], row["read"]) for row in new}


async def receive(spine: Spine, here: str, sender: str, parcel: Parcel, at_home: list[str]) -> int:
    """Keep what is new; how many. Of people of agencies at home there, on incidents that they see."""
    kept = []
    async with spine.db.transaction() as connection:
        seeing = await store.agencies_seeing(connection, parcel.incident, at_home)
        known = await store.come_so_far(connection, parcel.incident, sender)
        for told in parcel.receipts:
            if told.agency not in seeing:
                continue
            both = zip((told.delivered, told.read), known.get(told.person, (0, 0)), strict=True)
            places = [await store.reached(connection, here, parcel.incident, marks, seeing, so_far) for marks, so_far in both]
            row = await store.keep_receipt(connection, parcel.incident, sender, told.person, told.name, told.agency, *places)
            if row is not None:
                kept.append((told, row))
        if kept:
            detail = {"region": sender, "receipts": len(kept)}
            await audit.record(connection, audit.SYSTEM, "collection", ACTION, subjects=(parcel.incident,), detail=detail)
    for told, row in kept:
        await whisper(spine, parcel.incident, told.person, told.name, told.agency, row, region=sender)
    return len(kept)
