"""The map of a package: drawings, casualties, pictures and where crews went, as SVG that needs no tiles and no network."""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape
from typing import Any, NamedTuple

WIDTH, HEIGHT, MARGIN = 1000, 700, 50
METRES_A_DEGREE = 111_320.0
LEAST_METRES = 60.0
COLOURS = {"P1": "#c00000", "P2": "#d98200", "P3": "#1a7f37", "dead": "#222222", "not_injured": "#5a6a7a"}
DRAWN = {"hazard": "#c00000", "inner_cordon": "#c00000", "outer_cordon": "#d98200", "landing_site": "#1a7f37"}
OTHER = "#0b5cad"

Point = tuple[float, float]
"""(longitude, latitude), as GeoJSON has it."""


class Track(NamedTuple):
    """Where a resource went, thinned for the eye."""

    call_sign: str
    points: list[Point]


class _Frame:
    """Degrees to the drawing: equirectangular about its middle, which is true to shape over an incident's size."""

    def __init__(self, points: list[Point]) -> None:
        west, east = min(p[0] for p in points), max(p[0] for p in points)
        south, north = min(p[1] for p in points), max(p[1] for p in points)
        self._middle = ((west + east) / 2, (south + north) / 2)
        self._shrink = math.cos(math.radians(self._middle[1])) or 1e-6
        across = max((east - west) * self._shrink, LEAST_METRES / METRES_A_DEGREE)
        down = max(north - south, LEAST_METRES / METRES_A_DEGREE)
        self.scale = min((WIDTH - 2 * MARGIN) / across, (HEIGHT - 2 * MARGIN) / down)

    def at(self, point: Point) -> tuple[float, float]:
        x = WIDTH / 2 + (point[0] - self._middle[0]) * self._shrink * self.scale
        return round(x, 1), round(HEIGHT / 2 - (point[1] - self._middle[1]) * self.scale, 1)

    def path(self, points: list[Point]) -> str:
        return " ".join(f"{x},{y}" for x, y in map(self.at, points))


def draw(state: dict[str, Any], tracks: list[Track]) -> str:
    """SVG as text; a sentence where nothing has a place."""
    points = [*_points(state), *(point for track in tracks for point in track.points)]
    if not points:
        return "<p>Nothing of this incident has a place on the map.</p>"
    frame = _Frame(points)
    body = "".join((*_tracks(tracks, frame), *_features(state, frame), *_marks(state, frame), _scale(frame)))
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="Map of the incident, north up" xmlns="http://www.w3.org/2000/svg">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#f6f7f8"/>{body}</svg>'
    )


def _points(state: dict[str, Any]) -> Iterator[Point]:
    for feature in state["features"].values():
        for ring in _rings(feature["geometry"]):
            yield from ring
    for _, _, point, _ in _placed(state):
        yield point


def _rings(geometry: dict[str, Any]) -> list[list[Point]]:
    coordinates = geometry["coordinates"]
    rings = {"Point": [[coordinates]], "LineString": [coordinates], "Polygon": coordinates}[geometry["type"]]
    return [[(float(p[0]), float(p[1])) for p in ring] for ring in rings]


def _placed(state: dict[str, Any]) -> Iterator[tuple[str, str, Point, str]]:
    """Label, colour, point and shape of what has a place."""

    def where(thing: dict[str, Any]) -> Point | None:
        place = thing.get("place") or {}
        return (place["longitude"], place["latitude"]) if place.get("latitude") is not None else None

    if point := where(state):
        yield "Incident", "#000000", point, "cross"
    for casualty in state["casualties"].values():
        if not casualty["struck"] and (point := where(casualty)):
            yield f"{casualty['label']} {casualty['category']}", COLOURS.get(casualty["category"], "#5a6a7a"), point, "dot"
    for vehicle in state["vehicles"].values():
        if point := where(vehicle):
            yield vehicle["vrm"] or vehicle["description"], "#6f42c1", point, "square"
    for media in state["media"].values():
        if not media["hidden"] and (point := where(media)):
            yield media["caption"] or "Picture", OTHER, point, "square"


def _tracks(tracks: list[Track], frame: _Frame) -> Iterator[str]:
    for track in tracks:
        if track.points:
            x, y = frame.at(track.points[-1])
            yield f'<polyline points="{frame.path(track.points)}" fill="none" stroke="#8a96a3" stroke-width="2"/>'
            yield f'<circle cx="{x}" cy="{y}" r="4" fill="#8a96a3"/>{_label(track.call_sign, x, y, "#5a6a7a")}'


def _features(state: dict[str, Any], frame: _Frame) -> Iterator[str]:
    for feature in state["features"].values():
        colour, rings = DRAWN.get(feature["type"], OTHER), _rings(feature["geometry"])
        if feature["geometry"]["type"] == "Point":
            x, y = frame.at(rings[0][0])
            yield f'<path d="M{x - 7},{y + 6}L{x + 7},{y + 6}L{x},{y - 7}Z" fill="{colour}"/>'
        elif feature["geometry"]["type"] == "LineString":
            yield f'<polyline points="{frame.path(rings[0])}" fill="none" stroke="{colour}" stroke-width="3"/>'
        else:
            yield "".join(
                f'<polygon points="{frame.path(ring)}" fill="{colour}" fill-opacity="0.08" stroke="{colour}" stroke-width="3"/>'
                for ring in rings
            )
        yield _label(feature["label"] or feature["type"].replace("_", " "), *frame.at(rings[0][0]), colour)


def _marks(state: dict[str, Any], frame: _Frame) -> Iterator[str]:
    for label, colour, point, shape in _placed(state):
        x, y = frame.at(point)
        if shape == "dot":
            yield f'<circle cx="{x}" cy="{y}" r="7" fill="{colour}"/>'
        elif shape == "square":
            yield f'<rect x="{x - 5}" y="{y - 5}" width="10" height="10" fill="{colour}"/>'
        else:
            yield f'<path d="M{x - 9},{y}H{x + 9}M{x},{y - 9}V{y + 9}" stroke="{colour}" stroke-width="3"/>'
        yield _label(label, x, y, colour)


def _label(text: str, x: float, y: float, colour: str) -> str:
    return f'<text x="{x + 10}" y="{y - 6}" font-size="15" fill="{colour}">{escape(text[:60])}</text>'


def _scale(frame: _Frame) -> str:
    """A bar of a round length, and north."""
    metres = 150 / frame.scale * METRES_A_DEGREE
    step = 10 ** math.floor(math.log10(metres))
    whole = max(n for n in (1, 2, 5) if n * step <= metres) * step
    length, y = whole / METRES_A_DEGREE * frame.scale, HEIGHT - 20
    told = f"{whole / 1000:g} km" if whole >= 1000 else f"{whole:g} m"
    return (
        f'<path d="M20,{y - 6}V{y}H{20 + length:.1f}V{y - 6}" fill="none" stroke="#000" stroke-width="2"/>'
        f'<text x="{30 + length:.1f}" y="{y}" font-size="15">{told}</text>'
        f'<path d="M{WIDTH - 30},45V15M{WIDTH - 36},24L{WIDTH - 30},14L{WIDTH - 24},24" fill="none" stroke="#000" stroke-width="2"/>'
        f'<text x="{WIDTH - 36}" y="62" font-size="15">N</text>'
    )
