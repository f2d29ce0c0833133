"""Passages become reads: which camera of a gate sees the vehicle, what it reads, how sure it is, and what its clock says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bluelamp.demo.anpr.cameras import Gates
from bluelamp.demo.anpr.habits import Habits
from bluelamp.demo.anpr.misreads import seen_as
from bluelamp.demo.anpr.passages import Passages
from bluelamp.demo.world.chance import Bools, Floats, Ints
from bluelamp.demo.world.marks import WIDTH, Marks
from bluelamp.demo.world.vehicles import Vehicles


@dataclass(frozen=True, slots=True)
class Reads:
    """Reads, one a row."""

    camera: Ints
    vehicle: Ints
    vrm: Marks
    """What was read, `S8`; empty when no plate was."""
    moment_s: Floats
    """True time, seconds since 1970 UTC."""
    captured_ms: Ints
    """What the camera's clock said, milliseconds since 1970 UTC."""
    confidence: Floats

    def __len__(self) -> int:
        return len(self.camera)

    def chosen(self, which: Bools | Ints) -> Reads:
        return Reads(*(getattr(self, name)[which] for name in Reads.__slots__))


def reads_of(passages: Passages, gates: Gates, habits: Habits, vehicles: Vehicles, rng: np.random.Generator) -> Reads:
    """What the cameras make of passages, in order of true time."""
    lane = (rng.random(len(passages)) * gates.lanes[passages.gate]).astype(np.int64)
    camera = gates.first_camera[passages.gate] + lane
    seen = (rng.random(len(passages)) < habits.seen_share[camera]) & habits.works_at(camera, passages.moment_s)
    rows = np.flatnonzero(seen)
    rows = rows[np.argsort(passages.moment_s[rows], kind="stable")]
    camera, vehicle, moment = camera[rows], passages.vehicle[rows], passages.moment_s[rows]
    wrong = rng.random(len(rows)) < habits.misread_share[camera] + vehicles.dirt[vehicle]
    vrm = seen_as(vehicles.mark[vehicle], wrong, rng)
    unread = rng.random(len(rows)) < habits.unread_share[camera]
    vrm[unread] = b""
    confidence = np.where(wrong, rng.uniform(0.42, 0.9, len(rows)), 1.0 - rng.beta(1.3, 24.0, len(rows)))
    return Reads(
        camera=camera,
        vehicle=vehicle,
        vrm=vrm,
        moment_s=moment,
        captured_ms=(habits.clock_s(camera, moment) * 1000.0).astype(np.int64),
        confidence=np.round(np.where(unread, 0.1, confidence), 3).astype(np.float64),
    )


def lengths(marks: Marks) -> Ints:
    """Characters in each mark."""
    return np.asarray((marks.view(np.uint8).reshape(-1, WIDTH) != 0).sum(axis=1), dtype=np.int64)
