"""Federation: what is said here goes to the other regions, what they say comes in. Nothing where no region is configured."""

from __future__ import annotations

import asyncio

from bluelamp.incidents.federation import forward, receive
from bluelamp.incidents.federation.link import Link
from bluelamp.incidents.federation.settings import FederationSettings, federation_settings
from bluelamp.spine.module import Spine


async def run(spine: Spine) -> None:
    await federate(spine, federation_settings())


async def federate(spine: Spine, settings: FederationSettings) -> None:
    """For ever."""
    if not settings.region or not settings.url.get_secret_value():
        await asyncio.Event().wait()
    link = await Link.open(settings)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(forward.run(spine, link))
            for region in settings.regions:
                group.create_task(receive.run(spine, link, region))
    finally:
        await link.close()
