"""Who a device's person is, asked anew when that may have changed: a leaver's stream ends at once, and a change of role counts at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from bluelamp.incidents.live import frames
from bluelamp.incidents.live.viewers import Viewer
from bluelamp.spine.errors import EngineDownError
from bluelamp.spine.http import Caller
from bluelamp.spine.identity.access import STREAM_FOLLOW
from bluelamp.spine.identity.identify import Identifier
from bluelamp.spine.sockets import SIGNED_OUT, TRY_AGAIN

log = logging.getLogger(__name__)

AT_ONCE = 6
"""Questions to the records at a time: where all sessions are in doubt, the rest of the platform still gets its turn."""


class Reviews:
    """One per process. `hold` stops what is told to a viewer; `settle` gets who its person is now, and lets it go on."""

    def __init__(self, identify: Identifier, hold: Callable[[Viewer], None], settle: Callable[[Viewer, Caller], None]) -> None:
        self._identify = identify
        self._hold = hold
        self._settle = settle
        self._due: dict[Viewer, None] = {}
        self._workers: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)

    def watch(self, viewer: Viewer) -> None:
        """From here on whatever changes about the person is heard of."""
        viewer.watching = self._identify.watch(viewer.caller.id, lambda: self.doubt(viewer))
        viewer.watching.__enter__()
        viewer.checked_at = asyncio.get_running_loop().time()

    def unwatch(self, viewer: Viewer) -> None:
        self._due.pop(viewer, None)
        if viewer.watching is not None:
            viewer.watching.__exit__(None, None, None)
            viewer.watching = None

    def doubt(self, viewer: Viewer) -> None:
        """Something about the person has changed: nothing more is told before it is known what."""
        if not viewer.lost:
            self._hold(viewer)
            self.ask(viewer)

    def ask(self, viewer: Viewer) -> None:
        """Ask when there is time; what is told meanwhile is told."""
        self._due[viewer] = None
        if len(self._workers) < AT_ONCE:
            worker = asyncio.create_task(self._work(), name="live-reviews")
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)

    async def _work(self) -> None:
        while self._due:
            viewer = next(iter(self._due))
            del self._due[viewer]
            if not viewer.lost:
                await self._review(viewer)

    async def _review(self, viewer: Viewer) -> None:
        try:
            found = await self._identify.of_secret(*viewer.credentials)
        except Exception as error:
            # Whatever it is, the line must not stay open with nothing told on it, nor with what may not be told.
            log.warning("a live stream was ended: %s", error, exc_info=not isinstance(error, EngineDownError))
            viewer.sink.close(TRY_AGAIN, "nobody can say who may see what: come back with the cursor")
            return
        if viewer.lost or viewer in self._due:
            return  # gone, or it has changed again meanwhile
        viewer.checked_at = asyncio.get_running_loop().time()
        before = viewer.caller
        if found is None or found.locked or found.id != before.id or not found.may(STREAM_FOLLOW):
            viewer.sink.send(frames.signed_out())
            viewer.sink.close(SIGNED_OUT, "signed out")
            return
        caller = found._replace(place=before.place, device=before.device)
        if viewer.held or caller != before:
            self._settle(viewer, caller)
