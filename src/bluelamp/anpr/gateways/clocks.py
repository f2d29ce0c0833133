"""What a camera's clock says, as milliseconds UTC. Owners configure what vendors leave unsaid; nothing is guessed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

from bluelamp.anpr.domain import DateOrder, SourceTerms
from bluelamp.anpr.gateways.items import BadItemError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NAIVE_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the same moment, for arithmetic on times already moved to UTC
MILLISECOND = timedelta(milliseconds=1)
MS_MAX = 1 << 43
"""The year 2248: beyond it a number is no time in milliseconds."""

_DATE = re.compile(r"\s*(\d{1,4})[/.\-](\d{1,2})[/.\-](\d{1,4})\s*", re.ASCII)
_TIME = re.compile(r"\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,:\-](\d{1,6})\d*)?)?\s*([AaPp][Mm])?\s*", re.ASCII)
_PACKED = re.compile(r"(\d{4})(\d{2})(\d{2})[ T_]?(\d{2})(\d{2})(\d{2})\.?(\d{3})?\s*([+-]\d{4})?", re.ASCII)


def ms_of(moment: datetime) -> int:
    """An aware datetime as milliseconds since the epoch, rounded down."""
    return (moment - EPOCH) // MILLISECOND


def local_ms(moment: datetime, zone: tzinfo) -> int:
    """A time without a zone, told by a clock that shows the time of `zone`.

    Raises:
        BadItemError: `ambiguous_time` where clocks go back and show the hour twice; `bad_time` where they skip it.
    """
    early = zone.utcoffset(moment) or timedelta()
    late = zone.utcoffset(moment.replace(fold=1)) or timedelta()
    if early > late:
        raise BadItemError(
            "ambiguous_time",
            f"{moment.isoformat(' ')} happens twice in {zone}: set the camera to UTC, or have it send the offset",
        )
    if early < late:
        raise BadItemError("bad_time", f"{moment.isoformat(' ')} does not exist in {zone}: check the source's timezone")
    return (moment - early - NAIVE_EPOCH) // MILLISECOND


def stated_ms(text: str, zone: tzinfo) -> int:
    """An ISO 8601 time; one without a zone is taken as local in `zone`.

    Raises:
        BadItemError: `bad_time`, `ambiguous_time`.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise BadItemError("bad_time", f"{text[:40]!r} is not a time such as 2026-03-02T10:17:18.252Z") from None
    try:
        return local_ms(moment, zone) if moment.tzinfo is None else ms_of(moment)
    except OverflowError:
        raise BadItemError("bad_time", f"{text[:40]!r} is outside the calendar") from None


def packed_ms(text: str, zone: tzinfo) -> int:
    """`20260302 101718252`, with or without milliseconds and an offset."""
    found = _PACKED.fullmatch(text.strip())
    if not found:
        raise BadItemError("bad_time", f"{text[:40]!r} is not a time such as 20260302 101718252")
    year, month, day, hour, minute, second, ms, offset = found.groups()
    return stated_ms(f"{year}-{month}-{day}T{hour}:{minute}:{second}.{ms or '000'}{offset or ''}", zone)


def epoch_ms(value: float | str) -> int:
    """Milliseconds since the epoch as a number or digits.

    Raises:
        BadItemError: `bad_time`.
    """
    try:
        ms = int(value)
    except (ValueError, OverflowError):
        raise BadItemError("bad_time", f"{str(value)[:40]!r} is not a number of milliseconds since 1970") from None
    if not 0 < ms < MS_MAX:
        raise BadItemError("bad_time", f"{ms} is not a time in milliseconds since 1970")
    return ms


def date_parts(text: str, terms: SourceTerms, usual: DateOrder) -> tuple[int, int, int]:
    """Year, month, day of a numeric date, in the order that the owner configured or, failing that, the vendor's usual one.

    Raises:
        BadItemError: `ambiguous_date` where the order is configured as unknown and matters; `bad_time` for no date.
    """
    found = _DATE.fullmatch(text)
    if not found:
        raise BadItemError("bad_time", f"{text[:40]!r} is not a date such as 03/14/2026 or 2026-03-14")
    a, b, c = found.groups()
    if len(a) == 4:
        return int(a), int(b), int(c)
    if len(c) != 4:
        raise BadItemError("bad_time", f"the date {text[:40]!r} has no year of four digits")
    order = terms.date_order or usual
    first, second = int(a), int(b)
    if order == "unknown" and first != second:
        if first <= 12 and second <= 12:
            raise BadItemError(
                "ambiguous_date",
                f"{text.strip()!r} may be day/month or month/day: set the source's date order to dmy or mdy, then replay",
            )
        order = "mdy" if second > 12 else "dmy"
    month, day = (second, first) if order == "dmy" else (first, second)
    return int(c), month, day


def written_time(date: str, time: str, terms: SourceTerms, usual: DateOrder) -> datetime:
    """A date and a time in two fields, as a datetime without zone.

    Raises:
        BadItemError: `bad_time`, `ambiguous_date`.
    """
    year, month, day = date_parts(date, terms, usual)
    found = _TIME.fullmatch(time)
    if not found:
        raise BadItemError("bad_time", f"{time[:40]!r} is not a time of day such as 20:29:26")
    hour, minute, second, fraction, half = found.groups()
    hours = int(hour)
    if half:
        hours = hours % 12 + (12 if half[0] in "Pp" else 0)
    micros = int((fraction or "0").ljust(6, "0"))
    try:
        return datetime(year, month, day, hours, int(minute), int(second or 0), micros)  # noqa: DTZ001 - local by nature
    except ValueError as error:
        text = f"{date.strip()} {time.strip()}"
        raise BadItemError("bad_time", f"{text} is not in the calendar ({error}): check the source's date order") from None
