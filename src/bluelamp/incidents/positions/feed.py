"""Keeps a process's book: what the history says at the start, then the stream, for ever."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from bluelamp.incidents.positions.book import PositionBook
from bluelamp.incidents.positions.domain import Position
from bluelamp.incidents.positions.settings import PositionSettings
from bluelamp.incidents.positions.store import history
from bluelamp.incidents.positions.tables import POSITIONS_STREAM, NoBatchError, decode_batch
from bluelamp.spine.bus import Message
from bluelamp.spine.errors import BluelampError
from bluelamp.spine.module import Spine
from bluelamp.spine.steady import start_steadily

log = logging.getLogger(__name__)

RECALL_MS = 15 * 60_000
"""How far back the stream itself is read at the start: longer than the writer is ever behind while it works."""
FORGET_S = 60


class Feed:
    """Between the stream and the book. `told` are called after a batch changed the book."""

    def __init__(self, spine: Spine, book: PositionBook, settings: PositionSettings) -> None:
        self._spine = spine
        self._book = book
        self._keep_ms = settings.book_hours * 3_600_000
        self._tasks: list[asyncio.Task[None]] = []
        self.told: list[Callable[[], None]] = []

    async def start(self) -> None:
        """Comes back when the book holds what is known; then it follows.

        Raises:
            EngineDownError: the stream does not answer. Without the history it begins with the stream alone.
        """
        reached = await self._spine.bus.last_sequence(POSITIONS_STREAM)
        now = self._spine.clock()
        try:
            for position in await history.last_words(self._spine.columnar, datetime.fromtimestamp((now - self._keep_ms) / 1000, UTC)):
                self._book.update(position)
        except BluelampError as error:
            log.warning("the book of positions begins without the history: %s", error.message)
        await self._spine.bus.recall(POSITIONS_STREAM, now - RECALL_MS, self._take)
        self._tasks = [
            asyncio.create_task(self._spine.bus.replay(POSITIONS_STREAM, reached, self._take), name="positions-feed"),
            start_steadily("positions-forget", self._forget),
        ]

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _take(self, message: Message) -> None:
        try:
            positions: list[Position] = decode_batch(message.payload)
        except NoBatchError:
            log.exception("message %d of the stream of positions is none; passed over", message.sequence)
            return
        changed = False
        for position in positions:
            changed |= self._book.update(position)
        if changed:
            for tell in self.told:
                tell()

    async def _forget(self) -> None:
        while True:
            await asyncio.sleep(FORGET_S)
            self._book.forget_before(self._spine.clock() - self._keep_ms)
