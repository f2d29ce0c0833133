"""Events that a change causes, written in the change's own transaction and published after it, at least once, in order.

Only what is urgent overtakes: somebody who calls for help waits for nobody.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from bluelamp.spine.bus import Bus
from bluelamp.spine.errors import EngineDownError
from bluelamp.spine.relational import Connection, Database

log = logging.getLogger(__name__)

CHANNEL = "outbox"
RELAY_LOCK = 7_245_002


async def post(connection: Connection, subject: str, payload: bytes, *, urgent: bool = False) -> None:
    """Publish `payload` on `subject` once the surrounding transaction has committed; what is `urgent` before all that waits."""
    await connection.execute("INSERT INTO outbox (subject, payload, urgent) VALUES ($1, $2, $3)", subject, payload, urgent)
    await connection.execute("SELECT pg_notify($1, '')", CHANNEL)


async def post_all(connection: Connection, posts: list[tuple[str, bytes, bool]]) -> None:
    """The same for many: subject, payload and whether it is urgent, in this order."""
    await connection.executemany("INSERT INTO outbox (subject, payload, urgent) VALUES ($1, $2, $3)", posts)
    await connection.execute("SELECT pg_notify($1, '')", CHANNEL)


async def relay(database: Database, bus: Bus) -> None:
    """Move posted events to the bus for ever. Several relays may run: one works, the message id catches repeats."""
    wake = asyncio.Event()
    database.listen(CHANNEL, wake.set)
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
    """Publish and remove up to 100 events; whether there may be more."""
    async with database.transaction() as connection:
        if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", RELAY_LOCK):
            return False
        rows = await connection.fetch("SELECT number, subject, payload FROM outbox ORDER BY urgent DESC, number LIMIT 100")
        for row in rows:
            await bus.publish(row["subject"], row["payload"], f"outbox-{row['number']}")
        await connection.execute("DELETE FROM outbox WHERE number = ANY($1)", [row["number"] for row in rows])
    return len(rows) == 100
