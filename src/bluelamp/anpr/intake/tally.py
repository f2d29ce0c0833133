"""What came in from each camera, counted in memory and handed on every few seconds: the raw matter of camera health and audit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from .repeats import Keys

LATE_MS = 10 * 60_000
"""A read this old on arrival is listed, not alerted, and counts as late."""

BACKFILL_MS = 6 * 3_600_000
"""A read this old was sent on purpose (a history moved in, a store card emptied): it says nothing about the camera's line."""


@dataclass(slots=True)
class CameraTally:
    """One camera since the last hand-over."""

    reads: int = 0
    unplated: int = 0
    late: int = 0
    lag_ms_sum: int = 0
    lag_ms_min: int | None = None
    """Of received minus captured: batching and networks add to it, so its least is the camera's clock."""
    last_received_at: int = 0


@dataclass(slots=True)
class SourceTally:
    """One source since the last hand-over."""

    accepted: int = 0
    duplicates: int = 0
    amended: int = 0
    unplated: int = 0
    rejected: int = 0


class Tally:
    """Counts; `take` gives them away and begins again."""

    def __init__(self) -> None:
        self._cameras: dict[int, CameraTally] = {}
        self._sources: dict[int, SourceTally] = {}
        self._events: dict[int, list[Keys]] = {}

    def camera(self, number: int) -> CameraTally:
        found = self._cameras.get(number)
        if found is None:
            found = self._cameras[number] = CameraTally()
        return found

    def source(self, number: int) -> SourceTally:
        return self._sources.setdefault(number, SourceTally())

    def reads(self, pairs: Iterable[tuple[int, int]], now: int) -> None:
        """Pairs of camera and lag in milliseconds."""
        for number, lag in pairs:
            camera = self.camera(number)
            camera.reads += 1
            camera.lag_ms_sum += lag
            if camera.lag_ms_min is None or lag < camera.lag_ms_min:
                camera.lag_ms_min = lag
            camera.last_received_at = now
            if LATE_MS < lag < BACKFILL_MS:
                camera.late += 1

    def events(self, source: int, keys: list[Keys]) -> None:
        """Event keys of what a source sent that was new."""
        if keys:
            self._events.setdefault(source, []).append(np.concatenate(keys) if len(keys) > 1 else keys[0])

    def take_events(self) -> dict[int, list[Keys]]:
        """The event keys by source since the last call."""
        taken, self._events = self._events, {}
        return taken

    def alive(self, numbers: Iterable[int], now: int) -> None:
        """Cameras that were heard, whatever they said."""
        for number in numbers:
            self.camera(number).last_received_at = now

    def unplated(self, number: int, now: int) -> None:
        camera = self.camera(number)
        camera.unplated += 1
        camera.last_received_at = now

    def take(self) -> tuple[dict[int, CameraTally], dict[int, SourceTally]]:
        """The counts by camera and by source since the last call."""
        taken = self._cameras, self._sources
        self._cameras, self._sources = {}, {}
        return taken

    def put_back(self, cameras: dict[int, CameraTally], sources: dict[int, SourceTally]) -> None:
        """Undo a `take` whose counts could not be stored."""
        for number, taken in cameras.items():
            camera = self.camera(number)
            camera.reads += taken.reads
            camera.unplated += taken.unplated
            camera.late += taken.late
            camera.lag_ms_sum += taken.lag_ms_sum
            lags = [lag for lag in (camera.lag_ms_min, taken.lag_ms_min) if lag is not None]
            camera.lag_ms_min = min(lags, default=None)
            camera.last_received_at = max(camera.last_received_at, taken.last_received_at)
        for number, counts in sources.items():
            source = self.source(number)
            source.accepted += counts.accepted
            source.duplicates += counts.duplicates
            source.amended += counts.amended
            source.unplated += counts.unplated
            source.rejected += counts.rejected
