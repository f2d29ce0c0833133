"""What a force knows of its people and loads for this: vehicles, homes, relatives, complaints, rotas, absences; and the famous."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from bluelamp.accountability.misuse.files import normalised

KINDS = (
    "person", "vehicle", "address", "identity", "relative", "complaint", "dispute", "shift", "absence", "secondment",
    "famous", "link", "reference", "place",
)  # fmt: skip
TEXT_MAX = 400
ROWS_NESTED_MAX = 20_000
ALWAYS = (-(1 << 62), 1 << 62)
_NESTED = {
    "vehicles": "vehicle", "addresses": "address", "identities": "identity", "relatives": "relative", "complaints": "complaint",
    "complainants": "complaint", "disputes": "dispute", "shifts": "shift", "absences": "absence", "leave": "absence",
    "secondments": "secondment",
}  # fmt: skip


class Fact(NamedTuple):
    """One thing known. `detail` is the relation, the reason of an absence, the unit, or JSON-free text as its kind says."""

    kind: str
    person: str
    subject: str
    detail: str
    start: int
    end: int


class DirectoryRowError(Exception):
    """A row that is not of the directory; the message says why."""


class Person(NamedTuple):
    role: str
    unit: str
    agency: str
    manager: str


class Tie(NamedTuple):
    """A subject that somebody should not look up for themselves."""

    kind: str
    """`self`, `relative`, `complaint` or `dispute`."""
    relation: str
    start: int
    end: int


@dataclass
class Directory:
    """Made of facts; empty where a force loads nothing, and then the signals that need it stay silent."""

    people: dict[str, Person] = field(default_factory=dict)
    ties: dict[tuple[str, str], Tie] = field(default_factory=dict)
    """(person, subject) -> what binds them."""
    of_subject: dict[str, list[str]] = field(default_factory=dict)
    """Subject -> the people bound to it."""
    shifts: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    absences: dict[str, list[tuple[int, int, str]]] = field(default_factory=dict)
    secondments: dict[str, list[tuple[int, int, str]]] = field(default_factory=dict)
    famous: set[str] = field(default_factory=set)
    links: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """Subject -> other subjects that belong to it, each with how (a new partner, a car)."""
    references: dict[str, str] = field(default_factory=dict)
    """Reference -> the unit whose case it is."""
    places: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Place -> latitude, longitude."""
    count: int = 0

    def add(self, fact: Fact) -> None:
        self.count += 1
        kind, person, subject = fact.kind, fact.person, fact.subject
        if kind == "person":
            self.people[person] = Person(*(fact.detail.split("\t") + [""] * 4)[:4])
            self._tie(person, normalised(person), Tie("self", "own record", *ALWAYS))
        elif kind in {"vehicle", "address", "identity"}:
            self._tie(person, subject, Tie("self", f"own {kind}" if kind != "identity" else "own record", fact.start, fact.end))
        elif kind in {"relative", "complaint", "dispute"}:
            self._tie(person, subject, Tie(kind, fact.detail, fact.start, fact.end))
        elif kind == "shift":
            self.shifts.setdefault(person, []).append((fact.start, fact.end))
        elif kind == "absence":
            self.absences.setdefault(person, []).append((fact.start, fact.end, fact.detail))
        elif kind == "secondment":
            self.secondments.setdefault(person, []).append((fact.start, fact.end, fact.detail))
        elif kind == "famous":
            self.famous.add(subject)
        elif kind == "link":
            other, _, how = fact.detail.partition("\t")
            self.links.setdefault(subject, []).append((other, how))
        elif kind == "reference":
            self.references[subject] = fact.detail
        else:
            latitude, longitude = fact.detail.split("\t")
            self.places[subject] = (float(latitude), float(longitude))

    def _tie(self, person: str, subject: str, tie: Tie) -> None:
        held = self.ties.get((person, subject))
        # A complaint outweighs a kinship: it says more of why somebody looks.
        if held is None or (held.kind == "relative" and tie.kind != "relative"):
            self.ties[person, subject] = tie
        people = self.of_subject.setdefault(subject, [])
        if person not in people:
            people.append(person)


def facts_of(row: Any) -> Iterator[Fact]:
    """The facts in one row of a directory file. Raises DirectoryRowError."""
    if not isinstance(row, dict):
        raise DirectoryRowError("a row is an object")
    kind = _text(row.get("kind")) or ("person" if row.get("person") else "")
    if kind not in KINDS:
        raise DirectoryRowError(f"'kind' is one of {', '.join(KINDS)}")
    person = _text(row.get("person"))
    start, end = _span(row)
    if kind == "person":
        yield _fact(kind, person, "", "\t".join(_text(row.get(k)) for k in ("role", "unit", "agency", "manager")), ALWAYS)
        yield from _nested(person, row)
        if row.get("left"):
            yield Fact("absence", person, "", "left the service", _moment(row["left"], ALWAYS[0]), ALWAYS[1])
    elif kind in {"shift", "absence", "secondment"}:
        if kind == "shift" and (start, end) == ALWAYS:
            raise DirectoryRowError("a shift has 'from' and 'to'")
        yield _fact(kind, person, "", _text(row.get("unit" if kind == "secondment" else "reason")), (start, end))
    elif kind == "reference":
        yield _fact(kind, person, _text(row.get("reference")), _text(row.get("unit")), (start, end))
    elif kind == "place":
        yield Fact(kind, "", _text(row.get("place")), _position(row), start, end)
    else:
        yield _about_a_subject(kind, person, row, (start, end))


def _about_a_subject(kind: str, person: str, row: dict[str, Any], span: tuple[int, int]) -> Fact:
    subject = normalised(_text(row.get("subject")))
    if not subject:
        raise DirectoryRowError(f"a row of kind {kind} has a 'subject'")
    detail = _text(row.get("relation"))
    if kind == "link":
        detail = f"{normalised(_text(row.get('other')))}\t{detail}"
    return _fact(kind, person, subject, detail, span)


def _nested(person: str, row: dict[str, Any]) -> Iterator[Fact]:
    for name, kind in _NESTED.items():
        held = row.get(name) or []
        if not isinstance(held, list) or len(held) > ROWS_NESTED_MAX:
            raise DirectoryRowError(f"'{name}' is a list of at most {ROWS_NESTED_MAX}")
        for item in held:
            if kind == "shift" and isinstance(item, list) and len(item) == 2:
                yield Fact(kind, person, "", "", _moment(item[0], 0), _moment(item[1], 0))
            elif isinstance(item, dict):
                many = [*_listed(item.get("vehicles")), *_listed(item.get("addresses"))]
                for subject in many or [item.get("subject")]:
                    yield from facts_of({**item, "kind": kind, "person": person, "subject": subject})
            elif isinstance(item, str):
                yield from facts_of({"kind": kind, "person": person, "subject": item})
            else:
                raise DirectoryRowError(f"'{name}' holds texts or objects")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _fact(kind: str, person: str, subject: str, detail: str, span: tuple[int, int]) -> Fact:
    if not person and kind not in {"famous", "link", "reference"}:
        raise DirectoryRowError(f"a row of kind {kind} names a 'person'")
    return Fact(kind, person, subject, detail, *span)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, (str, int, float)):
        raise DirectoryRowError("texts are texts")
    text = str(value).strip()
    if len(text) > TEXT_MAX or "\0" in text:
        raise DirectoryRowError(f"a text has at most {TEXT_MAX} characters, and no null among them")
    return text


def _span(row: dict[str, Any]) -> tuple[int, int]:
    start, end = _moment(row.get("from"), ALWAYS[0]), _moment(row.get("to"), ALWAYS[1])
    if end < start:
        raise DirectoryRowError("'to' is before 'from'")
    return start, end


def _moment(value: Any, default: int) -> int:
    if value is None or value == "":
        return default
    try:
        moment = datetime.fromisoformat(value)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    except (TypeError, ValueError, OverflowError):
        raise DirectoryRowError("'from', 'to' and 'left' are times such as 2026-03-01T07:00:00Z") from None


def _position(row: dict[str, Any]) -> str:
    try:
        latitude, longitude = float(row["latitude"]), float(row["longitude"])
    except (KeyError, TypeError, ValueError):
        raise DirectoryRowError("a place has 'latitude' and 'longitude' in degrees") from None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise DirectoryRowError("a place has 'latitude' and 'longitude' in degrees")
    return f"{latitude}\t{longitude}"
