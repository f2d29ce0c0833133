"""`Lawful`: a window of the history that policy has opened to a look. Every question of the store demands one, so that a
question which was never decided cannot be put.
"""

from __future__ import annotations

from bluelamp.anpr.searching.ranking import Window

_SEAL = object()


class Lawful:
    """Milliseconds since the epoch, end excluded. Can be narrowed and cut in pieces, never widened."""

    __slots__ = ("end", "start")

    def __init__(self, start: int, end: int, seal: object) -> None:
        """Only this module makes one, by the two functions below."""
        if seal is not _SEAL:
            raise TypeError("a lawful window comes from a decision: queries/lawful.py")
        self.start = start
        self.end = end

    def within(self, start: int, end: int) -> Lawful:
        """What of it lies in this window."""
        return Lawful(max(self.start, start), min(self.end, end), _SEAL)

    def slices(self, *days: float) -> list[Lawful]:
        """It in pieces from its end backwards, each reaching as many days as said, the last to the start."""
        return [self.within(piece.start, piece.end) for piece in Window(self.start, self.end).slices(*days)]

    @property
    def is_empty(self) -> bool:
        return self.start >= self.end

    def __contains__(self, moment: int) -> bool:
        return self.start <= moment < self.end

    def __repr__(self) -> str:
        return f"Lawful({self.start}, {self.end})"


def opened(start: int, end: int) -> Lawful:
    """For `queries/lawful.py` alone, after policy has decided (a house test holds the list of callers)."""
    return Lawful(start, end, _SEAL)


def without_decision(start: int, end: int) -> Lawful:
    """For tests and benches, which ask the store nothing about anybody (the same house test)."""
    return Lawful(start, end, _SEAL)
