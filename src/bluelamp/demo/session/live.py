"""Keeps the nation alive: its cameras' reads go out as they happen, each in its maker's format, until told to stop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from bluelamp.demo.anpr.cameras import FORMATS
from bluelamp.demo.anpr.reads import Reads
from bluelamp.demo.anpr.registry import source_plans
from bluelamp.demo.anpr.sense import LiveReads, PlateSense
from bluelamp.demo.anpr.sightings import Describer
from bluelamp.demo.anpr.wire import ENCODERS, Body, Sighting, native
from bluelamp.demo.session.client import PlatformClient, RefusedError
from bluelamp.demo.session.state import State

TICK_S = 0.5
"""How often gateways send what they have gathered; a camera that posts directly does so in the tick of its read."""
AT_ONCE = 6
WAITING_MAX = 400
"""Requests that may wait for their turn. Beyond that the simulation itself waits: a camera keeps its reads, it does not lose them."""
REPEAT_SHARE = 0.003
"""Share of requests that are sent twice, as cameras do when an answer came late."""


@dataclass
class Sent:
    """What went out so far, and what became of it."""

    requests: int = 0
    reads: int = 0
    accepted: int = 0
    duplicates: int = 0
    amended: int = 0
    without_plate: int = 0
    rejected: int = 0
    refused: int = 0
    """Requests of which the platform kept nothing."""


class LiveNation:
    """The present of the nation, posted to one platform."""

    def __init__(
        self,
        sense: PlateSense,
        state: State,
        base_url: str,
        picture_share: float,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`now`: seconds since 1970; tests hand in their own."""
        self.sent = Sent()
        self._now = now
        self._base_url = base_url
        self._state = state
        self._describer = Describer(sense, picture_share)
        self._live = LiveReads(sense, state.first_s, now())
        self._plans = source_plans(sense.cameras)
        self._source_of = np.zeros(len(sense.cameras), np.int64)
        for number, plan in enumerate(self._plans):
            self._source_of[list(plan.cameras)] = number
        self._waiting: asyncio.Queue[tuple[int, Body]] = asyncio.Queue(WAITING_MAX)
        self._requests = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Streams until `stop` is set; what is already waiting is still sent, for a moment."""
        async with PlatformClient(self._base_url, connections=AT_ONCE) as client, asyncio.TaskGroup() as group:
            workers = [group.create_task(self._send(client)) for _ in range(AT_ONCE)]
            while not stop.is_set():
                await self.tick()
                try:
                    await asyncio.wait_for(stop.wait(), TICK_S)
                except TimeoutError:
                    continue
            with suppress(TimeoutError):
                await asyncio.wait_for(self._waiting.join(), 3.0)
            for worker in workers:
                worker.cancel()

    async def tick(self) -> None:
        """Puts in line what the cameras saw since the last tick."""
        reads = self._live.until(self._now())
        if not len(reads):
            return
        for number, body in self._bodies(reads, self._describer.describe(reads)):
            self._requests += 1
            await self._waiting.put((number, body))
            if self._requests % round(1 / REPEAT_SHARE) == 0:
                await self._waiting.put((number, body))
        self.sent.reads += len(reads)

    def _bodies(self, reads: Reads, sightings: list[Sighting]) -> list[tuple[int, Body]]:
        """Requests by source: one for all reads of a gateway, one for each read of a camera that posts directly."""
        gathered: dict[int, list[Sighting]] = {}
        bodies = []
        for source, sighting in zip(self._source_of[reads.camera].tolist(), sightings, strict=True):
            spoken = self._plans[source].format
            if spoken == FORMATS[0]:
                gathered.setdefault(source, []).append(sighting)
            else:
                bodies.append((source, ENCODERS[spoken](sighting)))
        return bodies + [(source, native.encode_lines(group)) for source, group in gathered.items()]

    async def _send(self, client: PlatformClient) -> None:
        while True:
            number, body = await self._waiting.get()
            plan = self._plans[number]
            headers = {"Authorization": f"Bearer {self._state.sources[plan.name].key}", "Content-Type": body.content_type}
            try:
                answer = await client.ask("POST", f"/v1/anpr/intake/{plan.format}", content=body.content, headers=headers)
            except RefusedError:
                self.sent.refused += 1
            else:
                self.sent.requests += 1
                self.sent.accepted += answer["accepted"]
                self.sent.duplicates += answer["duplicates"]
                self.sent.amended += answer["amended"]
                self.sent.without_plate += answer["without_plate"]
                self.sent.rejected += len(answer["rejected"])
            finally:
                self._waiting.task_done()
