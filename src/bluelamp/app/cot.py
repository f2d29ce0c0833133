"""The CoT gateway's process: TAK clients come in here."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

from bluelamp.app.wiring import MODULES, open_spine, prepare
from bluelamp.incidents.gateways.cot import server
from bluelamp.spine.config import PlatformSettings
from bluelamp.spine.module import Module


async def run_cot(settings: PlatformSettings, on_ready: Callable[[], None] = lambda: None, modules: tuple[Module, ...] = MODULES) -> None:
    """Open the engines, then the gateway's doors, until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with open_spine(settings, modules) as spine:
        await prepare(spine, modules)
        async with server.running(spine):
            on_ready()
            await stop.wait()
