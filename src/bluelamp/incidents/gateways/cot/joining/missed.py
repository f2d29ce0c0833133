"""Chat that a device missed while it was away, handed to it when it comes back.

TAK's protocol tells nobody what was read. So it is noted now and then who is connected and keeps up, and who comes back is told what was
said since that moment and a little before. A message has the same id each time it is told, by which clients know what they have.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from bluelamp.incidents.gateways.cot import groups
from bluelamp.incidents.gateways.cot.fanout.client import Client
from bluelamp.incidents.gateways.cot.fanout.parcel import Parcel
from bluelamp.incidents.gateways.cot.gateway import Gateway, Identity
from bluelamp.incidents.gateways.cot.joining import store, writing
from bluelamp.incidents.gateways.cot.trust.store import note_here
from bluelamp.incidents.log.store import moment
from bluelamp.kit.clock import to_ms
from bluelamp.spine.errors import EngineDownError
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Record
from bluelamp.spine.steady import start_steadily

log = logging.getLogger(__name__)

NOTED_EVERY_S = 20.0
SLACK = timedelta(seconds=120)
"""Longer than from one note to the next, and than it takes until a dead connection is noticed."""
AWAY_MAX = timedelta(hours=24)
TRIES = 5
AT_ONCE = 4
"""Who come back together are asked for in turns."""


class Missed:
    """One per process."""

    def __init__(self, spine: Spine, gateway: Gateway) -> None:
        self._spine = spine
        self._gateway = gateway
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._work: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        self._gateway.arrived = self._arrived
        self._work.add(start_steadily("cot-here", self._note))

    async def close(self) -> None:
        tasks = list(self._work)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _note(self) -> None:
        while True:
            await asyncio.sleep(NOTED_EVERY_S)
            here = [identity.device for client, identity in self._gateway.present() if identity.device and not client.waiting]
            try:
                await note_here(self._spine.db, here)
            except EngineDownError as error:
                log.warning("who is connected is noted later: %s", error.message)

    def _arrived(self, client: Client, identity: Identity) -> None:
        if identity.away_since:
            task = asyncio.create_task(self._tell(client, identity), name="cot-missed")
            self._work.add(task)
            task.add_done_callback(self._work.discard)

    async def _tell(self, client: Client, identity: Identity) -> None:
        since = max(moment(identity.away_since), moment(self._spine.clock()) - AWAY_MAX) - SLACK
        seen = [group.partition(":")[2] for group in identity.groups if group.startswith("incident:") and "/" not in group]
        for attempt in range(TRIES):
            try:
                async with self._turns:
                    said = await store.chat_since(self._spine.db, seen, since, identity.agency, identity.device)
            except EngineDownError:
                await asyncio.sleep(0.5 * 2**attempt)
            except Exception:
                log.exception("what a TAK device missed could not be read")
                break
            else:
                self._gateway.tell(client, [_parcel(row) for row in said])
                return
        client.let_go("what it missed cannot be read now: it comes back")


def _parcel(row: Record) -> Parcel:
    event = writing.chat(
        row["number"], row["id"], f"bluelamp-p-{row['person']}", row["call_sign"] or row["name"], row["data"]["text"], to_ms(row["at"])
    )
    return Parcel(event, groups.of_told(row["incident"], row["audience"]))
