"""Work that goes on for as long as its process: what fails is told loudly, counted, and begins again. It never just stops."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from bluelamp.spine import telemetry

log = logging.getLogger(__name__)

RESTART_S = 1.0


async def steadily(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Run `work` until cancelled, which it is not to end before: what it keeps must stand a second beginning."""
    while True:
        try:
            await work()
        except Exception:
            # What is cut off in the middle of a query may end with another error than that it was cut off.
            if (task := asyncio.current_task()) is not None and task.cancelling():
                raise
            log.exception("%s failed and starts again", name)
        else:
            log.error("%s ended, which it should not, and starts again", name)
        telemetry.RESTARTS.labels(work=name).inc()
        await asyncio.sleep(RESTART_S)


def start_steadily(name: str, work: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
    """The same as a task of its own."""
    return asyncio.create_task(steadily(name, work), name=name)
