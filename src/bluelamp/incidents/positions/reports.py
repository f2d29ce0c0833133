"""What a device says about where it is, and what becomes of it: judged one by one, as data. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from bluelamp.incidents.positions.clocks import JITTER_MS
from bluelamp.incidents.positions.domain import Position

PHONE = "phone"
"""Source of positions that a person's own device tells."""


class Report(NamedTuple):
    """One position as a device gives it; `at` by its own clock, epoch milliseconds."""

    at: int
    latitude: float
    longitude: float
    accuracy_m: float | None = None
    speed_mps: float | None = None
    course_deg: float | None = None
    altitude_m: float | None = None


class Carrier(NamedTuple):
    """The resource that a position is of, as far as positions need to know it."""

    resource: str
    agency: str
    call_sign: str
    kind: str
    covert: bool
    on_duty: bool
    crewed: bool = True
    """Whether anybody crews it now."""
    since: int = 0
    """From when on, epoch milliseconds, this person or device speaks for it: what it saw before is not the resource's."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One report that was not taken. `index` is its place in the request."""

    index: int
    code: str
    message: str


class Account(NamedTuple):
    """What became of the reports of one request; all of them are in one of the counts."""

    tracked: bool
    """False: off duty, or crewing nothing. Nothing was taken or kept; stop sending until that changes."""
    accepted: int
    late: int
    """Of those accepted, how many are older than what is known: they went to the history and moved nothing on the map."""
    repeated: int
    clock_off_ms: int
    rejected: list[Refusal]


class Limits(NamedTuple):
    """Milliseconds."""

    late_ms: int


def untracked() -> Account:
    """The answer to somebody who is off duty."""
    return Account(tracked=False, accepted=0, late=0, repeated=0, clock_off_ms=0, rejected=[])


def judge(
    reports: list[Report], carrier: Carrier, source: str, off_ms: int, now: int, known: Position | None, limits: Limits
) -> tuple[list[Position], Account]:
    """Which reports become positions of `carrier`. `known` is the last word about it; `off_ms` by how much the device's clock is ahead.

    The positions come in the order of their time, so that the newest is the last word.
    """
    taken: dict[int, Position] = {}
    rejected: list[Refusal] = []
    repeated = late = 0
    for index, report in enumerate(reports):
        at = report.at - off_ms
        refused = _refusal(index, report, at, now, carrier, limits)
        if refused is not None:
            rejected.append(refused)
            continue
        at = min(at, now)
        if at in taken or (known is not None and at == known.at and not known.gone):
            repeated += 1
            continue
        late += known is not None and at < known.at
        taken[at] = Position(
            carrier.resource,
            at,
            round(report.latitude, 7),
            round(report.longitude, 7),
            carrier.agency,
            now,
            carrier.kind,
            carrier.call_sign,
            source,
            carrier.covert,
            accuracy_m=report.accuracy_m,
            speed_mps=report.speed_mps,
            course_deg=report.course_deg,
            altitude_m=report.altitude_m,
            clock_off_ms=off_ms,
        )
    positions = [taken[at] for at in sorted(taken)]
    return positions, Account(True, len(positions), late, repeated, off_ms, rejected)


def _refusal(index: int, report: Report, at: int, now: int, carrier: Carrier, limits: Limits) -> Refusal | None:
    if fault := _fault(report):
        return Refusal(index, *fault)
    if at > now + JITTER_MS:
        return Refusal(index, "ahead_of_time", "this time is after the request was sent: set the device's clock")
    if at < now - limits.late_ms:
        return Refusal(index, "too_old", f"positions are taken up to {limits.late_ms // 3_600_000} hours back")
    if at < carrier.since:
        return Refusal(index, "before_duty", "this was before you crewed this resource: it is not tracked")
    return None


def _fault(report: Report) -> tuple[str, str] | None:
    """What makes it no position at all, as code and message."""
    numbers = (report.latitude, report.longitude, report.accuracy_m, report.speed_mps, report.course_deg, report.altitude_m)
    if not all(number is None or math.isfinite(number) for number in numbers):
        return "no_number", "a member is not a finite number"
    if not (-90 <= report.latitude <= 90 and -180 <= report.longitude <= 180):
        return "no_place", "latitude reaches from -90 to 90, longitude from -180 to 180"
    if report.latitude == 0 and report.longitude == 0:
        return "no_fix", "a receiver without a fix says 0, 0: that is no position"
    return None


def departure(known: Position, now: int) -> Position:
    """The word that a resource left: it went off duty, or its crew did."""
    at = max(now, known.at) + 1  # after whatever was taken in this very millisecond
    return Position(
        known.resource, at, known.latitude, known.longitude, known.agency, at, known.kind, known.call_sign, known.source, known.covert,
        gone=True,
    )  # fmt: skip


def has_left(known: Position, carrier: Carrier | None) -> bool:
    """Whether a resource that is shown is to be shown no longer.

    Where a person's own phone told, it is that person's place: it goes when they book off, though the resource stays on duty.
    """
    if carrier is None or not carrier.on_duty:
        return True
    return known.source == PHONE and not carrier.crewed


def restated(known: Position, carrier: Carrier, now: int) -> Position | None:
    """The same position told anew where what viewers go by has changed; None where nothing has."""
    if (known.covert, known.call_sign, known.kind, known.agency) == (carrier.covert, carrier.call_sign, carrier.kind, carrier.agency):
        return None
    changed = {"covert": carrier.covert, "call_sign": carrier.call_sign, "kind": carrier.kind, "agency": carrier.agency}
    return replaced(known, received_at=max(now, known.received_at + 1), **changed)


def replaced(position: Position, **changed: object) -> Position:
    """The position with some of its members changed."""
    values = {name: getattr(position, name) for name in position.__struct_fields__} | changed
    return Position(**values)


def is_stale(position: Position, now: int, stale_ms: dict[str, int]) -> bool:
    """Whether a position is too old to be relied on; `stale_ms` by kind, with `default`."""
    return now - position.at > stale_ms.get(position.kind, stale_ms["default"])
