"""The story of a missing person: sectors drawn about where he was last seen, searched by teams one after another, and found."""

from __future__ import annotations

from typing import NamedTuple

from bluelamp.demo.incidents.cast import AMBULANCE, CODES, FIRE, POLICE, ROOMS, SUPERVISOR, Unit
from bluelamp.demo.incidents.dispatch import send, stand_down
from bluelamp.demo.incidents.duties import Standing, Walking
from bluelamp.demo.incidents.scenes import combed, fell_scene, middle, place, point, polygon, sector_corners, town_centre
from bluelamp.demo.incidents.script import Draft, Go, Leave, Run, Script
from bluelamp.demo.incidents.ways import Fix
from bluelamp.demo.incidents.whereabouts import Whereabouts
from bluelamp.demo.world.chance import stream

TOWN = "Kendal"
SECTORS = 8
INNER_M, OUTER_M = 120.0, 900.0
LANES = 4
SEARCHED_S = 250.0
"""How long a team takes over a sector: they walk as fast as that needs."""
MUSTER_S = 60.0
TEAM = "KT"
SECTOR_NAMES = "ABCDEFGH"


class Search(NamedTuple):
    run: Run
    seen: Fix
    """Where he was last seen."""
    teams: tuple[Unit, ...]
    found_in: int
    """The sector, by its place in the order of searching."""

    def corners(self, sector: int) -> tuple[Fix, Fix, Fix, Fix]:
        return sector_corners(self.seen, sector, SECTORS, INNER_M, OUTER_M)

    def found_at(self) -> Fix:
        return middle(self.corners(self.found_in))


def search(run: Run, whereabouts: Whereabouts, seed: int) -> Script:
    seen = fell_scene(whereabouts.ways, seed, run.number)
    teams = tuple(unit for name, unit in sorted(whereabouts.units.items()) if name.startswith(TEAM))
    found_in = len(teams) + int(stream(seed, "found", run.number).integers(0, SECTORS - len(teams)))
    story, draft = Search(run, seen, teams, found_in), Draft()
    _told(draft, story)
    helped = _helpers(draft, story, whereabouts)
    _sectors(draft, story)
    found_s = _searching(draft, story)
    handed_s = _found(draft, story, helped[-1], max(found_s, helped[-1][1] + 20))
    _home(draft, story, whereabouts, helped, max(handed_s, *(arrives_s for _, arrives_s in helped)) + 25)
    away_km = seen.metres_to(town_centre(whereabouts.ways, TOWN)) / 1000
    said = f"Fell side about {away_km:.1f} km from {TOWN}"
    opening = {
        "id": run.thing("incident"), "title": "Missing: man of 74, high risk", "type": "missing_person", "grade": "I",
        "place": place(seen, said, "caller", 300),
        "source": "demonstration", "description": "Left for a walk before dawn without coat or phone. Dementia. Cold, wind rising.",
        "share": [{"agency": AMBULANCE, "roles": ["dispatcher"]}, {"agency": FIRE}],
    }  # fmt: skip
    call_signs = (*(unit.call_sign for unit in teams), *(unit.call_sign for unit, _ in helped))
    return Script(run, ROOMS[POLICE], opening, draft.in_order(), call_signs)


def _told(draft: Draft, story: Search) -> None:
    room, thing = ROOMS[POLICE], story.run.thing
    draft.say(
        4, room, "person.recorded", person=thing("missing"), name="Alwyn Hartsop", role="missing", born="1952",
        description="1.75 m, white hair, grey jumper, brown slippers. Answers to Al. Used to keep bees on the fell.",
    )  # fmt: skip
    draft.say(8, room, "checklist.started", checklist=thing("list"), template="missing_person")
    for item, at_s in enumerate((10, 20, 24, 40, 52, 70, 85, 120)):
        draft.say(at_s, room, "checklist.ticked", checklist=thing("list"), item=item)
    draft.say(18, room, "feature.drawn", feature=thing("seen"), type="marker", geometry=point(story.seen), label="Last seen")
    draft.say(14, ROOMS[FIRE], "agency.acknowledged", reference=f"KFR-{7300 + story.run.number}", note="Standing by with lighting")
    draft.say(17, ROOMS[AMBULANCE], "agency.acknowledged", reference=f"KAS-{91500 + story.run.number}", note="Crew on standby point")
    # Shared with the control room only; that itself lets its crews see it when it sends one.
    draft.say(28, ROOMS[AMBULANCE], "agency.joined", agency=AMBULANCE, roles=[], reason="A crew is sent")
    draft.say(
        48, SUPERVISOR, "decision.made", title="Search now from the place last seen outwards",
        information="Daughter saw him at the gate before dawn; slippers gone, coat there. Bees on the fell, a habit of twenty years.",
        assessment="High risk: cold and confusion. Most found alive within a kilometre of where they were last seen.",
        powers="Duty to protect life.", options="Wait for daylight (refused); six teams in ring sectors with dog and drone (chosen).",
        action="Eight sectors within 900 m, six teams, dog along the wall, drone over the gill. Review when the sixth is done.",
    )  # fmt: skip


def _helpers(draft: Draft, story: Search, where: Whereabouts) -> list[tuple[Unit, float]]:
    """The nearest car, dog and drone, and an ambulance last; when each is there."""
    town = where.ways.towns.named(TOWN)
    meeting, road = where.ways.in_town(town), story.seen.moved(-40, -60)
    begun = story.run.began_s + 30
    helped = []
    for number, (agency, kinds) in enumerate(((POLICE, ("car",)), (POLICE, ("dog",)), (POLICE, ("drone",)), (AMBULANCE, ("ambulance",)))):
        [(_, unit)] = where.nearest(meeting, agency, kinds, 1, begun)
        task = ("With the family", "Along the wall", "Over the gill", "Stand by at the gate")[number]
        sent = send(draft, where, story.run, unit, meeting, road.moved(12 * number, 9 * number), 30 + 4 * number, task)
        helped.append((unit, sent.arrives_s))
    return helped


def _sectors(draft: Draft, story: Search) -> None:
    for sector in range(SECTORS):
        draft.say(
            54 + sector, SUPERVISOR, "feature.drawn", feature=story.run.thing("sector", sector), type="search_sector",
            geometry=polygon(*story.corners(sector)), label=f"Sector {SECTOR_NAMES[sector]}", note="Not searched",
        )  # fmt: skip


def _searching(draft: Draft, story: Search) -> float:
    """Each team takes the next sector that nobody has; ends when one finds him."""
    room, codes = ROOMS[POLICE], CODES[POLICE]
    free_s = []
    for number, unit in enumerate(story.teams):
        at_s = MUSTER_S + 5 + 3 * number
        draft.say(at_s, room, "resource.assigned", resource=unit.call_sign, task=f"Sector {SECTOR_NAMES[number]}")
        draft.say(at_s + 4, unit.crew, "resource.status", resource=unit.call_sign, code=codes.at_scene)
        draft.steps.append(Go(at_s + 4, unit.call_sign, Standing(story.seen.moved(15 + 3 * number, -20))))
        free_s.append(at_s + 20)
    for sector in range(story.found_in + 1):
        number = min(range(len(free_s)), key=free_s.__getitem__)
        unit, begins_s = story.teams[number], free_s[number]
        ends_s = begins_s + SEARCHED_S * (0.5 if sector == story.found_in else 1.0) + 7 * (sector % 3)
        _in_sector(draft, story, unit, sector, (begins_s, ends_s))
        free_s[number] = ends_s + 15
        if sector == story.found_in:
            return ends_s
    raise AssertionError("the sector where he is comes last")


def _in_sector(draft: Draft, story: Search, unit: Unit, sector: int, span: tuple[float, float]) -> None:
    name, feature = SECTOR_NAMES[sector], story.run.thing("sector", sector)
    geometry = polygon(*story.corners(sector))
    line = combed(story.corners(sector), LANES)
    pace = Walking(line, 0.0, 1.0).seconds / SEARCHED_S
    draft.steps.append(Go(span[0], unit.call_sign, Walking(line, story.run.began_s + span[0], pace)))
    said = {"feature": feature, "type": "search_sector", "geometry": geometry, "label": f"Sector {name}"}
    draft.say(span[0], unit.crew, "feature.drawn", **said, note=f"{unit.call_sign} searching")
    if sector != story.found_in:
        draft.say(span[1], unit.crew, "feature.drawn", **said, note=f"Searched by {unit.call_sign}, nothing found")
        draft.say(span[1] + 5, unit.crew, "chat.said", text=f"Sector {name} done, nothing. Taking the next.")


def _found(draft: Draft, story: Search, ambulance: tuple[Unit, float], at_s: float) -> float:
    """The team finds him, the ambulance takes him over; when it has."""
    thing, where = story.run.thing, place(story.found_at(), "Below the old bee garden")
    number = story.found_in % len(story.teams)
    crew = story.teams[number].crew
    draft.say(at_s, crew, "chat.said", text="Found. Alive, cold, talking. Below the old bee garden.")
    draft.say(at_s + 3, crew, "feature.drawn", feature=thing("found"), type="marker", geometry=point(story.found_at()), label="Found")
    draft.say(at_s + 8, crew, "casualty.found", casualty=thing("al"), place=where, note="Cold, ankle swollen")
    draft.say(at_s + 14, crew, "casualty.triaged", casualty=thing("al"), tool="TST", category="P2")
    unit = ambulance[0]
    draft.say(at_s + 20, ROOMS[POLICE], "incident.amended", title="Missing man found alive")
    draft.say(at_s + 26, ROOMS[POLICE], "chat.said", text="All teams: found. Well done. Come back to the gate.")
    draft.say(
        at_s + 75, unit.crew, "casualty.triaged", casualty=thing("al"), tool="clinical", category="P3", note="Warming up, ankle sprained"
    )
    draft.say(at_s + 95, unit.crew, "casualty.handed_over", casualty=thing("al"), to="Kendal hospital, with his daughter")
    return at_s + 95


def _home(draft: Draft, story: Search, where: Whereabouts, helped: list[tuple[Unit, float]], at_s: float) -> None:
    town = where.ways.in_town(where.ways.towns.named(TOWN))
    for number, (unit, _) in enumerate(helped):
        stand_down(draft, unit, at_s + 4 * number, town)
    for number, unit in enumerate(story.teams):
        back = at_s + 6 + 3 * number
        draft.say(back, unit.crew, "resource.status", resource=unit.call_sign, code=CODES[POLICE].off_duty)
        draft.say(back + 2, ROOMS[POLICE], "resource.released", resource=unit.call_sign, reason="Search over")
        draft.steps.append(Leave(back + 3, unit.call_sign))
    draft.say(at_s + 45, SUPERVISOR, "feature.removed", feature=story.run.thing("seen"), reason="Found")
    draft.say(
        at_s + 55, ROOMS[POLICE], "incident.closed", reason="Found alive and handed over",
        debrief=f"Found in sector {SECTOR_NAMES[story.found_in]}, {story.found_in + 1} of {SECTORS} searched. "
        "To learn: the family knew of the bee garden; ask for habits first.",
    )  # fmt: skip
