"""The simulated traffic against the real one of Bath, 2017 (B&NES Council, Open Government Licence v3.0), read from beside the clone."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from bluelamp.demo.anpr.sense import PlateSense
from bluelamp.demo.world.chance import stream
from bluelamp.demo.world.geometry import distance_km
from bluelamp.demo.world.journeys import drives, midnight_s
from bluelamp.demo.world.traffic import HOUR_SHARE, TOWN_RATIO, time_of_share

SURVEY = Path(__file__).parents[4] / "shared" / "data" / "bath-anpr-2017"
NIGHT = [22, 23, 0, 1, 2, 3, 4, 5]
DAY = list(range(7, 20))

pytestmark = pytest.mark.skipif(not SURVEY.exists(), reason="the Bath survey is not beside the clone (../shared/data/bath-anpr-2017)")


class Pairs:
    """Mean travel time and count per pair of cameras and hour, and how far apart the cameras are in a straight line."""

    def __init__(self, seconds: np.ndarray, count: np.ndarray, km: np.ndarray) -> None:
        self.seconds, self.count, self.km = seconds, count, km

    def day_over_night(self) -> np.ndarray:
        """For each daytime hour: mean over pairs of the travel time over the same pair's at night, weighted by passages."""
        night_count = self.count[:, NIGHT].sum(1)
        night = (self.seconds * self.count)[:, NIGHT].sum(1) / np.maximum(night_count, 1)
        known = night_count >= 20
        ratio = self.seconds[known] / night[known, None]
        weight = np.where(self.count[known] >= 5, self.count[known], 0.0)
        return (ratio * weight).sum(0)[DAY] / weight.sum(0)[DAY]

    def ratios(self, hour: int) -> np.ndarray:
        """The ratio of every well-known pair at an hour, sorted."""
        night_count = self.count[:, NIGHT].sum(1)
        known = (night_count >= 20) & (self.count[:, hour] >= 20)
        night = (self.seconds * self.count)[:, NIGHT].sum(1) / np.maximum(night_count, 1)
        return np.sort(self.seconds[known, hour] / night[known])

    def speed_kmh(self) -> np.ndarray:
        """For each daytime hour the mean speed in a straight line, weighted by passages."""
        weight = np.where(self.count >= 5, self.count, 0.0)
        speed = self.km[:, None] / np.maximum(self.seconds, 1.0) * 3600.0
        return (speed * weight).sum(0)[DAY] / weight.sum(0)[DAY]


@pytest.fixture(scope="module")
def bath() -> Pairs:
    with (SURVEY / "banes_sites.csv").open() as file:
        place = {row["id"]: (float(row["longitude"]), float(row["latitude"])) for row in csv.DictReader(file)}
    table: dict[str, np.ndarray] = defaultdict(lambda: np.zeros((2, 24)))
    with (SURVEY / "banes_moves_hour.csv").open() as file:
        for row in csv.DictReader(file):
            table[row["ID"]][:, int(row["hour"])] = float(row["avg_time"]), float(row["total"])
    pairs = [pair for pair in table if set(pair.split("_")) <= set(place)]
    ends = np.array([[*place[pair.split("_")[0]], *place[pair.split("_")[1]]] for pair in pairs])
    km = distance_km(*ends.T)
    far = (km > 1) & (km < 6)
    both = np.array([table[pair] for pair in pairs])[far]
    return Pairs(both[:, 0], both[:, 1], km[far])


@pytest.fixture(scope="module")
def simulated(sense: PlateSense) -> Pairs:
    """Sixty thousand journeys on the routes of towns of about Bath's size, seen by pairs of town cameras one after the other."""
    nation, gates = sense.nation, sense.gates
    size = nation.towns.population[nation.routes.origin]
    routes = np.flatnonzero((size > 60_000) & (size < 130_000) & (nation.routes.long == 0))[:400]
    rng = stream(11, "bath")
    midnight = midnight_s(date(2026, 11, 18))
    count = 120_000
    trips = drives(np.arange(count), rng.choice(routes, count), midnight + np.sort(time_of_share(rng.random(count))), rng)
    passages = sense.passages(trips)
    same = passages.trip[1:] == passages.trip[:-1]
    first, second = passages.gate[:-1][same], passages.gate[1:][same]
    spent = np.diff(passages.moment_s)[same]
    hour = ((passages.moment_s[:-1][same] - midnight) // 3600).astype(int)
    lon, lat, _ = nation.roads.position(nation.towns, gates.direction, gates.share)
    km = distance_km(lon[first], lat[first], lon[second], lat[second])
    # The survey gives up on a car after fifteen minutes, and so must the comparison.
    street = nation.roads.length_km[gates.direction // 2] < 7.0
    town = (km > 1) & (km < 6) & street[first] & street[second] & (hour < 24) & (spent < 900)
    _, pair = np.unique(first[town] * len(gates) + second[town], return_inverse=True)
    seconds, number, apart = np.zeros((pair.max() + 1, 24)), np.zeros((pair.max() + 1, 24)), np.zeros(pair.max() + 1)
    np.add.at(seconds, (pair, hour[town]), spent[town])
    np.add.at(number, (pair, hour[town]), 1)
    apart[pair] = km[town]
    return Pairs(seconds / np.maximum(number, 1), number, apart)


def test_the_figures_in_the_code_are_those_of_the_survey(bath: Pairs) -> None:
    flow = np.zeros(24)
    with (SURVEY / "banes_moves_hour.csv").open() as file:
        for row in csv.DictReader(file):
            flow[int(row["hour"])] += float(row["total"])
    assert np.abs(flow / flow.sum() - np.array(HOUR_SHARE)).max() < 0.0002
    told = np.array(TOWN_RATIO)
    night = np.mean(told[NIGHT])
    assert np.abs(told[DAY] / night / bath.day_over_night() - 1).max() < 0.08


def test_passages_by_hour_follow_the_survey(sense: PlateSense) -> None:
    midnight = midnight_s(date(2026, 11, 18))
    trips = sense.nation.departures((midnight - 86400, midnight + 86400), 0.0, level=False)
    moment = sense.passages(trips).moment_s
    hour = ((moment[(moment >= midnight) & (moment < midnight + 86400)] - midnight) // 3600).astype(int)
    share = np.bincount(hour, minlength=24) / len(hour)
    assert np.abs(share - np.array(HOUR_SHARE)).max() < 0.012
    assert np.corrcoef(share, HOUR_SHARE)[0, 1] > 0.98


def test_rush_hour_slows_a_town_as_it_slows_bath(bath: Pairs, simulated: Pairs) -> None:
    real, ours = bath.day_over_night(), simulated.day_over_night()
    assert np.abs(ours / real - 1).max() < 0.08
    assert np.corrcoef(real, ours)[0, 1] > 0.9


def test_the_spread_between_places_has_the_shape_of_baths(bath: Pairs, simulated: Pairs) -> None:
    for hour in (8, 12, 17):
        real, ours = np.quantile(bath.ratios(hour), [0.1, 0.5, 0.9]), np.quantile(simulated.ratios(hour), [0.1, 0.5, 0.9])
        assert np.abs(ours / real - 1).max() < 0.2, (hour, real, ours)


def test_speeds_in_a_straight_line_are_those_of_a_town(bath: Pairs, simulated: Pairs) -> None:
    assert np.abs(simulated.speed_kmh() / bath.speed_kmh() - 1).max() < 0.25
