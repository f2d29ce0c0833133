"""Words and numbers that every vendor writes in its own way: no plate, directions, confidences, positions, free text."""

from __future__ import annotations

from math import isfinite
from typing import Final

from bluelamp.anpr.domain import Direction, compass
from bluelamp.anpr.gateways.items import BadItemError

LABEL_CHARACTERS_MAX: Final = 60
CANDIDATES_MAX: Final = 16

_NO_PLATE: Final = frozenset(
    ("", "unknown", "unrecognised", "unrecognized", "no plate", "noplate", "no_plate", "nonplate", "not read", "unread", "none", "null")
)
_NO_WORD: Final = frozenset(("", "-", "unknown", "unk", "none", "null", "other", "n/a", "undefined"))

_DIRECTIONS: Final[dict[str, Direction]] = {
    "approaching": "approaching", "approach": "approaching", "forward": "approaching", "obverse": "approaching",
    "closer": "approaching", "moving closer": "approaching", "getting closer": "approaching", "towards": "approaching",
    "toward": "approaching", "front": "approaching", "coming": "approaching", "goto": "approaching",
    "away": "away", "reverse": "away", "goaway": "away", "moving away": "away", "leaving": "away", "leave": "away",
    "departing": "away", "receding": "away", "rear": "away", "going": "away",
    "in": "in", "entering": "in", "entry": "in", "enter": "in", "inbound": "in",
    "out": "out", "exiting": "out", "exit": "out", "outbound": "out",
    "n": "n", "north": "n", "northbound": "n", "ne": "ne", "northeast": "ne", "northeastbound": "ne",
    "e": "e", "east": "e", "eastbound": "e", "se": "se", "southeast": "se", "southeastbound": "se",
    "s": "s", "south": "s", "southbound": "s", "sw": "sw", "southwest": "sw", "southwestbound": "sw",
    "w": "w", "west": "w", "westbound": "w", "nw": "nw", "northwest": "nw", "northwestbound": "nw",
}  # fmt: skip


def plate_text(text: str | None) -> str:
    """The plate as sent, or empty where the camera only says in words that it saw none."""
    if not text:
        return ""
    return "" if text.strip().lower() in _NO_PLATE or not text.strip(" -_?*/") else text


def direction_word(text: str | None) -> Direction:
    """A vendor's word for a direction, or a compass bearing in degrees; empty where it says nothing that we know."""
    if not text:
        return ""
    word = text.strip().lower()
    found = _DIRECTIONS.get(word)
    if found is not None:
        return found
    try:
        return heading(float(word))
    except ValueError:
        return ""


def heading(degrees: float | None) -> Direction:
    """Degrees clockwise from north as a compass point; negative numbers are how vendors say unknown."""
    if degrees is None or not 0 <= degrees <= 360:
        return ""
    return compass(degrees)


def fraction(value: float, scale: float) -> float:
    """A confidence on a vendor's `scale` (1, 100, 1000) as 0 to 1; negative is how vendors say unknown and becomes 0.

    Some firmware of one vendor counts to 100 and some to 999 or 1000, so what overflows 100 is read as thousandths.

    Raises:
        BadItemError: `bad_confidence`, off every scale.
    """
    if 0 <= value <= scale:
        return value / scale
    if -1 <= value < 0:
        return 0.0
    if scale < value <= 1000:
        return value / (100 if value <= 100 else 1000)
    raise BadItemError("bad_confidence", f"the confidence {value} is on no known scale (0-1, 0-100, 0-1000)")


def label(text: str | None) -> str:
    """Free text such as a make or colour: trimmed, printable, bounded; empty where the vendor means unknown."""
    if not text:
        return ""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    text = text.strip()
    return "" if text.lower() in _NO_WORD else text[:LABEL_CHARACTERS_MAX]


def lane_number(value: float | str | None) -> int:
    """A lane 1 to 255; 0 where unknown."""
    if value is None:
        return 0
    try:
        lane = int(value)
    except (ValueError, OverflowError):
        return 0
    return lane if 0 < lane <= 255 else 0


Position = tuple[float, float]
"""Longitude and latitude in degrees, WGS 84."""


def position(latitude: float | str | None, longitude: float | str | None) -> Position | None:
    """A position in decimal degrees, numbers or text; None where unknown, which vendors write as 0, 0."""
    try:
        lat, lon = float(latitude or 0), float(longitude or 0)
    except ValueError:
        return None
    if (lat == 0 and lon == 0) or not (isfinite(lat) and isfinite(lon)) or abs(lat) > 90 or abs(lon) > 180:
        return None
    return lon, lat


def degrees(whole: float | str | None, minutes: float | str | None, seconds: float | str | None, hemisphere: str = "") -> float | None:
    """Degrees, minutes, seconds as decimal degrees; `hemisphere` S or W, or a minus sign, makes them negative."""
    try:
        d, m, s = float(whole or 0), float(minutes or 0), float(seconds or 0)
    except ValueError:
        return None
    negative = d < 0 or str(whole).strip().startswith("-") or hemisphere.strip().upper()[:1] in ("S", "W")
    size = abs(d) + m / 60 + s / 3600
    return -size if negative else size


def evidence(plate: str, confidences: list[float], scale: float) -> tuple[tuple[str, float], ...]:
    """Per-character evidence where there is one number a character; empty where they do not fit or all are absent."""
    letters = plate.replace(" ", "").replace("-", "")
    if len(letters) != len(confidences) or not any(confidences):
        return ()
    return tuple((letter, fraction(value, scale)) for letter, value in zip(letters, confidences, strict=True))


def alternatives(plate: str, candidates: list[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
    """Candidate plates other than the plate itself, the likeliest `CANDIDATES_MAX` of them."""
    others = [c for c in candidates if c[0] and c[0].upper() != plate.upper()]
    if len(others) > CANDIDATES_MAX:
        others = sorted(others, key=lambda c: -c[1])[:CANDIDATES_MAX]
    return tuple(others)
