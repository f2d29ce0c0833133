"""From what a person sent to a scope that can be checked: vehicles or a place, and a period. Never everything."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bluelamp.accountability.authorisations.actions import Scope
from bluelamp.accountability.authorisations.errors import ScopeMissingError
from bluelamp.accountability.authorisations.schemas import ScopeQuestion
from bluelamp.kit.vrm import VrmError, normalise
from bluelamp.spine.errors import InvalidError


def scope_of(question: ScopeQuestion, now_ms: int) -> Scope:
    """The scope, checked.

    Raises:
        ScopeMissingError: neither vehicles nor a place.
        InvalidError: a plate, place or period that is none.
    """
    try:
        vrms = tuple(dict.fromkeys(normalise(text) for text in question.vrms))
    except VrmError as error:
        raise InvalidError(str(error)) from None
    # As searches keep it (anpr/searching/patterns.py), so that the same pattern is the same text.
    pattern = "".join(question.pattern.split()).upper()
    if pattern.replace("*", "").replace("?", "") == "" and pattern:
        raise ScopeMissingError("a pattern of wild cards alone is everything: name what is known of the plate")
    place = _place(question)
    if not (vrms or pattern or place):
        raise ScopeMissingError("authority is for named vehicles or a place: say which")
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    until = question.end or now
    if question.start >= until or question.start >= now:
        raise InvalidError("'from' must lie before 'to', and in the past")
    return Scope(vrms, pattern, place, question.start, until)


def _place(question: ScopeQuestion) -> dict[str, Any] | None:
    named = [name for name in ("bbox", "area", "cameras") if getattr(question, name)]
    if len(named) > 1:
        raise InvalidError(f"name the place by one of bbox, area and cameras, not by {' and '.join(named)} together")
    if question.bbox:
        if len(question.bbox) != 4 or question.bbox[0] >= question.bbox[2] or question.bbox[1] >= question.bbox[3]:
            raise InvalidError("a box is west, south, east, north")
        return {"bbox": question.bbox}
    if question.area:
        rings = question.area.get("coordinates")
        if question.area.get("type") != "Polygon" or not isinstance(rings, list) or not rings:
            raise InvalidError("an area is a GeoJSON polygon")
        try:
            return {"area": [[[float(x), float(y)] for x, y, *_ in ring][:1000] for ring in rings[:20]]}
        except (TypeError, ValueError):
            raise InvalidError("an area is a GeoJSON polygon") from None
    if question.cameras:
        return {"cameras": sorted({int(c) if c.isascii() and c.isdigit() and len(c) <= 9 else 0 for c in question.cameras})}
    return None
