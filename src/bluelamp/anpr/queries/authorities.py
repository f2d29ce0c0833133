"""A search as the givers of authority see it: who looks, why, at which vehicles or place."""

from __future__ import annotations

from typing import Any

from bluelamp.anpr.searching.criteria import Criteria
from bluelamp.contracts.authorities import Asked
from bluelamp.spine.audit import Purpose


def asked_of(person: str, criteria: Criteria, why: Purpose) -> Asked:
    """What authority would have to cover."""
    place: dict[str, Any] | None = None
    if criteria.bbox:
        place = {"bbox": list(criteria.bbox)}
    elif criteria.area:
        place = {"area": [[list(point) for point in ring] for ring in criteria.area]}
    elif criteria.cameras:
        place = {"cameras": sorted(criteria.cameras)}
    return Asked(person, why.purpose, why.reference, criteria.vrms, criteria.pattern, place)
