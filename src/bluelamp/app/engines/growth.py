"""How the data folder grows, noted once an hour, and when the disk will be full if it goes on so."""

from __future__ import annotations

import json
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from bluelamp.app.engines.data_folder import DataFolder, write_private

ROOMS = ("postgres", "columnar", "nats", "blobs", "logs")
HOUR = 3600.0
# Two weeks of hourly notes: long enough to see through a weekend, short enough to follow a change.
NOTES_MAX = 24 * 14
DAY = 24 * HOUR


@dataclass(frozen=True)
class Forecast:
    """Bytes; `days_left` is None while the folder does not grow or too little is known."""

    free_bytes: int
    used_bytes: int
    growth_bytes_a_day: float
    days_left: float | None
    rooms: dict[str, int]
    watched_hours: float


def measure(folder: DataFolder) -> dict[str, int]:
    """Bytes on disk by room."""
    return {room: _bytes_under(folder.root / room) for room in ROOMS}


def _bytes_under(top: Path) -> int:
    total = 0
    stack = [str(top)]
    while stack:
        try:
            entries = list(os.scandir(stack.pop()))
        except OSError:
            continue  # it went away between two looks: engines tidy all the time
        for entry in entries:
            try:
                if entry.is_dir(follow_symlinks=False):
                    stack.append(entry.path)
                else:
                    total += entry.stat(follow_symlinks=False).st_blocks * 512
            except OSError:
                continue
    return total


def _notes(folder: DataFolder) -> list[tuple[float, int]]:
    path = folder.run / "growth.json"
    return [(at, size) for at, size in json.loads(path.read_text())] if path.exists() else []


def note(folder: DataFolder, now: float | None = None) -> None:
    """Keep the present size, if the last note is an hour old."""
    at = time.time() if now is None else now
    notes = _notes(folder)
    if notes and at - notes[-1][0] < HOUR:
        return
    notes.append((at, sum(measure(folder).values())))
    write_private(folder.run / "growth.json", json.dumps(notes[-NOTES_MAX:]))


def forecast(folder: DataFolder, now: float | None = None) -> Forecast:
    """When the disk is full, from the growth since the oldest note."""
    at = time.time() if now is None else now
    rooms = measure(folder)
    used, free = sum(rooms.values()), shutil.disk_usage(folder.root).free
    notes = _notes(folder)
    watched = at - notes[0][0] if notes else 0.0
    # Less than an hour says more about start-up than about growth.
    growth = (used - notes[0][1]) / watched * DAY if watched >= HOUR else 0.0
    days_left = free / growth if growth > 0 else None
    return Forecast(free, used, max(0.0, growth), days_left, rooms, watched / HOUR)
