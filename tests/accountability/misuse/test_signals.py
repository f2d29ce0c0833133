"""Each kind of abuse, planted in honest work, is found for the reason it should be; honest work is left alone."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bluelamp.accountability.misuse.cases import sobered
from bluelamp.accountability.misuse.scene import Evidence
from bluelamp.accountability.misuse.weights import DEFAULT
from tests.accountability.misuse.scenes import case_of, directory, found, look, signals

RNG = random.Random(5)
Rows = list[dict[str, Any]]


def mark() -> str:
    return f"ZZ{RNG.randint(10, 99)}{RNG.randint(100, 999)}"


def weekday(n: int) -> int:
    return n // 5 * 7 + n % 5


ELSEWHERE = {"place": "Leeds", "device": "pad-9"}
PLANTED: dict[str, tuple[Rows, set[str]]] = {
    "an ex-partner 69 times under ever other references": (
        [look(7, weekday(n), 9 + n % 6, "EX99ABC", f"INC-{n:03d}-{10000 + n}") for n in range(69)],
        {"scattered_references", "repeated_subject"},
    ),
    "one subject often without a reference": ([look(7, weekday(n * 3), 11, "DR1PFED", "") for n in range(12)], {"repeated_subject"}),
    "their own car": ([look(7, 3, 10, "OWN 007", "INC-003-55555")], {"own_record"}),
    "their former partner once": ([look(7, 3, 10, "EXP007", "INC-003-55555")], {"relative"}),
    "the new partner of a former one": ([look(7, 3, 10, "NEWMAN1", "INC-003-55555")], {"close_to_own"}),
    "somebody who complained": ([look(7, 3, 10, "CMP007", "INC-003-55555")], {"complainant"}),
    "a colleague's car, twice": ([look(7, d, 10, "OWN011", "") for d in (3, 9)], {"colleague"}),
    "a colleague's former partner, as a favour": ([look(7, d, 10, "EXP011", "") for d in (3, 9, 15)], {"favour_to_a_colleague"}),
    "outside the rota": ([look(7, d, 22.5, mark(), f"INC-{d:03d}-77777") for d in range(2, 40, 3)], {"off_shift"}),
    "one reference for everything": ([look(7, weekday(n), 10, mark(), "CR/1/25") for n in range(45)], {"recycled_reference"}),
    "no reference, now and then, all year": (
        [look(7, weekday(n * 4), 10 + n % 5, mark(), ("", "check", "n/a")[n % 3]) for n in range(50)],
        {"no_reference"},
    ),
    "hundreds in a night": ([look(7, 30, 1 + n / 100, mark(), "") for n in range(150)], {"sudden_breadth", "no_reference"}),
    "two places at once": (
        [look(7, 10, 9 + n / 20, mark(), f"INC-010-{20000 + n}", **(ELSEWHERE if n % 2 else {})) for n in range(14)],
        {"two_places"},
    ),
    "parts of marks": ([look(7, weekday(n), 10, f"A{n % 10}*", "INC-001-11111", results=200) for n in range(30)], {"fishing"}),
    "taking away": ([look(7, 10, 10 + n / 10, mark(), "", action="anpr.exports.make", results=900) for n in range(12)], {"hoarding"}),
    "the famous": ([look(7, d, 10, "FAM0US1", "") for d in (3, 4, 5)], {"browsing_the_famous"}),
    "a purpose that officers do not have": (
        [look(7, weekday(n), 10, mark(), f"INC-{n:03d}-33333", purpose="counter_terrorism") for n in range(9)],
        {"unusual_purpose"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PLANTED)
def test_planted_abuse_is_found_and_explained(name: str, tmp_path: Path) -> None:
    planted, expected = PLANTED[name]
    _, detected = found(tmp_path, planted)
    case = case_of(detected, "p07")
    assert expected & signals(case), f"{signals(case)} of {case.reasons}"
    assert all(reason.why and 0 < reason.score <= 1 for reason in case.reasons)
    others = {c.person for c in detected.cases} - {"p07"}
    assert len(others) <= 1, f"honest people were raised too: {[(c.person, c.reasons[0].why) for c in detected.cases]}"


def test_honest_work_is_left_alone(tmp_path: Path) -> None:
    assert not found(tmp_path, [])[1].cases


def test_looks_after_leaving_are_found(tmp_path: Path) -> None:
    known = [row | {"left": "2025-05-01T00:00:00Z"} if row.get("person") == "p07" else row for row in directory()]
    _, detected = found(tmp_path, [look(7, 100, 10, mark(), "INC-100-12345")], known)
    assert "while_absent" in signals(case_of(detected, "p07"))


def test_several_vehicles_of_anothers_case_tell_of_warning(tmp_path: Path) -> None:
    case = [look(n, d, 10, f"TG{v:02d}OPS", "OP HERON 1") for n in (0, 4, 8) for v in range(8) for d in (20, 22, 28)]
    outsider = [look(7, 30 + v, 10, f"TG{v:02d}OPS", "INC-030-99999" if v % 2 else "") for v in range(5)]
    _, detected = found(tmp_path, case + outsider)
    reasons = case_of(detected, "p07").reasons
    assert any(r.signal == "anothers_targets" and "OP HERON 1" in r.why for r in reasons)


def test_repeated_looks_for_a_shared_case_are_work(tmp_path: Path) -> None:
    shared = [look(n, weekday(d), 10, "WA11TED", "CR/9999/25") for n in (7, 11, 15) for d in range(60)]
    _, detected = found(tmp_path, shared)
    assert not [case for case in detected.cases if "WA11TED" in case.subjects]


def test_night_shifts_of_the_rota_are_work(tmp_path: Path) -> None:
    nights = [look(7, d, 23, mark(), f"INC-{d:03d}-{30000 + d}") for d in range(28)]
    known = directory()
    known[7]["shifts"] = [[f"2025-03-{d:02d}T22:00:00Z", f"2025-03-{d + 1:02d}T06:00:00Z"] for d in range(3, 31)]
    known[7]["shifts"] += directory()[7]["shifts"]
    _, detected = found(tmp_path, nights, known)
    assert not [c for c in detected.cases if c.person == "p07" and "off_shift" in signals(c)]


def _leave(day: int) -> list[dict[str, Any]]:
    at = [f"2025-03-{3 + day:02d}T{hour}:00:00Z" for hour in ("00", "23")]
    return [{"kind": "absence", "person": "p07", "from": at[0], "to": at[1], "reason": "annual leave"}]


WRITTEN = ("CR/7/25", "cr 7 / 25", "CR-007-25")
HONEST: dict[str, tuple[Rows, list[dict[str, Any]]]] = {
    "one case that every hand writes otherwise": (
        [look(who, weekday(n * 2), 10 + who / 10, "DR1PFED", WRITTEN[(n + who) % 3]) for n in range(12) for who in (7, 11)],
        [],
    ),
    "a complainant met with a crew": ([look(who, 3, 10 + who / 60, "CMP007", f"INC-003-5555{who % 7}") for who in (7, 11)], []),
    "a car that the whole station knows": (
        [look(who, weekday(n + who % 5), 11 + who / 20, "KN0WN1", "") for n in range(6) for who in range(3, 39, 3)],
        [],
    ),
    "a form that everybody fills in": ([look(who, weekday(n), 10, mark(), "S163") for n in range(40) for who in (1, 2, 3, 6, 7, 8)], []),
    "leave that was cancelled": (
        [look(who, 9, 9 + n / 2, f"AB{60 + n}CAS", "CR/4150/25") for n in range(8) for who in (7, 11)],
        _leave(9),
    ),
    "a laptop said to be elsewhere": (
        [look(7, 10, 10, mark(), "INC-010-20001"), look(7, 10, 10.01, mark(), "INC-010-20002", place="Leeds")],
        [{"kind": "place", "place": name, "latitude": at, "longitude": -2.7} for name, at in (("station-3", 54.3), ("Leeds", 53.8))],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HONEST)
def test_work_that_only_looks_like_abuse_is_left_alone(name: str, tmp_path: Path) -> None:
    planted, known = HONEST[name]
    _, detected = found(tmp_path, planted, [*directory(), *known])
    assert [(case.score, [r.why for r in case.reasons]) for case in detected.cases if case.person == "p07"] == []


def test_who_stands_out_even_where_many_do_keeps_the_whole_score() -> None:
    rows = np.arange(1)
    evidence = [Evidence("colleague", person, 0.5, rows, "") for person in range(40)] + [Evidence("colleague", 40, 0.9, rows, "")]
    sober = {item.person: item.score for item in sobered(evidence, 100, DEFAULT)}
    assert sober[40] == 0.9
    assert sober[0] < 0.2
    assert sobered(evidence[:3], 100, DEFAULT) == evidence[:3], "three of a hundred are no habit"
