"""What a device in a vehicle sends: NMEA sentences, or JSON of one position or several. Pure."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from bluelamp.incidents.positions.reports import Report
from bluelamp.incidents.positions.vehicles import nmea
from bluelamp.kit.clock import from_rfc3339

PAYLOAD_BYTES_MAX = 65_536
POSITIONS_MAX = 500


class Told(msgspec.Struct, frozen=True, forbid_unknown_fields=False):
    """One position in JSON. `at` is RFC 3339, or epoch milliseconds."""

    at: str | int
    latitude: float
    longitude: float
    accuracy_m: float | None = None
    speed_mps: float | None = None
    course_deg: float | None = None
    altitude_m: float | None = None


class Batch(msgspec.Struct, frozen=True):
    positions: list[Told]
    sent_at: str | int | None = None


class Payload(NamedTuple):
    """What was read of a message, and what is wrong with the rest."""

    reports: list[Report]
    sent_at: int | None
    faults: list[str]


def read_payload(data: bytes, now: int) -> Payload:
    """Never raises: a device that sends garbage is counted, not obeyed."""
    if len(data) > PAYLOAD_BYTES_MAX:
        return Payload([], None, ["too large"])
    start = data.lstrip()[:1]
    if start == b"$":
        reports, faults = nmea.read_reports(data.decode("ascii", errors="replace"), now)
        return Payload(reports[:POSITIONS_MAX], None, faults)
    try:
        told = msgspec.json.decode(data, type=list[Told]) if start == b"[" else _object(data)
        batch = told if isinstance(told, Batch) else Batch(told if isinstance(told, list) else [told])
        reports = [
            Report(_ms(one.at), one.latitude, one.longitude, one.accuracy_m, one.speed_mps, one.course_deg, one.altitude_m)
            for one in batch.positions[:POSITIONS_MAX]
        ]
        return Payload(reports, None if batch.sent_at is None else _ms(batch.sent_at), [])
    except (msgspec.DecodeError, ValueError) as error:
        return Payload([], None, [f"neither NMEA nor positions in JSON: {error}"])


def _object(data: bytes) -> Told | Batch:
    try:
        return msgspec.json.decode(data, type=Told)
    except msgspec.ValidationError:
        return msgspec.json.decode(data, type=Batch)


def _ms(at: str | int) -> int:
    return at if isinstance(at, int) else from_rfc3339(at)
