"""The worker: every module's consumers, the timetable of jobs, and the outbox, in one process. Any number may run."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable
from functools import partial

from bluelamp.app.wiring import MODULES, open_spine, prepare
from bluelamp.spine import jobs, outbox
from bluelamp.spine.config import PlatformSettings
from bluelamp.spine.module import Module, Spine, Work
from bluelamp.spine.steady import steadily


async def work(spine: Spine, modules: tuple[Module, ...] = MODULES) -> None:
    """Run everything until cancelled. What fails is started again; it never takes the rest down."""
    parts: dict[str, Work] = {name: consume for module in modules for name, consume in module.consumers.items()}
    timetable = [job for module in modules for job in module.jobs]

    async def keep_timetable(spine: Spine) -> None:
        await jobs.run_timetable(spine, timetable)

    async def relay(spine: Spine) -> None:
        await outbox.relay(spine.db, spine.bus)

    parts |= {"timetable": keep_timetable, "outbox": relay}
    async with asyncio.TaskGroup() as group:
        for name, part in parts.items():
            group.create_task(steadily(name, partial(part, spine)), name=name)


async def run_worker(
    settings: PlatformSettings, on_ready: Callable[[], None] = lambda: None, modules: tuple[Module, ...] = MODULES
) -> None:
    """Open the engines, make them ready for this version, and work until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with open_spine(settings, modules) as spine:
        await prepare(spine, modules)
        working = asyncio.create_task(work(spine, modules), name="work")
        on_ready()
        await stop.wait()
        working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await working
