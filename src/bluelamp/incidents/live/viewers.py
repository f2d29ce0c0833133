"""Those who follow, and how they are found: by incident, by agency."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from bluelamp.incidents.live.cursors import Cursor
from bluelamp.incidents.live.frames import Frame, Window
from bluelamp.incidents.live.log import Wanted
from bluelamp.spine.http import Caller


class Sink(Protocol):
    """Where frames go: a WebSocket, or an answer of server-sent events."""

    @property
    def paused(self) -> bool:
        """Whether more is waiting already than should."""

    def send(self, frame: Frame) -> None:
        """At once, or never; never to be waited for."""

    def close(self, code: int, reason: str) -> None:
        """End it, with a WebSocket's close code."""

    def look(self, now_s: float) -> None:
        """Every few seconds: is anybody there?"""


class Credentials(NamedTuple):
    """What the device came with: who that is, is asked anew whenever it may have changed."""

    secret: str
    kind: str
    """`token` or `browser`."""


class Viewer:
    """One device. It has a place in the stream and no queue: what it cannot take waits in the log.

    `live`: its place is the stream's edge, and whatever comes is sent to it. Otherwise its place is `cursor`, and it catches up.
    """

    __slots__ = (
        "agency", "caller", "catching_up", "checked_at", "credentials", "cursor", "held", "incidents", "live", "lost", "mine", "mine_as",
        "mine_owed", "position_number", "sink", "slot", "unit", "watching", "window",
    )  # fmt: skip

    def __init__(self, caller: Caller, credentials: Credentials, sink: Sink, slot: int) -> None:
        self.caller = caller
        self.credentials = credentials
        self.checked_at = 0.0
        """When it was last asked who this is, by the event loop's clock."""
        self.watching: AbstractContextManager[None] | None = None
        self.sink = sink
        self.slot = slot
        self.incidents: frozenset[str] = frozenset()
        self.agency = False
        self.window: Window | None = None
        self.mine = False
        """Whether it is told of its own list (live/mine.py), under which agency and person, and what that person crews."""
        self.mine_as: tuple[str, str] | None = None
        self.mine_owed = False
        """Something of it could not be told: a bell is due."""
        self.unit = ""
        self.cursor = Cursor(0)
        self.live = False
        self.held = False
        """Something about the caller has changed: until that is looked at, nothing is sent."""
        self.lost = False
        self.catching_up: asyncio.Task[None] | None = None
        self.position_number = -1
        """The change of positions that it has, where it is not the one of its group; -1: that of the group."""

    @property
    def wanted(self) -> Wanted:
        return Wanted(self.incidents, self.caller.agency if self.agency else "")

    @property
    def takes(self) -> bool:
        """Whether something can be sent now."""
        return not (self.held or self.lost or self.sink.paused)


class Register:
    """Viewers by what they follow."""

    def __init__(self) -> None:
        self.all: set[Viewer] = set()
        self._by_incident: dict[str, set[Viewer]] = {}
        self._by_agency: dict[str, set[Viewer]] = {}

    def put(self, viewer: Viewer, incidents: frozenset[str], *, agency: bool) -> None:
        """The viewer follows these from now on, and nothing else."""
        self.take_off(viewer)
        viewer.incidents, viewer.agency = incidents, agency
        self.all.add(viewer)
        for incident in incidents:
            add_to(self._by_incident, incident, viewer)
        if agency:
            add_to(self._by_agency, viewer.caller.agency, viewer)

    def take_off(self, viewer: Viewer) -> None:
        if viewer not in self.all:
            return
        self.all.discard(viewer)
        for incident in viewer.incidents:
            discard_from(self._by_incident, incident, viewer)
        if viewer.agency:
            discard_from(self._by_agency, viewer.caller.agency, viewer)

    def following(self, incident: str, agencies: dict[str, tuple[str, ...]]) -> Iterator[Viewer]:
        """Each once: who follows the incident, and who follows all of one of the agencies."""
        direct = self._by_incident.get(incident, ())
        yield from tuple(direct)
        for agency in agencies:
            for viewer in tuple(self._by_agency.get(agency, ())):
                if viewer not in direct:
                    yield viewer


def add_to(where: dict[str, set[Viewer]], key: str, viewer: Viewer) -> None:
    where.setdefault(key, set()).add(viewer)


def discard_from(where: dict[str, set[Viewer]], key: str, viewer: Viewer) -> None:
    viewers = where.get(key)
    if viewers is not None:
        viewers.discard(viewer)
        if not viewers:
            del where[key]
