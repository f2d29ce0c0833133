"""The story of a motorway collision: police, fire and ambulance, from the call to the debrief."""

from __future__ import annotations

from typing import NamedTuple

from bluelamp.demo.incidents.cast import AMBULANCE, CODES, FIRE, POLICE, ROOMS, Unit
from bluelamp.demo.incidents.dispatch import Sent, draw, mark, send, stand_down
from bluelamp.demo.incidents.duties import Driving, Standing
from bluelamp.demo.incidents.scenes import RoadScene, collision_scene, line, place, ring, town_centre
from bluelamp.demo.incidents.script import Draft, Go, Leave, Run, Script, Show
from bluelamp.demo.incidents.sketch import scene_picture
from bluelamp.demo.incidents.ways import BLUE_LIGHTS, Fix
from bluelamp.demo.incidents.whereabouts import Whereabouts
from bluelamp.demo.world.stories import PLAYERS

HOSPITAL, HOSPITAL_TOWN = "Kentmere Royal Infirmary", "Preston"
STOLEN = "KE77STL"


class Hurt(NamedTuple):
    """A casualty: what Ten Second Triage said, what the paramedic found, and where they went."""

    name: str
    found: str
    tst: str
    again: str
    goes: str
    """Empty: stays at the scene with the police."""


CASUALTIES = (
    Hurt("a", "Driver of the Focus, trapped by the legs, breathing fast", "P1", "P1", "ambulance"),
    Hurt("b", "Passenger of the Focus, arm and chest, talking", "P2", "P1", "ambulance"),
    Hurt("c", "Driver of the van, walking, cut on the forehead", "P3", "P3", "car"),
    Hurt("d", "Child from the estate car, walking, frightened", "P3", "not_injured", ""),
    Hurt("e", "Driver of the estate car, neck pain", "P2", "P3", "car"),
    Hurt("f", "Passenger at the barrier", "P3", "", ""),
)
"""The last is the driver of the van again, counted twice by two people, and struck."""
COUNTS = {"P1": 2, "P3": 2, "not_injured": 1}
"""What every screen must show at the end."""


class Scene(NamedTuple):
    """Who came, and where everything is."""

    run: Run
    road: RoadScene
    first: Sent
    second: Sent
    engines: tuple[Sent, ...]
    commander: Sent
    medics: tuple[Sent, ...]
    critical: Sent

    def beside(self, east_m: float, north_m: float) -> Fix:
        return self.road.fix.moved(east_m, north_m)


def collision(run: Run, whereabouts: Whereabouts, seed: int) -> Script:
    """The whole story, given where everybody is when the call comes."""
    road = collision_scene(whereabouts.ways, seed, run.number)
    draft = Draft()
    scene = _sent(draft, run, road, whereabouts)
    begins = scene.first.arrives_s
    _call(draft, scene)
    _first_officer(draft, scene, begins)
    _casualties(draft, scene, begins + 55)
    seen = scene.first.unit.crew, run.thing("picture", 1), scene_picture(seed, run.number, help_there=False)
    draft.steps.append(Show(begins + 44, *seen, "From the hard shoulder, looking back", place(scene.beside(15, -20))))
    fire_s = max(begins + 120, scene.commander.arrives_s, scene.engines[0].arrives_s)
    _fire(draft, scene, fire_s)
    shown = scene.commander.unit.crew, run.thing("picture", 2), scene_picture(seed, run.number, help_there=True)
    draft.steps.append(Show(fire_s + 60, *shown, "Foam laid, inner cordon manned", place(scene.beside(25, -30))))
    care_s = max(begins + 140, scene.critical.arrives_s, scene.second.arrives_s - 60)
    _paramedic(draft, scene, care_s)
    gone_s = _to_hospital(draft, scene, whereabouts, max(care_s + 170, fire_s + 190, *(one.arrives_s + 60 for one in _all(scene))))
    _end(draft, scene, gone_s + 40)
    opening = {
        "id": run.thing("incident"), "title": f"Lorry, van and cars, {road.road}", "type": "collision.injury", "grade": "I",
        "place": place(road.fix, road.said, "caller", 400), "source": "demonstration",
        "description": "Caller on the hard shoulder: several vehicles, one on its roof, smoke, people walking on the carriageway.",
        "share": [{"agency": FIRE}, {"agency": AMBULANCE}],
    }  # fmt: skip
    return Script(run, ROOMS[POLICE], opening, draft.in_order(), tuple(one.unit.call_sign for one in _all(scene)))


def _all(scene: Scene) -> tuple[Sent, ...]:
    return (scene.first, scene.second, *scene.engines, scene.commander, *scene.medics, scene.critical)


def _sent(draft: Draft, run: Run, road: RoadScene, where: Whereabouts) -> Scene:
    """The nearest of each service, with what each is to do."""

    def nearest(agency: str, kinds: tuple[str, ...], count: int, skill: str = "") -> list[Unit]:
        found = where.nearest(road.spot, agency, kinds, 99, run.began_s + 10)
        return [unit for _, unit in found if not skill or skill in unit.skills][:count]

    def sent(unit: Unit, at_s: float, task: str, east_m: float, north_m: float) -> Sent:
        return send(draft, where, run, unit, road.spot, road.fix.moved(east_m, north_m), at_s, task)

    cars = nearest(POLICE, ("car", "motorcycle"), 2)
    engines, medics = nearest(FIRE, ("engine",), 2), nearest(AMBULANCE, ("ambulance",), 2)
    [commander], [critical] = nearest(FIRE, ("car",), 1, "command"), nearest(AMBULANCE, ("car",), 1, "critical care")
    [rescue] = nearest(FIRE, ("rescue",), 1)
    return Scene(
        run, road,
        sent(cars[0], 8, "First on the scene", 18, -22), sent(cars[1], 10, "Close the carriageway behind", -60, -75),
        (sent(engines[0], 16, "Fire and rescue", 12, 15), sent(engines[1], 19, "Support", 20, 24), sent(rescue, 18, "Extrication", 6, 10)),
        sent(commander, 20, "Incident commander, fire", 30, -35),
        (sent(medics[0], 22, "First ambulance", -24, -32), sent(medics[1], 40, "Second ambulance", -31, -41)),
        sent(critical, 24, "Critical care", -20, -24),
    )  # fmt: skip


def _call(draft: Draft, scene: Scene) -> None:
    police, fire, ambulance = ROOMS[POLICE], ROOMS[FIRE], ROOMS[AMBULANCE]
    number = scene.run.number
    draft.say(
        5, police, "log.written", text="Second caller: the lorry has stopped on the hard shoulder, its driver is out. Smoke from a car."
    )
    draft.say(12, fire, "agency.acknowledged", reference=f"KFR-{4100 + number}", note="Two pumps, rescue and an officer")
    draft.say(15, ambulance, "agency.acknowledged", reference=f"KAS-{88200 + number}", note="Two ambulances, critical care car")
    draft.say(28, police, "chat.said", text="All rooms: all lanes stopped by signs before the scene. Come in from behind the queue.")
    draft.say(34, fire, "chat.said", text="Received. Anyone trapped?")
    draft.say(41, police, "chat.said", text="Caller thinks one. First car is close, report follows.")


def _first_officer(draft: Draft, scene: Scene, at_s: float) -> None:
    officer, thing, fix = scene.first.unit, scene.run.thing, scene.road.fix
    who = officer.crew
    draft.say(at_s + 3, who, "checklist.started", checklist=thing("first"), template="first_on_scene")
    for item, after in enumerate((6, 38, 50, 62, 105, 150)):
        draft.say(at_s + after, who, "checklist.ticked", checklist=thing("first"), item=item)
    draft.say(at_s + 10, who, "incident.amended", place=place(fix, scene.road.said))
    mark(draft, at_s + 15, officer, thing("fuel"), "hazard", "Fuel on lanes 2 and 3", scene.beside(4, 6), "Engine of the Focus smoking")
    draft.say(
        at_s + 36, who, "report.sent", form="ETHANE", exact_location=place(fix, scene.road.said),
        type="Lorry, van and two cars; one car on its roof", hazards="Fuel on the carriageway, smoke from one engine, live lane beside",
        access="From behind the queue along the hard shoulder; way out ahead of the scene", casualties="Five or six, one trapped",
        services={"present": "Police, one car", "needed": "Fire with rescue, two ambulances, critical care"},
    )  # fmt: skip
    draft.say(at_s + 42, ROOMS[POLICE], "incident.amended", type="collision.entrapment")
    draw(draft, at_s + 48, officer, thing("rv"), "rendezvous", "Rendezvous: hard shoulder, 300 m back", line_point(scene, 0, -300))
    way_in = line(scene.beside(-70, -420), scene.beside(-35, -180), scene.beside(-10, -40))
    draw(draft, at_s + 52, officer, thing("in"), "access", "Way in", way_in)
    draft.say(
        at_s + 100, who, "vehicle.recorded", vehicle=thing("focus"), vrm=STOLEN, description=_described(STOLEN),
        involvement="On its roof, driver trapped", place=place(scene.beside(4, 8)),
    )  # fmt: skip
    draft.say(
        at_s + 112, who, "vehicle.recorded", vehicle=thing("lorry"), description="White articulated lorry, empty",
        involvement="Rear damage, driver unhurt", place=place(scene.beside(-12, 60)),
    )  # fmt: skip
    draft.say(
        at_s + 118, who, "person.recorded", person=thing("witness"), name="Dilys Farlam", role="witness",
        description="Drove behind the Focus: it swerved from lane 3",
    )  # fmt: skip
    draft.say(at_s + 126, who, "log.written", text="The Focus bears a plate on the stolen list. Driver to be arrested when released.")
    closed = scene.second.arrives_s
    draw(draft, closed + 8, scene.second.unit, thing("outer"), "outer_cordon", "Carriageway closed", ring(fix, 260))
    draft.say(closed + 14, scene.second.unit.crew, "chat.said", text="Carriageway closed behind the scene, queue is holding.")


def line_point(scene: Scene, east_m: float, north_m: float) -> dict[str, object]:
    fix = scene.beside(east_m, north_m)
    return {"type": "Point", "coordinates": [round(fix.longitude, 6), round(fix.latitude, 6)]}


def _described(mark_of: str) -> str:
    player = next(player for player in PLAYERS if player.mark == mark_of)
    return f"{player.colour.capitalize()} {player.make} {player.model}"


def _casualties(draft: Draft, scene: Scene, at_s: float) -> None:
    """The officer tags by Ten Second Triage; the last is found by the second car, who does not know that it is counted."""
    for number, hurt in enumerate(CASUALTIES):
        who = scene.second.unit.crew if not hurt.again else scene.first.unit.crew
        found_s = max(at_s + 9 * number, scene.second.arrives_s + 30) if not hurt.again else at_s + 9 * number
        where = place(scene.beside(3 + 4 * number, 5 - 6 * number))
        draft.say(found_s, who, "casualty.found", casualty=scene.run.thing("casualty", hurt.name), place=where, note=hurt.found)
        draft.say(found_s + 4, who, "casualty.triaged", casualty=scene.run.thing("casualty", hurt.name), tool="TST", category=hurt.tst)


def _fire(draft: Draft, scene: Scene, at_s: float) -> None:
    unit, thing = scene.commander.unit, scene.run.thing
    who = unit.crew
    mark(draft, at_s + 5, unit, thing("fcp"), "forward_command", "Forward command point", scene.beside(30, -38))
    draw(draft, at_s + 11, unit, thing("inner"), "inner_cordon", "Inner cordon", ring(scene.road.fix, 45))
    draft.say(
        at_s + 34, who, "decision.made", title="Release the driver through the side, foam laid first",
        information="Driver trapped by the legs, conscious. Fuel leaking, engine smoking, no flames. Empty lorry, no hazardous load.",
        assessment="Fire under the casualty is the first risk. Strategy: save life, keep crews out of the fuel until foam is down.",
        powers="Fire and Rescue Services Act duties at road collisions; tactical guidance on extrication.",
        options="Wait for foam blanket (chosen); immediate drag-out if the casualty gets worse or a flame is seen.",
        action="Foam now, stabilise, side removal. Critical care at the casualty throughout. Review in ten minutes.",
    )  # fmt: skip
    draft.say(at_s + 52, who, "chat.said", text="Foam is down. Crew of six in the inner cordon, all others stay out please.")
    draft.say(at_s + 70, who, "checklist.started", checklist=thing("collision"), template="collision")
    for item, after in enumerate((75, 78, 90, 95, 110, 130, 140, 150, 160, 185)):
        draft.say(at_s + after, who, "checklist.ticked", checklist=thing("collision"), item=item)
    draft.say(at_s + 120, ROOMS[FIRE], "log.written", text="Relief pump standing by; hospital told of one trapped.")
    draft.say(at_s + 165, who, "casualty.moved", casualty=thing("casualty", "a"), where="Released, on a board beside the car")
    draft.say(at_s + 172, who, "chat.said", text="Driver is out. With critical care.")
    draft.say(at_s + 180, who, "feature.removed", feature=thing("fuel"), reason="Covered and neutralised")


def _paramedic(draft: Draft, scene: Scene, at_s: float) -> None:
    unit, thing = scene.critical.unit, scene.run.thing
    who = unit.crew
    mark(draft, at_s + 6, unit, thing("clearing"), "casualty_clearing", "Casualty clearing", scene.beside(-26, -34))
    for number, hurt in enumerate(one for one in CASUALTIES if one.again):
        casualty = thing("casualty", hurt.name)
        draft.say(
            at_s + 20 + 22 * number,
            who,
            "casualty.triaged",
            casualty=casualty,
            tool="MITT",
            category=hurt.again,
            note="Seen by critical care",
        )
        if hurt.name != "a":
            draft.say(
                at_s + 30 + 22 * number,
                who,
                "casualty.moved",
                casualty=casualty,
                where="Casualty clearing",
                place=place(scene.beside(-26, -34)),
            )
    draft.say(at_s + 134, who, "casualty.struck", casualty=thing("casualty", "f"), reason="Counted twice: the driver of the van")
    draft.say(
        at_s + 142, who, "chat.said", text="Five patients: two P1, two P3, a child unhurt. Two for the Infirmary by ambulance, two by car."
    )
    draft.say(at_s + 150, ROOMS[AMBULANCE], "chat.said", text="Infirmary is ready for two P1.")


def _to_hospital(draft: Draft, scene: Scene, where: Whereabouts, at_s: float) -> float:
    """The ambulances drive there and hand over; when the last has."""
    ways, run = where.ways, scene.run
    there = ways.in_town(ways.towns.named(HOSPITAL_TOWN))
    ward = Standing(town_centre(ways, HOSPITAL_TOWN).moved(400, 250))
    last = at_s
    for number, (sent, names) in enumerate(zip((*scene.medics, scene.critical), (("a",), ("b",), ("c", "e")), strict=True)):
        unit, codes, leaves_s = sent.unit, CODES[AMBULANCE], at_s + 20 * number
        way = ways.between(scene.road.spot, there, BLUE_LIGHTS)
        for name in names:
            draft.say(leaves_s - 6, unit.crew, "casualty.moved", casualty=run.thing("casualty", name), where=f"On board {unit.call_sign}")
        draft.say(leaves_s, unit.crew, "resource.status", resource=unit.call_sign, code=codes.transporting)
        draft.steps.append(Go(leaves_s, unit.call_sign, Driving(way, run.began_s + leaves_s, ward)))
        there_s = leaves_s + way.seconds
        draft.say(there_s, unit.crew, "resource.status", resource=unit.call_sign, code=codes.at_hospital)
        for name in names:
            draft.say(there_s + 25, unit.crew, "casualty.handed_over", casualty=run.thing("casualty", name), to=HOSPITAL)
        draft.say(there_s + 40, unit.crew, "resource.status", resource=unit.call_sign, code=codes.available)
        draft.say(there_s + 42, ROOMS[AMBULANCE], "resource.released", resource=unit.call_sign, reason="Handed over")
        draft.steps.append(Leave(there_s + 43, unit.call_sign, there))
        last = max(last, there_s + 43)
    return last


def _end(draft: Draft, scene: Scene, at_s: float) -> None:
    officer, thing, spot = scene.first.unit, scene.run.thing, scene.road.spot
    draft.say(at_s, officer.crew, "log.written", text="Driver of the Focus under guard at hospital. Recovery on scene, road swept.")
    for number, feature in enumerate(("inner", "fcp", "clearing", "in", "rv", "outer")):
        draft.say(at_s + 8 + 3 * number, officer.crew, "feature.removed", feature=thing(feature), reason="Scene cleared")
    for number, sent in enumerate((*scene.engines, scene.commander, scene.second, scene.first)):
        stand_down(draft, sent.unit, at_s + 30 + 6 * number, spot)
    draft.say(at_s + 75, ROOMS[POLICE], "chat.said", text="Road open. Thank you all.")
    draft.say(
        at_s + 85, ROOMS[POLICE], "incident.closed", reason="Road open, all casualties handed over",
        debrief="Shared at once with fire and ambulance; both answered within ten seconds. One casualty was counted twice and struck. "
        "To learn: say the way in with the first message.",
    )  # fmt: skip
