"""How the forms of a place look when people write or dictate them. Pure text: nothing here knows where anything is."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

_GRID = re.compile(r"(?:(?:NGR|OS|GRID(?: REF(?:ERENCE)?)?)[ :]*)?([A-Z]{2})[ ]?([0-9]{2,}|[0-9]+[ ,/]+[0-9]+)", re.IGNORECASE)
_METRES = re.compile(r"E?[ ]?([0-9]{4,6}(?:\.[0-9]+)?)[ ]?(?:E|m|mE)?[ ,;/]+N?[ ]?([0-9]{4,7}(?:\.[0-9]+)?)[ ]?(?:N|m|mN)?", re.IGNORECASE)
_POSTCODE = re.compile(r"([A-Z]{1,2}[0-9][A-Z0-9]?)[ ]?([0-9][A-Z]{2})", re.IGNORECASE)
_ROAD = r"((?:[AMB][0-9]{1,4})(?:[ ]?\(M\)|M)?)"
_SIDE = r"(?:[ ]?(A|B|C|D|J|K|L|M)\b)?"
_POST = re.compile(
    _ROAD + r"[ ,]+(?:(?:MARKER(?: POST)?|MP|POST|DLS)[ ]?)?(?:([ABCDJKLM])[ ])?([0-9]{1,3})[ ]?[/.][ ]?([0-9])" + _SIDE, re.IGNORECASE
)
_JUNCTION = re.compile(_ROAD + r"[ ,]+(?:AT )?(?:J|JN|JCT|JUNC|JUNCTION)[ ]?([0-9]{1,2}[A-Z]?)", re.IGNORECASE)
_WORDS = re.compile(r"(?:(?:///|//|w3w:?|what3words:?)[ ]?)([^\W\d_]+(?:[.][^\W\d_]+){2})(?!\S*[.])", re.IGNORECASE)
_BARE_WORDS = re.compile(r"[^\W\d_]{2,}(?:[.][^\W\d_]{2,}){2}")

_ANGLE = (
    r"(?P<{0}before>[NSEW])?[ ]?(?P<{0}sign>[-+])?(?P<{0}deg>[0-9]{{1,3}}(?:\.[0-9]+)?)[ ]?(?:°|deg|d|º)?"
    r"(?:[ ]?(?P<{0}min>[0-9]{{1,2}}(?:\.[0-9]+)?)[ ]?['m](?:[ ]?(?P<{0}sec>[0-9]{{1,2}}(?:\.[0-9]+)?)[ ]?(?:\"|''|s)?)?)?"
    r"[ ]?(?P<{0}after>[NSEW])?"
)
_PAIR = re.compile(r"(?:geo:)?" + _ANGLE.format("a") + r"[ ,;/]{1,3}" + _ANGLE.format("b"), re.IGNORECASE)
_MINUTES = r"([0-9]{1,2})(?: ([0-9]{1,2}(?:\.[0-9]+)?))? ?"
_SPACED = re.compile(rf"([0-9]{{1,2}}) {_MINUTES}([NS])[ ,]*([0-9]{{1,3}}) {_MINUTES}([EW])", re.IGNORECASE)
_MARKS = str.maketrans(
    {
        "\N{PRIME}": "'",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
        "\N{LEFT SINGLE QUOTATION MARK}": "'",
        "\N{DOUBLE PRIME}": '"',
        "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
        "\N{LEFT DOUBLE QUOTATION MARK}": '"',
        "\N{MINUS SIGN}": "-",
        "\N{EN DASH}": "-",
        "\N{MASCULINE ORDINAL INDICATOR}": "°",
        "\N{RING ABOVE}": "°",
    }
)
_LABELS = re.compile(r"\b(?:lat(?:itude)?|lon(?:g(?:itude)?)?|lng)\b[ :=]*", re.IGNORECASE)

DEGREE_M = 111_320.0


class Coordinates(NamedTuple):
    """Degrees as said, sound or not. `within_m` follows from how many decimals were given."""

    latitude: float
    longitude: float
    within_m: float
    sound: bool


def split_words(said: str) -> tuple[str, str]:
    """A three-word address in the text, in small letters, and what is said beside it; two empty strings where there is none."""
    found = _WORDS.search(said)
    if found is not None:
        rest = (said[: found.start()] + " " + said[found.end() :]).strip(" ,;()/")
        return found.group(1).lower(), rest
    bare = said.strip("/ ")
    return (bare.lower(), "") if _BARE_WORDS.fullmatch(bare) else ("", "")


def grid_reference(said: str) -> tuple[str, str] | None:
    """Letters and figures."""
    found = _GRID.fullmatch(said)
    if found is None:
        return None
    figures = re.split(r"[ ,/]+", found.group(2))
    if len(figures) == 2 and len(figures[0]) != len(figures[1]):
        return found.group(1), "".join(figures) + ("0" if sum(map(len, figures)) % 2 == 0 else "")  # an odd number, to be refused
    return found.group(1), "".join(figures)


def easting_northing(said: str) -> tuple[float, float] | None:
    """Metres."""
    found = _METRES.fullmatch(said)
    return None if found is None else (float(found.group(1)), float(found.group(2)))


def postcode(said: str) -> str | None:
    """As it is printed: `LA9 4PU`."""
    found = _POSTCODE.fullmatch(said)
    return None if found is None else f"{found.group(1)} {found.group(2)}".upper()


def _road(text: str) -> str:
    """`A1(M)`, `M6`."""
    road = text.upper().replace(" ", "")
    return f"{road[:-1]}(M)" if road[0] != "M" and road.endswith("M") and not road.endswith("(M)") else road


def marker_post(said: str) -> str | None:
    """`M6 172.4 A`: road, kilometres, and the carriageway's letter where it was said."""
    found = _POST.fullmatch(said)
    if found is None:
        return None
    road, side_before, whole, tenth, side_after = found.groups()
    side = (side_before or side_after or "").upper()
    return f"{_road(road)} {int(whole)}.{tenth} {side}".rstrip()


def junction(said: str) -> str | None:
    """`M6 J36`."""
    found = _JUNCTION.fullmatch(said)
    return None if found is None else f"{_road(found.group(1))} J{found.group(2).upper().lstrip('0')}"


def coordinates(said: str) -> Coordinates | None:
    """Latitude and longitude in decimals, minutes or seconds; the letters N, S, E, W may stand before or after, in either order."""
    text = " ".join(_LABELS.sub("", said.translate(_MARKS)).split())
    spaced = _SPACED.fullmatch(text)
    if spaced is not None:
        d1, m1, s1, end1, d2, m2, s2, end2 = spaced.groups()
        return _coordinates(_Angle("", d1, m1, s1, end1.upper()), _Angle("", d2, m2, s2, end2.upper()))
    found = _PAIR.fullmatch(text)
    if found is None:
        return None
    angles = []
    for side in "ab":
        before, after = found[f"{side}before"], found[f"{side}after"]
        if before and after:
            return None
        end = (before or after or "").upper()
        angles.append(_Angle(found[f"{side}sign"] or "", found[f"{side}deg"], found[f"{side}min"], found[f"{side}sec"], end))
    one, other = angles
    if one.end in {"E", "W"} or other.end in {"N", "S"}:
        one, other = other, one
    lettered = {one.end, other.end} - {""}
    if (lettered and ({one.end} - {"N", "S"} or {other.end} - {"E", "W"})) or not (lettered or one.exact or other.exact):
        return None  # `54 2` may be anything
    return _coordinates(one, other)


class _Angle(NamedTuple):
    sign: str
    degrees: str
    minutes: str | None
    seconds: str | None
    end: str

    @property
    def exact(self) -> bool:
        return "." in self.degrees or self.minutes is not None

    @property
    def value(self) -> float:
        size = float(self.degrees) + float(self.minutes or 0) / 60 + float(self.seconds or 0) / 3600
        return -size if self.sign == "-" or self.end in {"S", "W"} else size

    @property
    def sound(self) -> bool:
        parts_fit = float(self.minutes or 0) < 60 and float(self.seconds or 0) < 60
        return parts_fit and not (self.sign and self.end) and not ("." in self.degrees and self.minutes)

    @property
    def step(self) -> float:
        """The smallest difference, in degrees, that could have been said."""
        part, size = (self.seconds, 3600) if self.seconds else (self.minutes, 60) if self.minutes else (self.degrees, 1)
        return 10.0 ** -len(part.partition(".")[2]) / size


def _coordinates(one: _Angle, other: _Angle) -> Coordinates:
    latitude, longitude = one.value, other.value
    squeeze = math.cos(math.radians(min(abs(latitude), 90)))
    within = max(one.step, other.step * squeeze) / 2 * DEGREE_M * math.sqrt(2)
    sound = one.sound and other.sound and abs(latitude) <= 90 and abs(longitude) <= 180
    return Coordinates(latitude, longitude, round(max(within, 1.0), 1), sound)
