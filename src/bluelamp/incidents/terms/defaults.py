"""What words mean to all services, and what each kind of service calls it where it has not said otherwise."""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal["type", "grade", "status"]

TYPES = {
    "collision": "Road traffic collision",
    "collision.injury": "Road traffic collision with injuries",
    "collision.entrapment": "Road traffic collision, people trapped",
    "obstruction": "Obstruction on a road",
    "fire.building": "Fire in a building",
    "fire.open": "Fire in the open",
    "fire.vehicle": "Vehicle on fire",
    "hazmat": "Hazardous materials",
    "explosion": "Explosion",
    "collapse": "Collapse of a structure",
    "rescue.water": "Rescue from water",
    "rescue.height": "Rescue from height",
    "flood": "Flooding",
    "medical": "Medical emergency",
    "medical.cardiac_arrest": "Cardiac arrest",
    "violence": "Violence against a person",
    "violence.weapon": "Violence with a weapon",
    "marauding_attack": "Marauding terrorist attack",
    "public_order": "Public order",
    "event": "Planned event",
    "theft": "Theft",
    "burglary": "Burglary",
    "pursuit": "Pursuit",
    "stop": "Vehicle stop",
    "missing_person": "Missing person",
    "concern": "Concern for safety",
    "domestic": "Domestic incident",
    "aircraft": "Aircraft in distress",
    "rail": "Rail incident",
    "power": "Loss of power or telephone",
    "other": "Other",
}
GRADES = {
    "emergency": "Emergency: lives at risk now",
    "priority": "Priority: within the hour",
    "scheduled": "By appointment",
    "no_attendance": "Resolved without attending",
}
STATUSES = {
    "emergency": "Emergency",
    "available": "Available",
    "standby": "Standing by",
    "break": "On a break",
    "en_route": "On the way",
    "at_scene": "At the scene",
    "committed_deployable": "Committed, may be redirected",
    "committed": "Committed",
    "transporting": "Taking a patient",
    "at_hospital": "At hospital",
    "unavailable": "Not available",
    "off_duty": "Off duty",
}
MEANINGS: dict[str, dict[str, str]] = {"type": TYPES, "grade": GRADES, "status": STATUSES}
FREE = frozenset({"available", "standby", "committed_deployable"})
"""Statuses in which a resource may be sent."""


class Term(NamedTuple):
    """A word of an agency. `meaning` is one of MEANINGS of its kind."""

    kind: Kind
    code: str
    name: str
    meaning: str


# Airwave's codes as most forces use them; they differ by force, so an agency may replace them.
_POLICE_STATUS = (
    ("0", "Emergency", "emergency"), ("1", "On duty", "available"), ("2", "On patrol", "available"), ("3", "Standby", "standby"),
    ("4", "Refreshments", "break"), ("5", "En route", "en_route"), ("6", "At scene", "at_scene"),
    ("7", "Committed but deployable", "committed_deployable"), ("8", "Committed", "committed"), ("9", "Prisoner escort", "committed"),
    ("10", "At court", "unavailable"), ("11", "Off duty", "off_duty"), ("12", "Confidential", "unavailable"),
)  # fmt: skip
_FIRE_STATUS = (
    ("EM", "Emergency", "emergency"), ("AV", "Available at station", "available"), ("AM", "Available, mobile", "available"),
    ("MI", "Mobile to incident", "en_route"), ("IA", "In attendance", "at_scene"),
    ("DC", "In attendance, may be redirected", "committed_deployable"),
    ("RT", "Returning", "standby"), ("UN", "Unavailable", "unavailable"), ("OF", "Off the run", "off_duty"),
)  # fmt: skip
_AMBULANCE_STATUS = (
    ("EM", "Emergency", "emergency"), ("GR", "Green, available", "available"), ("SB", "On standby point", "standby"),
    ("MB", "Meal break", "break"), ("MO", "Mobile to scene", "en_route"), ("AS", "At scene", "at_scene"),
    ("LS", "Left scene with patient", "transporting"), ("AH", "At hospital", "at_hospital"), ("UN", "Unavailable", "unavailable"),
    ("OD", "Off duty", "off_duty"),
)  # fmt: skip
_POLICE_GRADE = (
    ("I", "Immediate", "emergency"),
    ("P", "Priority", "priority"),
    ("S", "Scheduled", "scheduled"),
    ("R", "Resolved without deployment", "no_attendance"),
)
_FIRE_GRADE = (
    ("1", "Emergency turnout", "emergency"),
    ("2", "Urgent", "priority"),
    ("3", "Routine", "scheduled"),
    ("0", "No attendance", "no_attendance"),
)
_AMBULANCE_GRADE = (
    ("C1", "Category 1", "emergency"), ("C2", "Category 2", "emergency"), ("C3", "Category 3", "priority"),
    ("C4", "Category 4", "scheduled"),
    ("HT", "Hear and treat", "no_attendance"),
)  # fmt: skip
_FIRE_TYPE = {
    "collision": "RTC", "collision.injury": "RTC, persons injured", "collision.entrapment": "RTC, persons trapped",
    "fire.building": "Building fire", "hazmat": "HazMat", "rescue.water": "Water rescue", "medical": "Co-responding",
    "other": "Special service",
}  # fmt: skip
_AMBULANCE_TYPE = {
    "collision": "RTC, no known injury", "collision.injury": "RTC", "collision.entrapment": "RTC, entrapment", "medical": "Medical",
    "medical.cardiac_arrest": "Cardiac arrest", "violence": "Assault", "violence.weapon": "Stab, gunshot or penetrating trauma",
    "hazmat": "CBRN or HazMat", "other": "Other call",
}  # fmt: skip


def _own(kind: Kind, rows: tuple[tuple[str, str, str], ...]) -> tuple[Term, ...]:
    return tuple(Term(kind, code, name, meaning) for code, name, meaning in rows)


def _all(kind: Kind, words: dict[str, str]) -> tuple[Term, ...]:
    """Every meaning under its own code, in these words where there are any."""
    return tuple(Term(kind, meaning, words.get(meaning, name), meaning) for meaning, name in MEANINGS[kind].items())


_BY_SERVICE: dict[str, dict[Kind, tuple[Term, ...]]] = {
    "police": {"type": _all("type", {}), "grade": _own("grade", _POLICE_GRADE), "status": _own("status", _POLICE_STATUS)},
    "fire": {"type": _all("type", _FIRE_TYPE), "grade": _own("grade", _FIRE_GRADE), "status": _own("status", _FIRE_STATUS)},
    "ambulance": {
        "type": _all("type", _AMBULANCE_TYPE),
        "grade": _own("grade", _AMBULANCE_GRADE),
        "status": _own("status", _AMBULANCE_STATUS),
    },
}
_PLAIN: dict[Kind, tuple[Term, ...]] = {"type": _all("type", {}), "grade": _all("grade", {}), "status": _all("status", {})}


def defaults_of(service: str, kind: Kind) -> tuple[Term, ...]:
    """The words of an agency of this kind that has set none of its own."""
    return _BY_SERVICE.get(service, _PLAIN)[kind]
