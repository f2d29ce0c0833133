"""NATS JetStream: durable streams, publishing that returns once synced, consumers that survive poison and restarts."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import APIError, NotFoundError

from bluelamp.spine import telemetry
from bluelamp.spine.errors import EngineDownError
from bluelamp.spine.pull import Message as Message  # noqa: PLC0414 - part of this interface
from bluelamp.spine.pull import Pull
from bluelamp.spine.steady import RESTART_S

log = logging.getLogger(__name__)

UNREACHABLE = (NatsError, APIError, OSError, TimeoutError)


ACK_WAIT_S = 15
"""How long a consumer may take over a batch before another try; after a crash, how long its last batch waits."""


class Stream(NamedTuple):
    """A durable log. `days_max` and `bytes_max` bound it; what falls off has long been stored elsewhere."""

    name: str
    subjects: tuple[str, ...]
    days_max: float
    bytes_max: int
    repeat_window_s: int = 120
    """For how long a repeated `Nats-Msg-Id` is recognised."""


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

    async def whisper(self, subject: str, payload: bytes) -> None:
        """Tell whoever listens at this moment; kept nowhere, acknowledged by nobody, lost without harm."""
        with suppress(*UNREACHABLE):
            await self._client.publish(subject, payload)

    async def overhear(self, subject: str, handle: Callable[[bytes], None]) -> Callable[[], Awaitable[None]]:
        """Hand on what is whispered on `subject` until the client closes, or what it returns is called; survives a lost connection.

        Raises:
            EngineDownError: the event log does not answer.
        """

        async def take(raw: Msg) -> None:
            handle(raw.data)

        try:
            # What a busy process cannot take is dropped rather than kept waiting.
            heard = await self._client.subscribe(subject, cb=take, pending_msgs_limit=64)
        except UNREACHABLE as error:
            raise EngineDownError("NATS does not answer") from error

        async def end() -> None:
            with suppress(*UNREACHABLE):
                await heard.unsubscribe()

        return end

    async def ask(self, subject: str, payload: bytes, wait_s: float) -> bytes:
        """What whoever answers on `subject` says.

        Raises:
            EngineDownError: nobody did in time.
        """
        try:
            return (await self._client.request(subject, payload, timeout=wait_s)).data
        except UNREACHABLE as error:
            raise EngineDownError(f"nobody answers on {subject}") from error

    async def answer(self, subject: str, group: str, handle: Callable[[bytes], Awaitable[bytes]]) -> None:
        """Answer what is asked on `subject`, one process of the `group` each question, until the client closes.

        Raises:
            EngineDownError: the event log does not answer.
        """

        async def take(raw: Msg) -> None:
            try:
                await raw.respond(await handle(raw.data))
            except Exception:
                log.exception("a question on %s was not answered", subject)

        try:
            await self._client.subscribe(subject, queue=group, cb=take, pending_msgs_limit=4096)
        except UNREACHABLE as error:
            raise EngineDownError("NATS does not answer") from error

    async def last_sequence(self, stream: str) -> int:
        try:
            return (await self._jetstream.stream_info(stream)).state.last_seq
        except UNREACHABLE as error:
            raise EngineDownError("NATS JetStream does not answer") from error

    async def first_sequence(self, stream: str) -> int:
        """Of the oldest message that it still holds; one more than the last where it holds none."""
        try:
            return (await self._jetstream.stream_info(stream)).state.first_seq
        except UNREACHABLE as error:
            raise EngineDownError("NATS JetStream does not answer") from error

    async def age(self, stream: str) -> tuple[float, datetime | None]:
        """How many days a stream keeps its messages, and when its oldest came in (None: it is empty)."""
        try:
            info = await self._jetstream.stream_info(stream)
            if not info.state.messages:
                return (info.config.max_age or 0) / 86_400, None
            oldest = await self._jetstream.get_msg(stream, info.state.first_seq)
        except UNREACHABLE as error:
            raise EngineDownError("NATS JetStream does not answer") from error
        return (info.config.max_age or 0) / 86_400, oldest.time

    async def empty(self, stream: str) -> None:
        """Remove every message of a stream: for restoring into it, and for tests."""
        await self._jetstream.purge_stream(stream)

    async def read(self, stream: str, from_sequence: int, count: int) -> list[Message]:
        """Up to `count` messages with at least this sequence, in order; fewer where the stream ends or has let go of some."""
        config = _passing(deliver_policy=DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=from_sequence)
        found: list[Message] = []

        async def take(message: Message) -> None:
            found.append(message)

        await self._read_back(stream, config, take, count)
        return found

    async def recall(self, stream: str, since_ms: int, handle: Callable[[Message], Awaitable[None]]) -> None:
        """Everything that the stream holds now and that was published at or after `since_ms`, in order; then return."""
        start = datetime.fromtimestamp(since_ms / 1000, UTC)
        await self._read_back(stream, _passing(deliver_policy=DeliverPolicy.BY_START_TIME, opt_start_time=start), handle, None)

    async def _read_back(
        self, stream: str, config: ConsumerConfig, handle: Callable[[Message], Awaitable[None]], count: int | None
    ) -> None:
        try:
            pull = await Pull.open(self._client, stream, config, batch_max=500)
            left = pull.pending if count is None else min(pull.pending, count)
            while left > 0:
                for raw in (await pull.next(wait_s=10))[:left]:
                    await handle(Message.of(raw))
                    left -= 1
            await pull.close()
        except UNREACHABLE as error:
            raise EngineDownError("the event log does not answer") from error

    async def consume(
        self,
        stream: str,
        durable: str,
        handle: Callable[[list[Message]], Awaitable[None]],
        *,
        batch_max: int = 256,
        wait_s: float = 0,
        pace_s: float = 0,
        on_poison: Callable[[Message, Exception], Awaitable[None]] | None = None,
    ) -> None:
        """Deliver to `handle` for ever, at least once and in order; acknowledged when it returns.

        A batch is what has arrived, at once; with `wait_s`, what arrives within that time, up to `batch_max`. `pace_s`
        is the least time from one batch to the next, for work that is dear however small: what comes alone waits for nothing.

        A batch that fails is tried message by message; one that raises `PoisonError`, or fails five times in a row for
        a reason other than an engine that is away, goes to `on_poison` and is set aside. Cancel the task to stop.
        """
        worker = _Consumer(self._client, stream, durable, handle, on_poison)
        while True:
            try:
                await worker.run(batch_max, wait_s, pace_s)
            except (*UNREACHABLE, EngineDownError) as error:
                log.warning("consumer %s was interrupted, resuming: %s", durable, error or type(error).__name__)
                await asyncio.sleep(0.3)

    async def replay(self, stream: str, from_sequence: int, handle: Callable[[Message], Awaitable[None]]) -> None:
        """Everything in the stream after `from_sequence`, then live, in order, for ever; keeps nothing behind.

        This is the door of a live view: every process sees every message. It heals itself after a lost connection
        without a gap or a repeat. A message at which `handle` fails is told loudly and passed over: one that cannot be shown must not
        end the picture of all others. Cancel the task to stop.
        """
        position = from_sequence
        while True:
            try:
                config = _passing(deliver_policy=DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=position + 1)
                pull = await Pull.open(self._client, stream, config, batch_max=500)
                while True:
                    for raw in await pull.next(wait_s=5):
                        message = Message.of(raw)
                        if message.sequence > position:
                            await _shown(stream, message, handle)
                            position = message.sequence
            except (*UNREACHABLE, EngineDownError) as error:
                log.debug("replay of %s was interrupted, resuming: %s", stream, error)
                await asyncio.sleep(0.25)
            except Exception:
                log.exception("replay of %s failed, resuming", stream)
                telemetry.RESTARTS.labels(work=f"replay-{stream}").inc()
                await asyncio.sleep(RESTART_S)


async def _shown(stream: str, message: Message, handle: Callable[[Message], Awaitable[None]]) -> None:
    try:
        await handle(message)
    except (*UNREACHABLE, EngineDownError):
        raise  # again, once the engine is back
    except Exception:
        if (task := asyncio.current_task()) is not None and task.cancelling():
            raise
        log.exception("message %d of %s could not be taken and is passed over", message.sequence, stream)
        telemetry.PASSED_OVER.labels(stream=stream).inc()


def _passing(**start: Any) -> ConsumerConfig:
    """A consumer that leaves no trace."""
    return ConsumerConfig(ack_policy=AckPolicy.NONE, inactive_threshold=30, mem_storage=True, num_replicas=1, **start)


class _Consumer:
    """One durable pull consumer and what it does with messages that fail."""

    def __init__(
        self,
        client: Client,
        stream: str,
        durable: str,
        handle: Callable[[list[Message]], Awaitable[None]],
        on_poison: Callable[[Message, Exception], Awaitable[None]] | None,
    ) -> None:
        self._client = client
        self._stream = stream
        self._durable = durable
        self._handle = handle
        self._on_poison = on_poison

    async def run(self, batch_max: int, wait_s: float, pace_s: float) -> None:
        config = ConsumerConfig(
            durable_name=self._durable, ack_policy=AckPolicy.EXPLICIT, ack_wait=ACK_WAIT_S, max_ack_pending=20_000, max_deliver=-1
        )
        pull = await Pull.open(self._client, self._stream, config, batch_max)
        try:
            next_at = 0.0
            while True:
                await asyncio.sleep(next_at - time.monotonic())
                messages = await pull.next(wait_s=5)
                if not messages:
                    continue
                next_at = time.monotonic() + (pace_s if len(messages) < batch_max else 0)  # a backlog is not waited for
                if wait_s and len(messages) < batch_max:
                    messages = await self._gather(pull, messages, batch_max, wait_s)
                await self._deliver(messages)
        finally:
            with suppress(*UNREACHABLE):
                await pull.close()

    async def _gather(self, pull: Pull, messages: list[Msg], batch_max: int, wait_s: float) -> list[Msg]:
        """Wait a little for more, for a handler whose work is dear per batch."""
        deadline = time.monotonic() + wait_s
        while len(messages) < batch_max and (left := deadline - time.monotonic()) > 0:
            messages += await pull.next(left)
        return messages

    async def _deliver(self, messages: list[Msg]) -> None:
        try:
            await self._handle([Message.of(m) for m in messages])
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
        message = Message.of(raw)
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
