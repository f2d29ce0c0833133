"""How many live streams a person, and everybody together, may follow at once in one process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from bluelamp.spine.errors import TooManyError

STREAMS_MAX = 5_000
STREAMS_PER_PERSON_MAX = 12
"""In one process. A person has a few screens with a few windows; a program that forgets to close its streams must not take everybody's."""


class Seats:
    """Who follows how many streams of this process. `most`: of everybody together; 0: `STREAMS_MAX`."""

    def __init__(self, most: int = 0) -> None:
        self._most = most
        self._taken: Counter[str] = Counter()
        self._total = 0

    def check(self, person: str) -> None:
        """Raises `TooManyError` where there is no seat left, for this person or for anybody."""
        if self._taken[person] >= STREAMS_PER_PERSON_MAX:
            raise TooManyError(f"you follow {STREAMS_PER_PERSON_MAX} streams already: close one", retry_after_s=5)
        if self._total >= (self._most or STREAMS_MAX):
            raise TooManyError("the platform has as many viewers as it takes", retry_after_s=15)

    @contextmanager
    def taken(self, person: str) -> Iterator[None]:
        self.take(person)
        try:
            yield
        finally:
            self.leave(person)

    def take(self, person: str) -> None:
        """For what has no end that a block could wait for: `leave` once for each."""
        self._taken[person] += 1
        self._total += 1

    def leave(self, person: str) -> None:
        self._taken[person] -= 1
        self._total -= 1
        if not self._taken[person]:
            del self._taken[person]
