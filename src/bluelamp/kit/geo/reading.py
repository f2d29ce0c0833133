"""A place as people say it: what form it is in, and the point where the form alone gives one.

What cannot be placed is kept as said, with the reason; nothing is guessed. Postcodes, marker posts and three-word addresses are
somebody's data: the caller brings a gazetteer, or looks up `Place.key` itself where that takes a database.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple, Protocol

from bluelamp.kit.geo import patterns
from bluelamp.kit.geo.datum import ACCURACY_M
from bluelamp.kit.geo.grid import Grid, GridError, from_grid, from_reference
from bluelamp.kit.geo.point import Point

SAID_MAX = 300
"""Characters of a place that are read."""


class Form(StrEnum):
    """In which way a place was said."""

    GRID_REFERENCE = "grid_reference"
    EASTING_NORTHING = "easting_northing"
    COORDINATES = "coordinates"
    MARKER_POST = "marker_post"
    JUNCTION = "junction"
    POSTCODE = "postcode"
    WORDS = "words"
    TEXT = "text"


class Place(NamedTuple):
    """What was made of the words. With `point` None it is not placed, and `why` says what to do about it."""

    said: str
    form: Form
    point: Point | None = None
    within_m: float | None = None
    """The true place is within so many metres of the point, as far as the form tells."""
    key: str = ""
    """Normal form of what somebody's data must answer: `LA9 4PU`, `M6 172.4 A`, `M6 J36`, `filled.count.soap`."""
    why: str = ""
    """Why it is not placed; where it is, a doubt to be cleared up, or empty."""

    @property
    def placed(self) -> bool:
        return self.point is not None


class Found(NamedTuple):
    """An answer of a gazetteer."""

    point: Point
    within_m: float | None = None


class Gazetteer(Protocol):
    """Somebody's data about places."""

    def find(self, form: Form, key: str) -> Found | None:
        """Where it is; None where it is not known."""
        ...

    def has(self, form: Form) -> bool:
        """Whether there is data for this form at all."""
        ...


def parse_place(text: str, gazetteer: Gazetteer | None = None) -> Place:
    """Read a place. Raises nothing, whatever the text."""
    said = " ".join(text.split())
    if not said:
        return Place(said, Form.TEXT, why="no place was said")
    if len(said) > SAID_MAX:
        return Place(said, Form.TEXT, why=f"a place is read up to {SAID_MAX} characters; this is kept as said")
    words, rest = patterns.split_words(said)
    if words:
        return _read_words(said, words, rest, gazetteer)
    place = _read(said)
    return _looked_up(place, gazetteer) if place.key and place.point is None else place


def unresolved(place: Place, *, known: bool) -> Place:
    """A place whose key nobody's data answers; `known`: there is data of this kind, only not this one."""
    what, source = _WANTING[place.form]
    if known:
        return place._replace(why=f"{what} {place.key} is not in the data that was loaded: kept as said; give the place in another form")
    return place._replace(why=f"{what} {place.key} cannot be placed: {source}; kept as said; give the place in another form")


def resolved(place: Place, found: Found) -> Place:
    """A place whose key was answered."""
    doubt = "three words alone are easily misheard: confirm the place in another form" if place.form is Form.WORDS else ""
    return place._replace(point=found.point, within_m=found.within_m, why=doubt)


_WANTING = {
    Form.MARKER_POST: ("marker post", "no marker posts are loaded (`bluelamp places import marker-posts FILE`)"),
    Form.JUNCTION: ("junction", "no junctions are loaded (`bluelamp places import marker-posts FILE`)"),
    Form.POSTCODE: ("postcode", "no postcodes are loaded (`bluelamp places import postcodes FILE`)"),
    Form.WORDS: ("the three-word address", "no service for such addresses is set up"),
}


def _looked_up(place: Place, gazetteer: Gazetteer | None) -> Place:
    if gazetteer is None or not gazetteer.has(place.form):
        return unresolved(place, known=False)
    found = gazetteer.find(place.form, place.key)
    return unresolved(place, known=True) if found is None else resolved(place, found)


def _read_words(said: str, words: str, rest: str, gazetteer: Gazetteer | None) -> Place:
    """Three words: a place only beside another form, or with a service that knows them, and then to be confirmed."""
    if rest:
        beside = parse_place(rest, gazetteer)
        if beside.placed:
            return beside._replace(said=said)
    if gazetteer is None or not gazetteer.has(Form.WORDS):
        return Place(
            said,
            Form.WORDS,
            key=words,
            why="three words alone are not taken as a place: one misheard word is another place far away, and no service for"
            " them is set up. Kept as said; ask for a grid reference, coordinates, a postcode or a marker post",
        )
    return _looked_up(Place(said, Form.WORDS, key=words), gazetteer)


def _read(said: str) -> Place:
    for read in _READERS:
        place = read(said)
        if place is not None:
            return place
    return Place(
        said,
        Form.TEXT,
        why="not a form that can be placed by itself: kept as said; give a grid reference (SD 517 928), coordinates"
        " (54.3280, -2.7463), a postcode, or a road with marker post (M6 172/4 A) or junction (M6 J36)",
    )


def _grid_reference(said: str) -> Place | None:
    found = patterns.grid_reference(said)
    if found is None:
        return None
    try:
        square = from_reference(*found)
        doubt = f"this names a square of {square.side_m // 1000} km: ask for more figures" if square.side_m >= 1000 else ""
        return Place(said, Form.GRID_REFERENCE, from_grid(square.centre), square.side_m * 0.71 + ACCURACY_M, why=doubt)
    except GridError as error:
        return Place(said, Form.GRID_REFERENCE, why=f"{error}: kept as said")


def _easting_northing(said: str) -> Place | None:
    found = patterns.easting_northing(said)
    if found is None:
        return None
    try:
        return Place(said, Form.EASTING_NORTHING, from_grid(Grid(*found)), 1 + ACCURACY_M)
    except GridError as error:
        return Place(said, Form.EASTING_NORTHING, why=f"{error}: kept as said")


def _coordinates(said: str) -> Place | None:
    found = patterns.coordinates(said)
    if found is None:
        return None
    if not found.sound:
        return Place(
            said,
            Form.COORDINATES,
            why="there are no such coordinates: latitude comes first and reaches from -90 to 90, longitude from -180 to 180;"
            " minutes and seconds are below 60. Kept as said",
        )
    point = Point(found.latitude, found.longitude)
    return Place(said, Form.COORDINATES, point, found.within_m)


def _keyed(form: Form, find: Callable[[str], str | None]) -> Callable[[str], Place | None]:
    def read(said: str) -> Place | None:
        key = find(said)
        return None if key is None else Place(said, form, key=key)

    return read


_READERS: tuple[Callable[[str], Place | None], ...] = (
    _keyed(Form.POSTCODE, patterns.postcode),
    _keyed(Form.MARKER_POST, patterns.marker_post),
    _keyed(Form.JUNCTION, patterns.junction),
    _grid_reference,
    _easting_northing,
    _coordinates,
)
