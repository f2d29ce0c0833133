"""The nation's pulse: about once a second, how many reads were stored and at which cameras. No plate is in it.

Nothing depends on it and nothing keeps it: it is whispered to whoever watches the map at that moment.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bluelamp.spine.bus import Bus

SUBJECT = "anpr.pulse"
BEAT_S = 1.0
CAMERAS_MAX = 200
"""Cameras named in one pulse, drawn by lot from those that saw a vehicle: as many points as a map can show at once."""


class ReadsPulse(msgspec.Struct, frozen=True):
    """Reads stored by one worker in the last `seconds`. `cameras` is a sample of [id, reads], `cameras_seen` how many there were."""

    seconds: float
    reads: int
    cameras_seen: int
    cameras: list[tuple[str, int]]


class Pulse:
    """Counts by whole columns: 40,000 reads take about a millisecond."""

    def __init__(self) -> None:
        self._seen: list[npt.NDArray[Any]] = []
        self._since = time.monotonic()
        self._lot = np.random.default_rng()

    def count(self, reads: pa.Table) -> None:
        """Take note of these reads; an amendment is no new read."""
        first = reads.column("version").to_numpy() == 0
        self._seen.append(reads.column("camera").to_numpy()[first])

    def take(self) -> ReadsPulse | None:
        """What was counted since the last time; None where that is nothing."""
        now = time.monotonic()
        seconds, self._since = now - self._since, now
        seen, self._seen = self._seen, []
        if not sum(map(len, seen)):
            return None
        cameras, counts = np.unique(np.concatenate(seen), return_counts=True)
        drawn = np.arange(len(cameras))
        if len(cameras) > CAMERAS_MAX:
            drawn = self._lot.choice(len(cameras), CAMERAS_MAX, replace=False)
        sample = [(str(cameras[at]), int(counts[at])) for at in drawn]
        return ReadsPulse(round(seconds, 3), int(counts.sum()), len(cameras), sample)

    async def beat(self, bus: Bus) -> None:
        """Whisper for ever."""
        while True:
            await asyncio.sleep(BEAT_S)
            pulse = self.take()
            if pulse is not None:
                await bus.whisper(SUBJECT, msgspec.json.encode(pulse))
