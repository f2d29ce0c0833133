"""Writer: from the stream of reads to the columnar store, many messages to one insert.

A message is acknowledged after its rows are stored. A crash between the two stores them again, which changes nothing
that is shown: the rows have the same natural key (docs/decisions/0072-duplicates-are-never-shown.md).
"""

from __future__ import annotations

import asyncio

import pyarrow as pa
from clickhouse_connect.driver.exceptions import DatabaseError

from bluelamp.anpr.consumers.pulse import Pulse
from bluelamp.anpr.intake.rows import from_message
from bluelamp.anpr.store.hits import set_aside
from bluelamp.anpr.store.reads import insert_reads
from bluelamp.anpr.tables import READS_STREAM
from bluelamp.spine.bus import Message, PoisonError
from bluelamp.spine.errors import BluelampError, EngineDownError
from bluelamp.spine.module import Spine

DURABLE = "writer"
MESSAGES_MAX = 512
PACE_S = 0.4
"""Least time from one insert to the next. Every insert makes a part a table: at 100,000 reads a second, 40,000 rows an insert
cost 0.45 core-seconds per 100,000 rows, 10,000 rows cost half as much again. A single read waits for nothing."""


class Writer:
    """What the consumer does with a batch of messages."""

    def __init__(self, spine: Spine) -> None:
        self._spine = spine
        self.pulse = Pulse()

    async def store(self, messages: list[Message]) -> None:
        """Insert the rows of all messages at once.

        Raises:
            PoisonError: a message is no batch of reads.
            EngineDownError: the store did not take them, for whatever reason: acknowledged reads are never set aside.
        """
        reads = pa.concat_tables([_decode(message) for message in messages])
        if reads.num_rows == 0:
            return
        try:
            await insert_reads(self._spine.columnar, reads)
        except (DatabaseError, BluelampError) as error:
            raise EngineDownError(f"reads could not be stored, they wait in the stream: {error}") from error
        self.pulse.count(reads)

    async def set_aside(self, message: Message, failure: Exception) -> None:
        """Keep what cannot be stored where a person can look at it."""
        await set_aside(self._spine.db, DURABLE, message.sequence, message.subject, repr(failure), message.payload)


def _decode(message: Message) -> pa.Table:
    try:
        return from_message(message.payload)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise PoisonError(f"message {message.sequence} is no batch of reads: {error}") from error


async def write_reads(spine: Spine) -> None:
    """Run for ever."""
    writer = Writer(spine)
    consumed = spine.bus.consume(READS_STREAM, DURABLE, writer.store, batch_max=MESSAGES_MAX, pace_s=PACE_S, on_poison=writer.set_aside)
    async with asyncio.TaskGroup() as group:
        group.create_task(writer.pulse.beat(spine.bus), name="pulse")
        group.create_task(consumed, name="writer")
