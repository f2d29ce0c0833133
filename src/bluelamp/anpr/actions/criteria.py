"""From what a person sent to criteria that can be run, stored and audited; every limit of a search is here."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from bluelamp.anpr.domain import COMPASS
from bluelamp.anpr.errors import (
    BadPlateError,
    BadWindowError,
    CriteriaClashError,
    ReasonRequiredError,
    TooManyPlatesError,
    WindowTooWideError,
)
from bluelamp.anpr.schemas.searches import Reason, SearchQuestion
from bluelamp.anpr.searching.areas import parse_bbox, parse_polygon
from bluelamp.anpr.searching.criteria import Criteria
from bluelamp.anpr.searching.patterns import normalise_pattern
from bluelamp.anpr.settings import history_settings, intake_settings
from bluelamp.kit.clock import to_ms
from bluelamp.kit.vrm import VrmError, normalise
from bluelamp.spine import purposes
from bluelamp.spine.audit import Purpose
from bluelamp.spine.errors import InvalidError
from bluelamp.spine.module import Spine

DAY_MS = 86_400_000
DIRECTIONS = ("approaching", "away", "in", "out", *COMPASS)
EARLIEST_MS, LATEST_MS = 0, 4_102_444_800_000
"""1970 to 2100: what the columnar store's times hold without wrapping round."""


def reason_of(spine: Spine, reason: Reason | None) -> Purpose:
    """Raises `ReasonRequiredError` and the failures of `purposes.check`. No reason, no search."""
    if reason is None or not reason.purpose.strip():
        raise ReasonRequiredError('say why you look: "reason": {"purpose": …, "reference": …}; GET /v1/purposes lists the purposes')
    return purposes.check(spine.settings, reason.purpose.strip(), reason.reference)


def criteria_of(question: SearchQuestion, now: int) -> Criteria:
    """The question checked and complete.

    Raises:
        InvalidError: one of its kinds in errors.py, with what to do about it.
    """
    asked = [name for name in ("vrm", "vrms", "pattern") if getattr(question, name)]
    if len(asked) > 1:
        raise CriteriaClashError(f"ask for one of vrm, vrms and pattern, not for {' and '.join(asked)} together")
    places = [name for name in ("bbox", "area", "cameras") if getattr(question, name)]
    if len(places) > 1:
        raise CriteriaClashError(f"name the place by one of bbox, area and cameras, not by {' and '.join(places)} together")
    direction = (question.direction or "").strip().lower()
    if direction and direction not in DIRECTIONS:
        raise InvalidError(f"a direction is one of {', '.join(DIRECTIONS)}")
    start, end = _window(question.start, question.end, now, bool(asked), bool(places))
    vrms = _plates(question)
    return Criteria(
        start=start,
        end=end,
        vrms=vrms,
        pattern=normalise_pattern(question.pattern) if question.pattern else "",
        tolerance=question.tolerance or ("likely" if question.vrm else "exact"),
        bbox=parse_bbox(question.bbox) if question.bbox else None,
        area=parse_polygon(question.area) if question.area else (),
        cameras=_cameras(question.cameras or []),
        direction=direction,
        make=(question.make or "").strip(),
        model=(question.model or "").strip(),
        colour=(question.colour or "").strip(),
    )


def _plates(question: SearchQuestion) -> tuple[str, ...]:
    texts = [question.vrm] if question.vrm else question.vrms or []
    most = history_settings().search_plates_max
    if len(texts) > most:
        raise TooManyPlatesError(f"one search takes at most {most} plates")
    plates: dict[str, None] = {}
    for at, text in enumerate(texts):
        try:
            plates[normalise(text)] = None
        except VrmError as error:
            where = f"plate {at + 1}: " if len(texts) > 1 else ""
            raise BadPlateError(f"{where}{error} For a part of a plate, use 'pattern' with ? and *.") from None
    return tuple(plates)


def _cameras(ids: list[str]) -> tuple[int, ...]:
    """Numbers of public ids; one that no camera can have finds nothing, as one that no camera has."""
    return tuple(int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0 for text in ids)


def _window(start: datetime | None, end: datetime | None, now: int, plate: bool, place: bool) -> tuple[int, int]:
    limits = history_settings()
    until = _clamped(end) if end else now
    if start is None and not plate:
        raise BadWindowError("a search for a place needs a time: say 'from' and 'to'")
    since = _clamped(start) if start else until - intake_settings().retention_days * DAY_MS
    if since >= until:
        raise BadWindowError("'from' must lie before 'to'")
    if not plate:
        kind: Literal["place", "nation"] = "place" if place else "nation"
        longest = limits.search_place_days_max * DAY_MS if kind == "place" else limits.search_nation_hours_max * 3_600_000
        if until - since > longest:
            hours = longest // 3_600_000
            more = "" if place else ", or name a place"
            raise WindowTooWideError(f"without a plate, ask for at most {hours} hours at once{more}", hours_max=hours)
    return max(since, EARLIEST_MS), until


def _clamped(moment: datetime) -> int:
    return min(max(to_ms(moment), EARLIEST_MS), LATEST_MS)
