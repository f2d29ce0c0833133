"""Gives the nation a past: the forces' gateways hand over what they have kept, as native Arrow batches, oldest first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import numpy as np

from bluelamp.demo.anpr.batches import MEDIA_TYPE, Batcher
from bluelamp.demo.anpr.reads import Reads
from bluelamp.demo.anpr.registry import SourcePlan, source_plans, unregistered
from bluelamp.demo.anpr.sense import PlateSense, history
from bluelamp.demo.session.client import PlatformClient
from bluelamp.demo.session.state import State

AT_ONCE = 3
GATHERED_READS = 60_000
"""Reads gathered before they are sorted by gateway: enough for batches of a thousand rows, little enough to stay in memory."""
ROWS_MAX = 10_000

Progress = Callable[[int], None]
"""Told how many reads more are stored."""


def of_gateways(sense: PlateSense, count: int, first_s: float, days: int) -> Iterator[Reads]:
    """About `count` reads of registered cameras behind gateways; cameras that post directly kept nothing to hand over."""
    native = sense.cameras.format == 0
    native[unregistered(sense.cameras)] = False
    share = float(native.mean())
    for reads in history(sense, round(count / share), first_s, days):
        yield reads.chosen(native[reads.camera])


async def fill(sense: PlateSense, state: State, base_url: str, count: int, days: int, progress: Progress) -> int:
    """Sends about `count` reads of the `days` before the nation's first moment; returns how many the platform took as new.

    A repeat is no harm: the platform knows reads that it already has.
    """
    plans = [plan for plan in source_plans(sense.cameras) if plan.format == "native"]
    source_of = np.full(len(sense.cameras), -1)
    for number, plan in enumerate(plans):
        source_of[list(plan.cameras)] = number
    batcher = Batcher(sense)
    turns = asyncio.Semaphore(AT_ONCE)
    taken = 0

    async def send(client: PlatformClient, plan: SourcePlan, body: bytes, rows: int) -> None:
        nonlocal taken
        async with turns:
            headers = {"Authorization": f"Bearer {state.sources[plan.name].key}", "Content-Type": MEDIA_TYPE}
            answer = await client.ask("POST", "/v1/anpr/intake/native", content=body, headers=headers)
        taken += int(answer["accepted"])
        progress(rows)

    async with PlatformClient(base_url) as client:
        for reads in _gathered(of_gateways(sense, count, state.first_s, days)):
            sources = source_of[reads.camera]
            order = np.argsort(sources, kind="stable")
            table = batcher.table(reads.chosen(order))
            bounds = np.searchsorted(sources[order], np.arange(len(plans) + 1))
            async with asyncio.TaskGroup() as group:
                for number, plan in enumerate(plans):
                    for start in range(int(bounds[number]), int(bounds[number + 1]), ROWS_MAX):
                        part = table.slice(start, min(ROWS_MAX, int(bounds[number + 1]) - start))
                        group.create_task(send(client, plan, batcher.stream(part), part.num_rows))
    return taken


def _gathered(days: Iterator[Reads]) -> Iterator[Reads]:
    """Days put together until they hold enough reads."""
    held: list[Reads] = []
    for day in days:
        held.append(day)
        if sum(len(part) for part in held) >= GATHERED_READS:
            yield _joined(held)
            held = []
    if held:
        yield _joined(held)


def _joined(parts: list[Reads]) -> Reads:
    return Reads(*(np.concatenate([getattr(part, name) for part in parts]) for name in Reads.__slots__))
