"""Writer: from the stream of positions to the history, many messages to one insert.

A message is acknowledged after its rows are stored. A crash between the two stores them again, which changes nothing that is shown.
"""

from __future__ import annotations

from clickhouse_connect.driver.exceptions import DatabaseError

from bluelamp.incidents.positions.store import history
from bluelamp.incidents.positions.tables import POSITIONS_STREAM, NoBatchError, decode_batch
from bluelamp.spine.bus import Message, PoisonError
from bluelamp.spine.errors import BluelampError, EngineDownError
from bluelamp.spine.module import Spine

DURABLE = "positions-writer"
MESSAGES_MAX = 256
PACE_S = 1.0
"""Least time from one insert to the next: every insert makes a part, and nobody reads the history within its first second."""


async def run(spine: Spine) -> None:
    """Run for ever."""

    async def store(messages: list[Message]) -> None:
        positions = []
        for message in messages:
            try:
                positions += decode_batch(message.payload)
            except NoBatchError as error:
                raise PoisonError(f"message {message.sequence} is no batch of positions: {error}") from error
        if not positions:
            return
        try:
            await history.insert(spine.columnar, positions)
        except (DatabaseError, BluelampError) as error:
            raise EngineDownError(f"positions could not be stored, they wait in the stream: {error}") from error

    await spine.bus.consume(POSITIONS_STREAM, DURABLE, store, batch_max=MESSAGES_MAX, pace_s=PACE_S)
