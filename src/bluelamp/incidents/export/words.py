"""What an event says, as a line that people read. Words, not markup: whoever shows it escapes it."""

from __future__ import annotations

from typing import Any

from bluelamp.incidents.domain.fold import Event

_LEFT_OUT = frozenset({"resource", "casualty", "feature", "vehicle", "person", "media", "checklist", "emergency", "handover", "incident"})
"""Ids: log.jsonl has them."""
_KINDS = {
    "log.written": "Log", "chat.said": "Chat", "decision.made": "Decision", "report.sent": "Report", "casualty.found": "Casualty found",
    "casualty.triaged": "Casualty triaged", "casualty.moved": "Casualty moved", "casualty.handed_over": "Casualty handed over",
    "resource.assigned": "Resource sent", "resource.status": "Status", "resource.released": "Resource released",
    "agency.joined": "Agency joined", "agency.left": "Agency left", "agency.acknowledged": "Hand-over received",
    "feature.drawn": "Drawn on the map", "feature.removed": "Taken off the map", "media.added": "Picture or film",
    "media.hidden": "Picture or film hidden", "vehicle.recorded": "Vehicle", "vehicle.looked_up": "Vehicle look-up",
    "person.recorded": "Person", "emergency.raised": "EMERGENCY", "emergency.acknowledged": "Emergency acknowledged",
    "emergency.escalated": "Emergency told again", "emergency.closed": "Emergency closed",
    "emergency.cancelled": "Emergency cancelled by who pressed",
}  # fmt: skip


def kind_in_words(kind: str) -> str:
    return _KINDS.get(kind) or kind.replace(".", " ").replace("_", " ").capitalize()


def said(event: Event) -> str:
    """What the event's data says."""
    if event.kind in {"log.written", "chat.said"}:
        return str(event.data["text"])
    parts = []
    for name, value in event.data.items():
        if name not in _LEFT_OUT and (told := _value(value)):
            parts.append(f"{name.replace('_', ' ')}: {told}")
    return "; ".join(parts)


def place_in_words(place: dict[str, Any] | None) -> str:
    if not place:
        return ""
    point = f"{place['latitude']:.5f}, {place['longitude']:.5f}" if place.get("latitude") is not None else ""
    return " · ".join(part for part in (str(place.get("said") or ""), point) if part)


def _value(value: Any) -> str:
    if isinstance(value, dict):
        if "said" in value or "latitude" in value:
            return place_in_words(value)
        if "coordinates" in value:
            return str(value.get("type", ""))
        return ", ".join(f"{name} {told}" for name, one in value.items() if (told := _value(one)))
    if isinstance(value, list):
        return ", ".join(told for one in value if (told := _value(one)))
    return "" if value is None else str(value)
