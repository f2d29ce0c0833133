"""Markers that a device has added to a mission by name before it sent them: where they belong when they come."""

from __future__ import annotations

from collections import OrderedDict

from bluelamp.kit.clock import Clock

WAITS_MS = 10 * 60_000
EXPECTED_MAX = 10_000


class Expected:
    """One per process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: OrderedDict[tuple[str, str], tuple[str, int]] = OrderedDict()
        """Device and uid -> the incident, and until when."""

    def expect(self, device: str, uid: str, incident: str) -> None:
        self._waiting[device, uid] = (incident, self._clock() + WAITS_MS)
        self._waiting.move_to_end((device, uid))
        while len(self._waiting) > EXPECTED_MAX:
            self._waiting.popitem(last=False)

    def where(self, device: str, uid: str) -> str:
        """The incident that a marker which came now belongs to; empty: none was named. It stays said while it lasts, for moves."""
        incident, until = self._waiting.get((device, uid), ("", 0))
        return incident if until > self._clock() else ""
