"""Sending resources to an incident and home again, as control rooms and crews say it."""

from __future__ import annotations

from typing import NamedTuple

from bluelamp.demo.incidents.cast import CODES, ROOMS, Unit
from bluelamp.demo.incidents.duties import Driving, Duty, Standing
from bluelamp.demo.incidents.scenes import point
from bluelamp.demo.incidents.script import Draft, Leave, Run
from bluelamp.demo.incidents.script import Go as GoStep
from bluelamp.demo.incidents.ways import Fix, Spot
from bluelamp.demo.incidents.whereabouts import Whereabouts

ACCEPTS_S = 7.0
"""From being told until a crew says that it is on its way."""


class Sent(NamedTuple):
    unit: Unit
    arrives_s: float
    """Seconds after the story begins."""


def send(
    draft: Draft, whereabouts: Whereabouts, run: Run, unit: Unit, there: Spot, stands: Fix, at_s: float, task: str, then: Duty | None = None
) -> Sent:
    """Assign a unit by its own control room; it drives under blue lights and says so. It stands, or does what comes `then`."""
    room, codes = ROOMS[unit.agency], CODES[unit.agency]
    sets_out_s = at_s + ACCEPTS_S
    way = whereabouts.way(unit.call_sign, there, run.began_s + sets_out_s)
    arrives_s = sets_out_s + way.seconds
    draft.say(at_s, room, "resource.assigned", resource=unit.call_sign, task=task)
    draft.say(sets_out_s, unit.crew, "resource.status", resource=unit.call_sign, code=codes.en_route)
    draft.steps.append(GoStep(sets_out_s, unit.call_sign, Driving(way, run.began_s + sets_out_s, then or Standing(stands))))
    draft.say(arrives_s, unit.crew, "resource.status", resource=unit.call_sign, code=codes.at_scene)
    return Sent(unit, arrives_s)


def stand_down(draft: Draft, unit: Unit, at_s: float, here: Spot | None) -> None:
    """The crew says that it is free, its control room takes it off, it goes home."""
    draft.say(at_s, unit.crew, "resource.status", resource=unit.call_sign, code=CODES[unit.agency].available)
    draft.say(at_s + 2, ROOMS[unit.agency], "resource.released", resource=unit.call_sign, reason="No longer needed")
    draft.steps.append(Leave(at_s + 3, unit.call_sign, here))


def draw(draft: Draft, at_s: float, unit: Unit, feature: str, kind: str, label: str, geometry: dict[str, object], note: str = "") -> None:
    draft.say(at_s, unit.crew, "feature.drawn", feature=feature, type=kind, geometry=geometry, label=label, note=note)


def mark(draft: Draft, at_s: float, unit: Unit, feature: str, kind: str, label: str, fix: Fix, note: str = "") -> None:
    """The same for a single point."""
    draw(draft, at_s, unit, feature, kind, label, point(fix), note)
