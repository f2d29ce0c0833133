"""Ten kinds of abuse, planted in an honest year. Each returns looks with its label; how often and how well hidden is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bluelamp.demo.misuse.force import CONTROL, DAY_MS, DAYS, DETECTIVE, HOUR_MS, OFF, OFFICER, ROADS, SHIFT_START_H, START_MS, Force, plate
from bluelamp.demo.misuse.force import VEHICLES as PUBLIC
from bluelamp.demo.misuse.honest import ACTIONS, EXPORT, PURPOSES, SEARCH, VIEW, Cases, Year, case_vehicle

Row = dict[str, Any]
EMPTY = ("", "", "n/a", "enquiry", "tbc")


@dataclass
class Crooked:
    """What those who abuse their access have at hand: the year so far, and what a directory will know of it."""

    rng: np.random.Generator
    force: Force
    cases: Cases
    year: Year
    directory: list[Row] = field(default_factory=list)
    rows_of: dict[int, Any] = field(default_factory=dict)
    """person -> their honest looks, made when first asked for."""

    def one_of(self, *roles: int) -> int:
        able = np.flatnonzero(np.isin(self.force.role, roles)) if roles else np.arange(len(self.force))
        return int(self.rng.choice(able))

    def own(self, person: int) -> Any:
        if person not in self.rows_of:
            self.rows_of[person] = np.flatnonzero(self.year.columns["person"] == person)
        return self.rows_of[person]

    def own_reference(self, person: int) -> str:
        """A reference of honest work of theirs, which is the best cover."""
        mine = self.own(person)
        if len(mine) == 0:
            return ""
        return self.year.words["reference"].texts[int(self.year.columns["reference"][self.rng.choice(mine)])]

    def cover(self, person: int, honesty: float) -> str:
        """With this probability a reference that looks right, else nothing or a scribble."""
        draw = self.rng.random()
        if draw < honesty:
            return self.own_reference(person)
        return str(self.rng.choice(EMPTY))

    def on_shift(self, person: int, day: int | None = None) -> int:
        """A moment at work: on that day or the next one worked."""
        days = np.flatnonzero(self.force.shift[person] != OFF)
        if len(days) == 0:
            return self.off_shift(person, day)
        chosen = int(self.rng.choice(days)) if day is None else int(days[min(int(np.searchsorted(days, day)), len(days) - 1)])
        begins = int(SHIFT_START_H[self.force.shift[person, chosen]])
        return START_MS + chosen * DAY_MS + begins * HOUR_MS + int(self.rng.integers(0, 8 * HOUR_MS))

    def off_shift(self, person: int, day: int | None = None) -> int:
        """A moment on a day off."""
        days = np.flatnonzero(self.force.shift[person] == OFF)
        chosen = int(self.rng.choice(days)) if day is None else int(days[min(int(np.searchsorted(days, day)), len(days) - 1)])
        return START_MS + chosen * DAY_MS + int(self.rng.integers(9 * HOUR_MS, 21 * HOUR_MS))

    def look(self, person: int, at: int, subject: str, reference: str, label: str, **more: Any) -> Row:
        """One look from a device of theirs, unless said otherwise."""
        mine = self.own(person)
        row = int(self.rng.choice(mine)) if len(mine) else -1
        words, columns = self.year.words, self.year.columns
        standing: dict[str, Any] = {
            "place": words["place"].texts[int(columns["place"][row])] if row >= 0 else "station",
            "device": words["device"].texts[int(columns["device"][row])] if row >= 0 else f"desk {person}",
            "purpose": int(columns["purpose"][row]) if row >= 0 else 0,
            "action": SEARCH if self.rng.random() < 0.7 else VIEW,
            "results": int(self.rng.poisson(15)),
        }
        return {"at": at, "person": person, "subject": subject, "reference": reference, "label": label, **standing, **more}


def _spread(world: Crooked, count: int) -> list[int]:
    """Days of a slow drip: over weeks to most of a year."""
    begins = int(world.rng.integers(0, DAYS - 60))
    ends = int(world.rng.integers(begins + 45, DAYS))
    return sorted(int(d) for d in world.rng.integers(begins, ends, count))


def ex_partner(world: Crooked, person: int) -> list[Row]:
    """Up to 69 looks at a former partner over months; some also at the new partner. Half of them are in no directory."""
    ex = int(world.force.kin[person]) + 1 if world.rng.random() < 0.5 else int(world.rng.integers(0, PUBLIC))
    subjects = [plate(ex)] + ([plate(int(world.rng.integers(0, PUBLIC)))] if world.rng.random() < 0.4 else [])
    honesty = float(world.rng.choice([0.0, 0.3, 0.8]))
    looks = []
    for day in _spread(world, int(world.rng.integers(8, 70))):
        at = world.on_shift(person, day) if world.rng.random() < 0.8 else world.off_shift(person, day)
        looks.append(
            world.look(person, at, subjects[int(world.rng.random() < 0.25) % len(subjects)], world.cover(person, honesty), "ex_partner")
        )
    return looks


def colleague(world: Crooked, person: int) -> list[Row]:
    """A few colleagues of the same unit, their vehicles and homes."""
    mates = np.flatnonzero((world.force.unit == world.force.unit[person]) & (np.arange(len(world.force)) != person))
    looks = []
    for mate in world.rng.choice(mates, size=min(len(mates), int(world.rng.integers(1, 4))), replace=False):
        for _ in range(int(world.rng.integers(2, 5))):
            subject = plate(int(world.force.cars[mate])) if world.rng.random() < 0.7 else world.force.address(int(mate))
            looks.append(world.look(person, world.on_shift(person), subject, world.cover(person, 0.4), "colleague"))
    return looks


def self_and_family(world: Crooked, person: int) -> list[Row]:
    """Their own car, their home, their relatives."""
    own = [plate(int(world.force.cars[person])), world.force.address(person), *(plate(int(world.force.kin[person]) + k) for k in (0, 2, 3))]
    return [
        world.look(person, world.on_shift(person), str(world.rng.choice(own)), world.cover(person, 0.5), "self_and_family")
        for _ in range(int(world.rng.integers(1, 6)))
    ]


def complainant(world: Crooked, person: int) -> list[Row]:
    """Somebody who complained of them, or is in dispute with them."""
    vehicle = plate(int(world.rng.integers(0, PUBLIC)))
    day = int(world.rng.integers(10, DAYS - 40))
    opened = np.datetime64(START_MS + day * DAY_MS, "ms")
    kind = str(world.rng.choice(["complaint", "dispute"]))
    world.directory.append({"kind": kind, "person": world.force.name(person), "subject": vehicle, "from": f"{opened}Z"})
    return [
        world.look(person, world.on_shift(person, day + int(world.rng.integers(0, 40))), vehicle, world.cover(person, 0.5), "complainant")
        for _ in range(int(world.rng.integers(1, 5)))
    ]


def famous(world: Crooked, person: int) -> list[Row]:
    """Footballers and presenters; the directory flags six in ten of them."""
    known = [n for n in range(25) if n % 5 < 3]
    for n in known if not any(row["kind"] == "famous" for row in world.directory) else []:
        world.directory.append({"kind": "famous", "subject": plate(600_000 + n)})
    return [
        world.look(person, world.on_shift(person), plate(600_000 + int(n)), world.cover(person, 0.3), "famous")
        for n in world.rng.integers(0, 25, int(world.rng.integers(3, 12)))
    ]


def off_duty(world: Crooked, person: int) -> list[Row]:
    """Browsing on days off, on leave or while sick."""
    day = int(world.rng.integers(0, DAYS - 30))
    return [
        world.look(
            person,
            world.off_shift(person, day + int(world.rng.integers(0, 30))),
            plate(int(world.rng.integers(0, PUBLIC))),
            world.cover(person, 0.3),
            "off_duty",
        )
        for _ in range(int(world.rng.integers(5, 30)))
    ]


def recycled_reference(world: Crooked, person: int) -> list[Row]:
    """One old reference serves for vehicles that have nothing to do with each other."""
    reference = world.own_reference(person) or "CR/1"
    return [
        world.look(person, world.on_shift(person, day), plate(int(world.rng.integers(0, PUBLIC))), reference, "recycled_reference")
        for day in _spread(world, int(world.rng.integers(20, 100)))
    ]


def shared_account(world: Crooked, person: int) -> list[Row]:
    """Somebody else works under this account at another place while its owner works."""
    other = world.one_of()
    lent = world.look(other, 0, "", "", "")
    mine = world.own(person)
    looks = []
    for _ in range(int(world.rng.integers(2, 7))):
        begun = int(world.year.columns["at"][world.rng.choice(mine)]) if len(mine) else world.on_shift(person)
        for _ in range(int(world.rng.integers(4, 9))):
            at = begun + int(world.rng.integers(-20, 20)) * 60_000
            subject = plate(int(world.rng.integers(0, PUBLIC)))
            here = {"place": lent["place"], "device": lent["device"]}
            looks.append(world.look(person, at, subject, world.cover(other, 0.7), "shared_account", **here))
            looks.append(
                world.look(person, at + int(world.rng.integers(1, 6)) * 60_000, subject, world.cover(person, 0.7), "shared_account")
            )
    return looks


def trawl(world: Crooked, person: int) -> list[Row]:
    """Hundreds of vehicles in a few days, some exported: what somebody gathers before they leave, or for money."""
    day = int(world.rng.integers(0, DAYS - 10))
    looks = []
    for into in range(int(world.rng.integers(2, 6))):
        begun = world.on_shift(person, day + into)
        for _ in range(int(world.rng.integers(40, 150))):
            at = begun + int(world.rng.integers(0, 2 * HOUR_MS))
            action = EXPORT if world.rng.random() < 0.08 else SEARCH
            looks.append(
                world.look(person, at, plate(int(world.rng.integers(0, PUBLIC))), world.cover(person, 0.5), "trawl", action=action)
            )
    return looks


def tipping_off(world: Crooked, person: int) -> list[Row]:
    """An outsider keeps an eye on the targets of another unit's operation."""
    theirs = np.array([n for n, team in enumerate(world.cases.members) if world.cases.operation[n] and person not in team])
    case = int(world.rng.choice(theirs))
    wanted = world.rng.choice(int(world.cases.vehicles[case] ** 0.5) + 3, size=int(world.rng.integers(3, 7)), replace=False)
    first, last = max(0, int(world.cases.first[case])), min(DAYS - 1, int(world.cases.last[case]))
    looks = []
    for number in wanted:
        vehicle = plate(int(case_vehicle(np.array([case]), np.array([number]))[0]))
        for _ in range(int(world.rng.integers(1, 4))):
            at = world.on_shift(person, int(world.rng.integers(first, last + 1)))
            looks.append(world.look(person, at, vehicle, world.cover(person, 0.5), "tipping_off"))
    return looks


KINDS: dict[str, tuple[Callable[[Crooked, int], list[Row]], tuple[int, ...]]] = {
    "ex_partner": (ex_partner, ()),
    "colleague": (colleague, ()),
    "self_and_family": (self_and_family, ()),
    "complainant": (complainant, ()),
    "famous": (famous, ()),
    "off_duty": (off_duty, ()),
    "recycled_reference": (recycled_reference, (DETECTIVE, OFFICER)),
    "shared_account": (shared_account, (OFFICER, DETECTIVE, CONTROL)),
    "trawl": (trawl, ()),
    "tipping_off": (tipping_off, (OFFICER, DETECTIVE, ROADS)),
}
"""Kind -> how it is done, and by which roles (any where none is named)."""

__all__ = ["ACTIONS", "KINDS", "PURPOSES", "Crooked", "Row"]
