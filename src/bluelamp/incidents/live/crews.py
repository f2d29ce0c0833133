"""Tells people that the resource they crew was sent somewhere or released: their devices follow an incident only once they know of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable

from bluelamp.incidents.live import frames
from bluelamp.incidents.live.viewers import Viewer
from bluelamp.incidents.resources import store
from bluelamp.spine.errors import EngineDownError
from bluelamp.spine.relational import Database

log = logging.getLogger(__name__)

TOGETHER_S = 0.05
"""A whole shift may be sent in one go: one question for all of them."""
TOGETHER_MAX = 500


class Crews:
    """One per process. Told now or never: a device asks by the clock too."""

    def __init__(self, db: Database, viewers: Callable[[], Iterable[Viewer]]) -> None:
        self._db, self._viewers = db, viewers
        self._changed: set[str] = set()
        self._telling: asyncio.Task[None] | None = None

    def reassigned(self, resource: str) -> None:
        if len(self._changed) < TOGETHER_MAX:
            self._changed.add(resource)
        if self._telling is None:
            self._telling = asyncio.create_task(self._tell(), name="live-crews")

    async def close(self) -> None:
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)

    async def _tell(self) -> None:
        try:
            while self._changed:
                await asyncio.sleep(TOGETHER_S)
                changed, self._changed = self._changed, set()
                try:
                    people = {row["id"] for row in await store.crews_of(self._db, sorted(changed))}
                except EngineDownError as error:
                    log.warning("who crews %d resources is not known: %s", len(changed), error)
                    continue
                for viewer in self._viewers() if people else ():
                    if viewer.caller.id in people and viewer.takes:
                        viewer.sink.send(frames.reassigned())
        finally:
            self._telling = None
