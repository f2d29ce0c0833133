"""Keeps hits: from the stream to the columnar store, many at once."""

from __future__ import annotations

import msgspec
from clickhouse_connect.driver.exceptions import DatabaseError

from bluelamp.anpr.matching.hits import AMENDED_SUBJECT, NEW_SUBJECT, Hit, decode_hits
from bluelamp.anpr.store.hits import insert_hits, set_aside
from bluelamp.anpr.tables import HITS_STREAM
from bluelamp.spine.bus import Message, PoisonError
from bluelamp.spine.errors import BluelampError, EngineDownError
from bluelamp.spine.module import Spine

DURABLE = "hits"
PACE_S = 0.4
"""Least time from one insert to the next: an insert of one hit costs the store nearly as much as one of a thousand."""
HITS_A_MESSAGE_MAX = 1 << 20
"""Position in the store = sequence in the stream times this, plus the place in the message."""


async def run(spine: Spine) -> None:
    """Store hits for ever."""

    async def handle(messages: list[Message]) -> None:
        hits = [pair for message in messages for pair in placed(message)]
        try:
            await insert_hits(spine.columnar, hits)
        except (DatabaseError, BluelampError) as error:
            raise EngineDownError(f"hits could not be stored, they wait in the stream: {error}") from error

    async def keep(message: Message, failure: Exception) -> None:
        await set_aside(spine.db, DURABLE, message.sequence, message.subject, repr(failure), message.payload)

    await spine.bus.consume(HITS_STREAM, DURABLE, handle, batch_max=500, pace_s=PACE_S, on_poison=keep)


def placed(message: Message) -> list[tuple[int, Hit]]:
    """The hits of a message with their positions; none for a message of another kind."""
    if message.subject not in (NEW_SUBJECT, AMENDED_SUBJECT):
        return []
    try:
        hits = decode_hits(message.payload)
    except msgspec.MsgspecError as error:
        raise PoisonError(f"not a message of hits: {error}") from error
    return [(message.sequence * HITS_A_MESSAGE_MAX + place, hit) for place, hit in enumerate(hits)]
