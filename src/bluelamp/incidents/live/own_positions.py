"""Where a device says that it is, handed to what keeps positions. One at a time for each device, and of those that wait the newest."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from bluelamp.incidents.live import frames
from bluelamp.incidents.live.frames import OwnPosition
from bluelamp.incidents.live.viewers import Viewer
from bluelamp.incidents.positions.access import POSITIONS_REPORT
from bluelamp.incidents.positions.door import PositionDoor
from bluelamp.incidents.positions.reports import Report
from bluelamp.kit.clock import from_rfc3339
from bluelamp.spine.errors import BluelampError

log = logging.getLogger(__name__)

SOURCE = "phone"


class OwnPositions:
    """One per process."""

    def __init__(self) -> None:
        self.door: PositionDoor | None = None
        self._waiting: dict[Viewer, OwnPosition] = {}
        self._tasks: dict[Viewer, asyncio.Task[Any]] = {}

    async def close(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def take(self, viewer: Viewer, position: OwnPosition) -> None:
        self._waiting[viewer] = position
        if viewer not in self._tasks:
            self._tasks[viewer] = asyncio.create_task(self._work(viewer))

    async def _work(self, viewer: Viewer) -> None:
        try:
            while (position := self._waiting.pop(viewer, None)) is not None:
                said = await self._hand_on(viewer, position)
                if said is not None and viewer.takes:
                    viewer.sink.send(said)
        finally:
            self._waiting.pop(viewer, None)
            del self._tasks[viewer]

    async def _hand_on(self, viewer: Viewer, position: OwnPosition) -> frames.Frame | None:
        """What there is to say about it; None: it was taken."""
        if self.door is None or not viewer.caller.may(POSITIONS_REPORT):
            return frames.untracked()
        try:
            sent_at = from_rfc3339(position.sent_at) if position.sent_at else None
            report = Report(
                from_rfc3339(position.at), position.latitude, position.longitude, position.accuracy_m, position.speed_mps,
                position.course_deg, position.altitude_m,
            )  # fmt: skip
        except ValueError:
            return frames.refused("invalid", "a time of the position is not RFC 3339 with a zone")
        caller = viewer.caller
        try:
            account = await self.door.of_person(caller.id, caller.agency, [report], source=SOURCE, sent_at=sent_at, wait=False)
        except BluelampError as error:
            return frames.refused(error.code, error.message)
        if not account.tracked:
            return frames.untracked()
        if account.rejected:
            return frames.refused(account.rejected[0].code, account.rejected[0].message)
        return None
