"""The story of a public-order event: three hundred resources in eight sectors, a march, and a quiet log for an hour and a half."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from bluelamp.demo.incidents.cast import AMBULANCE, CODES, FIRE, POLICE, ROOMS, SECTORS, SERVICES, SUPERVISOR, Unit, crowd, phase
from bluelamp.demo.incidents.duties import Milling, Standing, Walking
from bluelamp.demo.incidents.scenes import EVENT_TOWN, line, middle, place, point, polygon, ring, sector_corners, town_centre
from bluelamp.demo.incidents.script import Draft, Go, Leave, Run, Script
from bluelamp.demo.incidents.ways import Fix
from bluelamp.demo.incidents.whereabouts import Whereabouts
from bluelamp.demo.world.chance import stream

LASTS_S = 5400.0
MUSTER_S = 45.0
MARCH_S = (900.0, 3900.0)
EVERY_S = 30.0
"""Between two things said, on average: the machine stays quiet."""
MARCHING = 48
"""Serials that walk beside the march."""
OUTER_M = 700.0
_CALM = (
    "Sector quiet, shops open.", "Crowd about {n}, good-humoured.", "Barrier moved two metres back, pavement free.",
    "Lost child with us, parent on the way.", "Group of {g} arrived by train, singing.", "Bottles found in a bin, removed.",
    "Drone up over the sector.", "Serial relieved for refreshments.", "Flares seen, two, put out.", "Way for ambulances checked and free.",
)  # fmt: skip


def public_order(run: Run, whereabouts: Whereabouts, seed: int, units: Sequence[Unit] = ()) -> Script:
    """`units`: who comes; without, the three hundred."""
    centre = town_centre(whereabouts.ways, EVENT_TOWN)
    units, draft = units or crowd(), Draft()
    _begin(draft, run, centre)
    _deploy(draft, centre, units, seed)
    _march(draft, run, centre, units, seed)
    _log(draft, units, seed, run)
    _hurt(draft, run, centre, units)
    _over(draft, units)
    opening = {
        "id": run.thing("incident"), "title": f"March and counter-protest, {EVENT_TOWN}", "type": "public_order", "grade": "P",
        "place": place(centre, f"{EVENT_TOWN}, town centre", "map", 700), "source": "demonstration",
        "description": "Two marches told to the police, about four thousand people. Routes agreed, two sectors apart.",
        "share": [{"agency": FIRE}, {"agency": AMBULANCE}],
    }  # fmt: skip
    return Script(run, ROOMS[POLICE], opening, draft.in_order(), tuple(unit.call_sign for unit in units))


def _begin(draft: Draft, run: Run, centre: Fix) -> None:
    thing = run.thing
    draft.say(10, ROOMS[FIRE], "agency.acknowledged", reference=f"KFR-{2200 + run.number}", note="Four pumps at the ring road")
    draft.say(12, ROOMS[AMBULANCE], "agency.acknowledged", reference=f"KAS-{70400 + run.number}", note="Sixteen medics, four ambulances")
    for number, sector in enumerate(SECTORS):
        draft.say(
            15 + number, SUPERVISOR, "feature.drawn", feature=thing("sector", sector), type="area", label=f"Sector {sector}",
            geometry=polygon(*_corners(centre, number)),
        )  # fmt: skip
    draft.say(25, SUPERVISOR, "feature.drawn", feature=thing("route"), type="line", label="Agreed route", geometry=line(*_route(centre)))
    for number, (kind, label, east, north) in enumerate(
        (
            ("forward_command", "Silver command", 40.0, -60.0), ("rendezvous", "Muster, ring road", -760.0, -300.0),
            ("casualty_clearing", "Medics' tent", 260.0, -320.0), ("holding_area", "Reserve", -500.0, 520.0),
        )
    ):  # fmt: skip
        feature = {"feature": thing("point", number), "type": kind, "label": label, "geometry": point(centre.moved(east, north))}
        draft.say(27 + number, SUPERVISOR, "feature.drawn", **feature)
    draft.say(
        32, SUPERVISOR, "feature.drawn", feature=thing("cordon"), type="outer_cordon", label="No vehicles", geometry=ring(centre, OUTER_M)
    )
    draft.say(35, SUPERVISOR, "checklist.started", checklist=thing("list"), template="public_order")
    for item, at_s in enumerate((60, 100, 140, 200, 260, 330, 420)):
        draft.say(at_s, SUPERVISOR, "checklist.ticked", checklist=thing("list"), item=item)
    draft.say(
        95, SUPERVISOR, "decision.made", title="Facilitate both marches, keep them two sectors apart",
        information="Routes agreed with both. Past events calm; a group of forty may come by train.",
        assessment="Meeting of both at the bridge is the main risk. Strategy: talk first, visible and friendly, no helmets.",
        powers="Public order and common law powers; conditions only if needed.", options="Move the second march an hour (refused by both).",
        action="Serials by sector, reserve at the ring road, liaison walks with each march. Review each half hour.",
    )  # fmt: skip


def _corners(centre: Fix, number: int) -> tuple[Fix, Fix, Fix, Fix]:
    return sector_corners(centre, number, len(SECTORS), 60, OUTER_M)


def _route(centre: Fix) -> tuple[Fix, ...]:
    return tuple(centre.moved(east, north) for east, north in ((-420, -380), (-260, -90), (-40, 20), (150, 190), (380, 260), (520, 480)))


def _post(centre: Fix, unit: Unit, seed: int) -> Fix:
    """Where a serial stands in its sector."""
    sector = SECTORS.index(unit.sector)
    turn = 2 * math.pi * (sector + 0.1 + 0.8 * phase(seed, unit.call_sign)) / len(SECTORS)
    away = 90.0 + 540.0 * phase(seed + 1, unit.call_sign)
    return centre.moved(away * math.sin(turn), away * math.cos(turn))


def _deploy(draft: Draft, centre: Fix, units: Sequence[Unit], seed: int) -> None:
    """All at once, by each service's control room: assigned, then at the scene."""
    for unit in units:
        room, number = ROOMS[unit.agency], SERVICES.index(unit.agency)
        draft.say(MUSTER_S + 4 * number, room, "resource.assigned", resource=unit.call_sign, task=f"Sector {unit.sector}")
        code = CODES[unit.agency].at_scene
        draft.say(MUSTER_S + 4 * number + 2, room, "resource.status", resource=unit.call_sign, code=code)
        post = _post(centre, unit, seed)
        duty = Milling(Standing(post), 12.0, phase(seed, unit.call_sign)) if unit.type in {"foot", "mounted", "dog"} else Standing(post)
        draft.steps.append(Go(MUSTER_S + 4 * number + 2, unit.call_sign, duty))


def _march(draft: Draft, run: Run, centre: Fix, units: Sequence[Unit], seed: int) -> None:
    """Some serials walk along both sides of the march, and stay where it ends."""
    route = _route(centre)
    length = sum(a.metres_to(b) for a, b in pairwise(route))
    draft.say(MARCH_S[0], SUPERVISOR, "log.written", text="The march sets off, about two thousand.")
    draft.say(MARCH_S[1], SUPERVISOR, "log.written", text="The march is at its end, speeches begin.")
    for number, unit in enumerate([unit for unit in units if unit.type == "foot" and unit.agency == POLICE][:MARCHING]):
        side = 14.0 if number % 2 else -14.0
        walk = Walking(
            tuple(fix.moved(side, -side) for fix in route), run.began_s + MARCH_S[0] + 12.0 * number, length / (MARCH_S[1] - MARCH_S[0])
        )
        draft.steps.append(Go(MARCH_S[0], unit.call_sign, Milling(walk, 6.0, phase(seed, unit.call_sign))))


def _log(draft: Draft, units: Sequence[Unit], seed: int, run: Run) -> None:
    """A line now and then: what serials say, and a status that changes."""
    rng = stream(seed, "public order", run.number)
    police = [unit for unit in units if unit.agency == POLICE]
    at_s = 150.0
    resting: dict[str, float] = {}
    while at_s < LASTS_S - 500:
        unit = police[int(rng.integers(len(police)))]
        if rng.random() < 0.5 and unit.call_sign not in resting:
            codes, resting[unit.call_sign] = CODES[POLICE], at_s
            draft.say(at_s, unit.crew, "resource.status", resource=unit.call_sign, code="4")
            draft.say(at_s + 300, unit.crew, "resource.status", resource=unit.call_sign, code=codes.at_scene)
        else:
            words = _CALM[int(rng.integers(len(_CALM)))].format(n=int(rng.integers(2, 30)) * 20, g=int(rng.integers(8, 40)))
            kind = "chat.said" if rng.random() < 0.6 else "log.written"
            draft.say(at_s, unit.crew, kind, text=f"{unit.sector}: {words}")
        at_s += float(rng.uniform(0.4, 1.6)) * EVERY_S


def _hurt(draft: Draft, run: Run, centre: Fix, units: Sequence[Unit]) -> None:
    medics = [unit for unit in units if unit.agency == AMBULANCE and unit.type == "foot"]
    for number, (at_s, what) in enumerate(
        ((1260.0, "Fainted in the crowd"), (2700.0, "Ankle, fell from a wall"), (3600.0, "Smoke from a flare, coughing"))
    ):
        medic, casualty = medics[number % len(medics)].crew, run.thing("casualty", number)
        where = place(middle(_corners(centre, number * 2)))
        draft.say(at_s, medic, "casualty.found", casualty=casualty, note=what, place=where)
        draft.say(at_s + 20, medic, "casualty.triaged", casualty=casualty, tool="TST", category="P3")
        draft.say(at_s + 420, medic, "casualty.handed_over", casualty=casualty, to="Medics' tent, discharged")


def _over(draft: Draft, units: Sequence[Unit]) -> None:
    draft.say(LASTS_S - 300, SUPERVISOR, "log.written", text="People leave by the agreed ways. Reserve stood down.")
    for unit in units:
        at_s = LASTS_S - 120 + 4 * SERVICES.index(unit.agency)
        draft.say(at_s, ROOMS[unit.agency], "resource.status", resource=unit.call_sign, code=CODES[unit.agency].off_duty)
        draft.steps.append(Leave(at_s + 2, unit.call_sign))
    draft.say(
        LASTS_S, ROOMS[POLICE], "incident.closed", reason="Both marches over, town centre open",
        debrief="Two sectors' distance held; the train group was met at the station. Three treated, none taken to hospital.",
    )  # fmt: skip
