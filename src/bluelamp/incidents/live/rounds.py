"""Positions to those who follow: the newest of each resource, at most one frame a second, the same bytes for all who follow the same.

Nothing waits for anybody. A viewer has the number of the last change that it was told of; one that could not be told is told
later what is newest then.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

import msgspec
from prometheus_client import Counter

from bluelamp.incidents.access import RESOURCES_DISPATCH
from bluelamp.incidents.live import frames
from bluelamp.incidents.live.book import Book
from bluelamp.incidents.live.frames import Frame, Window
from bluelamp.incidents.live.viewers import Viewer
from bluelamp.incidents.positions.access import POSITIONS_VIEW
from bluelamp.incidents.positions.domain import Position, may_see
from bluelamp.kit.clock import to_rfc3339

SLOTS = 20
"""Parts of a second: the groups take turns, so that no moment is busy for all of them."""
ITEMS_MAX = 1_000
"""Positions of a frame; more are told in several."""

TOLD = Counter("bluelamp_live_positions_total", "Positions told to viewers.")
SUPERSEDED = Counter("bluelamp_live_rounds_missed_total", "Rounds of positions that a slow viewer missed: it gets the newest later.")


class Positions(Protocol):
    """What is known of where resources are (positions/book.py)."""

    @property
    def number(self) -> int: ...

    def changed_since(self, number: int) -> tuple[list[Position], int]: ...

    def latest(self, resource: str) -> Position | None: ...


class _Shown(msgspec.Struct, frozen=True, omit_defaults=True):
    resource: str
    call_sign: str
    kind: str
    agency: str
    latitude: float
    longitude: float
    at: str
    source: str
    incident: str = ""
    accuracy_m: float | None = None
    speed_mps: float | None = None
    course_deg: float | None = None
    altitude_m: float | None = None


_encode = msgspec.json.Encoder().encode


class Change(NamedTuple):
    """A resource whose position, or whose incident, has changed. `number` counts changes of either kind."""

    number: int
    position: Position
    incident: str
    shown: bytes
    gone: bytes
    hidden: bool
    """It became covert just now: who may not see it any more is told that it is gone."""


class Scope(NamedTuple):
    """What a viewer follows, as whom: those with the same are told the same."""

    incidents: frozenset[str]
    agency_wide: bool
    window: Window | None
    agency: str
    roles: frozenset[str]
    controls: bool

    @classmethod
    def of(cls, viewer: Viewer) -> Scope | None:
        """None: positions are not for this caller, or none are followed."""
        caller = viewer.caller
        if not (viewer.incidents or viewer.agency or viewer.window):
            return None
        if not caller.may(POSITIONS_VIEW):
            return None
        return cls(viewer.incidents, viewer.agency, viewer.window, caller.agency, caller.roles, caller.may(RESOURCES_DISPATCH))


class _Group:
    def __init__(self, scope: Scope, slot: int, number: int) -> None:
        self.scope = scope
        self.slot = slot
        self.number = number
        self.viewers: set[Viewer] = set()
        self.shown: set[str] = set()
        """Resources on these screens for their place or agency: what leaves the window, or the agency's sight, is told once more."""


class Rounds:
    """One per process. `turn` is called for each slot in turn, twenty times a second."""

    def __init__(self, book: Book, may_follow: Callable[[str, str, frozenset[str]], bool]) -> None:
        self._book = book
        self._sees = may_follow
        self.positions: Positions | None = None
        """Nothing is told before it is known where resources are."""
        self._heard = 0
        """Change of `positions` up to which all is noted."""
        self._number = 0
        self._latest: dict[str, Change] = {}
        """By resource, in the order of last change."""
        self._by_incident: dict[str, dict[str, Change]] = {}
        self._groups: dict[Scope, _Group] = {}
        self._of: dict[Viewer, _Group] = {}
        self._next_slot = 0

    # What changes

    def listen(self) -> None:
        """Note what moved since the last time."""
        if self.positions is None:
            return
        changed, self._heard = self.positions.changed_since(self._heard)
        for position in changed:
            self._note(position)

    def reassigned(self, resource: str) -> None:
        """It is on another incident, or on none: who follows that sees it come or go without its moving."""
        known = self._latest.get(resource)
        if known is not None:
            self._note(known.position)

    def _note(self, position: Position) -> None:
        resource, before = position.resource, self._latest.pop(position.resource, None)
        incident = self._book.incident_of.get(resource, "")
        if before is not None and before.incident != incident:
            there = self._by_incident.get(before.incident, {})
            there.pop(resource, None)
            if not there:
                self._by_incident.pop(before.incident, None)
        self._number += 1
        gone = b'{"resource":%b,"gone":true}' % _encode(resource)
        hidden = position.covert and before is not None and not before.position.covert
        change = Change(self._number, position, incident, gone if position.gone else _encode(_shown(position, incident)), gone, hidden)
        self._latest[resource] = change
        if incident:
            self._by_incident.setdefault(incident, {})[resource] = change

    # Who follows

    def put(self, viewer: Viewer) -> None:
        """The viewer follows what it says now; it gets all of that in its next round."""
        self.take_off(viewer)
        scope = Scope.of(viewer)
        if scope is None:
            return
        group = self._groups.get(scope)
        if group is None:
            self._next_slot = (self._next_slot + 1) % SLOTS
            group = self._groups[scope] = _Group(scope, self._next_slot, self._number)
        group.viewers.add(viewer)
        self._of[viewer] = group
        viewer.position_number = 0

    def take_off(self, viewer: Viewer) -> None:
        group = self._of.pop(viewer, None)
        if group is not None:
            group.viewers.discard(viewer)
            if not group.viewers:
                del self._groups[group.scope]

    # The round

    def turn(self, slot: int) -> None:
        """Tell the groups of this slot what is new to them."""
        for group in [g for g in self._groups.values() if g.slot == slot]:
            self._tell(group)

    def _tell(self, group: _Group) -> None:
        new = self._frames(group, group.number, group.shown)
        late: dict[int, list[Frame]] = {}
        for viewer in group.viewers:
            if not viewer.takes:
                if viewer.position_number < 0 and new:
                    viewer.position_number = group.number
                    SUPERSEDED.inc()
                continue
            number, viewer.position_number = viewer.position_number, -1
            if number >= 0 and number not in late:
                late[number] = self._frames(group, number, None)
            for frame in new if number < 0 else late[number]:
                viewer.sink.send(frame)
        group.number = self._number

    def _frames(self, group: _Group, number: int, shown: set[str] | None) -> list[Frame]:
        """`shown` None: for one who missed some rounds, of whom it is not known what is on the screen."""
        if number >= self._number:
            return []
        items = self._items(group.scope, number, shown)
        if number == 0:
            group.shown.update(self._in_sight(group.scope))
        TOLD.inc(len(items))
        return [frames.positions(items[at : at + ITEMS_MAX]) for at in range(0, len(items), ITEMS_MAX)]

    def _items(self, scope: Scope, number: int, shown: set[str] | None) -> list[bytes]:
        """What changed after `number` and is for these viewers. Who begins (0) is not told of what is gone."""
        found: dict[str, bytes] = {}
        for incident in scope.incidents:
            if self._sees(incident, scope.agency, scope.roles):
                changes = self._by_incident.get(incident, {})
                found.update((r, _item(scope, c, begins=number == 0)) for r, c in changes.items() if c.number > number)
        if scope.agency_wide or scope.window is not None:
            for resource in reversed(self._latest):
                change = self._latest[resource]
                if change.number <= number:
                    break
                if resource not in found:
                    found[resource] = self._wide_item(scope, change, number, shown)
        return [item for item in found.values() if item]

    def _wide_item(self, scope: Scope, change: Change, number: int, shown: set[str] | None) -> bytes:
        resource = change.position.resource
        if not self._is_theirs(scope, change):
            left = shown is None or resource in shown
            if shown is not None:
                shown.discard(resource)
            return change.gone if left and number else b""
        inside = scope.agency_wide or (scope.window is not None and _inside(scope.window, change.position))
        if not inside and number and shown is not None:
            if resource not in shown:
                return b""
            shown.discard(resource)
        elif not inside and not number:
            return b""
        elif shown is not None:
            shown.add(resource)
        return _item(scope, change, begins=number == 0)

    def _in_sight(self, scope: Scope) -> list[str]:
        if not (scope.agency_wide or scope.window is not None):
            return []
        inside = (c for c in self._latest.values() if scope.agency_wide or (scope.window and _inside(scope.window, c.position)))
        return [c.position.resource for c in inside if self._is_theirs(scope, c)]

    def _is_theirs(self, scope: Scope, change: Change) -> bool:
        """Of their own agency, or on an incident that they see."""
        if change.position.agency == scope.agency:
            return True
        return bool(change.incident) and self._sees(change.incident, scope.agency, scope.roles)

    def forget(self) -> None:
        """Let go of what is gone and told, and of what nobody knows any more."""
        told = min((group.number for group in self._groups.values()), default=self._number)
        for resource, change in list(self._latest.items()):
            known = self.positions is not None and self.positions.latest(resource) is not None
            if not known and change.number <= told:
                del self._latest[resource]
                there = self._by_incident.get(change.incident, {})
                there.pop(resource, None)
                if not there:
                    self._by_incident.pop(change.incident, None)


def _item(scope: Scope, change: Change, *, begins: bool) -> bytes:
    """Empty: nothing to tell."""
    if change.position.gone:
        return b"" if begins or (change.position.covert and not may_see(change.position, scope.agency, scope.controls)) else change.gone
    if may_see(change.position, scope.agency, scope.controls):
        return change.shown
    return change.gone if change.hidden and not begins else b""


def _inside(window: Window, position: Position) -> bool:
    west, south, east, north = window
    if not south <= position.latitude <= north:
        return False
    return west <= position.longitude <= east if west <= east else not east < position.longitude < west


def _shown(position: Position, incident: str) -> _Shown:
    return _Shown(
        position.resource,
        position.call_sign,
        position.kind,
        position.agency,
        position.latitude,
        position.longitude,
        to_rfc3339(position.at),
        position.source,
        incident,
        position.accuracy_m,
        position.speed_mps,
        position.course_deg,
        position.altitude_m,
    )
