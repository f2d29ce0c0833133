"""Positions of one process: the book that it shows from, and the door that everything comes in by.

For the gateways of this capability: `await service.door.of_person(...)` and `of_resource(...)` take what a phone, a WebSocket, a vehicle
or a CoT client says; `service.book` is what to show, `service.feed.told` what to call when it has changed.
"""

from __future__ import annotations

import asyncio
import logging

from bluelamp.incidents.positions.book import PositionBook
from bluelamp.incidents.positions.domain import FEDERATED, Position
from bluelamp.incidents.positions.door import PositionDoor
from bluelamp.incidents.positions.feed import Feed
from bluelamp.incidents.positions.reports import departure, has_left, restated
from bluelamp.incidents.positions.settings import position_settings
from bluelamp.incidents.positions.store import carriers as store
from bluelamp.spine.errors import BluelampError
from bluelamp.spine.module import Spine
from bluelamp.spine.steady import start_steadily

log = logging.getLogger(__name__)

CHECKED_AT_ONCE = 5_000
SECOND_LOOK_S = 3.0
"""More than a notification and a batch take together."""


class PositionService:
    """One per process; `start` it before use."""

    def __init__(self, spine: Spine) -> None:
        settings = position_settings()
        self._spine = spine
        self.book = PositionBook()
        self.stale_ms = settings.stale_ms
        self.door = PositionDoor(spine, settings, self.book.last_word)
        self.feed = Feed(spine, self.book, settings)
        self._changed: set[str] = set()
        self._all_changed = False
        self._look = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self.feed.start()
        self.door.start(self._note_change)
        self._task = start_steadily("positions-keep-true", self._keep_true)

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.feed.close()
        await self.door.close()

    def _note_change(self, resource: str) -> None:
        self._mark(resource)
        # Once more a little later: another process may have heard of it a moment after this one, and taken a position in between.
        asyncio.get_running_loop().call_later(SECOND_LOOK_S, self._mark, resource)

    def _mark(self, resource: str) -> None:
        if resource:
            self._changed.add(resource)
        else:
            self._all_changed = True
        self._look.set()

    async def _keep_true(self) -> None:
        """Whoever went off duty leaves every screen; who became covert, or got another call sign, is told anew. At once, and for ever."""
        while True:
            await self._look.wait()
            self._look.clear()
            changed, self._changed = self._changed, set()
            everything, self._all_changed = self._all_changed, False
            try:
                shown = [p.resource for p in self.book.changed_since(0)[0]] if everything else [*changed]
                for at in range(0, len(shown), CHECKED_AT_ONCE):
                    await self._check(shown[at : at + CHECKED_AT_ONCE])
            except Exception as error:
                # Whatever it is, a covert unit must not stay on a screen for it: what has changed is looked at again.
                self._changed |= changed
                self._all_changed |= everything
                self._look.set()
                if not isinstance(error, BluelampError):
                    raise
                log.warning("changes of resources wait: %s", error.message)
                await asyncio.sleep(1)

    async def _check(self, resources: list[str]) -> None:
        shown = [position for resource in resources if (position := self.book.latest(resource)) is not None]
        shown = [position for position in shown if position.source != FEDERATED]
        if not shown:
            return
        found = await store.of_resources(self._spine.db, [position.resource for position in shown])
        now = self._spine.clock()
        told: list[Position] = []
        for position in shown:
            carrier = found.get(position.resource)
            if carrier is None or has_left(position, carrier):
                told.append(departure(position, now))
            elif (anew := restated(position, carrier, now)) is not None:
                told.append(anew)
        if told:
            await self.door.batches.put(told)
