"""Events that a change causes, written in the change's own transaction and published after it, at least once, in order.

Only what is urgent overtakes: somebody who calls for help waits for nobody.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from functools import partial

from bluelamp.spine.bus import Bus
from bluelamp.spine.errors import EngineDownError, TooLargeError
from bluelamp.spine.relational import Connection, Database
from bluelamp.spine.steady import steadily

log = logging.getLogger(__name__)

CHANNEL = "outbox"
RELAY_LOCK = 7_245_002
PAYLOAD_BYTES_MAX = 4 << 20
"""Half of what the event log takes: one that it refuses for ever would hold back all that comes after it."""


async def post(connection: Connection, subject: str, payload: bytes, *, urgent: bool = False) -> None:
    """Publish `payload` on `subject` once the surrounding transaction has committed; what is `urgent` before all that waits.

    Raises:
        TooLargeError: the event log would not take it.
    """
    await post_all(connection, [(subject, payload, urgent)])


async def post_all(connection: Connection, posts: list[tuple[str, bytes, bool]]) -> None:
    """The same for many: subject, payload and whether it is urgent, in this order."""
    if any(len(payload) > PAYLOAD_BYTES_MAX for _, payload, _ in posts):
        raise TooLargeError(f"an event has at most {PAYLOAD_BYTES_MAX} bytes: say it in parts")
    await connection.executemany("INSERT INTO outbox (subject, payload, urgent) VALUES ($1, $2, $3)", posts)
    await connection.execute("SELECT pg_notify($1, '')", CHANNEL)


async def relay(database: Database, bus: Bus) -> None:
    """Move posted events to the bus for ever. Several relays may run: one works, the message id catches repeats."""
    wake = asyncio.Event()
    database.listen(CHANNEL, wake.set)
    await steadily("outbox", partial(_keep_moving, database, bus, wake))


async def _keep_moving(database: Database, bus: Bus, wake: asyncio.Event) -> None:
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout(2):
                await wake.wait()
        wake.clear()
        try:
            while await _move(database, bus):
                pass
        except EngineDownError as error:
            log.warning("the outbox waits: %s", error.message)
            await asyncio.sleep(0.5)


async def _move(database: Database, bus: Bus) -> bool:
    """Publish and remove up to 100 events; whether there may be more.

    What was published is removed though the next was not: published again after the log's memory of repeats, it would be told twice.
    """
    failure: EngineDownError | None = None
    published = []
    async with database.transaction() as connection:
        if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", RELAY_LOCK):
            return False
        rows = await connection.fetch("SELECT number, subject, payload FROM outbox ORDER BY urgent DESC, number LIMIT 100")
        for row in rows:
            try:
                await bus.publish(row["subject"], row["payload"], f"outbox-{row['number']}")
            except EngineDownError as error:
                failure = error
                break
            published.append(row["number"])
        await connection.execute("DELETE FROM outbox WHERE number = ANY($1)", published)
    if failure is not None:
        raise failure
    return len(rows) == 100
