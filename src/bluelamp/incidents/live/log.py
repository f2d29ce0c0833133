"""The stream in blocks: the newest in memory, older ones read once for however many devices return at the same moment."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterable
from heapq import merge
from typing import NamedTuple

from bluelamp.incidents.live.happenings import Happening, happening_of
from bluelamp.spine.bus import Bus, Message
from bluelamp.spine.errors import EngineDownError

BLOCK = 512
"""Events of a block: its number is the event's divided by this."""
BLOCKS_KEPT = 48
"""Newest blocks, about 24,000 events."""
BYTES_KEPT_MAX = 64 << 20
OLD_BLOCKS_KEPT = 24
"""Older ones that somebody asked for lately."""


class Wanted(NamedTuple):
    """Whose events: of these incidents, and where an agency is named all that were told to it."""

    incidents: frozenset[str]
    agency: str = ""


def _number(happening: Happening) -> int:
    return happening.number


class Block:
    """Events in order, found by incident and by agency."""

    def __init__(self) -> None:
        self.bytes = 0
        self._by_incident: dict[str, list[Happening]] = {}
        self._by_agency: dict[str, list[Happening]] = {}

    def add(self, happening: Happening) -> None:
        self.bytes += len(happening.shown) + 500
        self._by_incident.setdefault(happening.incident, []).append(happening)
        for agency in happening.agencies:
            self._by_agency.setdefault(agency, []).append(happening)

    def after(self, number: int, up_to: int, wanted: Wanted) -> list[Happening]:
        """Events with `number` < their number <= `up_to`, in order, each once."""
        if wanted.agency:
            lists = [self._by_agency.get(wanted.agency, [])]
        else:
            lists = [self._by_incident[incident] for incident in wanted.incidents if incident in self._by_incident]
        parts = [found for events in lists if (found := _between(events, number, up_to))]
        return parts[0] if len(parts) == 1 else list(merge(*parts, key=_number))


def _between(events: list[Happening], number: int, up_to: int) -> list[Happening]:
    return events[bisect_right(events, number, key=_number) : bisect_right(events, up_to, key=_number)]


class EventLog:
    """One per process. `newest` is the number of the last event that came in."""

    def __init__(self, bus: Bus, stream: str) -> None:
        self._bus = bus
        self._stream = stream
        self.newest = 0
        self._recent: OrderedDict[int, Block] = OrderedDict()
        self._bytes = 0
        self._old: OrderedDict[int, Block] = OrderedDict()
        self._reading: dict[int, asyncio.Task[Block]] = {}
        self._task: asyncio.Task[None] | None = None

    async def start(self, take: Callable[[Happening | None], None]) -> None:
        """Hold the newest block, hand its events to `take`, then follow for ever; None stands for a message that is no event."""
        newest = await self._bus.last_sequence(self._stream)

        async def keep(message: Message) -> None:
            happening = happening_of(message)
            self.newest = message.sequence
            if happening is not None:
                self._keep(happening)
            take(happening)

        if newest:
            self._block(newest // BLOCK)
            for message in await self._bus.read(self._stream, max(newest // BLOCK * BLOCK, 1), BLOCK):
                if message.sequence <= newest:
                    await keep(message)
        self.newest = newest
        self._task = asyncio.create_task(self._bus.replay(self._stream, newest, keep), name="incidents-live")

    async def close(self) -> None:
        for task in (self._task, *self._reading.values()):
            # Again until it is heard: Python 3.11 loses a cancellation that meets an arriving message (bpo-37658).
            while task is not None and not task.done():
                task.cancel()
                await asyncio.wait([task], timeout=0.2)

    @property
    def kept_from(self) -> int:
        """Number from which on everything is in memory."""
        return next(iter(self._recent)) * BLOCK if self._recent else self.newest + 1

    async def oldest(self) -> int:
        """Number of the oldest event that the stream still holds."""
        return await self._bus.first_sequence(self._stream)

    def _keep(self, happening: Happening) -> None:
        block = self._block(happening.number // BLOCK)
        before = block.bytes
        block.add(happening)
        self._bytes += block.bytes - before

    def _block(self, place: int) -> Block:
        block = self._recent.get(place)
        if block is None:
            block = self._recent[place] = Block()
            while len(self._recent) > BLOCKS_KEPT or (self._bytes > BYTES_KEPT_MAX and len(self._recent) > 1):
                self._bytes -= self._recent.popitem(last=False)[1].bytes
        return block

    async def after(self, number: int, up_to: int, wanted: Wanted) -> tuple[list[Happening], int]:
        """Some of the events with `number` < theirs <= `up_to`, and how far they reach: call again until that is `up_to`.

        Raises:
            EngineDownError: older ones are wanted and the stream does not answer.
        """
        place = (number + 1) // BLOCK
        reached = min(up_to, (place + 1) * BLOCK - 1)
        block = self._recent.get(place)
        if block is None and number + 1 < self.kept_from:
            block = await self._read(place)
        return block.after(number, reached, wanted) if block is not None else [], reached

    async def _read(self, place: int) -> Block:
        """An older block; who asks while it is being read gets the same one."""
        if place in self._old:
            self._old.move_to_end(place)
            return self._old[place]
        task = self._reading.get(place)
        if task is None:
            task = self._reading[place] = asyncio.create_task(self._fetch(place))
        return await asyncio.shield(task)

    async def _fetch(self, place: int) -> Block:
        try:
            messages = await self._patiently(place)
            block = block_of(happening_of(m) for m in messages if m.sequence // BLOCK == place)
            self._old[place] = block
            while len(self._old) > OLD_BLOCKS_KEPT:
                self._old.popitem(last=False)
            return block
        finally:
            del self._reading[place]

    async def _patiently(self, place: int) -> list[Message]:
        """Where the stream does not answer, it is asked again: devices that return together are many, and wait together."""
        for wait_s in (0.5, 2.0):
            try:
                return await self._bus.read(self._stream, max(place * BLOCK, 1), BLOCK)
            except EngineDownError:
                await asyncio.sleep(wait_s)
        return await self._bus.read(self._stream, max(place * BLOCK, 1), BLOCK)


def block_of(happenings: Iterable[Happening | None]) -> Block:
    block = Block()
    for happening in happenings:
        if happening is not None:
            block.add(happening)
    return block
