"""What honest people look up in a year: incidents, cases, stops, operations, areas; and the coincidences that look like abuse."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bluelamp.demo.misuse.force import (
    ANALYST,
    CONTROL,
    DAY_MS,
    DAYS,
    DETECTIVE,
    HOUR_MS,
    OFF,
    OFFICER,
    ROADS,
    ROLES,
    SHIFT_HOURS,
    SHIFT_START_H,
    STANDARDS,
    START_MS,
    SUPERVISOR,
    VEHICLES,
    Force,
    Ints,
    plate,
)  # fmt: skip

INCIDENT, CASE, STOP, OPERATION, AREA = range(5)
SEARCH, VIEW, EXPORT = range(3)
ACTIONS = ("anpr.searches.run", "anpr.reads.view", "anpr.exports.make")
PURPOSES = ("crime", "serious_crime", "vehicle_stop", "road_safety", "missing_person", "complaint")
CRIME, SERIOUS, VEHICLE_STOP, ROAD_SAFETY, MISSING, COMPLAINT = range(6)
INCIDENTS_A_DAY = 5
FIELDS = ("at", "person", "action", "subject", "purpose", "reference", "place", "device", "results", "label")


@dataclass
class Words:
    """Text of a column: numbers below `base` are made by rule, those above are looked up."""

    texts: list[str]
    numbers: dict[str, int]

    @classmethod
    def empty(cls) -> Words:
        return cls([], {})

    def number(self, text: str) -> int:
        if text not in self.numbers:
            self.numbers[text] = len(self.texts)
            self.texts.append(text)
        return self.numbers[text]


@dataclass
class Year:
    """Looks as columns of numbers; `words` turns them into text when they are written."""

    columns: dict[str, Ints]
    words: dict[str, Words]


@dataclass(frozen=True)
class Cases:
    """Cases and operations: who works on which, when, and how many vehicles are in it."""

    reference: list[str]
    first: Ints
    last: Ints
    vehicles: Ints
    members: list[Ints]
    unit: Ints
    operation: NDArray[np.bool_]


def _scatter(*numbers: Ints) -> Ints:
    """A vehicle for a combination of numbers, always the same one."""
    mixed = np.full(np.broadcast_shapes(*(n.shape for n in numbers)), 0x9E3779B97F4A7C15, np.uint64)
    for number in numbers:
        mixed = (mixed ^ number.astype(np.uint64)) * np.uint64(0xBF58476D1CE4E5B9)
        mixed ^= mixed >> np.uint64(29)
    return (mixed % np.uint64(VEHICLES)).astype(np.int64)


def open_cases(rng: np.random.Generator, force: Force) -> Cases:
    """Every detective leads some nine cases a year, a fifth of them alone; operations bring many units together."""
    agency_names = ("KM", "LS", "ED")
    reference: list[str] = []
    first: list[int] = []
    last: list[int] = []
    vehicles: list[int] = []
    members: list[Ints] = []
    unit: list[int] = []
    operation: list[bool] = []
    analysts = np.flatnonzero(force.role == ANALYST)
    leads = np.flatnonzero(np.isin(force.role, (DETECTIVE, SUPERVISOR, STANDARDS, ANALYST)))
    for lead in leads:
        mates = np.flatnonzero((force.unit == force.unit[lead]) & (np.arange(len(force)) != lead))
        for _ in range(int(rng.poisson(9 if force.role[lead] != ANALYST else 14))):
            team = [int(lead)]
            if rng.random() > 0.2:
                team += [int(p) for p in rng.choice(mates, size=min(len(mates), int(rng.integers(1, 4))), replace=False)]
                if rng.random() < 0.4:
                    team.append(int(rng.choice(analysts)))
            begins = int(rng.integers(-60, DAYS))
            reference.append(f"{agency_names[int(force.agency[lead])]}/{len(reference):06d}/25")
            first.append(begins)
            last.append(begins + int(min(300, rng.lognormal(3.6, 0.8))))
            vehicles.append(int(rng.integers(1, 14)))
            members.append(np.array(team))
            unit.append(int(force.unit[lead]))
            operation.append(False)
    able = np.flatnonzero(np.isin(force.role, (DETECTIVE, ANALYST, ROADS, OFFICER, CONTROL, SUPERVISOR)))
    birds = ("KESTREL", "CURLEW", "DUNNOCK", "PLOVER", "SISKIN", "WHINCHAT", "BRAMBLING", "GOSHAWK")
    for number in range(max(4, len(force) // 120)):
        begins = int(rng.integers(-60, DAYS - 20))
        reference.append(f"OP {birds[number % len(birds)]} {number}")
        first.append(begins)
        last.append(begins + int(rng.integers(40, 250)))
        vehicles.append(int(rng.integers(20, 80)))
        size = min(len(able), int(rng.integers(20, 120)))
        members.append(rng.choice(able, size=size, replace=False))
        unit.append(int(force.unit[members[-1][0]]))
        operation.append(True)
    return Cases(reference, np.array(first), np.array(last), np.array(vehicles), members, np.array(unit), np.array(operation))


def case_vehicle(case: Ints, at: Ints) -> Ints:
    """The vehicle number `at` of a case."""
    return _scatter(case + 7_000_001, at)


def _shifts_worked(rng: np.random.Generator, force: Force) -> tuple[Ints, Ints, Ints]:
    """(person, day, moment) of every look: within the shift, sometimes in overtime, seldom called in."""
    rate = np.array([habits.looks for habits in ROLES])[force.role] * force.pace
    count = rng.poisson(rate[:, None] * (force.shift != OFF))
    person, day = (axis.astype(np.int64) for axis in np.nonzero(count))
    person, day = np.repeat(person, count[person, day]), np.repeat(day, count[person, day])
    # A busy shift and one that runs over belong to person and day, not to the look.
    overtime = (_scatter(person + 1, day + 5) % 100 < 4) * (_scatter(person + 3, day) % 3 + 1)
    kind = force.shift[person, day]
    hours = SHIFT_HOURS[kind] + overtime
    at = START_MS + day * DAY_MS + SHIFT_START_H[kind] * HOUR_MS + (rng.random(len(day)) * hours * HOUR_MS).astype(np.int64)
    called = (force.role[person] == DETECTIVE) & (_scatter(person + 11, day) % 1000 < 8)
    at[called] = START_MS + day[called] * DAY_MS + (19 + _scatter(person[called], day[called]) % 4) * HOUR_MS
    at[called] += rng.integers(0, 2 * HOUR_MS, int(called.sum()))
    return person, day, at


def _assign_cases(rng: np.random.Generator, cases: Cases, person: Ints, day: Ints, rows: Ints, *, operations: bool) -> Ints:
    """The case each of these looks is for; -1 where the person has none that day."""
    of_person: dict[int, list[int]] = {}
    for number, team in enumerate(cases.members):
        if cases.operation[number] == operations:
            for member in team:
                of_person.setdefault(int(member), []).append(number)
    chosen = np.full(len(rows), -1, np.int64)
    order = np.argsort(person[rows], kind="stable")
    edges = np.flatnonzero(np.diff(person[rows][order], prepend=-1, append=-1))
    for start, stop in pairwise(edges):
        block = order[start:stop]
        mine = np.array(of_person.get(int(person[rows[block[0]]]), []), np.int64)
        if len(mine) == 0:
            continue
        days = day[rows[block]]
        weight = ((cases.first[mine][:, None] <= days) & (days <= cases.last[mine][:, None])) * rng.random((len(mine), len(days)))
        best = weight.argmax(axis=0)
        chosen[block] = np.where(weight.max(axis=0) > 0, mine[best], -1)
    return chosen


def _where(force: Force, person: Ints, day: Ints, at: Ints, words: dict[str, Words]) -> tuple[Ints, Ints]:
    """(place, device): a handheld on the beat, a shared terminal at the station, a desk or a control-room console."""
    hour = at // HOUR_MS
    role, unit = force.role[person], force.unit_on(person, day)
    draw = _scatter(person + 17, hour) % 100
    mobile = np.isin(role, (OFFICER, ROADS)) & (draw < 65)
    desk = np.isin(role, (DETECTIVE, ANALYST, SUPERVISOR, STANDARDS)) & (draw < 90)
    place, device = np.empty(len(at), np.int64), np.empty(len(at), np.int64)
    stations = np.array([words["place"].number(f"station {force.unit_name(u)}") for u in range(force.units)])
    beats = np.array([[words["place"].number(f"beat {b} of {force.unit_name(u)}") for b in range(4)] for u in range(force.units)])
    rooms = np.array([words["place"].number(f"control room {a}") for a in range(3)])
    seats = np.array([[words["device"].number(f"console {a}-{k:02d}") for k in range(24)] for a in range(3)])
    terminals = np.array([[words["device"].number(f"terminal {u}-{k}") for k in range(5)] for u in range(force.units)])
    handhelds = np.array([words["device"].number(f"handheld {p}") for p in range(len(force))])
    desks = np.array([words["device"].number(f"desk {p}") for p in range(len(force))])
    place[:] = stations[unit]
    device[:] = terminals[unit, _scatter(person + 19, hour // 3) % 5]
    place[mobile] = beats[unit[mobile], _scatter(person[mobile], day[mobile]) % 4]
    device[mobile] = handhelds[person[mobile]]
    device[desk] = desks[person[desk]]
    room = role == CONTROL
    agency = force.agency[person[room]]
    place[room] = rooms[agency]
    device[room] = seats[agency, _scatter(person[room], day[room]) % 24]
    return place, device


def _scribbles(rng: np.random.Generator, words: Words, count: int) -> Ints:
    texts = ["", "", "", "n/a", "tbc", "stop", "patrol", "job", "as discussed", "see log"]
    return np.array([words.number(text) for text in texts])[rng.integers(0, len(texts), count)]


def live_honestly(rng: np.random.Generator, force: Force, cases: Cases) -> Year:
    """The looks of a year in which nobody does anything wrong."""
    words = {name: Words.empty() for name in ("subject", "reference", "place", "device", "label")}
    words["label"].number("")
    person, day, at = _shifts_worked(rng, force)
    mix = np.array([[h.incident, h.case, h.stop, h.operation, h.area] for h in ROLES])
    edges = np.cumsum(mix / mix.sum(axis=1, keepdims=True), axis=1)
    why = (rng.random(len(at))[:, None] > edges[force.role[person]]).sum(axis=1).clip(0, AREA)
    subject, purpose = np.zeros(len(at), np.int64), np.full(len(at), CRIME)
    reference = np.full(len(at), words["reference"].number(""), np.int64)
    numbers = np.array([words["reference"].number(text) for text in cases.reference], np.int64)
    for kind in (CASE, OPERATION):
        rows = np.flatnonzero(np.isin(why, (CASE, AREA) if kind == CASE else (OPERATION,)))
        chosen = _assign_cases(rng, cases, person, day, rows, operations=kind == OPERATION)
        has = rows[chosen >= 0]
        case = chosen[chosen >= 0]
        main = (rng.random(len(has)) ** 2 * cases.vehicles[case]).astype(np.int64)
        subject[has], reference[has] = case_vehicle(case, main), numbers[case]
        purpose[has] = np.where(cases.operation[case] | (case % 5 == 0), SERIOUS, CRIME)
        lost = rows[chosen < 0]
        why[lost] = np.where(np.isin(force.role[person[lost]], (OFFICER, ROADS)), STOP, INCIDENT)
    _incidents(rng, force, words, person, day, np.flatnonzero(why == INCIDENT), subject, reference, purpose)
    stops = np.flatnonzero(why == STOP)
    subject[stops] = rng.integers(0, VEHICLES, len(stops))
    purpose[stops] = np.where(rng.random(len(stops)) < 0.8, VEHICLE_STOP, ROAD_SAFETY)
    named = stops[rng.random(len(stops)) < 0.4]
    roads = np.array([words["reference"].number(f"A{500 + r} {place}") for r in range(90) for place in ("lay-by", "junction", "services")])
    reference[named] = roads[rng.integers(0, len(roads), len(named))]
    careless = np.flatnonzero((rng.random(len(at)) < force.sloppy[person]) & (why != AREA))
    reference[careless] = _scribbles(rng, words["reference"], len(careless))
    standards = np.flatnonzero(force.role[person] == STANDARDS)
    purpose[standards] = COMPLAINT
    subject[standards] = force.cars[_scatter(reference[standards]) % len(force)]
    action = np.where(rng.random(len(at)) < 0.25, VIEW, SEARCH)
    action[(rng.random(len(at)) < np.array([0, 0.012, 0.035, 0, 0, 0.004, 0.01])[force.role[person]]) & (why == CASE)] = EXPORT
    results = rng.poisson(np.where(why == STOP, 4, 22)).astype(np.int64)
    area = np.flatnonzero(why == AREA)
    results[area] = rng.poisson(180, len(area))
    place, device = _where(force, person, day, at, words)
    texts = _texts_of(rng, words["subject"], subject, area)
    columns = [at, person, action, texts, purpose, reference, place, device, results, np.zeros(len(at), np.int64)]
    return Year(dict(zip(FIELDS, columns, strict=True)), words)


def _texts_of(rng: np.random.Generator, words: Words, vehicles: Ints, area: Ints) -> Ints:
    """Vehicles as numbers of words; a look at an area has a part of a mark with a wildcard, or no subject at all."""
    known, at = np.unique(vehicles, return_inverse=True)
    numbers = np.array([words.number(plate(int(v))) for v in known], np.int64)[at]
    for row in area:
        text = plate(int(vehicles[row]))
        numbers[row] = words.number("" if rng.random() < 0.4 else f"{text[:4]}*")
    return numbers


def _incidents(  # the arrays are those of `live_honestly`, filled in place
    rng: np.random.Generator, force: Force, words: dict[str, Words], person: Ints, day: Ints, rows: Ints,
    subject: Ints, reference: Ints, purpose: Ints,
) -> None:  # fmt: skip
    """Incidents belong to a unit and a day; those who attend and the control room look at the same one to three vehicles."""
    beat = np.flatnonzero(np.bincount(force.unit[np.isin(force.role, (OFFICER, ROADS))], minlength=force.units) > 0)
    unit = force.unit_on(person[rows], day[rows])
    control = np.isin(force.role[person[rows]], (CONTROL, DETECTIVE, ANALYST, SUPERVISOR))
    unit[control] = beat[rng.integers(0, len(beat), int(control.sum()))]
    number = (unit * DAYS + day[rows]) * INCIDENTS_A_DAY + rng.integers(0, INCIDENTS_A_DAY, len(rows))
    vehicles = 1 + number % 3
    subject[rows] = _scatter(number, (rng.random(len(rows)) * vehicles).astype(np.int64))
    known, at = np.unique(number, return_inverse=True)
    texts = [words["reference"].number(f"INC-{n // INCIDENTS_A_DAY % DAYS:03d}-{n % 90_000 + 10_000}") for n in known.tolist()]
    reference[rows] = np.array(texts, np.int64)[at]
    purpose[rows] = np.array([CRIME, CRIME, ROAD_SAFETY, MISSING])[number % 4]


def merged(year: Year, rows: list[dict[str, Any]]) -> Year:
    """The year with more looks put in, in order of time. Text of the rows is turned into numbers here."""
    for row in rows:
        for name, words in year.words.items():
            row[name] = words.number(row[name])
    added = {name: np.array([row[name] for row in rows], np.int64) for name in FIELDS}
    together = {name: np.concatenate([year.columns[name], added[name]]) for name in FIELDS}
    order = np.argsort(together["at"], kind="stable")
    return Year({name: values[order] for name, values in together.items()}, year.words)
