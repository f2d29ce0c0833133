"""Once in a while somebody's emergency button is pressed. A visitor has 15 seconds to answer before the simulated control room does."""

from __future__ import annotations

from typing import Any

from bluelamp.demo.incidents.cast import POLICE, ROOMS, Unit
from bluelamp.demo.incidents.scenes import place
from bluelamp.demo.incidents.script import Run
from bluelamp.demo.incidents.stage import Stage, stamp
from bluelamp.demo.incidents.whereabouts import Whereabouts
from bluelamp.demo.world.chance import stream

FIRST_S, EVERY_S = 210.0, 1200.0
VISITORS_S = 15.0
"""Less than the 20 s after which the platform escalates."""
TALK_S = 40.0
PATIENCE_S = 180.0
"""How long a visitor who acknowledged may take to close it."""


def presser(whereabouts: Whereabouts, seed: int, number: int) -> Unit:
    """A police officer on patrol whom no story needs."""
    free = sorted(
        unit for unit in whereabouts.units.values()
        if unit.agency == POLICE and unit.habit == "patrol" and not whereabouts.is_busy(unit.call_sign)
    )  # fmt: skip
    return free[int(stream(seed, "emergency", number).integers(len(free)))]


async def press(stage: Stage, whereabouts: Whereabouts, seed: int, number: int) -> None:
    """From the button to the false alarm's end.

    Raises:
        RefusedError: the platform did not take it.
    """
    began_s = stage.clock.now()
    unit = presser(whereabouts, seed, number)
    emergency = Run("emergency", number, began_s).thing("button")
    fix = whereabouts.fix(unit.call_sign, began_s)
    question: dict[str, Any] = {"id": emergency, "pressed_at": stamp(), "device": "demonstration"}
    if fix:
        question["place"] = place(fix)
    await stage.ask(unit.crew, "POST", "/emergencies", question)
    stage.played.emergencies += 1
    await stage.clock.wait(VISITORS_S)
    room = ROOMS[POLICE]
    if (state := await _state(stage, emergency)) == "raised":
        await stage.ask(room, "POST", f"/emergencies/{emergency}/acknowledge")
        await stage.clock.wait(TALK_S)
    elif state == "acknowledged":
        await stage.clock.wait(PATIENCE_S)
    if await _state(stage, emergency) != "closed":
        said = {"outcome": "false_alarm", "note": f"Spoke with {unit.call_sign}: pressed while getting out of the car"}
        await stage.ask(room, "POST", f"/emergencies/{emergency}/close", said)


async def _state(stage: Stage, emergency: str) -> str:
    """Closed ones are not listed."""
    rows = (await stage.ask(ROOMS[POLICE], "GET", "/emergencies"))["items"]
    return next((str(row["state"]) for row in rows if row["id"] == emergency), "closed")
