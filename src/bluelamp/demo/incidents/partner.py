"""A neighbour on a system of its own: mountain rescue's control room takes hand-overs, answers with receipts, and hands over incidents."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from bluelamp.demo.incidents.cast import NEIGHBOUR, PARTNERS_ADMIN, POLICE, ROOMS
from bluelamp.demo.incidents.control_room import ControlRoom
from bluelamp.demo.incidents.scenes import fell_scene
from bluelamp.demo.incidents.script import Say, Script
from bluelamp.demo.incidents.stage import Stage
from bluelamp.demo.incidents.ways import Ways
from bluelamp.demo.session.client import PlatformClient, RefusedError

NAME = "Kentmere Mountain Rescue"
FIRST_S, EVERY_S = 400.0, 1500.0
_ASKED_S = 36.0


class Partner:
    """Mountain rescue, for as long as the demonstration runs."""

    def __init__(self, base_url: str, port: int, ways: Ways, seed: int) -> None:
        """`port`: where it listens on this computer; the platform must have been started with leave to call it."""
        self._base_url = base_url
        self._port = port
        self._ways = ways
        self._seed = seed
        self.connected = False

    async def run(self, stage: Stage) -> None:
        """Connects, then hands an incident over now and then, until cancelled."""
        room = ControlRoom(NAME, NEIGHBOUR, self._base_url, port=self._port)
        await room.start()
        try:
            async with PlatformClient(self._base_url, stage.tokens[PARTNERS_ADMIN.username]) as admin:
                await room.connect(admin)
            self.connected = True
            number = int(stage.clock.now() // 60) % 100_000
            await stage.clock.wait(FIRST_S)
            while True:
                number += 1
                await self._hand_over(stage, room, number)
                await stage.clock.wait(EVERY_S)
        except RefusedError as error:
            stage.played.refuse(f"{NAME}: {error}")
        finally:
            self.connected = False
            await room.stop()

    async def _hand_over(self, stage: Stage, room: ControlRoom, number: int) -> None:
        fix = fell_scene(self._ways, self._seed, number)
        words = ("Walker with a broken leg", "medical", "Fallen walker", "priority", "Below the crag, path to the tarn")
        shared = await room.hand_over(*words, fix.latitude, fix.longitude)
        await stage.clock.wait(90)
        await room.update(shared, "Team of eight is on the way, stretcher carried", {"P2": 1})
        await stage.clock.wait(240)
        await room.close(shared, "Carried down and handed to the ambulance by the team")
        stage.played.handed_over += 1

    def asked(self, script: Script) -> Script:
        """The same script in which mountain rescue is asked for its teams, where it is connected."""
        if not self.connected:
            return script
        share = {"agency": NEIGHBOUR, "roles": [], "reason": "Asked for their teams"}
        line = Say(_ASKED_S, ROOMS[POLICE], "agency.joined", share)
        return replace(script, steps=tuple(sorted((*script.steps, line), key=lambda step: step.at_s)))


async def nobody(_stage: Stage) -> None:
    """In the partner's place where there is none."""
    await asyncio.Event().wait()
