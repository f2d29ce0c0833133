"""NATS JetStream: durable streams, publishing that returns once synced, consumers that survive poison and restarts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import NamedTuple

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import APIError, NotFoundError

from bluelamp.spine.errors import EngineDownError

log = logging.getLogger(__name__)

UNREACHABLE = (NatsError, APIError, OSError, TimeoutError)


class Stream(NamedTuple):
    """A durable log. `days_max` and `bytes_max` bound it; what falls off has long been stored elsewhere."""

    name: str
    subjects: tuple[str, ...]
    days_max: float
    bytes_max: int
    repeat_window_s: int = 120
    """For how long a repeated `Nats-Msg-Id` is recognised."""


class Message(NamedTuple):
    """One delivered message."""

    payload: bytes
    subject: str
    sequence: int
    deliveries: int
    headers: dict[str, str]


class PoisonError(Exception):
    """A handler's word that this message can never be handled: set it aside, go on with the next."""


class Bus:
    """The platform's event log. One per process."""

    def __init__(self, client: Client, replicas: int = 1) -> None:
        self._client = client
        self._jetstream = client.jetstream(timeout=5, publish_async_max_pending=4000)
        self._replicas = replicas

    @classmethod
    async def open(cls, url: str, name: str = "bluelamp", replicas: int = 1) -> Bus:
        """`url`: one server or several, comma-separated. Raises `EngineDownError` where none answers."""

        async def on_error(error: Exception) -> None:
            log.warning("NATS: %s", error or type(error).__name__)

        try:
            client = await nats.connect(
                url.split(","),
                name=name,
                allow_reconnect=True,
                max_reconnect_attempts=-1,
                reconnect_time_wait=0.25,
                connect_timeout=3,
                pending_size=64 << 20,
                error_cb=on_error,
            )
        except (*UNREACHABLE, asyncio.CancelledError) as error:
            raise EngineDownError(f"NATS does not answer: {error}") from error
        return cls(client, replicas)

    async def close(self) -> None:
        await self._client.close()

    @property
    def connected(self) -> bool:
        return self._client.is_connected

    async def ping(self) -> None:
        """Raises `EngineDownError` unless JetStream itself answers."""
        try:
            await self._jetstream.account_info()
        except UNREACHABLE as error:
            raise EngineDownError("NATS JetStream does not answer") from error

    async def ensure(self, stream: Stream) -> None:
        """Create the stream, or bring its limits up to date."""
        config = StreamConfig(
            name=stream.name,
            subjects=list(stream.subjects),
            retention=RetentionPolicy.LIMITS,
            storage=StorageType.FILE,
            max_age=stream.days_max * 86_400,
            max_bytes=stream.bytes_max,
            duplicate_window=stream.repeat_window_s,
            num_replicas=self._replicas,
            allow_direct=True,
        )
        try:
            await self._jetstream.stream_info(stream.name)
        except NotFoundError:
            await self._jetstream.add_stream(config)
        else:
            await self._jetstream.update_stream(config)

    async def publish(self, subject: str, payload: bytes, message_id: str = "") -> int:
        """Returns the message's sequence once it is synced to disk (on a majority, in a cluster).

        Raises:
            EngineDownError: it is not known to be kept; the caller repeats.
        """
        try:
            ack = await self._jetstream.publish(subject, payload, headers={"Nats-Msg-Id": message_id} if message_id else None)
        except UNREACHABLE as error:
            raise EngineDownError("the event log does not answer; nothing is lost if you send it again") from error
        return ack.seq

    async def last_sequence(self, stream: str) -> int:
        try:
            return (await self._jetstream.stream_info(stream)).state.last_seq
        except UNREACHABLE as error:
            raise EngineDownError("NATS JetStream does not answer") from error

    async def empty(self, stream: str) -> None:
        """Remove every message of a stream: for restoring into it, and for tests."""
        await self._jetstream.purge_stream(stream)

    async def read(self, stream: str, from_sequence: int, count: int) -> list[Message]:
        """Up to `count` messages with at least this sequence, in order; fewer where the stream ends or has let go of some."""
        config = ConsumerConfig(
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=from_sequence,
            ack_policy=AckPolicy.NONE,
            inactive_threshold=10,
            mem_storage=True,
        )
        found: list[Message] = []
        try:
            subscription = await self._jetstream.pull_subscribe("", stream=stream, config=config)
            left = min((await subscription.consumer_info()).num_pending or 0, count)
            while len(found) < left:
                found += [_message(raw) for raw in await subscription.fetch(left - len(found), timeout=5)]
            await subscription.unsubscribe()
        except UNREACHABLE as error:
            raise EngineDownError("the event log does not answer") from error
        return found

    async def recall(self, stream: str, since_ms: int, handle: Callable[[Message], Awaitable[None]]) -> None:
        """Everything that the stream holds now and that was published at or after `since_ms`, in order; then return."""
        last = await self.last_sequence(stream)
        if last == 0:
            return
        position = 0
        config = ConsumerConfig(
            deliver_policy=DeliverPolicy.BY_START_TIME,
            opt_start_time=datetime.fromtimestamp(since_ms / 1000, UTC),
            ack_policy=AckPolicy.NONE,
            inactive_threshold=30,
            mem_storage=True,
        )
        try:
            subscription = await self._jetstream.pull_subscribe("", stream=stream, config=config)
            left = (await subscription.consumer_info()).num_pending or 0
            while left > 0 and position < last:
                for raw in await subscription.fetch(200, timeout=10):
                    message = _message(raw)
                    await handle(message)
                    position, left = message.sequence, raw.metadata.num_pending or 0
            await subscription.unsubscribe()
        except UNREACHABLE as error:
            raise EngineDownError("the event log does not answer while its last day is recalled") from error

    async def consume(
        self,
        stream: str,
        durable: str,
        handle: Callable[[list[Message]], Awaitable[None]],
        *,
        batch_max: int = 256,
        wait_s: float = 0.25,
        on_poison: Callable[[Message, Exception], Awaitable[None]] | None = None,
    ) -> None:
        """Deliver to `handle` for ever, at least once and in order; acknowledged when it returns.

        A batch that fails is tried message by message; one that raises `PoisonError`, or fails five times in a row for
        a reason other than an engine that is away, goes to `on_poison` and is set aside. Cancel the task to stop.
        """
        worker = _Consumer(self._jetstream, stream, durable, handle, on_poison)
        while True:
            try:
                await worker.run(batch_max, wait_s)
            except (*UNREACHABLE, EngineDownError) as error:
                log.warning("consumer %s was interrupted, resuming: %s", durable, error or type(error).__name__)
                await asyncio.sleep(0.3)

    async def replay(self, stream: str, from_sequence: int, handle: Callable[[Message], Awaitable[None]], since_ms: int = 0) -> None:
        """Everything in the stream after `from_sequence` (or since `since_ms`), then live, in order, for ever; keeps nothing behind.

        This is the door of a live view: every process sees every message. It heals itself after a lost connection
        without a gap or a repeat. Cancel the task to stop.
        """
        position = from_sequence
        started = since_ms == 0
        while True:
            try:
                if started:
                    config = ConsumerConfig(deliver_policy=DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=position + 1)
                else:
                    config = ConsumerConfig(
                        deliver_policy=DeliverPolicy.BY_START_TIME, opt_start_time=datetime.fromtimestamp(since_ms / 1000, UTC)
                    )
                config.ack_policy = AckPolicy.NONE
                config.inactive_threshold = 30
                config.mem_storage = True
                subscription = await self._jetstream.pull_subscribe("", stream=stream, config=config)
                while True:
                    try:
                        messages = await subscription.fetch(500, timeout=5, heartbeat=1)
                    except (TimeoutError, nats.errors.TimeoutError):
                        await subscription.consumer_info()  # raises where the consumer is gone with a restarted server
                        continue
                    for raw in messages:
                        message = _message(raw)
                        if started and message.sequence <= position:
                            continue
                        await handle(message)
                        position, started = message.sequence, True
            except UNREACHABLE as error:
                log.debug("replay of %s was interrupted, resuming: %s", stream, error)
                await asyncio.sleep(0.25)


class _Consumer:
    """One durable pull consumer and what it does with messages that fail."""

    def __init__(
        self,
        jetstream: nats.js.JetStreamContext,
        stream: str,
        durable: str,
        handle: Callable[[list[Message]], Awaitable[None]],
        on_poison: Callable[[Message, Exception], Awaitable[None]] | None,
    ) -> None:
        self._jetstream = jetstream
        self._stream = stream
        self._durable = durable
        self._handle = handle
        self._on_poison = on_poison

    async def run(self, batch_max: int, wait_s: float) -> None:
        config = ConsumerConfig(ack_policy=AckPolicy.EXPLICIT, ack_wait=60, max_ack_pending=20_000, max_deliver=-1)
        subscription = await self._jetstream.pull_subscribe("", durable=self._durable, stream=self._stream, config=config)
        while True:
            try:
                messages = await subscription.fetch(batch_max, timeout=wait_s)
            except (TimeoutError, nats.errors.TimeoutError):
                if not self._jetstream._nc.is_connected:  # noqa: SLF001 - fetch reports a lost connection as a time-out
                    raise
                continue
            await self._deliver(messages)

    async def _deliver(self, messages: list[Msg]) -> None:
        try:
            await self._handle([_message(m) for m in messages])
        except EngineDownError:
            await _give_back(messages)
            raise
        except Exception:
            log.exception("consumer %s: a batch of %d failed, trying one by one", self._durable, len(messages))
        else:
            await asyncio.gather(*(m.ack() for m in messages))
            return
        for at, raw in enumerate(messages):
            try:
                await self._deliver_one(raw)
            except EngineDownError:
                await _give_back(messages[at:])
                raise

    async def _deliver_one(self, raw: Msg) -> None:
        message = _message(raw)
        failure: Exception | None = None
        for attempt in range(5):
            try:
                await self._handle([message])
            except EngineDownError:
                raise
            except PoisonError as error:
                failure = error
                break
            except Exception as error:  # noqa: BLE001 - whatever it is, one message must not stop the rest
                failure = error
                await asyncio.sleep(0.05 * 2**attempt)
            else:
                await raw.ack()
                return
        log.error("consumer %s: message %d of %s is set aside: %r", self._durable, message.sequence, self._stream, failure)
        if self._on_poison is not None and failure is not None:
            await self._on_poison(message, failure)
        await raw.term()


async def _give_back(messages: list[Msg]) -> None:
    """Ask for these again soon, in order, rather than after the acknowledgement time-out."""
    for m in messages:
        try:
            await m.nak(delay=0.5)
        except UNREACHABLE:
            return


def _message(raw: Msg) -> Message:
    meta = raw.metadata
    return Message(raw.data, raw.subject, meta.sequence.stream, meta.num_delivered, dict(raw.headers or {}))
