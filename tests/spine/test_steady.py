"""Work that must not end goes on after any failure, and says so."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from bluelamp.app.engines.group import EngineUrls
from bluelamp.incidents.gateways.cot import server as cot_server
from bluelamp.incidents.gateways.cot.settings import CotSettings
from bluelamp.incidents.positions.vehicles import consumer as vehicles
from bluelamp.spine import outbox, steady
from bluelamp.spine.audit import sequencer
from bluelamp.spine.bus import Bus, Message, Stream
from bluelamp.spine.errors import EngineDownError, TooLargeError
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Database
from tests.support.platform import RunningPlatform

STREAM = Stream("TEST_STEADY", ("test.steady",), days_max=1, bytes_max=1 << 20)


@pytest.fixture
async def bus(engines: EngineUrls) -> AsyncIterator[Bus]:
    bus = await Bus.open(engines.nats_url)
    await bus.ensure(STREAM)
    await bus.empty(STREAM.name)
    yield bus
    await bus.close()


async def test_work_that_fails_or_ends_begins_again_loudly(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(steady, "RESTART_S", 0)
    begun: list[int] = []

    async def work() -> None:
        begun.append(len(begun))
        if len(begun) == 1:
            raise LookupError("a fault of ours")
        if len(begun) == 3:
            await asyncio.Event().wait()

    task = steady.start_steadily("some-work", work)
    async with asyncio.timeout(20):
        while len(begun) < 3:  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0)
    task.cancel()
    assert await asyncio.gather(task, return_exceptions=True) != [None], "what is cancelled ends"
    told = [record for record in caplog.records if "some-work" in record.message]
    assert [record.levelno for record in told] == [logging.ERROR, logging.ERROR]


@pytest.mark.parametrize(
    "failure", [asyncpg.TooManyConnectionsError("no more"), asyncpg.InvalidPasswordError("changed"), KeyError("a bug")]
)
async def test_listening_goes_on_after_any_failure(
    platform: RunningPlatform, engines: EngineUrls, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    monkeypatch.setattr(steady, "RESTART_S", 0)
    connect, tried = asyncpg.connect, []

    async def fail_first(*args: Any, **named: Any) -> Any:
        tried.append(args)
        if len(tried) < 3:
            raise failure
        return await connect(*args, **named)

    monkeypatch.setattr(asyncpg, "connect", fail_first)
    database = await Database.open(engines.database_url)
    woken, heard = asyncio.Event(), asyncio.Queue[str]()
    database.listen("steady_test", woken.set, heard.put_nowait)
    async with asyncio.timeout(20):
        await woken.wait()
        await platform.spine.db.execute("SELECT pg_notify('steady_test', 'a word')")
        assert await heard.get() == "a word"
    await database.close()


class _Bus:
    async def consume(self, *_: Any, **__: Any) -> None:
        """Nothing comes."""


async def _open_gateway(spine: Spine) -> None:
    async with cot_server.running(spine, CotSettings(port=0, enrol_port=0, marti_port=0)):
        pass


@pytest.mark.parametrize(
    ("work", "failing"),
    [
        (sequencer.run, (sequencer, "_work")),
        (vehicles.run, (_Bus, "consume")),
        (_open_gateway, (cot_server, "_join")),
    ],
    ids=["audit", "vehicles", "tak"],
)
async def test_work_that_fails_leaves_no_listener_behind(
    platform: RunningPlatform, monkeypatch: pytest.MonkeyPatch, work: Callable[[Spine], Awaitable[None]], failing: tuple[Any, str]
) -> None:
    """Each listener is a connection: begun again every second, one more each time, they would be all that PostgreSQL gives."""

    async def fail(*_: Any, **__: Any) -> None:
        raise LookupError("a fault of ours")

    database = await Database.open(platform.spine.db.url)
    try:
        monkeypatch.setattr(*failing, fail)
        with pytest.raises(LookupError):
            await work(replace(platform.spine, db=database, bus=_Bus()))  # type: ignore[arg-type]
        async with asyncio.timeout(20):
            while database._listeners:  # noqa: ASYNC110 - they end on their own
                await asyncio.sleep(0.01)
    finally:
        await database.close()


async def test_a_message_that_cannot_be_shown_is_passed_over_and_the_rest_comes(bus: Bus, caplog: pytest.LogCaptureFixture) -> None:
    seen: list[bytes] = []
    away = [EngineDownError("for a moment")]

    async def take(message: Message) -> None:
        if message.payload == b"bad":
            raise ZeroDivisionError
        if message.payload == b"away" and away:
            raise away.pop()
        seen.append(message.payload)

    task = asyncio.create_task(bus.replay(STREAM.name, await bus.last_sequence(STREAM.name), take))
    for payload in (b"one", b"bad", b"away", b"two"):
        await bus.publish("test.steady", payload)
    async with asyncio.timeout(20):
        while len(seen) < 3:  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.01)
    task.cancel()
    assert seen == [b"one", b"away", b"two"], "what an engine failed at comes again, what we fail at does not"
    assert any("passed over" in record.message for record in caplog.records)


class _Log:
    """An event log that goes away after so many messages."""

    def __init__(self, takes: int) -> None:
        self.takes = takes
        self.published: list[bytes] = []

    async def publish(self, _subject: str, payload: bytes, _message_id: str) -> int:
        if not self.takes:
            raise EngineDownError("it has gone")
        self.takes -= 1
        self.published.append(payload)
        return len(self.published)


async def test_what_the_outbox_published_before_the_log_went_away_is_not_published_again(platform: RunningPlatform) -> None:
    db = platform.spine.db
    async with db.transaction() as connection:
        await connection.execute("SELECT pg_advisory_xact_lock($1)", outbox.RELAY_LOCK)  # the platform's own relay waits meanwhile
        await connection.execute("CREATE TEMPORARY TABLE outbox (LIKE public.outbox INCLUDING ALL) ON COMMIT DROP")
        for number in range(5):
            await outbox.post(connection, "test.steady", b"%d" % number, urgent=number == 4)

        class _Same:
            """The relay's transaction inside ours, so that it sees our outbox and no other."""

            def transaction(self) -> Any:
                return _Inside(connection)

        log = _Log(2)
        with pytest.raises(EngineDownError):
            await outbox._move(_Same(), log)  # type: ignore[arg-type]
        log.takes = 10
        await outbox._move(_Same(), log)  # type: ignore[arg-type]
        assert log.published == [b"4", b"0", b"1", b"2", b"3"], "urgent first, each once"


class _Inside:
    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.inner = connection.transaction()

    async def __aenter__(self) -> Any:
        await self.inner.start()
        return self.connection

    async def __aexit__(self, kind: type[BaseException] | None, *_exc: object) -> None:
        await (self.inner.rollback() if kind else self.inner.commit())


async def test_an_event_that_the_log_would_never_take_is_not_posted(platform: RunningPlatform) -> None:
    with pytest.raises(TooLargeError):
        async with platform.spine.db.transaction() as connection:
            await outbox.post(connection, "test.steady", b"x" * (outbox.PAYLOAD_BYTES_MAX + 1))
