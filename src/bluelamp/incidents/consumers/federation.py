"""Federation: what is said here goes to the other regions, what they say comes in. Nothing where no region is configured."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial

from bluelamp.incidents.federation import forward, pictures, positions, receive
from bluelamp.incidents.federation.link import Link
from bluelamp.incidents.federation.receipts import Receipts
from bluelamp.incidents.federation.settings import FederationSettings, federation_settings
from bluelamp.incidents.tables import RECEIPTS_SUBJECT
from bluelamp.spine.errors import BluelampError
from bluelamp.spine.module import Spine
from bluelamp.spine.steady import steadily

log = logging.getLogger(__name__)

AGAIN_S = 2.0


async def run(spine: Spine) -> None:
    await federate(spine, federation_settings())


async def federate(spine: Spine, settings: FederationSettings) -> None:
    """For ever."""
    if not settings.region or not settings.url.get_secret_value():
        await asyncio.Event().wait()
    link = await Link.open(settings)
    receipts = Receipts(spine, link)
    end = await spine.bus.overhear(RECEIPTS_SUBJECT, receipts.hear)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(forward.run(spine, link))
            group.create_task(_keep("receipts", receipts.run))
            group.create_task(_keep("positions", partial(positions.tell, spine, link)))
            group.create_task(_keep("pictures", partial(pictures.serve, spine, link)))
            for region in settings.regions:
                group.create_task(receive.run(spine, link, region))
                group.create_task(_keep(f"positions of {region}", partial(positions.take, spine, link, region)))
                group.create_task(_keep(f"pictures of {region}", partial(pictures.fetch, spine, link, region)))
    finally:
        await end()
        await link.close()


async def _keep(what: str, work: Callable[[], Awaitable[None]]) -> None:
    """What fails is begun again, and never takes the events with it. That a line is cut is no failure."""

    async def again_and_again() -> None:
        while True:
            try:
                await work()
            except BluelampError as error:
                log.warning("federation: %s wait: %s", what, error.message)
            await asyncio.sleep(AGAIN_S)

    await steadily(f"federation-{what}", again_and_again)
