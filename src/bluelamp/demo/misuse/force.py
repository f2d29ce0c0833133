"""The people of the simulated year: forces, units, roles, rotas, leave, vehicles, homes and families."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

DAYS = 365
DAY_MS = 86_400_000
HOUR_MS = 3_600_000
START_MS = 1_735_689_600_000
"""2025-01-01T00:00Z: the first moment of the simulated year."""

VEHICLES = 1_500_000
"""Vehicles that may be met on the roads of the simulated forces, those of the officers and their families among them."""


class RoleHabits(NamedTuple):
    """How a role works: its share of the people, looks a shift, whether it works round the clock, and what its looks are for."""

    name: str
    share: float
    looks: float
    rota: bool
    incident: float
    case: float
    stop: float
    operation: float
    area: float


ROLES = (
    RoleHabits("officer", 0.50, 2.2, True, 0.55, 0.02, 0.42, 0.01, 0.0),
    RoleHabits("detective", 0.22, 3.5, False, 0.08, 0.80, 0.00, 0.08, 0.04),
    RoleHabits("analyst", 0.06, 12.0, False, 0.02, 0.74, 0.00, 0.14, 0.10),
    RoleHabits("control", 0.10, 10.0, True, 0.93, 0.00, 0.04, 0.01, 0.02),
    RoleHabits("roads", 0.07, 9.0, True, 0.18, 0.02, 0.72, 0.06, 0.02),
    RoleHabits("supervisor", 0.04, 1.2, False, 0.55, 0.40, 0.02, 0.03, 0.0),
    RoleHabits("standards", 0.01, 1.6, False, 0.00, 1.00, 0.00, 0.00, 0.0),
)
OFFICER, DETECTIVE, ANALYST, CONTROL, ROADS, SUPERVISOR, STANDARDS = range(7)
AGENCIES = ("KENT", "LONS", "EDEN")
UNIT_SIZE = 36
OFF, EARLY, LATE, NIGHT, OFFICE = range(5)
SHIFT_START_H = np.array([0, 7, 14, 22, 8])
SHIFT_HOURS = np.array([0, 9, 9, 9, 9])
PATTERN = np.array([EARLY, EARLY, LATE, LATE, NIGHT, NIGHT, OFF, OFF, OFF, OFF])


@dataclass(frozen=True)
class Force:
    """Everybody with access. Arrays are by person; `shift` and `absent` by person and day."""

    role: Ints
    unit: Ints
    agency: Ints
    pace: NDArray[np.float64]
    """How busy this one is compared with their role."""
    sloppy: NDArray[np.float64]
    """Share of looks for which this one leaves the reference out or scribbles something."""
    shift: NDArray[np.int8]
    absent: NDArray[np.int8]
    """0 present, 1 on leave, 2 sick."""
    cars: Ints
    """The first of their vehicles; the second is the next number."""
    kin: Ints
    """The first of four vehicles of relatives: partner, former partner, brother or sister, parent."""
    seconded: dict[int, tuple[int, int, int]]
    """person -> (unit, first day, last day) of a secondment."""
    units: int

    def __len__(self) -> int:
        return len(self.role)

    def name(self, person: int) -> str:
        return f"P{person:05d}"

    def unit_name(self, unit: int) -> str:
        return f"{AGENCIES[unit % len(AGENCIES)]}-U{unit:03d}"

    def address(self, person: int) -> str:
        return f"{1 + person % 97} {('Fell', 'Mill', 'Beck', 'Church', 'Station')[person % 5]} Lane, CA{person % 89} {person % 9}KX"

    def unit_on(self, people: Ints, days: Ints) -> Ints:
        """The unit each works in on that day, secondments counted."""
        found = self.unit[people].copy()
        for person, (unit, first, last) in self.seconded.items():
            found[(people == person) & (days >= first) & (days <= last)] = unit
        return found


def plate(number: int) -> str:
    """The mark of a simulated vehicle: current British pattern, made up."""
    letters = "ABCDEFGHJKLMNOPRSTUVWXY"
    number, a = divmod(number, 23)
    number, b = divmod(number, 23)
    number, c = divmod(number, 23)
    number, d = divmod(number, 23)
    return f"{letters[d]}{letters[c]}{10 + number % 64}{letters[a]}{letters[b]}{letters[(a * 7 + b * 3 + c) % 23]}"


def _rota(rng: np.random.Generator, role: Ints, unit: Ints) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    people = len(role)
    days = np.arange(DAYS)
    round_the_clock = np.array([habits.rota for habits in ROLES])[role]
    phase = (unit * 3 + np.arange(people) % 5 * 2) % len(PATTERN)
    turning = PATTERN[(days[None, :] + phase[:, None]) % len(PATTERN)]
    weekday = (days + 2) % 7  # 1 January 2025 was a Wednesday
    office = np.where(weekday < 5, OFFICE, OFF)
    shift = np.where(round_the_clock[:, None], turning, office[None, :]).astype(np.int8)
    absent = np.zeros((people, DAYS), np.int8)
    for person in range(people):
        for _ in range(int(rng.integers(2, 5))):
            first = int(rng.integers(0, DAYS))
            absent[person, first : first + int(rng.integers(5, 15))] = 1
        for _ in range(int(rng.poisson(0.9))):
            first = int(rng.integers(0, DAYS))
            absent[person, first : first + int(rng.integers(1, 7))] = 2
    shift[absent > 0] = OFF
    return shift, absent


def found(rng: np.random.Generator, people: int) -> Force:
    """A force of so many people."""
    role = rng.choice(len(ROLES), size=people, p=[habits.share for habits in ROLES])
    role[: len(ROLES)] = np.arange(len(ROLES))  # every role has somebody
    order = np.lexsort((rng.random(people), role))
    unit = np.empty(people, np.int64)
    unit[order] = np.arange(people) // UNIT_SIZE  # people of one role sit together, as units do
    units = int(unit.max()) + 1
    shift, absent = _rota(rng, role, unit)
    seconded = {}
    for person in rng.choice(people, size=people // 60, replace=False):
        same = np.unique(unit[(role == role[person]) & (unit != unit[person])])
        if len(same):
            first = int(rng.integers(0, 250))
            seconded[int(person)] = (int(rng.choice(same)), first, first + int(rng.integers(40, 110)))
    spread = rng.permutation(VEHICLES // 6)[:people]
    return Force(
        role, unit, unit % len(AGENCIES), rng.gamma(4.0, 0.25, people), rng.beta(0.5, 18.0, people), shift, absent,
        spread * 6, spread * 6 + 2, seconded, units,
    )  # fmt: skip
