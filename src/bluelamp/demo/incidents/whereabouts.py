"""Where every resource is now: its habit, unless a story has taken it away."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from bluelamp.demo.incidents.cast import Unit, phase
from bluelamp.demo.incidents.duties import Beat, Driving, Duty, Standing, habit_of
from bluelamp.demo.incidents.ways import BLUE_LIGHTS, UNHURRIED, Fix, Spot, Way, Ways

_SPREAD_S = 3600.0
"""Patrols began within so long before the nation's first moment, so that not all set out from their stations at once."""


class Whereabouts:
    """One for the nation. Everything is told by time; only what stories asked for is remembered."""

    def __init__(self, ways: Ways, units: Iterable[Unit], seed: int, first_s: float) -> None:
        """`first_s`: when the nation was first started; patrols count from there, so a restart finds them where they would be."""
        self.ways = ways
        self.units = {unit.call_sign: unit for unit in units}
        self._seed = seed
        self._habits = {name: habit_of(ways, unit, seed, first_s - phase(seed, name) * _SPREAD_S) for name, unit in self.units.items()}
        self._taken: dict[str, Duty] = {}
        self._busy: set[str] = set()

    def fix(self, call_sign: str, moment_s: float) -> Fix | None:
        """None: it is off duty and tells nobody."""
        duty = self._taken.get(call_sign) or self._habits[call_sign]
        return duty.at(moment_s) if duty else None

    def spot(self, call_sign: str, moment_s: float) -> Spot:
        """Where it is on the roads; at its station when it is not driving."""
        duty = self._taken.get(call_sign) or self._habits[call_sign]
        if isinstance(duty, Driving):
            into = moment_s - duty.began_s
            if into < duty.way.seconds:
                return duty.way.spot(into)
            duty = duty.then
        if isinstance(duty, Beat):
            return duty.spot(moment_s)
        return self.station(call_sign)

    def station(self, call_sign: str) -> Spot:
        return self.ways.in_town(self.ways.towns.named(self.units[call_sign].home))

    def way(self, call_sign: str, there: Spot, moment_s: float) -> Way:
        """The way to a spot under blue lights, from where it will be at a moment."""
        return self.ways.between(self.spot(call_sign, moment_s), there, BLUE_LIGHTS)

    def nearest(self, there: Spot, agency: str, kinds: tuple[str, ...], count: int, moment_s: float) -> list[tuple[float, Unit]]:
        """The quickest there of those that no story has, with the seconds that they take."""
        free = [
            unit for unit in self.units.values()
            if unit.agency == agency and unit.type in kinds and unit.habit != "off" and unit.call_sign not in self._busy
        ]  # fmt: skip
        timed = []
        for unit in free:
            with suppress(ValueError):  # too far away to be asked
                timed.append((self.way(unit.call_sign, there, moment_s).seconds, unit))
        return sorted(timed, key=lambda pair: (pair[0], pair[1].call_sign))[:count]

    def is_busy(self, call_sign: str) -> bool:
        return call_sign in self._busy

    def claim(self, call_signs: Iterable[str]) -> None:
        """A story has them until it lets them go."""
        self._busy.update(call_signs)

    def take(self, call_sign: str, duty: Duty) -> None:
        self._taken[call_sign] = duty

    def dismiss(self, call_sign: str) -> None:
        """A story is over, or broke off: whoever it still holds is free; one that it moved goes back to its habit at once."""
        if call_sign in self._busy:
            self._busy.discard(call_sign)
            self._taken.pop(call_sign, None)

    def let_go(self, call_sign: str, here: Spot | None, moment_s: float) -> None:
        """Home along the roads from a spot, then its habit again; without a spot it is off duty or at its station at once."""
        self._busy.discard(call_sign)
        self._taken.pop(call_sign, None)
        unit = self.units[call_sign]
        if here is None or unit.habit == "off":
            return
        way = self.ways.between(here, self.station(call_sign), UNHURRIED)
        then = habit_of(self.ways, unit, self._seed, moment_s + way.seconds)
        self._taken[call_sign] = Driving(way, moment_s, then or Standing(way.at(way.seconds)))
