"""What the demonstration must remember between two starts: its seed, when it first ran, keys and tokens."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec


class SourceKey(msgspec.Struct):
    id: str
    key: str


class State(msgspec.Struct):
    seed: int
    cameras: int
    first_s: float
    """When the nation was first started; its stories count from here."""
    sources: dict[str, SourceKey] = {}
    founded: bool = False
    past_days: int = 0
    """Days of history that are already there."""
    people: dict[str, str] = {}
    """Bearer tokens of the people who play the incidents, by username."""
    people_until_s: float = 0.0
    """When those tokens end."""


class StateFile:
    """A file that only its owner reads: what is in it lets anyone send reads and speak as the cast."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> State | None:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=State)
        except FileNotFoundError:
            return None

    def save(self, state: State) -> None:
        """Replaces the file in one step."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode(state))
            file.flush()
            os.fsync(handle)
        fresh.replace(self._path)
