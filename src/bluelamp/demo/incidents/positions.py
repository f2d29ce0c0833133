"""Resources tell where they are, each by its own crew's phone: often while they drive, seldom while they stand, never off duty."""

from __future__ import annotations

import asyncio
import heapq

from bluelamp.demo.incidents.cast import Unit, phase
from bluelamp.demo.incidents.stage import Stage, stamp
from bluelamp.demo.incidents.ways import Fix
from bluelamp.demo.incidents.whereabouts import Whereabouts
from bluelamp.demo.session.client import RefusedError

ON_CALL_S, DRONE_S, DRIVING_S, STANDING_S, ON_FOOT_S = 5.0, 8.0, 20.0, 50.0, 105.0
"""How often, by what it does. Positions count as stale after 60 s, those on foot after 120, drones after 10."""
AT_ONCE = 4
ASLEEP_S = 10.0
"""How soon one that is off duty, or is not tracked, is looked at again."""


def every_s(unit: Unit, fix: Fix, *, busy: bool) -> float:
    """Seconds until it tells again."""
    if fix.speed_mps > 3:
        return ON_CALL_S if busy else DRIVING_S
    if unit.type == "drone":
        return DRONE_S
    if unit.type == "foot":
        return ON_FOOT_S if unit.sector else DRIVING_S
    return STANDING_S


class PositionSender:
    """One for the nation; a position that could not be sent is not sent later, for there is a newer one."""

    def __init__(self, stage: Stage, whereabouts: Whereabouts, seed: int) -> None:
        self._stage = stage
        self._whereabouts = whereabouts
        now = stage.clock.now()
        self._due = [(now + phase(seed, name) * STANDING_S, name) for name in whereabouts.units]
        heapq.heapify(self._due)
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                due_s, call_sign = self._due[0]
                await self._stage.clock.until(due_s)
                heapq.heappop(self._due)
                await self._turns.acquire()
                group.create_task(self._tell(call_sign))

    async def _tell(self, call_sign: str) -> None:
        again_s = ASLEEP_S
        try:
            moment_s = self._stage.clock.now()
            unit, fix = self._whereabouts.units[call_sign], self._whereabouts.fix(call_sign, moment_s)
            if fix is not None and call_sign in self._stage.resources and await self._send(unit, fix):
                again_s = every_s(unit, fix, busy=self._whereabouts.is_busy(call_sign))
        except RefusedError as error:
            self._stage.played.refuse(f"position of {call_sign}: {error}")
            again_s = STANDING_S
        finally:
            self._turns.release()
            heapq.heappush(self._due, (self._stage.clock.now() + again_s, call_sign))

    async def _send(self, unit: Unit, fix: Fix) -> bool:
        """Whether the platform tracks it."""
        told = {"at": stamp(), "latitude": round(fix.latitude, 6), "longitude": round(fix.longitude, 6), "accuracy_m": 6.0}
        told["speed_mps"] = fix.speed_mps
        if fix.course_deg is not None and fix.speed_mps:
            told["course_deg"] = fix.course_deg
        answer = await self._stage.ask(unit.crew, "POST", "/positions", {"sent_at": stamp(), "positions": [told]})
        self._stage.played.positions += answer["accepted"]
        return bool(answer["tracked"])
