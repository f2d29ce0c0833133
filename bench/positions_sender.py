"""The sending process of `bench.positions`: the door of a gateway with 30,000 resources. Not a bench by itself."""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from types import SimpleNamespace
from typing import Any, cast

import uvloop

from bluelamp.incidents.positions.domain import Position
from bluelamp.incidents.positions.door import PositionDoor
from bluelamp.incidents.positions.reports import Carrier, Report
from bluelamp.incidents.positions.settings import PositionSettings
from bluelamp.incidents.positions.tables import POSITIONS_SUBJECT, encode_batch
from bluelamp.kit.clock import now_ms
from bluelamp.kit.ids import new_id
from bluelamp.spine.bus import Bus
from bluelamp.spine.errors import TooManyError

RESOURCES = 30_000
IN_FLIGHT = 64
PULSE_S = 0.01


def a_position(resource: str, number: int, at: int) -> Position:
    draw = random.random
    return Position(
        resource, at, 50 + draw() * 8, -5 + draw() * 6, "KEN", at, "car", f"KN{number:06d}", "phone",
        accuracy_m=draw() * 9, speed_mps=draw() * 30, course_deg=draw() * 360,
    )  # fmt: skip


async def _alone(bus: Bus, seconds: float) -> int:
    """What most would do: a message to the stream for every position, as many on their way at once as help."""
    sent = 0
    until = time.monotonic() + seconds

    async def one() -> None:
        nonlocal sent
        while time.monotonic() < until:
            await bus.publish(POSITIONS_SUBJECT, encode_batch([a_position(new_id(), sent, now_ms())]))
            sent += 1

    await asyncio.gather(*(one() for _ in range(IN_FLIGHT)))
    return sent


async def _batches(bus: Bus, pace: int, seconds: float) -> int:
    settings = PositionSettings()
    # The records are not asked here: carriers are remembered in a gateway that runs, and this is about the way behind them.
    spine = cast("Any", SimpleNamespace(db=None, bus=bus, clock=now_ms))
    door = PositionDoor(spine, settings, lambda _resource: None)
    door.batches.start()
    carriers = [Carrier(new_id(), "KEN", f"KN{n:06d}", "car", covert=False, on_duty=True) for n in range(RESOURCES)]
    sent, began = 0, time.monotonic()
    while (passed := time.monotonic() - began) < seconds:
        due = int(passed * pace) - sent if pace else 500
        for _ in range(due):
            report = Report(now_ms(), 50 + random.random() * 8, -5 + random.random() * 6, 5.0, random.random() * 30, 90.0)
            try:
                await door.take(carriers[sent % RESOURCES], [report], source="vehicle", wait=False)
            except TooManyError:
                await asyncio.sleep(PULSE_S)
                continue
            sent += 1
        await asyncio.sleep(PULSE_S if pace else 0)
    await asyncio.sleep(0.3)
    await door.close()
    return sent


async def main(url: str, how: str, pace: int, seconds: float) -> None:
    bus = await Bus.open(url)
    began = time.monotonic()
    sent = await (_alone(bus, seconds) if how == "one" else _batches(bus, pace, seconds))
    print(json.dumps({"sent": sent, "seconds": time.monotonic() - began - (0.3 if how != "one" else 0)}))
    await bus.close()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))
