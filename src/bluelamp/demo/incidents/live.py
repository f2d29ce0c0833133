"""Keeps the nation's incidents going: stories one after another with pauses, positions, and a button now and then, until told to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from bluelamp.demo.incidents import emergencies
from bluelamp.demo.incidents.cast import crowd, regulars
from bluelamp.demo.incidents.collision import collision
from bluelamp.demo.incidents.partner import Partner, nobody
from bluelamp.demo.incidents.player import close_leftovers, play
from bluelamp.demo.incidents.positions import PositionSender
from bluelamp.demo.incidents.public_order import public_order
from bluelamp.demo.incidents.registry import check_codes, register
from bluelamp.demo.incidents.script import Run, Script
from bluelamp.demo.incidents.search import search
from bluelamp.demo.incidents.stage import Clock, Played, Stage
from bluelamp.demo.incidents.ways import Ways
from bluelamp.demo.incidents.whereabouts import Whereabouts
from bluelamp.demo.session.client import PlatformClient, RefusedError
from bluelamp.demo.world.nation import Nation

CONNECTIONS = 8
REGISTER_PAUSE_S = 0.05
AFTER_TROUBLE_S = 60.0


class Story(NamedTuple):
    name: str
    write: Callable[[Run, Whereabouts, int], Script]
    first_s: float
    """Seconds after the start until it is played first."""
    pause_s: float


STORIES = (
    Story("collision", collision, 5.0, 150.0),
    Story("search", search, 60.0, 300.0),
    Story("public order", public_order, 20.0, 600.0),
)
TOLD = (
    "A motorway collision, played by simulated people. As control, open Incidents; as fire or ambulance, see it in their words and codes.",
    "Three hundred resources at a march, and a search by sectors on the fell. As control, open Incidents and look at the map.",
    "An emergency button, after some minutes and then every twenty. As control, acknowledge it before the simulated room does (15 s).",
)


class LiveIncidents:
    """The incidents of one nation on one platform."""

    def __init__(self, nation: Nation, first_s: float, base_url: str, tokens: dict[str, str], partner_port: int = 0) -> None:
        """`first_s`: when the nation was first started; `tokens` of `cast.everybody()`, by username.

        `partner_port`: where the neighbour's control room may listen; 0: there is none.
        """
        self.played = Played()
        self._seed = nation.seed
        self._clock = Clock()
        self._base_url = base_url
        self._tokens = tokens
        ways = Ways.of(nation)
        self.whereabouts = Whereabouts(ways, (*regulars(), *crowd()), nation.seed, first_s)
        self._partner = Partner(base_url, partner_port, ways, nation.seed) if partner_port else None

    async def run(self, stop: asyncio.Event) -> None:
        """Plays until `stop` is set. What is open then, the next start ends.

        Raises:
            RefusedError: the platform does not take the nation's resources.
        """
        async with PlatformClient(self._base_url, connections=CONNECTIONS) as client:
            stage = Stage(client, self._tokens, self._clock, self.played)
            await check_codes(stage)
            await close_leftovers(stage, self.whereabouts)
            await register(stage, self.whereabouts, regulars(), 0.0)
            async with asyncio.TaskGroup() as group:
                crowd_there = group.create_task(register(stage, self.whereabouts, crowd(), REGISTER_PAUSE_S))
                telling = (self._tell(stage, story, crowd_there) for story in STORIES)
                beside = self._partner.run(stage) if self._partner else nobody(stage)
                moving = PositionSender(stage, self.whereabouts, self._seed).run()
                tasks = [group.create_task(one) for one in (moving, *telling, self._press(stage), beside)]
                await stop.wait()
                for task in (crowd_there, *tasks):
                    task.cancel()

    async def _tell(self, stage: Stage, story: Story, crowd_there: asyncio.Task[None]) -> None:
        """One story again and again; one that cannot be opened is tried again later."""
        await self._clock.wait(story.first_s)
        if story.write is public_order:
            await asyncio.shield(crowd_there)
        number = int(self._clock.now() // 60) % 100_000
        while True:
            number += 1
            script = story.write(Run(story.name.replace(" ", ""), number, self._clock.now()), self.whereabouts, self._seed)
            if self._partner and story.write is search:
                script = self._partner.asked(script)
            try:
                await play(stage, self.whereabouts, script)
            except RefusedError as error:
                self.played.refuse(f"{story.name}: {error}")
                await self._clock.wait(AFTER_TROUBLE_S)
            await self._clock.wait(story.pause_s)

    async def _press(self, stage: Stage) -> None:
        await self._clock.wait(emergencies.FIRST_S)
        number = int(self._clock.now() // 60) % 100_000
        while True:
            number += 1
            try:
                await emergencies.press(stage, self.whereabouts, self._seed, number)
            except RefusedError as error:
                self.played.refuse(f"emergency: {error}")
            await self._clock.wait(emergencies.EVERY_S)
