"""A point on the Earth."""

from __future__ import annotations

from typing import NamedTuple


class Point(NamedTuple):
    """WGS 84 degrees, as satellites and phones give them."""

    latitude: float
    longitude: float

    @property
    def sound(self) -> bool:
        """Whether both are numbers of degrees that exist."""
        return -90 <= self.latitude <= 90 and -180 <= self.longitude <= 180
