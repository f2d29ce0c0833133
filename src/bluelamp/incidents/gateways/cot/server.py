"""The process of the CoT gateway: its doors, and the house-keeping beside them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from bluelamp.incidents.gateways.cot import plain
from bluelamp.incidents.gateways.cot.gateway import Gateway
from bluelamp.incidents.gateways.cot.settings import CotSettings, cot_settings
from bluelamp.spine.module import Spine

log = logging.getLogger(__name__)

TIDY_S = 10.0


@asynccontextmanager
async def running(spine: Spine, settings: CotSettings | None = None) -> AsyncIterator[Gateway]:
    """The gateway with the doors that the settings open, for as long as the block runs."""
    settings = settings or cot_settings()
    gateway = Gateway(settings, spine.clock)
    async with AsyncExitStack() as stack:
        tidying = asyncio.create_task(_tidy(gateway), name="cot-tidy")
        stack.push_async_callback(_ended, tidying)
        if settings.plain_port:
            door = await plain.listen(gateway, settings.plain_port, settings.plain_agency)
            stack.callback(door.close)
            log.warning(
                "CoT without TLS is open on %s:%d: whoever is on this machine is of agency %s", plain.LOOPBACK, settings.plain_port,
                settings.plain_agency,
            )  # fmt: skip
        stack.callback(gateway.close)
        yield gateway


async def _tidy(gateway: Gateway) -> None:
    while True:
        await asyncio.sleep(TIDY_S)
        gateway.hub.tidy()


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
