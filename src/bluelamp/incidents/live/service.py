"""The live stream of one process: who follows what, heartbeats, rounds of positions, and what devices say."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Any

from prometheus_client import Gauge
from starlette.types import Receive, Scope, Send

from bluelamp.incidents.live import door, frames
from bluelamp.incidents.live.book import RecordsOfSpine
from bluelamp.incidents.live.cursors import Cursor, parse
from bluelamp.incidents.live.frames import Follow, OwnPosition
from bluelamp.incidents.live.hub import Hub
from bluelamp.incidents.live.looks import Look, Looks
from bluelamp.incidents.live.mine import Mine, rows_of
from bluelamp.incidents.live.own_positions import OwnPositions
from bluelamp.incidents.live.reviews import Reviews
from bluelamp.incidents.live.rounds import SLOTS, Rounds
from bluelamp.incidents.live.viewers import Credentials, Sink, Viewer
from bluelamp.incidents.positions.routes import SERVICE as POSITIONS
from bluelamp.incidents.positions.service import PositionService
from bluelamp.incidents.tables import INCIDENTS_STREAM, RECEIPTS_SUBJECT
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine
from bluelamp.spine.seats import Seats
from bluelamp.spine.sockets import TRY_AGAIN
from bluelamp.spine.steady import start_steadily

log = logging.getLogger(__name__)

TICK_S = 0.05
HEARTBEAT_S = 5.0
HEARTBEAT_SLOTS = round(HEARTBEAT_S / TICK_S)
RECHECK_S = 60.0
"""How often it is asked who somebody is though nothing was heard of a change. It also notes that the session is used."""
AFTER_END_S = 0.05
STREAMS_MAX = 16_000
BEHIND_MAX = 200_000
"""Events that a device may be behind; one that was away for longer loads anew what it shows."""
LAG_S_MAX = 2.0
"""How long a cursor from another process may be ahead of this one."""
FORGET_S = 60
ASKED_AT_ONCE = 6
"""Questions to the records of those who open or follow."""

VIEWERS = Gauge("bluelamp_live_viewers", "Devices and screens that follow incidents.")


class LiveService:
    """`per_process["incidents-live"]`, and the ASGI application that opens its WebSockets."""

    def __init__(self, spine: Spine) -> None:
        self.spine = spine
        self.hub = Hub(spine.bus, INCIDENTS_STREAM, RecordsOfSpine(spine))
        self.rounds = Rounds(self.hub.book, self.hub.book.sees)
        self.mine = Mine(self.hub.book, rows_of(spine.db))
        self.hub.book.on_reassigned = self._reassigned
        self.hub.on_event = self.mine.happened
        self.seats = Seats(STREAMS_MAX)
        self.turns = asyncio.Semaphore(ASKED_AT_ONCE)
        """Who comes waits here, however many come at once, and not in the records' own queue, which gives up after seconds."""
        self.own_positions = OwnPositions()
        self._looks = Looks(spine.db)
        self._reviews: Reviews | None = None
        self._slots: list[set[Viewer]] = [set() for _ in range(HEARTBEAT_SLOTS)]
        self._opened = 0
        self._ticking: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, _receive: Receive, _send: Send) -> None:
        await door.open_socket(self, scope)

    async def start(self) -> None:
        await self.hub.start()
        await self.spine.bus.overhear(RECEIPTS_SUBJECT, self.hub.pass_on)
        self._ticking = start_steadily("live-ticks", self._tick)

    async def close(self) -> None:
        if self._ticking is not None:
            self._ticking.cancel()
            with suppress(asyncio.CancelledError):
                await self._ticking
        for viewer in [viewer for slot in self._slots for viewer in slot]:
            viewer.sink.close(TRY_AGAIN, "the platform ends")
        if self._reviews is not None:
            await self._reviews.close()
        await self.mine.close()
        await self.own_positions.close()
        await self.hub.close()

    def bind(self, state: Any) -> None:
        """Take what the process keeps beside this, which is there once the first request is."""
        if self._reviews is None:
            self._reviews = Reviews(state.identify, self._hold, self._settle)
            positions: PositionService = state.per_process[POSITIONS]
            self.rounds.positions = positions.book
            self.own_positions.door = positions.door
            self.mine.attach(positions.door.carriers)

    def _reassigned(self, resource: str) -> None:
        self.rounds.reassigned(resource)
        self.mine.unit_changed(resource)

    # Viewers come, follow and go

    def open(self, caller: Caller, credentials: Credentials, sink: Sink) -> Viewer:
        """Somebody has come, and follows nothing yet. `bind` came before."""
        self._opened += 1
        viewer = Viewer(caller, credentials, sink, self._opened % HEARTBEAT_SLOTS)
        viewer.cursor = self.hub.place
        self._slots[viewer.slot].add(viewer)
        assert self._reviews is not None  # noqa: S101 - see `bind`
        self._reviews.watch(viewer)
        self._mind_the_end(viewer)
        VIEWERS.inc()
        return viewer

    def leave(self, viewer: Viewer) -> None:
        if viewer.lost:
            return
        viewer.lost = True
        self.hub.register.take_off(viewer)
        self.rounds.take_off(viewer)
        self.mine.take_off(viewer)
        self._slots[viewer.slot].discard(viewer)
        if self._reviews is not None:
            self._reviews.unwatch(viewer)
        VIEWERS.dec()

    async def follow(self, viewer: Viewer, wanted: Follow) -> None:
        """From here on the viewer follows this and nothing else; the look is on record before anything is shown.

        Raises:
            EngineDownError: it is not known who may see what.
        """
        asked = list(dict.fromkeys(wanted.incidents))
        async with self.turns:
            for incident in asked:
                await self.hub.book.look_up(incident)
        if asked or wanted.agency or wanted.window or (wanted.mine and not viewer.mine):
            detail = {"agency": wanted.agency, "window": wanted.window, "mine": wanted.mine}
            await self._looks.record(Look(viewer.caller.actor, tuple(asked), detail))
        place = await self._place(wanted.since) if wanted.since is not None else None
        if viewer.lost:
            return
        seen = [incident for incident in asked if self.hub.sees(viewer, incident)]
        if place is not None:
            self.hub.leave_edge(viewer)
            viewer.cursor = place
        elif viewer not in self.hub.register.all or wanted.since is not None:
            self.hub.leave_edge(viewer)
            viewer.cursor = Cursor(self.hub.place.number)
        self.hub.register.put(viewer, frozenset(seen), agency=wanted.agency)
        viewer.window = wanted.window
        viewer.mine = wanted.mine
        self.mine.put(viewer)
        resumed = wanted.since is None or place is not None
        cursor = self.hub.place if viewer.live else viewer.cursor
        viewer.sink.send(frames.ready(cursor.text, self.spine.clock(), seen, resumed=resumed))
        for incident in asked:
            if incident not in seen:
                viewer.sink.send(frames.removed(incident))
        self.rounds.put(viewer)
        self.hub.catch_up(viewer)

    async def _place(self, since: str) -> Cursor | None:
        """The cursor, where this stream gave it out and goes back to it; None: the device loads anew what it shows."""
        cursor, stream = parse(since), self.hub.log
        if cursor is None:
            return None
        furthest = max(cursor.number, *cursor.ahead) if cursor.ahead else cursor.number
        if furthest > stream.newest:
            if furthest > await self.spine.bus.last_sequence(INCIDENTS_STREAM):
                return None
            with suppress(TimeoutError):  # another process, which is a little ahead, gave it out
                async with asyncio.timeout(LAG_S_MAX):
                    while furthest > stream.newest:  # noqa: ASYNC110 - seldom, and for a moment
                        await asyncio.sleep(0.02)
        if cursor.number < stream.newest - BEHIND_MAX:
            return None
        if cursor.number + 1 < stream.kept_from and cursor.number + 1 < await stream.oldest():
            return None
        return cursor if furthest <= stream.newest else None

    # What may have changed about a caller

    def doubt(self, viewer: Viewer) -> None:
        assert self._reviews is not None  # noqa: S101 - see `bind`
        self._reviews.doubt(viewer)

    def _hold(self, viewer: Viewer) -> None:
        self.hub.leave_edge(viewer)
        viewer.held = True

    def _settle(self, viewer: Viewer, caller: Caller) -> None:
        self._hold(viewer)
        followed, agency = viewer.incidents, viewer.agency
        followed_anything = viewer in self.hub.register.all
        self.hub.register.take_off(viewer)
        if (caller.agency, caller.roles) != (viewer.caller.agency, viewer.caller.roles):
            viewer.mine_owed |= viewer.mine  # another list
        viewer.caller = caller
        if followed_anything:
            seen = frozenset(incident for incident in followed if self.hub.sees(viewer, incident))
            for incident in followed - seen:
                viewer.sink.send(frames.removed(incident))
            self.hub.register.put(viewer, seen, agency=agency)
            self.rounds.put(viewer)
        viewer.held = False
        self.mine.put(viewer)
        self._mind_the_end(viewer)
        if followed_anything:
            self.hub.catch_up(viewer)

    def _mind_the_end(self, viewer: Viewer) -> None:
        """Ask again when the session or the post ends by its date, if that is before the next look."""
        left_s = (viewer.caller.until_ms - self.spine.clock()) / 1000
        if left_s <= RECHECK_S + 2 * HEARTBEAT_S:
            asyncio.get_running_loop().call_later(max(left_s, 0) + AFTER_END_S, self.doubt, viewer)

    # What the clock brings

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        count, due = 0, loop.time()
        while True:
            due = max(due + TICK_S, loop.time() - 10 * TICK_S)
            await asyncio.sleep(due - loop.time())
            count += 1
            try:
                self.rounds.listen()
                self.rounds.turn(count % SLOTS)
                self._beat(self._slots[count % HEARTBEAT_SLOTS], loop.time())
                if count % round(FORGET_S / TICK_S) == 0:
                    self.rounds.forget()
            except Exception:
                log.exception("a round of the live stream failed; the next one comes")

    def _beat(self, viewers: set[Viewer], now_s: float) -> None:
        now = self.spine.clock()
        up_to_date, behind = frames.heartbeat(now, self.hub.place.text), frames.heartbeat(now)
        for viewer in tuple(viewers):
            viewer.sink.look(now_s)
            if viewer.takes:
                viewer.sink.send(up_to_date if viewer.live else behind)
            self.mine.pay(viewer)
            if not viewer.lost and now_s - viewer.checked_at > RECHECK_S and self._reviews is not None:
                viewer.checked_at = now_s
                self._mind_the_end(viewer)
                self._reviews.ask(viewer)

    # What devices say

    def own_position(self, viewer: Viewer, position: OwnPosition) -> None:
        self.own_positions.take(viewer, position)
