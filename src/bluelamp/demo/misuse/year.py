"""`simulate`: a year of looks and its directory, in memory or as NDJSON files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from bluelamp.demo.misuse.abuse import KINDS, Crooked
from bluelamp.demo.misuse.force import AGENCIES, DAY_MS, HOUR_MS, OFF, ROLES, SHIFT_HOURS, SHIFT_START_H, START_MS, Force, found, plate
from bluelamp.demo.misuse.honest import ACTIONS, PURPOSES, Year, live_honestly, merged, open_cases
from bluelamp.demo.world.chance import stream

Tell = Callable[[str, float], None]
BLOCK = 50_000


class Simulated(NamedTuple):
    """`directory` has one row a person, then loose ones; `planted` counts the people who abuse, by kind."""

    force: Force
    year: Year
    directory: list[dict[str, Any]]
    planted: dict[str, int]


def simulate(people: int, seed: int, kinds: dict[str, Any] | None = None, share: float = 0.006) -> Simulated:
    """A year of `people` people; each kind of abuse is done by `share` of them (at least three)."""
    force = found(stream(seed, "force"), people)
    cases = open_cases(stream(seed, "cases"), force)
    year = live_honestly(stream(seed, "honest"), force, cases)
    world = Crooked(stream(seed, "abuse"), force, cases, year)
    rows: list[dict[str, Any]] = []
    planted: dict[str, int] = {}
    taken: set[int] = set()
    for kind, (act, roles) in (KINDS if kinds is None else kinds).items():
        planted[kind] = max(3, round(people * share))
        for _ in range(planted[kind]):
            person = world.one_of(*roles)
            while person in taken or len(world.own(person)) < 5:
                person = world.one_of(*roles)
            taken.add(person)
            rows += act(world, person)
    return Simulated(force, merged(year, rows), [*_people(force, seed), *world.directory], planted)


def _moment(ms: int) -> str:
    return f"{np.datetime64(int(ms), 'ms')}Z"


def _people(force: Force, seed: int) -> Iterator[dict[str, Any]]:
    rng = stream(seed, "directory")
    chief = {int(force.unit[p]): p for p in range(len(force))}
    for p in range(len(force)):
        days = np.flatnonzero(force.shift[p] != OFF)
        begins = START_MS + days * DAY_MS + SHIFT_START_H[force.shift[p, days]] * HOUR_MS
        ends = begins + SHIFT_HOURS[force.shift[p, days]] * HOUR_MS
        row: dict[str, Any] = {
            "kind": "person", "person": force.name(p), "role": ROLES[int(force.role[p])].name, "unit": force.unit_name(int(force.unit[p])),
            "agency": AGENCIES[int(force.agency[p])], "manager": force.name(chief[int(force.unit[p])]),
            "vehicles": [plate(int(force.cars[p])), plate(int(force.cars[p]) + 1)], "addresses": [force.address(p)],
            "relatives": [
                {"subject": plate(int(force.kin[p]) + k), "relation": name}
                for k, name in enumerate(("partner", "former partner", "sibling", "parent"))
            ],
            "shifts": [[_moment(a), _moment(b)] for a, b in zip(begins, ends, strict=True)],
            "absences": _absences(force, p),
        }  # fmt: skip
        if p in force.seconded and rng.random() < 0.7:  # three in ten were never written down
            unit, first, last = force.seconded[p]
            span = {"from": _moment(START_MS + first * DAY_MS), "to": _moment(START_MS + (last + 1) * DAY_MS)}
            row["secondments"] = [{"unit": force.unit_name(unit), **span}]
        yield row


def _absences(force: Force, person: int) -> list[dict[str, str]]:
    away = force.absent[person]
    edges = np.flatnonzero(np.diff(away, prepend=0, append=0))
    spans = [(int(a), int(b)) for a, b in pairwise(edges) if away[a]]
    names = ("", "leave", "sickness")
    return [{"reason": names[int(away[a])], "from": _moment(START_MS + a * DAY_MS), "to": _moment(START_MS + b * DAY_MS)} for a, b in spans]


def lines(made: Simulated, tell: Tell) -> Iterator[bytes]:
    """The looks as NDJSON, in blocks."""
    force, columns, words = made.force, made.year.columns, made.year.words
    total = len(columns["at"])
    roles, names = [ROLES[int(r)].name for r in force.role], [force.name(p) for p in range(len(force))]
    units, agencies = [force.unit_name(int(u)) for u in force.unit], [AGENCIES[int(a)] for a in force.agency]
    encoder = msgspec.json.Encoder()
    for first in range(0, total, BLOCK):
        part = {name: values[first : first + BLOCK].tolist() for name, values in columns.items()}
        moments = np.datetime_as_string(columns["at"][first : first + BLOCK].astype("datetime64[ms]"), timezone="UTC")
        rows = []
        for i, (moment, p) in enumerate(zip(moments.tolist(), part["person"], strict=True)):
            row = {
                "at": moment, "person": names[p], "role": roles[p], "unit": units[p], "agency": agencies[p],
                "action": ACTIONS[part["action"][i]], "subject": words["subject"].texts[part["subject"][i]],
                "purpose": PURPOSES[part["purpose"][i]], "reference": words["reference"].texts[part["reference"][i]],
                "place": words["place"].texts[part["place"][i]], "device": words["device"].texts[part["device"][i]],
                "results": part["results"][i],
            }  # fmt: skip
            label = words["label"].texts[part["label"][i]]
            rows.append(row | {"label": label} if label else row)
        yield encoder.encode_lines(rows)
        tell("writing looks", min(1.0, (first + BLOCK) / total))


def write(made: Simulated, out: Path, tell: Tell) -> dict[str, Path]:
    """OUT/looks.ndjson and OUT/directory.ndjson."""
    out.mkdir(parents=True, exist_ok=True)
    files = {"looks": out / "looks.ndjson", "directory": out / "directory.ndjson"}
    with files["looks"].open("wb") as file:
        for block in lines(made, tell):
            file.write(block)
    with files["directory"].open("wb") as file:
        for row in made.directory:
            file.write(msgspec.json.encode(row) + b"\n")
    return files
