"""Criteria: one question to the history, checked and complete, as it is stored with the search and run again later."""

from __future__ import annotations

from typing import Literal

import msgspec

from bluelamp.kit.clock import to_rfc3339

Tolerance = Literal["exact", "likely", "possible"]
TOLERANCES: tuple[Tolerance, ...] = ("exact", "likely", "possible")

BBox = tuple[float, float, float, float]
Ring = tuple[tuple[float, float], ...]
"""Longitude and latitude, closed: the last point is the first."""


class Criteria(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is asked. At most one of `vrms` and `pattern`; both empty: everything that passed the place."""

    start: int
    """Milliseconds since the epoch, included. Never more than the retention before the search was made."""
    end: int
    """Milliseconds, excluded. Fixed when the search is made, so that pages do not move under new reads."""
    vrms: tuple[str, ...] = ()
    pattern: str = ""
    tolerance: Tolerance = "exact"
    bbox: BBox | None = None
    area: tuple[Ring, ...] = ()
    """Rings of a polygon: the first outside, the others holes."""
    cameras: tuple[int, ...] = ()
    direction: str = ""
    make: str = ""
    model: str = ""
    colour: str = ""

    @property
    def has_place(self) -> bool:
        return bool(self.bbox or self.area or self.cameras)

    @property
    def subjects(self) -> tuple[str, ...]:
        """The plates looked at, for the audit; a pattern stands for itself."""
        return self.vrms or ((self.pattern,) if self.pattern else ())

    def in_words(self) -> list[tuple[str, str]]:
        """Label and value of each condition, for the court's copy and the audit."""
        words: list[tuple[str, str]] = []
        if self.vrms:
            shown = ", ".join(self.vrms[:20]) + (f" and {len(self.vrms) - 20} more" if len(self.vrms) > 20 else "")
            words.append(("Plate" if len(self.vrms) == 1 else "Plates", shown))
            words.append(("Tolerance", self.tolerance))
        if self.pattern:
            words.append(("Pattern", f"{self.pattern}   (? one character, * any run)"))
        words += [("From", to_rfc3339(self.start)), ("To", to_rfc3339(self.end))]
        if self.bbox:
            words.append(("Box", "west {}, south {}, east {}, north {}".format(*self.bbox)))
        if self.area:
            words.append(("Area", f"polygon of {len(self.area[0]) - 1} corners"))
        if self.cameras:
            words.append(("Cameras", ", ".join(map(str, self.cameras[:50])) + (" …" if len(self.cameras) > 50 else "")))
        words += [(name.capitalize(), getattr(self, name)) for name in ("direction", "make", "model", "colour") if getattr(self, name)]
        return words
