"""Checklists by type of incident: what the first minutes need, in the order in which it is needed."""

from __future__ import annotations

from typing import NamedTuple


class Template(NamedTuple):
    title: str
    types: tuple[str, ...]
    """Types of incident for which it is offered; a type also means those below it. None: for every type."""
    items: tuple[str, ...]


TEMPLATES = {
    "first_on_scene": Template(
        "First on the scene",
        (),
        (
            "Stop short and look: what can hurt you?",
            "Send an ETHANE report",
            "Say where others should come from, and where to meet",
            "Keep people away from the hazard",
            "Count and tag casualties",
            "Name who commands for each service",
        ),
    ),
    "collision": Template(
        "Collision",
        ("collision",),
        (
            "Protect the scene: lights, vehicle in the fend-off position, cones",
            "Ask for lane closures or matrix signs",
            "Engines off; leaks, loads and batteries looked for",
            "Hazard plates reported to fire",
            "Casualties triaged and with someone",
            "Drivers identified; breath tests",
            "Vehicle plates recorded",
            "Collision investigation called where it is serious",
            "Witnesses named; dash cameras asked for",
            "Recovery called; road inspected before it opens",
        ),
    ),
    "major": Template(
        "Major incident",
        ("marauding_attack", "explosion", "collapse", "rail", "aircraft", "hazmat"),
        (
            "Declare the major incident; METHANE sent",
            "Control rooms of all services speak on one talkgroup",
            "Commanders of each service meet at the forward command point",
            "Shared situational awareness: agree what is known",
            "Joint assessment of risk",
            "Inner and outer cordons on the map",
            "Casualty clearing station and survivor reception",
            "Hospitals told",
            "Next briefing time agreed",
            "Log and decisions kept by name",
        ),
    ),
    "missing_person": Template(
        "Missing person",
        ("missing_person",),
        (
            "Risk graded, with the reason",
            "Description, clothing, photograph",
            "Last seen: where, when, by whom",
            "Home searched, hiding places too",
            "Phone, bank, vehicle asked for",
            "Sectors drawn and given to teams",
            "Family has one person to speak to",
            "Hospitals and transport asked",
        ),
    ),
    "public_order": Template(
        "Public order",
        ("public_order", "event"),
        (
            "Command structure and call signs on the board",
            "Intent and tactics written as a decision",
            "Sectors and routes drawn",
            "Ways in for ambulance kept free",
            "Medics placed",
            "Arrest and evidence teams briefed",
            "Next review time agreed",
        ),
    ),
}


def offered_for(incident_type: str) -> list[str]:
    """Codes of the checklists that fit a type of incident."""
    return [
        code
        for code, template in TEMPLATES.items()
        if not template.types or any(incident_type == one or incident_type.startswith(one + ".") for one in template.types)
    ]
