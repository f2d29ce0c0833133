"""The last position of every resource, in memory: what maps, nearest-resource lists and devices are shown from.

One per process, fed from the stream. A viewer keeps the number of the last change that it has and asks for what changed since:
it gets each resource once, however often it moved, so a slow viewer costs nobody anything and never sees old news.
"""

from __future__ import annotations

from array import array

import msgspec
import numpy as np

from bluelamp.incidents.positions.domain import Position


class _Known(msgspec.Struct, gc=False):
    number: int
    slot: int
    position: Position


class PositionBook:
    """Not safe for threads: it belongs to the event loop."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}
        """In order of last change: a changed resource is taken out and put in again at the end."""
        self._number = 0
        self._latitudes = array("d")
        self._longitudes = array("d")
        self._by_slot: list[Position | None] = []
        self._free: list[int] = []
        self._words: dict[str, str] = {}
        """One copy of each agency, kind and source: 300,000 decoded positions would otherwise each bring their own."""

    def __len__(self) -> int:
        """How many resources have a position; those that left do not count."""
        return len(self._by_slot) - len(self._free)

    @property
    def number(self) -> int:
        """Number of the newest change: where a viewer begins who wants only what is still to come."""
        return self._number

    def update(self, position: Position) -> bool:
        """Take in a position; False where what is known is as new or newer by the device's time, and nothing changed."""
        known = self._known.get(position.resource)
        if known is not None and (position.at, position.received_at) <= (known.position.at, known.position.received_at):
            return False
        self._number += 1
        position = self._shared(position, known)
        slot = self._place(position, -1 if known is None else known.slot)
        if known is None:
            known = _Known(self._number, slot, position)
        else:
            del self._known[position.resource]
            known.number, known.slot, known.position = self._number, slot, position
        self._known[position.resource] = known
        return True

    def latest(self, resource: str) -> Position | None:
        """The last position; None where none is known or the resource left."""
        known = self._known.get(resource)
        return None if known is None or known.position.gone else known.position

    def last_word(self, resource: str) -> Position | None:
        """The same, with the word that it left (`gone`): for whoever judges what comes in."""
        known = self._known.get(resource)
        return None if known is None else known.position

    def changed_since(self, number: int) -> tuple[list[Position], int]:
        """Every resource that changed after change `number` (0: all), once, with its newest position, in order of change.

        Among them are those that left (`gone`), so that a screen can take them off. The second part is the number to ask with next.
        The cost is that of the changes since, not of all resources.
        """
        newer: list[Position] = []
        for known in reversed(self._known.values()):
            if known.number <= number:
                break
            newer.append(known.position)
        newer.reverse()
        return newer, self._number

    def within(self, west: float, south: float, east: float, north: float) -> list[Position]:
        """Positions in a box of degrees, edges included. `west` greater than `east` reaches across the 180th meridian."""
        latitudes, longitudes = np.frombuffer(self._latitudes), np.frombuffer(self._longitudes)
        inside = (latitudes >= south) & (latitudes <= north)
        if west <= east:
            inside &= (longitudes >= west) & (longitudes <= east)
        else:
            inside &= (longitudes >= west) | (longitudes <= east)
        found = (self._by_slot[slot] for slot in np.flatnonzero(inside).tolist())
        return [position for position in found if position is not None]

    def forget_before(self, ms: int) -> int:
        """Let go of every resource whose last word is about a time before `ms`; how many. Viewers see them go as stale long before."""
        old = [resource for resource, known in self._known.items() if known.position.at < ms]
        for resource in old:
            known = self._known.pop(resource)
            self._release(known.slot)
        return len(old)

    def _shared(self, position: Position, known: _Known | None) -> Position:
        """The position with the strings that the book already holds."""
        before = known.position if known is not None else position
        words = self._words
        return Position(
            before.resource,
            position.at,
            position.latitude,
            position.longitude,
            words.setdefault(position.agency, position.agency),
            position.received_at,
            words.setdefault(position.kind, position.kind),
            before.call_sign if before.call_sign == position.call_sign else position.call_sign,
            words.setdefault(position.source, position.source),
            position.covert,
            position.gone,
            position.accuracy_m,
            position.speed_mps,
            position.course_deg,
            position.altitude_m,
            position.clock_off_ms,
        )

    def _place(self, position: Position, slot: int) -> int:
        """Write it where `within` looks; returns the slot, -1 for a resource that left."""
        if position.gone:
            self._release(slot)
            return -1
        if slot < 0:
            slot = self._free.pop() if self._free else len(self._by_slot)
            if slot == len(self._by_slot):
                self._by_slot.append(None)
                self._latitudes.append(0.0)
                self._longitudes.append(0.0)
        self._by_slot[slot] = position
        self._latitudes[slot] = position.latitude
        self._longitudes[slot] = position.longitude
        return slot

    def _release(self, slot: int) -> None:
        if slot >= 0:
            self._by_slot[slot] = None
            self._latitudes[slot] = np.nan
            self._longitudes[slot] = np.nan
            self._free.append(slot)
