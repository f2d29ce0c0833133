"""Live events to whoever may see them: read once per process from the event log, handed to any number of viewers.

A viewer has a cursor and no queue: it takes what is after its cursor from a ring of recent events, or from the log itself
where it was away for longer. So a slow viewer slows nobody, and one that returns misses nothing and sees nothing twice.
Passing events are the exception: they are worth something only now, so no log keeps them and a slow viewer misses some.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import suppress
from itertools import islice
from typing import NamedTuple

from bluelamp.spine.bus import Bus, Message

RING_EVENTS_MAX = 20_000
CATCH_UP_MESSAGES = 500
PASSING_KEPT = 4
"""Passing events that wait for a viewer; one that is slower than that misses the older ones."""


class Shared(NamedTuple):
    """What a sharing rule would have to be about: kind, owner, and the one thing."""

    kind: str
    owner: str
    item: str


class LiveEvent(NamedTuple):
    """One thing to show. `data` is JSON as the event stream carries it."""

    kind: str
    data: bytes
    agencies: frozenset[str]
    """Who may see it; empty: everyone with the permission."""
    permission: str
    shared: Shared | None = None
    """Also for agencies that a sharing rule lets see it."""


class Numbered(NamedTuple):
    """An event with its place: the message's sequence, and which of the message's events it is."""

    sequence: int
    part: int
    event: LiveEvent

    @property
    def passing(self) -> bool:
        """Whether it has no place in the log: nobody resumes from it."""
        return self.sequence == 0

    @property
    def cursor(self) -> str:
        """Empty for a passing event."""
        return "" if self.passing else f"{self.sequence}.{self.part}"


class Passing(NamedTuple):
    """A subject of events that are told now or never. `render` must not raise for any message."""

    subject: str
    render: Callable[[bytes], list[LiveEvent]]


Render = Callable[[Message], list[LiveEvent]]
"""What a message of the log shows; empty for what is not for viewers. Must not raise for any message ever published."""


class LiveSource(NamedTuple):
    """A stream that viewers follow."""

    stream: str
    render: Render
    passing: Passing | None = None


class Cursor(NamedTuple):
    """The last event that a viewer has."""

    sequence: int
    part: int


class CursorError(ValueError):
    """Not a cursor of this stream."""


def parse_cursor(text: str) -> Cursor:
    """The inverse of `Numbered.cursor`; a bare sequence means all of that message.

    Raises:
        CursorError: something else.
    """
    sequence, _, part = text.partition(".")
    if not sequence.isdecimal() or (part and not part.isdecimal()) or len(text) > 24:
        raise CursorError("the cursor is not one that this stream gave out")
    return Cursor(int(sequence), int(part) if part else 1 << 31)


class Viewer:
    """One who follows. Compared by identity."""

    def __init__(self) -> None:
        self.woken = asyncio.Event()
        self.nudged = False

    def nudge(self) -> None:
        """Make `LiveHub.follow` yield now, if only an empty list: something about the viewer has changed."""
        self.nudged = True
        self.woken.set()


class LiveHub:
    """One per API process."""

    def __init__(self, bus: Bus, source: LiveSource, ring_events_max: int = RING_EVENTS_MAX) -> None:
        self._bus = bus
        self._source = source
        self._ring: deque[Numbered] = deque(maxlen=ring_events_max)
        self._gone = Cursor(0, 0)
        """The newest event that the ring no longer holds."""
        self._newest = 0
        self._passing: deque[Numbered] = deque(maxlen=PASSING_KEPT)
        """Numbered by `part`, from 1 on."""
        self._passed = 0
        self._viewers: set[Viewer] = set()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._newest = await self._bus.last_sequence(self._source.stream)
        self._gone = self.now
        self._task = asyncio.create_task(self._bus.replay(self._source.stream, self._newest, self._take), name="live-hub")
        if self._source.passing is not None:
            await self._bus.overhear(self._source.passing.subject, self._pass)

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    @property
    def now(self) -> Cursor:
        """The cursor of a viewer who wants only what is still to come."""
        return Cursor(self._newest, 1 << 31)

    async def _take(self, message: Message) -> None:
        for part, event in enumerate(self._source.render(message)):
            if len(self._ring) == self._ring.maxlen:
                self._gone = Cursor(self._ring[0].sequence, self._ring[0].part)
            self._ring.append(Numbered(message.sequence, part, event))
        self._newest = message.sequence
        self._wake()

    def _pass(self, payload: bytes) -> None:
        assert self._source.passing is not None  # noqa: S101 - tells the type checker
        for event in self._source.passing.render(payload):
            self._passed += 1
            self._passing.append(Numbered(0, self._passed, event))
        self._wake()

    def _wake(self) -> None:
        for viewer in self._viewers:
            viewer.woken.set()

    async def follow(self, cursor: Cursor, wait_s: float, viewer: Viewer | None = None) -> AsyncGenerator[list[Numbered]]:
        """Events after `cursor`, in order, for ever; an empty list whenever nothing came for `wait_s` seconds or after a nudge.

        Passing events come in lists of their own, and never before what the viewer still has to catch up with.
        """
        viewer = viewer or Viewer()
        self._viewers.add(viewer)
        try:
            async for events in self._follow(cursor, wait_s, viewer):
                yield events
        finally:
            self._viewers.discard(viewer)

    async def _follow(self, cursor: Cursor, wait_s: float, viewer: Viewer) -> AsyncIterator[list[Numbered]]:
        passed = self._passed
        while True:
            viewer.woken.clear()
            if cursor < self._gone:
                events, cursor = await self._catch_up(cursor)
            else:
                events = self._after(cursor)
                if events:
                    cursor = Cursor(events[-1].sequence, events[-1].part)
                elif cursor.sequence < self._newest:
                    cursor = self.now
                elif passed < self._passed:
                    events = [n for n in self._passing if n.part > passed]
                    passed = self._passed
                elif not viewer.nudged:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(wait_s):
                            await viewer.woken.wait()
                    if viewer.woken.is_set() and not viewer.nudged:
                        continue
            viewer.nudged = False
            yield events

    def _after(self, cursor: Cursor) -> list[Numbered]:
        newer = 0
        for numbered in reversed(self._ring):
            if (numbered.sequence, numbered.part) <= cursor:
                break
            newer += 1
        return list(islice(self._ring, len(self._ring) - newer, None))

    async def _catch_up(self, cursor: Cursor) -> tuple[list[Numbered], Cursor]:
        """Some of the events after a cursor that is older than the ring, from the log."""
        events = []
        reached = cursor.sequence
        for message in await self._bus.read(self._source.stream, max(cursor.sequence, 1), CATCH_UP_MESSAGES):
            rendered = (Numbered(message.sequence, part, event) for part, event in enumerate(self._source.render(message)))
            events += [n for n in rendered if (n.sequence, n.part) > cursor]
            reached = message.sequence
        # Where the log holds nothing between the cursor and the ring, there is nothing to catch up.
        return events, Cursor(reached, 1 << 31) if reached > cursor.sequence or events else self._gone
