"""Events of incidents to whoever follows and may see them: encoded once, written to each who is up to date; the others catch up by cursor.

Emergencies go first: before whatever came in with them, before what a device still has to catch up with, before positions.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable

import msgspec
from prometheus_client import Counter

from bluelamp.incidents.access import INCIDENTS_VIEW
from bluelamp.incidents.live import frames
from bluelamp.incidents.live.book import Book, Records
from bluelamp.incidents.live.cursors import Cursor
from bluelamp.incidents.live.happenings import Happening
from bluelamp.incidents.live.log import EventLog
from bluelamp.incidents.live.viewers import Register, Viewer
from bluelamp.spine.bus import Bus
from bluelamp.spine.errors import EngineDownError
from bluelamp.spine.sockets import TRY_AGAIN

log = logging.getLogger(__name__)

ROUND_EVENTS = 64
ROUND_BYTES = 128 << 10
"""What is told in one go; between two, what was written sets out and slow readers are noticed."""
URGENT_KEPT = 64
"""Latest emergencies, which go first to whoever is behind."""
WHO_SEES = frozenset({"agency.joined", "agency.left", "lead.passed"})

EVENTS = Counter("bluelamp_live_events_total", "Events of incidents told to viewers, by way.", ("way",))
_DIRECT, _CAUGHT_UP, _AHEAD = (EVENTS.labels(way) for way in ("direct", "catching_up", "ahead"))


class _Receipt(msgspec.Struct, frozen=True):
    incident: str


_receipt = msgspec.json.Decoder(_Receipt).decode


class Hub:
    """One per process."""

    def __init__(self, bus: Bus, stream: str, records: Records) -> None:
        self.book = Book(records)
        self.log = EventLog(bus, stream)
        self.register = Register()
        self.place = Cursor(0)
        """What everybody has who is up to date."""
        self._coming: deque[Happening] = deque()
        self._urgent_coming: deque[Happening] = deque()
        self._urgent: deque[Happening] = deque(maxlen=URGENT_KEPT)
        self._due: asyncio.Handle | None = None
        self._started = False
        self.on_event: Callable[[Happening], None] = _nobody
        """Told of each event as it comes in, when the book knows it."""

    async def start(self) -> None:
        """Raises `EngineDownError`."""
        await self.book.load()
        await self.log.start(self._take)
        self.place = Cursor(self.log.newest)
        self._started = True

    async def close(self) -> None:
        await self.log.close()
        tasks = [viewer.catching_up for viewer in self.register.all if viewer.catching_up is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # What comes in

    def _take(self, happening: Happening | None) -> None:
        if happening is not None:
            self.book.apply(happening)
            if happening.urgent:
                self._urgent.append(happening)
            if self._started:
                self.on_event(happening)
                self._coming.append(happening)
                if happening.urgent:
                    self._urgent_coming.append(happening)
        if self._started and self._due is None:
            # After all that came in with it, so that an emergency among them goes first.
            self._due = asyncio.get_running_loop().call_soon(self._tell)

    def _tell(self) -> None:
        """Tell some of what came in: emergencies first, with cursors that say so, then in order."""
        self._due = None
        while self._urgent_coming:
            happening = self._urgent_coming.popleft()
            if happening is not self._coming[0] and not self.place.has(happening.number):
                before, ahead = self.place, self.place.overtaken_by(happening.number)
                if ahead is not None:
                    self.place = ahead
                    self._spread(happening, before)
        told = size = 0
        while self._coming and told < ROUND_EVENTS and size < ROUND_BYTES:
            happening = self._coming.popleft()
            before, self.place = self.place, self.place.reached(happening.number)
            if not before.has(happening.number):
                self._spread(happening, before)
                told, size = told + 1, size + len(happening.shown)
            if happening.kind in WHO_SEES:
                self._take_away(happening)
        if self._coming:
            self._due = asyncio.get_running_loop().call_soon(self._tell)
        else:
            self.place = self.place.reached(self.log.newest)

    def _spread(self, happening: Happening, before: Cursor) -> None:
        """To everybody who follows it and may see it. `before` is what those who are up to date had before it."""
        frame, told = None, 0
        for viewer in self.register.following(happening.incident, happening.agencies):
            if not self._may_see(viewer, happening):
                continue
            if viewer.live:
                if viewer.takes:
                    frame = frame or frames.event(self.place.text, happening.shown)
                    viewer.sink.send(frame)
                    told += 1
                    continue
                self.leave_edge(viewer, before)
            if happening.urgent and not viewer.held:
                self._send_ahead(viewer, happening)
        _DIRECT.inc(told)

    def _may_see(self, viewer: Viewer, happening: Happening) -> bool:
        """Decided at the moment of sending: it was told to them then, and they see the incident now."""
        caller = viewer.caller
        if viewer.lost or not caller.may(INCIDENTS_VIEW) or not happening.told_to(caller.agency, caller.roles):
            return False
        return not happening.incident or self.book.sees(happening.incident, caller.agency, caller.roles)

    def sees(self, viewer: Viewer, incident: str) -> bool:
        caller = viewer.caller
        return caller.may(INCIDENTS_VIEW) and self.book.sees(incident, caller.agency, caller.roles)

    def _take_away(self, happening: Happening) -> None:
        """An agency was put out, or fewer of its roles see the incident."""
        for viewer in self.register.following(happening.incident, happening.agencies):
            if not viewer.held and not self.sees(viewer, happening.incident):
                viewer.sink.send(frames.removed(happening.incident, self.place.text if viewer.live else ""))
                if happening.incident in viewer.incidents:
                    self.register.put(viewer, viewer.incidents - {happening.incident}, agency=viewer.agency)

    def pass_on(self, payload: bytes) -> None:
        """A receipt of chat: to those who follow the incident at this moment, or to nobody."""
        try:
            incident = _receipt(payload).incident
        except msgspec.MsgspecError:
            log.warning("a whispered receipt is none; passed over")
            return
        frame = frames.passing("receipt", payload)
        for viewer in self.register.following(incident, {}):
            if viewer.live and viewer.takes and self.sees(viewer, incident):
                viewer.sink.send(frame)

    # Who is behind

    def leave_edge(self, viewer: Viewer, place: Cursor | None = None) -> None:
        """From here on the viewer has a place of its own."""
        if viewer.live:
            viewer.live = False
            viewer.cursor = place or self.place

    def catch_up(self, viewer: Viewer) -> None:
        """Bring a viewer to the edge, if it is not there and takes anything."""
        if not viewer.live and viewer.takes and viewer.catching_up is None:
            viewer.catching_up = asyncio.create_task(self._catch_up(viewer))

    async def _catch_up(self, viewer: Viewer) -> None:
        try:
            for happening in list(self._urgent):
                if self.place.has(happening.number) and self._is_wanted(viewer, happening):
                    self._send_ahead(viewer, happening)
            while viewer.takes and not viewer.live:
                at_edge = viewer.cursor.number >= self.place.number
                if at_edge and not viewer.cursor.ahead and not self.place.ahead:
                    viewer.live = True
                elif at_edge:
                    await asyncio.sleep(0)  # what went ahead is about to be reached
                elif not await self._send_some(viewer):
                    return
        except Exception:
            log.exception("a device could not be brought up to date, it comes back with its cursor")
            viewer.sink.close(TRY_AGAIN, "it failed here: come back with the cursor")
        finally:
            viewer.catching_up = None

    async def _send_some(self, viewer: Viewer) -> bool:
        """Some of what it wants after its cursor, which then says how far it came; False: it cannot go on."""
        place, wanted = viewer.cursor.number, viewer.wanted
        try:
            events, reached = await self.log.after(place, self.place.number, wanted)
        except EngineDownError as error:
            log.warning("a device could not be brought up to date: %s %r", error, error.__cause__)
            viewer.sink.close(TRY_AGAIN, "the event log does not answer: come back with the cursor")
            return False
        if viewer.wanted != wanted or viewer.cursor.number != place:
            return True  # it follows something else by now
        size = 0
        for happening in events:
            if not viewer.takes:
                return True
            if size > ROUND_BYTES:
                await asyncio.sleep(0)
                return True
            has, viewer.cursor = viewer.cursor.has(happening.number), viewer.cursor.reached(happening.number)
            if not has and self._may_see(viewer, happening):
                viewer.sink.send(frames.event(viewer.cursor.text, happening.shown))
                size += len(happening.shown)
                _CAUGHT_UP.inc()
        viewer.cursor = viewer.cursor.reached(reached)
        await asyncio.sleep(0)
        return True

    def _is_wanted(self, viewer: Viewer, happening: Happening) -> bool:
        return (happening.incident in viewer.incidents or viewer.agency) and self._may_see(viewer, happening)

    def _send_ahead(self, viewer: Viewer, happening: Happening) -> None:
        """An emergency goes first, even to a slow reader: few are allowed ahead, so what waits stays bounded."""
        ahead = None if viewer.cursor.has(happening.number) else viewer.cursor.overtaken_by(happening.number)
        if ahead is not None:
            viewer.cursor = ahead
            viewer.sink.send(frames.event(ahead.text, happening.shown))
            _AHEAD.inc()


def _nobody(_happening: Happening) -> None:
    pass
