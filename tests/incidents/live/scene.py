"""People, devices and events for tests of the live stream: real NATS, records and screens of our own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import msgspec

from bluelamp.incidents.access import INCIDENTS_VIEW
from bluelamp.incidents.live.book import Known, Standing
from bluelamp.incidents.live.cursors import Cursor
from bluelamp.incidents.live.frames import Frame
from bluelamp.incidents.live.hub import Hub
from bluelamp.incidents.live.viewers import Credentials, Viewer
from bluelamp.incidents.positions.access import POSITIONS_VIEW
from bluelamp.spine.bus import Bus
from bluelamp.spine.http import Caller
from bluelamp.spine.identity.access import STREAM_FOLLOW

PERMISSIONS = frozenset({STREAM_FOLLOW, INCIDENTS_VIEW, POSITIONS_VIEW})


def caller(agency: str = "KEN", roles: str = "officer", permissions: frozenset[str] = PERMISSIONS, person: str = "p") -> Caller:
    return Caller(person, person, person.title(), agency, frozenset(roles.split()), permissions, until_ms=1 << 52)


class Screen:
    """A sink that remembers. `room` bytes fit before it is paused."""

    def __init__(self, room: int = 1 << 30) -> None:
        self.frames: list[Frame] = []
        self.room = room
        self.closed: tuple[int, str] | None = None

    @property
    def paused(self) -> bool:
        return self.room <= 0

    def send(self, frame: Frame) -> None:
        assert self.closed is None
        self.frames.append(frame)
        self.room -= len(frame.text)

    def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)

    def look(self, now_s: float) -> None:
        pass

    @property
    def told(self) -> list[dict[str, Any]]:
        return [json.loads(frame.text) for frame in self.frames]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [told for told in self.told if told["type"] == kind]

    @property
    def events(self) -> list[str]:
        """Ids of the events, in the order in which they came."""
        return [told["event"]["id"] for told in self.of("event")]

    @property
    def cursor(self) -> str:
        """As a device keeps it."""
        return next((told["cursor"] for told in reversed(self.told) if "cursor" in told), "")


class Memory:
    """Records that a test writes itself."""

    def __init__(self) -> None:
        self.incidents: dict[str, Known] = {}
        self.assigned: dict[str, tuple[str, str]] = {}

    async def standing(self) -> Standing:
        return Standing(dict(self.incidents), dict(self.assigned))

    async def incident(self, incident: str) -> Known | None:
        return self.incidents.get(incident)


class Scene:
    """A hub on a stream of its own, and what publishes on it."""

    def __init__(self, bus: Bus, stream: str, root: str) -> None:
        self.bus = bus
        self.root = root
        self.stream = stream
        self.records = Memory()
        self.hub = Hub(bus, stream, self.records)
        self.members: dict[str, dict[str, tuple[str, ...]]] = {}
        self.sequences: dict[str, int] = {}
        self.published: list[tuple[int, str, str]] = []
        """(number, incident, id) of each event."""

    def envelope(self, incident: str, kind: str, data: dict[str, Any] | None = None, **named: Any) -> dict[str, Any]:
        sequence = self.sequences[incident] = self.sequences.get(incident, 0) + 1
        agencies = dict(self.members.setdefault(incident, {"KEN": ()}))
        if kind == "agency.joined":
            self.members[incident][data["agency"]] = tuple(data.get("roles", ()))  # type: ignore[index]
            agencies |= self.members[incident]
        elif kind == "agency.left":
            self.members[incident].pop(data["agency"])  # type: ignore[index]
        told = {
            "incident": incident, "sequence": sequence, "id": f"{incident}e{sequence}", "kind": kind, "at": 1_700_000_000_000 + sequence,
            "happened_at": 1_700_000_000_000, "person": "p", "name": "Pat", "agency": "KEN", "call_sign": "K1", "audience": (),
            "agencies": agencies, "data": data or {},
        }  # fmt: skip
        return told | named

    async def publish(self, incident: str, kind: str = "log.written", data: dict[str, Any] | None = None, **named: Any) -> str:
        told = self.envelope(incident, kind, data, **named)
        number = await self.bus.publish(f"{self.root}.events.{incident or 'none'}", msgspec.json.encode(told))
        self.published.append((number, incident, told["id"]))
        return str(told["id"])

    async def told(self) -> None:
        """Until this process has told all that was published."""
        last = await self.bus.last_sequence(self.stream)
        await until(lambda: self.hub.place.number >= last and not self.hub.place.ahead)

    def follow(
        self, *incidents: str, since: str = "", agency: bool = False, screen: Screen | None = None, by: Caller | None = None
    ) -> tuple[Viewer, Screen]:
        """As the service does it, without its door."""
        screen = screen or Screen()
        viewer = Viewer(by or caller(), Credentials("", "token"), screen, 0)
        number, _, ahead = (since or str(self.hub.place.number)).partition("+")
        viewer.cursor = Cursor(int(number), tuple(int(n) for n in ahead.split(".") if n))
        self.hub.register.put(viewer, frozenset(incidents), agency=agency)
        self.hub.catch_up(viewer)
        return viewer, screen

    def leave(self, viewer: Viewer) -> None:
        viewer.lost = True
        self.hub.register.take_off(viewer)


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.005)
