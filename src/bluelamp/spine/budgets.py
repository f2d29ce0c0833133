"""Budgets: how much each caller may take of the platform in a minute, so that one that runs wild does not take it from the others."""

from __future__ import annotations

from collections.abc import Hashable

from bluelamp.kit.clock import Clock
from bluelamp.spine.errors import TooManyError


class Budget:
    """What callers have taken in this minute of the clock.

    In the memory of one process: of several API processes each allows as much. Nothing is kept longer than its minute.
    """

    def __init__(self, clock: Clock) -> None:
        """`clock` gives milliseconds since the epoch."""
        self._clock = clock
        self._minute = 0
        self._spent: dict[Hashable, int] = {}

    def spend(self, who: Hashable, amount: int = 1) -> int:
        """Put down what was taken; returns all that `who` has taken in this minute."""
        self._turn()
        spent = self._spent[who] = self._spent.get(who, 0) + amount
        return spent

    def check(self, who: Hashable, most: int, told: str) -> None:
        """Refuse whoever has taken `most` already, before any more work is done for them.

        Raises:
            TooManyError: see `refusal`.
        """
        self._turn()
        if self._spent.get(who, 0) >= most:
            raise self.refusal(told)

    def refusal(self, told: str) -> TooManyError:
        """The answer to who has spent theirs: the words `told`, and in how many seconds the next minute begins."""
        return TooManyError(told, retry_after_s=60 - self._clock() // 1000 % 60)

    def _turn(self) -> None:
        minute = self._clock() // 60_000
        if minute != self._minute:
            self._minute = minute
            self._spent.clear()
