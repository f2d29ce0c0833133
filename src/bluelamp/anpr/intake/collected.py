"""What each source sent since its last audit entry: how much, and a hash of just which events."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np

from .repeats import Keys
from .tally import SourceTally


@dataclass(slots=True)
class Collected:
    """One source."""

    reads: int = 0
    amended: int = 0
    events: list[Keys] = field(default_factory=list)

    @property
    def digest(self) -> str:
        """SHA-256 of the event keys in rising order, 8 bytes little-endian each: the reads themselves give it again."""
        keys = np.sort(np.concatenate(self.events)) if self.events else np.empty(0, np.uint64)
        return sha256(keys.astype("<u8").tobytes()).hexdigest()

    def add(self, other: Collected) -> None:
        self.reads += other.reads
        self.amended += other.amended
        self.events += other.events


class Collection:
    """All sources; `take` gives them away and begins again."""

    def __init__(self) -> None:
        self._sources: dict[int, Collected] = {}

    def add(self, counts: dict[int, SourceTally], events: dict[int, list[Keys]]) -> None:
        for number, tally in counts.items():
            self._source(number).add(Collected(tally.accepted, tally.amended))
        for number, keys in events.items():
            self._source(number).add(Collected(events=keys))

    def take(self) -> dict[int, Collected]:
        """Those who sent something new."""
        taken, self._sources = self._sources, {}
        return {number: found for number, found in taken.items() if found.reads + found.amended}

    def put_back(self, taken: dict[int, Collected]) -> None:
        """Undo a `take` whose entries could not be written."""
        for number, found in taken.items():
            self._source(number).add(found)

    def _source(self, number: int) -> Collected:
        return self._sources.setdefault(number, Collected())
