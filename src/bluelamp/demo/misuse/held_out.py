"""Four kinds of abuse written after the detector's weights were fixed, to see what it makes of what nobody had in mind."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bluelamp.demo.misuse.abuse import Crooked, Row
from bluelamp.demo.misuse.force import DAY_MS, DAYS, DETECTIVE, HOUR_MS, OFFICER, ROADS, START_MS, plate
from bluelamp.demo.misuse.force import VEHICLES as PUBLIC


def for_a_friend(world: Crooked, person: int) -> list[Row]:
    """A seller of information: every few days one stranger's vehicle, on shift, under a real reference of their own."""
    begins = int(world.rng.integers(0, DAYS - 120))
    return [
        world.look(
            person, world.on_shift(person, int(day)), plate(int(world.rng.integers(0, PUBLIC))), world.own_reference(person), "for_a_friend"
        )
        for day in np.arange(begins, begins + 110, int(world.rng.integers(2, 6)))
    ]


def home_watch(world: Crooked, person: int) -> list[Row]:
    """Who comes to one house: the street by place, with no vehicle named, in the evenings of several weeks."""
    begins = int(world.rng.integers(0, DAYS - 50))
    looks = []
    for day in sorted(int(d) for d in world.rng.integers(begins, begins + 45, int(world.rng.integers(10, 30)))):
        results = int(world.rng.poisson(60))
        looks.append(world.look(person, world.on_shift(person, day), "", world.cover(person, 0.6), "home_watch", results=results))
    return looks


def by_proxy(world: Crooked, person: int) -> list[Row]:
    """A colleague of the unit looks on request, so that the one who wants to know leaves no trace: a friend's former partner."""
    mates = np.flatnonzero((world.force.unit == world.force.unit[person]) & (np.arange(len(world.force)) != person))
    friend = int(world.rng.choice(mates))
    vehicle = plate(int(world.force.kin[friend]) + 1)
    return [
        world.look(person, world.on_shift(person, int(world.rng.integers(0, DAYS))), vehicle, world.cover(person, 0.5), "by_proxy")
        for _ in range(int(world.rng.integers(3, 9)))
    ]


def after_the_news(world: Crooked, person: int) -> list[Row]:
    """Something was in the papers on one of two days: the same night many with nothing to do with it have a look, once or twice."""
    story = int(world.rng.integers(0, 2))
    day = (60, 210)[story]
    at = START_MS + day * DAY_MS + int(world.rng.integers(8 * HOUR_MS, 40 * HOUR_MS))
    return [
        world.look(person, at + n * 60_000, plate(700_000 + story), world.cover(person, 0.4), "after_the_news")
        for n in range(int(world.rng.integers(1, 3)))
    ]


HELD_OUT: dict[str, tuple[Callable[[Crooked, int], list[Row]], tuple[int, ...]]] = {
    "for_a_friend": (for_a_friend, (OFFICER, DETECTIVE)),
    "home_watch": (home_watch, (OFFICER, DETECTIVE, ROADS)),
    "by_proxy": (by_proxy, ()),
    "after_the_news": (after_the_news, ()),
}
"""Kind -> how it is done, and by which roles. Never used to set a weight."""
