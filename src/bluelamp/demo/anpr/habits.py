"""What is wrong with each camera: dirty lenses, clocks that are off or drift, days out of order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bluelamp.demo.world.chance import Bools, Floats, Ints, stream

_AHEAD_CAMERAS = 4
"""Cameras whose clock is so far ahead that the platform must refuse their reads: something for the rejects view."""


@dataclass(frozen=True, slots=True)
class Habits:
    """Parallel columns, one camera a row."""

    seen_share: Floats
    """Share of passing vehicles that it sees at all."""
    misread_share: Floats
    unread_share: Floats
    """Share of seen vehicles of which it reads no plate."""
    clock_offset_s: Floats
    clock_drift_s_per_day: Floats
    """Its clock is set right every thirty days."""
    fault_every_days: Floats
    fault_days: Floats
    fault_phase: Floats

    def works_at(self, camera: Ints, moment_s: Floats) -> Bools:
        """Whether each camera works at each moment."""
        into = (moment_s / 86400.0 + self.fault_phase[camera]) % self.fault_every_days[camera]
        return np.asarray(into >= self.fault_days[camera], dtype=np.bool_)

    def clock_s(self, camera: Ints, moment_s: Floats) -> Floats:
        """What each camera's own clock shows at each true moment."""
        since_set = (moment_s / 86400.0 + self.fault_phase[camera]) % 30.0
        return moment_s + self.clock_offset_s[camera] + self.clock_drift_s_per_day[camera] * since_set


def draw_habits(seed: int, count: int) -> Habits:
    """Most are good; one in thirty has a dirty lens, one in fifty a clock that is off, one in twenty-five goes down now and then."""
    rng = stream(seed, "habits")
    dirty = rng.random(count) < 0.033
    off = rng.random(count) < 0.02
    offset = np.where(off, rng.uniform(-200.0, 200.0, count), rng.normal(0.0, 0.3, count))
    offset[rng.choice(count, min(_AHEAD_CAMERAS, count), replace=False)] = 420.0
    faulty = rng.random(count) < 0.04
    return Habits(
        seen_share=np.where(dirty, rng.uniform(0.55, 0.85, count), rng.uniform(0.90, 0.99, count)),
        misread_share=np.where(dirty, rng.uniform(0.08, 0.20, count), rng.uniform(0.006, 0.022, count)),
        unread_share=np.where(dirty, rng.uniform(0.05, 0.15, count), rng.uniform(0.001, 0.008, count)),
        clock_offset_s=offset,
        clock_drift_s_per_day=np.where(rng.random(count) < 0.03, rng.uniform(-2.5, 2.5, count), 0.0),
        fault_every_days=np.where(faulty, rng.uniform(4.0, 25.0, count), 30.0),
        fault_days=np.where(faulty, rng.uniform(0.1, 1.6, count), 0.0),
        fault_phase=rng.uniform(0.0, 30.0, count),
    )
