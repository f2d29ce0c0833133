"""Where something is: as it was said, and where it could be placed, on the map. What cannot be placed is kept as said, never guessed."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Longitude = Annotated[float, Field(ge=-180, le=180)]
Latitude = Annotated[float, Field(ge=-90, le=90)]
POINTS_MAX = 1000


class Place(BaseModel):
    """A place. Positions are WGS 84 degrees; both or neither."""

    model_config = ConfigDict(extra="forbid")

    said: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    accuracy_m: Annotated[float, Field(ge=0, le=100_000)] | None = None
    source: Literal["gps", "map", "said", "caller"] = "said"

    @model_validator(mode="after")
    def _whole(self) -> Place:
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("a place has a latitude and a longitude, or neither")
        if self.latitude is None and not self.said:
            raise ValueError("say where, or give a latitude and a longitude")
        return self

    @property
    def point(self) -> tuple[float, float] | None:
        """(latitude, longitude)."""
        if self.latitude is None or self.longitude is None:
            return None
        return self.latitude, self.longitude


class Geometry(BaseModel):
    """A GeoJSON point, line or polygon, WGS 84, at most 1,000 points."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["Point", "LineString", "Polygon"]
    coordinates: Annotated[list[Any], Field(max_length=POINTS_MAX)]

    @model_validator(mode="after")
    def _sound(self) -> Geometry:
        rings: Any = {"Point": [[self.coordinates]], "LineString": [self.coordinates], "Polygon": self.coordinates}[self.type]
        least = {"Point": 1, "LineString": 2, "Polygon": 4}[self.type]
        counted = 0
        for ring in rings:
            if not isinstance(ring, list) or len(ring) < least:
                raise ValueError(f"a {self.type} has at least {least} points")
            counted += len(ring)
            if not all(_is_position(position) for position in ring) or counted > POINTS_MAX:
                raise ValueError(f"a {self.type} is made of [longitude, latitude], at most {POINTS_MAX} of them")
            if self.type == "Polygon" and ring[0] != ring[-1]:
                raise ValueError("a ring of a polygon ends where it begins")
        if not rings:
            raise ValueError("a polygon has at least one ring")
        return self


def _is_position(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(isinstance(number, int | float) and not isinstance(number, bool) for number in value)
        and -180 <= value[0] <= 180
        and -90 <= value[1] <= 90
    )
