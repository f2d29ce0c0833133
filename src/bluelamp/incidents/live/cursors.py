"""Cursors: how far a device has the stream, exactly, also where an emergency overtook what came before it.

`120` has everything up to 120; `120+125.126` has 125 and 126 too, which went out first.
"""

from __future__ import annotations

import re
from typing import NamedTuple

AHEAD_MAX = 16
"""Emergencies that may be ahead of a device's place in the stream; further ones come in their turn."""

_SHAPE = re.compile(rf"([0-9]{{1,18}})(?:\+([0-9]{{1,18}}(?:\.[0-9]{{1,18}}){{0,{AHEAD_MAX - 1}}}))?")


class Cursor(NamedTuple):
    """What a device has."""

    number: int
    ahead: tuple[int, ...] = ()
    """Numbers after `number` that it has already, in order."""

    @property
    def text(self) -> str:
        return f"{self.number}+{'.'.join(map(str, self.ahead))}" if self.ahead else str(self.number)

    def has(self, number: int) -> bool:
        return number <= self.number or number in self.ahead

    def reached(self, number: int) -> Cursor:
        """The same with everything up to `number`."""
        return Cursor(number, tuple(n for n in self.ahead if n > number) if self.ahead else ())

    def overtaken_by(self, number: int) -> Cursor | None:
        """The same with one more ahead; None: there are as many as there may be."""
        return Cursor(self.number, tuple(sorted({*self.ahead, number}))) if len(self.ahead) < AHEAD_MAX else None


def parse(text: str) -> Cursor | None:
    """The inverse of `text`; None: this is no cursor."""
    found = _SHAPE.fullmatch(text)
    if found is None:
        return None
    ahead = tuple(sorted({int(number) for number in (found[2] or "").split(".") if number}))
    return Cursor(int(found[1]), tuple(n for n in ahead if n > int(found[1])))
