"""NMEA 0183: the sentences of a satellite receiver that say where it is (RMC, GGA), from any constellation. Pure.

Source: NMEA 0183 as receivers' manuals give it: `$` talker, sentence, fields by commas, `*` and the exclusive-or of the bytes between.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import NamedTuple

from bluelamp.incidents.positions.reports import Report

LINE_MAX = 120
"""The standard says 82; some receivers write more."""
KNOT_MPS = 0.514444
HDOP_M = 5.0
"""Metres of error per unit of HDOP: what a plain receiver has in the open."""


class NmeaError(ValueError):
    """A sentence that cannot be used; the message says why."""


class Sentence(NamedTuple):
    """Checked; `talker` such as GP or GN, `kind` such as RMC."""

    talker: str
    kind: str
    fields: list[str]


class _Fix(NamedTuple):
    at: int
    latitude: float
    longitude: float
    accuracy_m: float | None = None
    speed_mps: float | None = None
    course_deg: float | None = None
    altitude_m: float | None = None


def parse_sentence(line: str) -> Sentence:
    """Raises `NmeaError`: no sentence, or one that was damaged on its way."""
    line = line.strip()
    if not line.startswith("$") or len(line) > LINE_MAX or not line.isascii():
        raise NmeaError("not a sentence")
    body, star, check = line[1:].rpartition("*")
    if not star:
        raise NmeaError("the checksum is missing")
    try:
        given = int(check, 16)
    except ValueError:
        raise NmeaError("the checksum is no number") from None
    if reduce(lambda total, letter: total ^ ord(letter), body, 0) != given or len(check) != 2:
        raise NmeaError("the checksum does not fit: the sentence was damaged")
    name, *fields = body.split(",")
    if len(name) != 5 or name.startswith("P"):
        raise NmeaError(f"{name[:8]!r} is no sentence of a position")
    return Sentence(name[:2], name[2:], fields)


def read_reports(text: str, now: int) -> tuple[list[Report], list[str]]:
    """Positions in lines of NMEA, and what is wrong with the lines that give none. Sentences of one moment become one position.

    `now` (epoch milliseconds) gives the date to sentences that have only a time. Sentences of other kinds are passed over.
    """
    fixes: dict[int, _Fix] = {}
    faults: list[str] = []
    for line in text.splitlines():
        if not line.strip():
            continue
        try:
            sentence = parse_sentence(line)
            fix = _READERS[sentence.kind](sentence.fields, now) if sentence.kind in _READERS else None
        except (NmeaError, ValueError, IndexError) as error:
            faults.append(str(error) if isinstance(error, NmeaError) else "a field is not what it should be")
            continue
        if fix is not None:
            known = fixes.get(fix.at)
            fixes[fix.at] = fix if known is None else _both(known, fix)
    return [Report(*fix) for fix in fixes.values()], faults


def _both(one: _Fix, other: _Fix) -> _Fix:
    """RMC knows speed and course, GGA height and how good the fix is."""
    return _Fix(one.at, one.latitude, one.longitude, *(a if a is not None else b for a, b in zip(one[3:], other[3:], strict=True)))


def _degrees(value: str, end: str, whole: int) -> float:
    """`5419.6800` and `N`: two (or three) digits of degrees, then minutes."""
    degrees, minutes = float(value[:whole]), float(value[whole:])
    if end not in {"N", "S", "E", "W"} or not 0 <= minutes < 60:
        raise NmeaError("a latitude or longitude is not one")
    size = degrees + minutes / 60
    return -size if end in {"S", "W"} else size


def _time(text: str) -> timedelta:
    if len(text) < 6:
        raise NmeaError("a time is missing")
    return timedelta(hours=int(text[:2]), minutes=int(text[2:4]), seconds=float(text[4:]))


def _optional(text: str) -> float | None:
    return float(text) if text else None


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _rmc(fields: list[str], _now: int) -> _Fix | None:
    if fields[1] != "A":
        raise NmeaError("the receiver has no fix")
    day = datetime.strptime(fields[8], "%d%m%y").replace(tzinfo=UTC)
    knots = _optional(fields[6])
    return _Fix(
        _ms(day + _time(fields[0])),
        _degrees(fields[2], fields[3], 2),
        _degrees(fields[4], fields[5], 3),
        speed_mps=None if knots is None else round(knots * KNOT_MPS, 3),
        course_deg=_optional(fields[7]),
    )


def _gga(fields: list[str], now: int) -> _Fix | None:
    if fields[5] in {"", "0"}:
        raise NmeaError("the receiver has no fix")
    today = datetime.fromtimestamp(now / 1000, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    at = today + _time(fields[0])
    # A time of day without a date: of yesterday, today and tomorrow the nearest to now.
    nearest = min((at + timedelta(days=days) for days in (-1, 0, 1)), key=lambda moment: abs(_ms(moment) - now))
    hdop = _optional(fields[7])
    return _Fix(
        _ms(nearest),
        _degrees(fields[1], fields[2], 2),
        _degrees(fields[3], fields[4], 3),
        accuracy_m=None if hdop is None else round(hdop * HDOP_M, 1),
        altitude_m=_optional(fields[8]),
    )


_READERS = {"RMC": _rmc, "GGA": _gga}
