"""Positions wait for each other for a tenth of a second and are published together: a thousand phones cost one write to disk."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from itertools import islice

from bluelamp.incidents.positions.domain import Position
from bluelamp.incidents.positions.tables import BATCH_POSITIONS_MAX, POSITIONS_SUBJECT, encode_batch
from bluelamp.spine.bus import Bus
from bluelamp.spine.errors import BluelampError, EngineDownError, TooManyError
from bluelamp.spine.steady import start_steadily

log = logging.getLogger(__name__)

WAITING_MAX = 100_000


class Batches:
    """One per process."""

    def __init__(self, bus: Bus, wait_s: float) -> None:
        self._bus = bus
        self._wait_s = wait_s
        self._waiting: list[tuple[list[Position], asyncio.Future[None]]] = []
        self._count = 0
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = start_steadily("position-batches", self._run)

    async def close(self) -> None:
        """Whoever still waits is told to send again."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        _settle(self._waiting, EngineDownError("the platform is stopping; send it again in a moment"))

    def put(self, positions: list[Position]) -> asyncio.Future[None]:
        """Queue; the future is done once they are on disk, and fails with `EngineDownError` where that is not known.

        Who does not care (a stream of a device that will send the next one soon) need not wait for it.

        Raises:
            TooManyError: more waits than can be written soon.
        """
        if self._count + len(positions) > WAITING_MAX:
            raise TooManyError("more positions are waiting than can be written at once; send them again shortly", retry_after_s=1)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.add_done_callback(_seen)
        self._waiting.append((positions, done))
        self._count += len(positions)
        self._wake.set()
        return done

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            await asyncio.sleep(self._wait_s)
            self._wake.clear()
            taken, self._waiting, self._count = self._waiting, [], 0
            try:
                await self._publish(position for positions, _ in taken for position in positions)
            except BluelampError as error:
                _settle(taken, error)
            except asyncio.CancelledError:
                _settle(taken, EngineDownError("the platform is stopping; send it again in a moment"))
                raise
            except Exception as error:
                log.exception("a batch of positions could not be published")
                _settle(taken, error)
            else:
                _settle(taken, None)

    async def _publish(self, positions: object) -> None:
        stream = iter(positions)  # type: ignore[call-overload]
        while part := list(islice(stream, BATCH_POSITIONS_MAX)):
            await self._bus.publish(POSITIONS_SUBJECT, encode_batch(part))


def _settle(taken: list[tuple[list[Position], asyncio.Future[None]]], error: Exception | None) -> None:
    for _, done in taken:
        if done.done():
            continue
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)


def _seen(done: asyncio.Future[None]) -> None:
    """A failure that nobody waited for is no error of the program."""
    if not done.cancelled():
        done.exception()
