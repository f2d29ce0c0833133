"""One Cursor on Target event, whichever form it came in, and times as it writes them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from xml.etree.ElementTree import Element

from bluelamp.incidents.gateways.cot.wire.errors import EventError

UNKNOWN_M = 9_999_999.0
"""How the format says that a height or an error is not known."""
MS_MAX = 253_370_764_800_000
"""The year 9999, epoch milliseconds: times lie before it."""
TEXT_LENGTH_MAX = 256
"""Longest uid, type or `how`: real ones are under 100."""


@dataclass(slots=True)
class CotEvent:
    """Times are epoch milliseconds by the sender's clock, angles degrees (WGS 84), heights and errors metres."""

    uid: str
    type: str
    how: str
    time: int
    start: int
    stale: int
    latitude: float = 0.0
    longitude: float = 0.0
    hae: float = UNKNOWN_M
    ce: float = UNKNOWN_M
    le: float = UNKNOWN_M
    detail: Element = field(default_factory=lambda: Element("detail"))
    access: str = ""
    qos: str = ""
    opex: str = ""
    raw: bytes = b""
    """The event as it came, where that was XML and still says the same."""

    def check(self) -> CotEvent:
        """The same event.

        Raises:
            EventError: what no client could show.
        """
        if not self.uid or not self.type:
            raise EventError("an event needs a uid and a type")
        if max(len(self.uid), len(self.type), len(self.how)) > TEXT_LENGTH_MAX:
            raise EventError(f"uid, type and how have at most {TEXT_LENGTH_MAX} characters")
        if not (-90 <= self.latitude <= 90 and -180 <= self.longitude <= 180):
            raise EventError("the point is not on the earth: lat -90 to 90, lon -180 to 180")
        if not (math.isfinite(self.hae) and math.isfinite(self.ce) and math.isfinite(self.le)):
            raise EventError("hae, ce and le are numbers")
        return self

    @property
    def call_sign(self) -> str:
        contact = self.detail.find("contact")
        return "" if contact is None else contact.get("callsign", "")[:TEXT_LENGTH_MAX]

    def moved_by(self, ms: int) -> None:
        """Correct all times by a clock's error, as far as they stay times that can be written."""
        self.time, self.start, self.stale = (min(max(at + ms, 0), MS_MAX - 1) for at in (self.time, self.start, self.stale))
        self.raw = b""


def parse_time(text: str) -> int:
    """Epoch milliseconds of an ISO 8601 time; without a zone it is UTC.

    Raises:
        EventError: not a time between the years 1970 and 9998.
    """
    try:
        moment = datetime.fromisoformat(text)
        ms = round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise EventError("time, start and stale are ISO 8601 times") from None
    if not 0 <= ms < MS_MAX:
        raise EventError("time, start and stale lie between the years 1970 and 9998")
    return ms


def format_time(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"
