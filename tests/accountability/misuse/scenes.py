"""Small years of looks for tests: an honest background and whatever a test plants in it."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bluelamp.accountability.misuse.cases import Case
from bluelamp.accountability.misuse.detect import Detected, detect
from bluelamp.accountability.misuse.directory_files import read_directory
from bluelamp.accountability.misuse.files import FileRead, read_looks

START = datetime(2025, 3, 3, tzinfo=UTC)
PEOPLE = 40


def person(number: int) -> dict[str, Any]:
    role = "analyst" if number % 5 == 0 else "officer"
    return {"person": f"p{number:02d}", "role": role, "unit": f"unit-{number % 4}", "agency": "KEN"}


def look(number: int, day: int, hour: float, subject: str | list[str], reference: str, **more: Any) -> dict[str, Any]:
    at = (START + timedelta(days=day, hours=hour)).isoformat()
    named = {"action": "anpr.searches.run", "subject": subject, "purpose": "crime", "reference": reference}
    where = {"place": f"station-{number % 4}", "device": f"desk-{number}", "results": 3}
    return {"at": at, **person(number), **named, **where, **more}


def honest(seed: int = 1, days: int = 120) -> list[dict[str, Any]]:
    """Forty people at work from eight to four: cases that three share, and incidents of one look."""
    rng = random.Random(seed)
    looks = []
    for number in range(PEOPLE):
        for day in range(days):
            if (day % 7) >= 5:
                continue
            for _ in range(rng.randint(1, 4)):
                hour = 8 + rng.random() * 8
                if rng.random() < 0.5:
                    case = (number % 4) * 50 + day // 10
                    looks.append(look(number, day, hour, f"AB{case % 90 + 10}CAS", f"CR/{4000 + case}/25"))
                else:
                    subject, incident = f"XY{rng.randint(10, 99)}{rng.randint(100, 999)}", f"INC-{day:03d}-{rng.randint(10000, 99999)}"
                    looks.append(look(number, day, hour, subject, incident))
    return looks


def directory() -> list[dict[str, Any]]:
    rows = []
    for number in range(PEOPLE):
        shifts = [
            [(START + timedelta(days=d, hours=8)).isoformat(), (START + timedelta(days=d, hours=16)).isoformat()]
            for d in range(120)
            if d % 7 < 5
        ]
        kin = [{"subject": f"KIN{number:03d}", "relation": "sibling"}, {"subject": f"EXP{number:03d}", "relation": "former partner"}]
        own = {"vehicles": [f"OWN{number:03d}"], "addresses": [f"{number} Beck Lane"], "relatives": kin}
        loaded = {"kind": "person", "manager": "p39", "shifts": shifts, "complaints": [{"subject": f"CMP{number:03d}"}]}
        rows.append({**person(number), **own, **loaded})
    link = {"kind": "link", "subject": "EXP007", "other": "NEWMAN1", "relation": "new partner"}
    return [*rows, {"kind": "famous", "subject": "FAM0US1"}, link]


def written(folder: Path, name: str, rows: list[Any]) -> Path:
    file = folder / name
    file.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows) + "\n", "utf-8")
    return file


def quiet(_step: str, _share: float) -> None:
    return None


def found(folder: Path, planted: list[dict[str, Any]], known: list[Any] | None = None) -> tuple[FileRead, Detected]:
    """What the detector says of the honest background with these looks in it."""
    read = read_looks(written(folder, "looks.ndjson", honest() + planted), quiet)
    held = read_directory(written(folder, "directory.ndjson", directory() if known is None else known), quiet)
    return read, detect(read.looks, held.directory)


def case_of(detected: Detected, name: str) -> Case:
    cases = [case for case in detected.cases if case.person == name]
    assert cases, f"nothing was found about {name}; evidence: {[(e.signal, round(e.score, 2)) for e in detected.evidence][:20]}"
    return cases[0]


def signals(case: Case) -> set[str]:
    return {reason.signal for reason in case.reasons}
