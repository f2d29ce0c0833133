"""The ways people drive: quickest routes between towns, more of them between towns that are large and near (a gravity model)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bluelamp.demo.world.chance import Floats, Ints, pick, stream, weighted_picker
from bluelamp.demo.world.roads import Graph, Roads, graph_of, mainland
from bluelamp.demo.world.towns import Towns

HOME_TOWNS = 1500
"""The largest towns, where the nation's vehicles live; smaller places are driven through."""
DAILY_REACH_S = 4200.0
"""The furthest that people go and come back as a habit."""
_DAILY_FADE_S = 1100.0
_DAILY_PER_TOWN = 14
_FREIGHT_TOWNS = 90
_FREIGHT_PER_TOWN = 36
_FREIGHT_FADE_S = 6500.0


@dataclass(frozen=True, slots=True)
class Routes:
    """Routes, one a row; route 2i + 1 is route 2i driven back. A route's steps are `step[first[r]:first[r + 1]]`."""

    origin: Ints
    destination: Ints
    long: Ints
    """1 for a freight route, 0 for a daily one."""
    weight: Floats
    first: Ints
    step: Ints
    """Directions of `Roads`, in the order driven."""
    free_flow_before_s: Floats
    """Seconds from the start to the beginning of each step when nobody else is about."""
    strain_before_s: Floats
    """The same, weighted by how strongly each stretch suffers from rush hour (`Roads.strain`)."""
    free_flow_s: Floats
    strain_s: Floats

    def __len__(self) -> int:
        return len(self.origin)

    def nearest_end(self, origin: int, destination: int) -> int:
        """The route from a town to another; raises ValueError when none was drawn."""
        found = np.flatnonzero((self.origin == origin) & (self.destination == destination))
        if not len(found):
            raise ValueError(f"no route from town {origin} to {destination}")
        return int(found[0])


def build_routes(towns: Towns, roads: Roads, seed: int, extra: tuple[tuple[int, int], ...] = ()) -> Routes:
    """Every route of the nation; `extra` are (origin, destination) towns that must be among them, for planted stories."""
    rng = stream(seed, "routes")
    graph = graph_of(roads, len(towns))
    reachable = mainland(roads, len(towns))
    homes = np.flatnonzero(reachable)[:HOME_TOWNS].tolist()
    found: list[tuple[int, int, float, list[int]]] = []
    for origin in homes:
        found += _drawn(towns, graph, origin, DAILY_REACH_S, (240.0, _DAILY_FADE_S, _DAILY_PER_TOWN), rng, freight=False)
    for origin in homes[:_FREIGHT_TOWNS]:
        found += _drawn(towns, graph, origin, 1e9, (3600.0, _FREIGHT_FADE_S, _FREIGHT_PER_TOWN), rng, freight=True)
    for origin, destination in extra:
        steps = _steps(graph.tree(origin, 1e9), destination)
        found.append((origin, destination, 0.0, steps))
    return _columns(roads, found, {home: float(towns.population[home]) for home in homes}, len(homes))


def _drawn(
    towns: Towns,
    graph: Graph,
    origin: int,
    within_s: float,
    taste: tuple[float, float, int],
    rng: np.random.Generator,
    *,
    freight: bool,
) -> list[tuple[int, int, float, list[int]]]:
    """Destinations of one town, drawn by population and closeness. `taste`: seconds at least, seconds of fading, how many."""
    at_least, fade, count = taste
    tree = graph.tree(origin, within_s)
    places = np.array([town for town, (seconds, _, _) in tree.items() if seconds >= at_least], np.int64)
    if not len(places):
        return []
    seconds = np.array([tree[town][0] for town in places.tolist()])
    drawn = np.unique(pick(weighted_picker(towns.population[places] * np.exp(-seconds / fade)), rng, count))
    weight = -1.0 if freight else 1.0
    return [(origin, int(places[index]), weight, _steps(tree, int(places[index]))) for index in drawn.tolist()]


def _steps(tree: dict[int, tuple[float, int, int]], destination: int) -> list[int]:
    """The directions driven from the root of the tree to a town."""
    steps = []
    town = destination
    while tree[town][1] >= 0:
        _, direction, town = tree[town]
        steps.append(direction)
    return steps[::-1]


def _columns(roads: Roads, found: list[tuple[int, int, float, list[int]]], population: dict[int, float], home_count: int) -> Routes:
    """Both ways of every route found, as columns."""
    ends, weights, steps = [], [], []
    for origin, destination, kind, way in found:
        ends += [(origin, destination), (destination, origin)]
        weights += [kind * population.get(origin, 0.0)] * 2
        steps += [way, [direction ^ 1 for direction in reversed(way)]]
    counts = np.array([len(way) for way in steps], np.int64)
    first = np.concatenate([[0], np.cumsum(counts)])
    step = np.fromiter((direction for way in steps for direction in way), np.int64, int(first[-1]))
    origin_of, destination_of = np.array(ends, np.int64).reshape(-1, 2).T
    spent, strained = roads.free_flow_s[step // 2], (roads.free_flow_s * roads.strain)[step // 2]
    before, before_total = _before(spent, first)
    strain_before, strain_total = _before(strained, first)
    weight = np.array(weights)
    return Routes(
        origin=origin_of,
        destination=destination_of,
        long=(weight < 0).astype(np.int64),
        weight=np.abs(weight) / max(home_count, 1),
        first=first,
        step=step,
        free_flow_before_s=before,
        strain_before_s=strain_before,
        free_flow_s=before_total,
        strain_s=strain_total,
    )


def _before(spent: Floats, first: Ints) -> tuple[Floats, Floats]:
    """Running total within each route before each step, and each route's total."""
    running = np.concatenate([[0.0], np.cumsum(spent)])
    lengths = np.diff(first)
    return running[:-1] - np.repeat(running[first[:-1]], lengths), running[first[1:]] - running[first[:-1]]
