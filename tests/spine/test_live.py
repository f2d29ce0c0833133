"""Viewers of the event log: nothing missed, nothing twice, whatever they do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bluelamp.app.engines.group import EngineUrls
from bluelamp.spine.bus import Bus, Message, Stream
from bluelamp.spine.live import PASSING_KEPT, Cursor, CursorError, LiveEvent, LiveHub, LiveSource, Passing, parse_cursor

STREAM = Stream("TEST_LIVE", ("test.live",), days_max=1, bytes_max=1 << 20)


def render(message: Message) -> list[LiveEvent]:
    """A message of comma-separated words shows each of them; one of them is nothing to show."""
    return [LiveEvent("word", word, frozenset(), "p") for word in message.payload.split(b",") if word != b"hidden"]


def render_passing(payload: bytes) -> list[LiveEvent]:
    return [LiveEvent("passing", payload, frozenset(), "p")]


@pytest.fixture
async def bus(engines: EngineUrls) -> AsyncIterator[Bus]:
    bus = await Bus.open(engines.nats_url)
    await bus.ensure(STREAM)
    await bus.empty(STREAM.name)
    yield bus
    await bus.close()


@pytest.fixture
async def hub(bus: Bus) -> AsyncIterator[LiveHub]:
    hub = LiveHub(bus, LiveSource(STREAM.name, render, Passing("test.passing", render_passing)), ring_events_max=4)
    await hub.start()
    yield hub
    await hub.close()


async def take(hub: LiveHub, cursor: Cursor, count: int) -> tuple[list[str], list[Cursor]]:
    """The next `count` events after a cursor, and the cursor after each."""
    words: list[str] = []
    cursors: list[Cursor] = []
    async with asyncio.timeout(20):
        async for events in hub.follow(cursor, wait_s=0.1):
            words += [n.event.data.decode() for n in events]
            cursors += [parse_cursor(n.cursor) for n in events]
            if len(words) >= count:
                return words, cursors
    raise AssertionError("unreachable")


async def test_a_viewer_sees_what_comes_in_order(hub: LiveHub, bus: Bus) -> None:
    start = hub.now
    viewer = asyncio.create_task(take(hub, start, 3))
    for words in (b"one", b"hidden", b"two,three"):
        await bus.publish("test.live", words)
    assert (await viewer)[0] == ["one", "two", "three"]


async def test_from_every_cursor_on_the_rest_follows_without_gap_or_repeat(hub: LiveHub, bus: Bus) -> None:
    start = hub.now
    sent = [f"w{number}" for number in range(30)]
    for at in range(0, 30, 3):
        await bus.publish("test.live", ",".join(sent[at : at + 3]).encode())
    words, cursors = await take(hub, start, 30)
    assert words == sent
    for number, cursor in enumerate(cursors[:-1], 1):
        assert (await take(hub, cursor, 30 - number))[0] == sent[number:]


async def test_a_viewer_from_before_the_log_begins_gets_what_there_is(hub: LiveHub, bus: Bus) -> None:
    for number in range(12):
        await bus.publish("test.live", b"w%d" % number)
    await take(hub, Cursor(hub.now.sequence - 1, 1 << 31), 1)
    await bus.empty(STREAM.name)
    await bus.publish("test.live", b"last")
    assert (await take(hub, Cursor(1, 0), 1))[0][-1] == "last"


@pytest.mark.parametrize("text", ["", "x", "1.x", "-1", "1.2.3", "²", "1.²", "9" * 30])
def test_a_foreign_cursor_is_refused(text: str) -> None:
    with pytest.raises(CursorError):
        parse_cursor(text)


async def test_what_passes_is_told_now_or_never(hub: LiveHub, bus: Bus) -> None:
    start = hub.now
    await bus.publish("test.live", b"before")
    viewer, quick = hub.follow(start, wait_s=20), hub.follow(start, wait_s=20)
    for one in (viewer, quick):
        assert [n.event.data for n in await anext(one)] == [b"before"]
    last = b"p%d" % (PASSING_KEPT + 2)
    for number in range(PASSING_KEPT + 3):
        await bus.whisper("test.passing", b"p%d" % number)
    await bus.publish("test.live", b"after")
    # The slow viewer looks again when everything has come; what the log keeps is told first, of the rest the newest.
    seen: set[bytes] = set()
    async with asyncio.timeout(20):
        while not {last, b"after"} <= seen:
            seen |= {n.event.data for n in await anext(quick)}
    assert [n.event.data for n in await anext(viewer)] == [b"after"]
    passing = await anext(viewer)
    assert [n.event.data for n in passing] == [b"p%d" % number for number in range(3, PASSING_KEPT + 3)]
    assert {n.cursor for n in passing} == {""}
    # Whoever resumes gets what the log holds and nothing that has passed.
    assert (await take(hub, start, 2))[0] == ["before", "after"]
    await viewer.aclose()
    await quick.aclose()
