from __future__ import annotations

import re
from datetime import date

import numpy as np
import pytest

from bluelamp.demo.world.agencies import AGENCIES, HOME, NATIONAL, TERRITORIAL, territory
from bluelamp.demo.world.geometry import along_curve, crosses_water, neighbours
from bluelamp.demo.world.journeys import day_plan, midnight_s
from bluelamp.demo.world.nation import Nation, build_nation
from bluelamp.demo.world.roads import RoadClass, graph_of
from bluelamp.demo.world.stories import PLAYERS, STORIES
from bluelamp.kit.vrm import is_well_formed


def test_sixty_agencies_one_of_them_the_home_force() -> None:
    assert len(AGENCIES) == 60
    assert len({agency.code for agency in AGENCIES}) == len({agency.name for agency in AGENCIES}) == 60
    assert all(re.fullmatch(r"[A-Z]{3}", agency.code) for agency in AGENCIES)
    assert len(TERRITORIAL) == 44
    assert len(NATIONAL) == 16
    assert next(agency.name for agency in AGENCIES if agency.code == HOME) == "Kentmere Police"


def test_forces_police_their_own_nation(nation: Nation) -> None:
    force = territory(nation.towns)
    code = [AGENCIES[index].code for index in force.tolist()]
    assert code[nation.towns.named("Glasgow")] == "ALB"
    assert code[nation.towns.named("Lancaster")] == HOME
    assert set(code) == {agency.code for agency in TERRITORIAL}


def test_several_thousand_real_towns(nation: Nation) -> None:
    assert len(nation.towns) > 4000
    assert {"London", "Cardiff", "Inverness", "Kendal"} <= set(nation.towns.names)
    assert nation.towns.names[nation.towns.nearest(-2.745, 54.326)] == "Kendal"


def test_no_road_crosses_the_bristol_channel(nation: Nation) -> None:
    cardiff, weston = nation.towns.named("Cardiff"), nation.towns.named("Weston-super-Mare")
    lon, lat = nation.towns.longitude, nation.towns.latitude
    assert crosses_water(lon[[cardiff]], lat[[cardiff]], lon[[weston]], lat[[weston]]).all()
    a, b = nation.roads.a, nation.roads.b
    assert not crosses_water(lon[a], lat[a], lon[b], lat[b]).any()


def test_three_classes_of_road_faster_the_higher(nation: Nation) -> None:
    roads = nation.roads
    speed = roads.length_km / roads.free_flow_s * 3600
    mean = [np.average(speed[roads.road_class == kind], weights=roads.length_km[roads.road_class == kind]) for kind in RoadClass]
    assert mean[0] > mean[1] > mean[2] > 35
    assert speed.max() < 113
    assert all(re.fullmatch(r"[MAB]\d{2,5}", name) for name in roads.names)


def test_the_quickest_way_north_takes_a_plausible_time(nation: Nation) -> None:
    tree = graph_of(nation.roads, len(nation.towns)).tree(nation.towns.named("London"), 1e9)
    assert 5.0 < tree[nation.towns.named("Edinburgh")][0] / 3600 < 9.0
    assert 2.5 < tree[nation.towns.named("Manchester")][0] / 3600 < 5.0


def test_a_route_is_a_chain_and_its_twin_the_way_back(nation: Nation) -> None:
    routes, roads = nation.routes, nation.roads
    for route in range(0, len(routes), 997 * 2):
        steps = routes.step[routes.first[route] : routes.first[route + 1]]
        start, end = roads.ends(steps)
        assert start[0] == routes.origin[route]
        assert end[-1] == routes.destination[route]
        assert np.array_equal(start[1:], end[:-1])
        back = routes.step[routes.first[route + 1] : routes.first[route + 2]]
        assert np.array_equal(back, steps[::-1] ^ 1)


def test_relative_neighbours_of_a_square_with_a_middle_meet_there() -> None:
    x, y = np.array([0.0, 1.0, 1.0, 0.0, 0.5]), np.array([0.0, 0.0, 1.0, 1.0, 0.5])
    assert neighbours(x, y, lune=True, within_km=9, nearest=4).tolist() == [[0, 4], [1, 4], [2, 4], [3, 4]]


def test_a_curved_road_starts_and_ends_at_its_towns() -> None:
    one = np.array([1.0])
    for share, where in ((0.0, (-2.0, 54.0)), (1.0, (-1.0, 54.5))):
        lon, lat, bearing = along_curve(-2 * one, 54 * one, -1 * one, 54.5 * one, 0.1 * one, share * one)
        assert (lon[0], lat[0]) == pytest.approx(where)
        assert 0 < bearing[0] < 90


def test_marks_are_valid_mostly_current_and_never_twice(nation: Nation) -> None:
    marks = [mark.decode() for mark in nation.vehicles.mark[len(PLAYERS) :]]
    assert len(set(marks)) == len(marks)
    known = [mark for mark in marks[:3000] if is_well_formed(mark)]
    assert len(known) / 3000 > 0.97
    current = [mark for mark in marks if re.fullmatch(r"[A-HJ-PR-Y]{2}(?!00|01|50)\d\d[A-HJ-PR-Z]{3}", mark)]
    assert 0.88 < len(current) / len(marks) < 0.93


def test_story_plates_are_not_issued_yet() -> None:
    assert all(player.mark[2:4] == "77" for player in PLAYERS)
    assert len(STORIES) >= 3


def test_the_same_seed_gives_the_same_nation_and_a_larger_one_begins_with_it(nation: Nation) -> None:
    again = build_nation(nation.seed, 60_000)
    count = len(nation.vehicles)
    assert np.array_equal(again.vehicles.mark[:count], nation.vehicles.mark)
    assert np.array_equal(again.vehicles.usual[:count], nation.vehicles.usual)
    assert again.roads.names == nation.roads.names


def test_nobody_sets_out_again_before_being_home(nation: Nation) -> None:
    day = date(2026, 11, 18)
    trips = day_plan(nation.vehicles, nation.population, nation.routes, nation.seed, day, level=False)
    assert trips.depart_s.min() >= midnight_s(day)
    order = np.lexsort((trips.depart_s, trips.vehicle))
    vehicle, depart = trips.vehicle[order], trips.depart_s[order]
    home = depart + nation.routes.free_flow_s[trips.route[order]] * 1.3
    again = vehicle[1:] == vehicle[:-1]
    assert again.sum() > 10_000
    assert (depart[1:][again] < home[:-1][again]).mean() < 0.002


def test_people_keep_their_habits(nation: Nation) -> None:
    def out(day: date) -> dict[int, float]:
        trips = day_plan(nation.vehicles, nation.population[:2000], nation.routes, nation.seed, day, level=False)
        first: dict[int, float] = {}
        for vehicle, moment in zip(trips.vehicle.tolist(), trips.depart_s.tolist(), strict=True):
            first[vehicle] = min(first.get(vehicle, 1e18), moment - midnight_s(day))
        return first

    tuesday, wednesday = out(date(2026, 11, 17)), out(date(2026, 11, 18))
    both = tuesday.keys() & wednesday.keys()
    assert np.median([abs(tuesday[vehicle] - wednesday[vehicle]) for vehicle in both]) < 1800
