"""The nation's resources and stories are functions of seed and time, and make sense on the map."""

from __future__ import annotations

from itertools import pairwise

import pytest

from bluelamp.demo.incidents.cast import crowd, everybody, regulars
from bluelamp.demo.incidents.collision import CASUALTIES, COUNTS, collision
from bluelamp.demo.incidents.live import STORIES
from bluelamp.demo.incidents.public_order import public_order
from bluelamp.demo.incidents.script import Go, Leave, Run, Say
from bluelamp.demo.incidents.search import search
from bluelamp.demo.incidents.ways import BLUE_LIGHTS, Spot, Ways
from bluelamp.demo.incidents.whereabouts import Whereabouts
from bluelamp.demo.world.nation import Nation

FIRST_S = 1_800_000_000.0


def here(nation: Nation) -> Whereabouts:
    return Whereabouts(Ways.of(nation), (*regulars(), *crowd()), nation.seed, FIRST_S)


def test_everybody_is_somebody_else() -> None:
    people = everybody()
    assert len({person.username for person in people}) == len({person.name for person in people}) == len(people)
    assert len(crowd()) == 300
    call_signs = [unit.call_sign for unit in (*regulars(), *crowd())]
    assert len(set(call_signs)) == len(call_signs)


def test_where_somebody_is_follows_from_seed_and_time(nation: Nation) -> None:
    one, two = here(nation), here(nation)
    for name in one.units:
        for moment in (FIRST_S + 17, FIRST_S + 90_000):
            assert one.fix(name, moment) == two.fix(name, moment)
    off = [name for name, unit in one.units.items() if unit.habit == "off"]
    assert all(one.fix(name, FIRST_S) is None for name in off)
    assert len(off) == 306


def test_patrols_keep_to_the_speed_of_roads(nation: Nation) -> None:
    where = here(nation)
    for name in ("KR01", "KP19", "KA101"):
        fixes = [fix for second in range(0, 7200, 10) if (fix := where.fix(name, FIRST_S + second))]
        steps = [a.metres_to(b) / 10 for a, b in pairwise(fixes)]
        assert max(steps) < 45.0, name
        assert sum(step > 3 for step in steps) > 100, name


@pytest.mark.parametrize("share", [0.0, 0.2, 0.9])
def test_a_way_begins_here_and_ends_there(nation: Nation, share: float) -> None:
    ways = Ways.of(nation)
    start = Spot(ways.in_town(ways.towns.named("Lancaster")).direction, share)
    end = Spot(ways.in_town(ways.towns.named("Kendal")).direction, 0.3)
    way = ways.between(start, end, BLUE_LIGHTS)
    assert way.at(0).metres_to(ways.fix(start)) < 60
    assert way.at(way.seconds + 5).metres_to(ways.fix(end)) < 60
    assert way.seconds > 300
    half = way.seconds / 2
    assert way.at(half).metres_to(way.at(half + 5)) / 5 < 60


@pytest.mark.parametrize("story", [one.write for one in STORIES], ids=[one.name for one in STORIES])
def test_a_story_is_the_same_each_time_it_is_written(nation: Nation, story: object) -> None:
    write = {"collision": collision, "search": search, "public_order": public_order}[story.__name__]  # type: ignore[attr-defined]
    run = Run("x", 3, FIRST_S + 1000)
    one, two = write(run, here(nation), nation.seed), write(run, here(nation), nation.seed)
    assert one.opening == two.opening
    assert [step for step in one.steps if isinstance(step, Say)] == [step for step in two.steps if isinstance(step, Say)]
    assert write(Run("x", 4, FIRST_S + 2000), here(nation), nation.seed).opening["id"] != one.opening["id"]
    assert [step.at_s for step in one.steps] == sorted(step.at_s for step in one.steps)
    last = [step for step in one.steps if isinstance(step, Say)][-1]
    assert last.kind == "incident.closed"
    assert last.data["debrief"]
    moved = {step.call_sign for step in one.steps if isinstance(step, Go)}
    assert moved == {step.call_sign for step in one.steps if isinstance(step, Leave)} == set(one.call_signs)


def test_a_collision_is_over_in_half_an_hour_and_its_counts_are_its_casualties(nation: Nation) -> None:
    for number in range(6):
        script = collision(Run("collision", number, FIRST_S + 5000.0 * number), here(nation), nation.seed)
        assert 600 < script.seconds < 1800
    counted: dict[str, int] = {}
    for hurt in CASUALTIES:
        if hurt.again:
            counted[hurt.again] = counted.get(hurt.again, 0) + 1
    assert counted == COUNTS


MADE = {"casualty.found": "casualty", "feature.drawn": "feature", "checklist.started": "checklist", "resource.assigned": "resource"}
NEEDED = {
    "casualty.triaged": "casualty", "casualty.moved": "casualty", "casualty.handed_over": "casualty", "casualty.struck": "casualty",
    "feature.removed": "feature", "checklist.ticked": "checklist", "resource.status": "resource", "resource.released": "resource",
}  # fmt: skip


@pytest.mark.parametrize("number", range(30))
def test_nobody_speaks_of_what_is_not_there_yet(nation: Nation, number: int) -> None:
    for write in (collision, search):
        script = write(Run("x", number, FIRST_S + 777.0 * number), here(nation), nation.seed)
        there: set[str] = set()
        for line in (step for step in script.steps if isinstance(step, Say)):
            if line.kind in MADE:
                there.add(line.data[MADE[line.kind]])
            if line.kind in NEEDED:
                assert line.data[NEEDED[line.kind]] in there, (line.at_s, line.kind, line.who.username)
            if line.kind == "resource.released":
                there.discard(line.data["resource"])


def test_public_order_speaks_a_few_times_a_minute(nation: Nation) -> None:
    script = public_order(Run("order", 1, FIRST_S), here(nation), nation.seed)
    quiet = [step for step in script.steps if isinstance(step, Say) and 500 < step.at_s < 4900]
    assert len(quiet) / (4400 / 60) < 5


def test_ids_differ_by_name_and_run() -> None:
    run = Run("collision", 1, FIRST_S)
    ids = {run.thing("a"), run.thing("b"), Run("collision", 2, FIRST_S).thing("a"), Run("search", 1, FIRST_S).thing("a")}
    assert len(ids) == 4
    assert all(len(one) == 26 for one in ids)
