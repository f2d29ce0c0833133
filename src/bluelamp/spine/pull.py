"""Messages of a JetStream pull consumer as they come: handed on the moment they arrive, as many as are there.

The driver's own `fetch` waits for a full batch or its time-out, which would put that time-out between a camera and an alert.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js.api import ConsumerConfig

from bluelamp.spine.errors import EngineDownError

HEARTBEAT_S = 1.0
EXPIRES_S = 30.0
_NS = 1_000_000_000


class Message(NamedTuple):
    """One delivered message."""

    payload: bytes
    subject: str
    sequence: int
    deliveries: int
    headers: dict[str, str]
    published_at: datetime

    @classmethod
    def of(cls, raw: Msg) -> Message:
        meta = raw.metadata
        return cls(
            raw.data, raw.subject, meta.sequence.stream, meta.num_delivered, dict(raw.headers or {}), meta.timestamp or datetime.now(UTC)
        )


class Pull:
    """An open pull on one consumer."""

    def __init__(self, client: Client, subject: str, subscription: Subscription, batch_max: int, pending: int) -> None:
        self._client = client
        self._subject = subject
        self._subscription = subscription
        self._batch_max = batch_max
        self._outstanding = 0
        self._silent_s = 0.0
        """How long nothing came while somebody waited: time in which this process was busy itself does not count."""
        self.pending = pending
        """Messages that the consumer had to deliver when it was opened."""

    @classmethod
    async def open(cls, client: Client, stream: str, config: ConsumerConfig, batch_max: int) -> Pull:
        """Create (or find, where it is durable) the consumer and ask for messages."""
        info = await client.jetstream(timeout=5).add_consumer(stream, config)
        subscription = await client.subscribe(client.new_inbox())
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{info.name}"
        pull = cls(client, subject, subscription, batch_max, info.num_pending or 0)
        await pull._ask()
        return pull

    async def close(self) -> None:
        """Whatever has arrived and was not handed on goes back, so that nobody waits for its acknowledgement to time out."""
        try:
            while self._subscription.pending_msgs:
                raw = await self._subscription.next_msg(timeout=0.1)
                if raw.reply and not (raw.headers or {}).get("Status"):
                    await raw.nak()
        finally:
            await self._subscription.unsubscribe()

    async def _ask(self) -> None:
        more = self._batch_max - self._outstanding
        wanted = {"batch": more, "expires": int(EXPIRES_S * _NS), "idle_heartbeat": int(HEARTBEAT_S * _NS)}
        await self._client.publish(self._subject, msgspec.json.encode(wanted), reply=self._subscription.subject)
        self._outstanding += more

    async def next(self, wait_s: float) -> list[Msg]:
        """What has arrived, at most `batch_max` messages; waits up to `wait_s` for the first, else returns none.

        Raises:
            EngineDownError: the server has gone quiet or has let go of the consumer; open it again.
        """
        messages: list[Msg] = []
        deadline = time.monotonic() + wait_s
        while len(messages) < self._batch_max and (not messages or self._subscription.pending_msgs):
            left = deadline - time.monotonic()
            if not messages and left <= 0:
                break
            patience = max(min(left, HEARTBEAT_S), 0.001)
            try:
                raw = await self._subscription.next_msg(timeout=patience)
            except NatsTimeoutError:
                self._silent_s += patience
                if self._silent_s > 2.5 * HEARTBEAT_S:
                    raise EngineDownError("the event log has gone quiet") from None
                continue
            if (task := asyncio.current_task()) is not None and task.cancelling():
                # `next_msg` forgets that it was cut off when a message comes in that very moment: its caller would run on for ever.
                raise asyncio.CancelledError
            self._silent_s = 0.0
            if raw.data or not self._status(raw):
                messages.append(raw)
                self._outstanding -= 1
            if self._outstanding <= self._batch_max // 2:
                await self._ask()
        return messages

    def _status(self, raw: Msg) -> bool:
        """Whether this is a word of the server rather than a message; takes account of it."""
        headers = raw.headers or {}
        status = headers.get("Status", "")
        if status in {"404", "408"} or "Nats-Pending-Messages" in headers:
            self._outstanding = max(0, self._outstanding - int(headers.get("Nats-Pending-Messages", self._batch_max)))
        elif status and status != "100":
            raise EngineDownError(f"the event log ended the consumer: {headers.get('Description', status)}")
        return bool(status)
