"""The order of answers, and the cursor that says where a page ended: by likelihood, then newest first."""

from __future__ import annotations

from typing import NamedTuple

from bluelamp.anpr.domain import Read
from bluelamp.kit.paging import decode_cursor, encode_cursor
from bluelamp.spine.errors import InvalidError


class Window(NamedTuple):
    """Milliseconds since the epoch, end excluded. Opens nothing by itself: the store asks for `lawful.Lawful`."""

    start: int
    end: int

    def slices(self, *days: float) -> list[Window]:
        """The window in pieces from its end backwards, each reaching as many days as said, the last to the start."""
        pieces, end = [], self.end
        for reach in days:
            start = max(self.start, end - int(reach * 86_400_000))
            if start < end:
                pieces.append(Window(start, end))
            end = start
        if self.start < end:
            pieces.append(Window(self.start, end))
        return pieces


class Position(NamedTuple):
    """The sort key of a found read. Smaller comes first; unique, so a page can go on after it."""

    doubt: int
    """1000 minus the likelihood per mille."""
    age: int
    """Minus the time of capture."""
    camera: int
    first_key: int
    vrm: str

    def cursor(self) -> str:
        return encode_cursor(*self)

    @classmethod
    def parse(cls, cursor: str) -> Position:
        """Raises `InvalidError`: not a cursor that `cursor` makes."""
        try:
            position = decode_cursor(cursor, int, int, int, int, str)
        except ValueError as error:
            raise InvalidError(str(error)) from None
        found = cls(*position)  # type: ignore[arg-type]
        bounded = (
            0 <= found.doubt <= 1000 and -(1 << 45) < found.age <= 0 and 0 <= found.camera < 1 << 32 and 0 <= found.first_key < 1 << 32
        )
        if not bounded or len(found.vrm) > 12 or not (found.vrm.isascii() and found.vrm.isalnum()):
            raise InvalidError("not a cursor of this list")
        return found


class Found(NamedTuple):
    """A read and how likely it is the plate that was asked for."""

    read: Read
    likelihood: int
    """Per mille."""

    @property
    def position(self) -> Position:
        return Position(1000 - self.likelihood, -self.read.captured_at, self.read.camera, self.read.first_key, self.read.vrm)
