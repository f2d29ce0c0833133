"""Makes the platform know the nation's resources: call signs, crews, first statuses. What is there is left."""

from __future__ import annotations

from collections.abc import Iterable

from bluelamp.demo.incidents.cast import CODES, ROOMS, SERVICES, Unit
from bluelamp.demo.incidents.player import set_status
from bluelamp.demo.incidents.stage import Stage
from bluelamp.demo.incidents.whereabouts import Whereabouts
from bluelamp.demo.session.client import RefusedError


async def register(stage: Stage, whereabouts: Whereabouts, units: Iterable[Unit], pause_s: float) -> None:
    """Adds what is missing, one after another with a pause, so that a visitor does not wait behind it.

    Raises:
        RefusedError: the platform does not take them.
    """
    wanted = {unit.call_sign: unit for unit in units}
    for agency in SERVICES:
        for row in await stage.every(ROOMS[agency], "/resources"):
            if row["call_sign"] not in wanted:
                continue
            unit = wanted.pop(row["call_sign"])
            stage.resources[unit.call_sign] = row["id"]
            if unit.crew.name not in row["crew"]:
                await stage.ask(unit.crew, "PUT", "/me/resource", {"resource": row["id"]})
            if await _stand_by(stage, whereabouts, unit, row["code"]):
                await stage.clock.wait(pause_s)
    for unit in wanted.values():
        question = {"call_sign": unit.call_sign, "type": unit.type, "skills": list(unit.skills)}
        made = await stage.ask(ROOMS[unit.agency], "POST", "/resources", question)
        stage.resources[unit.call_sign] = made["id"]
        await stage.ask(unit.crew, "PUT", "/me/resource", {"resource": made["id"]})
        await _stand_by(stage, whereabouts, unit, made["code"])
        await stage.clock.wait(pause_s)


async def _stand_by(stage: Stage, whereabouts: Whereabouts, unit: Unit, code: str) -> bool:
    """Free, or off duty where that is its habit; whatever an earlier start left. Whether it had to be said."""
    codes = CODES[unit.agency]
    right = codes.off_duty if unit.habit == "off" else codes.available
    if code != right:
        await set_status(stage, whereabouts, unit.call_sign, right)
    return code != right


async def check_codes(stage: Stage) -> None:
    """Looks that each service still has the status codes that the stories speak.

    Raises:
        RefusedError: it has others now.
    """
    for agency, codes in CODES.items():
        answer = await stage.ask(ROOMS[agency], "GET", "/terms")
        known = {term["code"] for term in answer["items"] if term["kind"] == "status"}
        if missing := [code for code in codes if code and code not in known]:
            raise RefusedError(422, "unknown_term", f"{agency} has no status {', '.join(missing)} any more: the demonstration needs them")
