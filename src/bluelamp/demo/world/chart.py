"""The nation's roads as a map to look at: GeoJSON, and the MapLibre style that draws it over the coast. Pure, but for `write`."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any, Final

import numpy as np

from bluelamp.demo.world.nation import Nation
from bluelamp.demo.world.roads import RoadClass

CHORD_M: Final = 8.0
"""How far a straight piece may lie beside the road that it is drawn for."""
SHOWN_FROM: Final = {RoadClass.MOTORWAY: 4, RoadClass.A_ROAD: 6, RoadClass.B_ROAD: 9}
"""Zoom from which on a class is drawn."""
NAMED_FROM: Final = {RoadClass.MOTORWAY: 7, RoadClass.A_ROAD: 9, RoadClass.B_ROAD: 11}
WIDTHS: Final = {RoadClass.MOTORWAY: (0.8, 9.0), RoadClass.A_ROAD: (0.6, 6.5), RoadClass.B_ROAD: (0.5, 4.5)}
"""Pixels where it is first drawn, and at zoom 16."""
COLOURS: Final = {
    "light": {RoadClass.MOTORWAY: "#5b86b5", RoadClass.A_ROAD: "#c9a227", RoadClass.B_ROAD: "#b9b4a6"},
    "dark": {RoadClass.MOTORWAY: "#4f78a3", RoadClass.A_ROAD: "#8a7434", RoadClass.B_ROAD: "#48525b"},
}
TEXT: Final = {"light": ("#41505c", "#f6f5f0"), "dark": ("#b9c4cd", "#161c21")}
"""Of names: the letters, and what surrounds them."""


def roads_geojson(nation: Nation) -> dict[str, Any]:
    """A feature for each stretch, with `name` and `class`: `motorway`, `a_road` or `b_road`. Degrees, to a metre."""
    features = []
    for stretch in range(len(nation.roads)):
        grade = RoadClass(int(nation.roads.road_class[stretch]))
        # A road bows by `bend` of its length in the middle, its n-th piece by an n²-th of that.
        pieces = 1 + int(np.sqrt(abs(nation.roads.bend[stretch]) * nation.roads.length_km[stretch] * 1000 / CHORD_M))
        share = np.linspace(0.0, 1.0, pieces + 1)
        longitude, latitude, _ = nation.roads.position(nation.towns, np.full(pieces + 1, 2 * stretch), share)
        points = np.column_stack([longitude, latitude]).round(5).tolist()
        properties = {"name": nation.roads.names[stretch], "class": grade.name.lower()}
        features.append({"type": "Feature", "properties": properties, "geometry": {"type": "LineString", "coordinates": points}})
    return {"type": "FeatureCollection", "features": features}


def style(theme: str) -> dict[str, Any]:
    """How the roads are drawn, `light` or `dark`: the lesser ones first, all names above all lines."""
    lesser_first = sorted(RoadClass, reverse=True)
    layers = [*(_line(grade, theme) for grade in lesser_first), *(_name(grade, theme) for grade in lesser_first)]
    source = {"type": "geojson", "data": "roads.geojson", "maxzoom": 14, "tolerance": 0.25, "attribution": "invented roads"}
    return {"version": 8, "name": "Demo nation", "metadata": {"bluelamp:over": "coast"}, "sources": {"roads": source}, "layers": layers}


def _line(grade: RoadClass, theme: str) -> dict[str, Any]:
    thin, thick = WIDTHS[grade]
    width = ["interpolate", ["exponential", 1.4], ["zoom"], SHOWN_FROM[grade], thin, 16, thick]
    return {
        **_layer(grade, "line", SHOWN_FROM[grade]),
        "layout": {"line-cap": "round", "line-join": "round"},
        "paint": {"line-color": COLOURS[theme][grade], "line-width": width},
    }


def _name(grade: RoadClass, theme: str) -> dict[str, Any]:
    text, halo = TEXT[theme]
    layout = {
        "symbol-placement": "line",
        "symbol-spacing": 350,
        "text-field": ["get", "name"],
        "text-size": 11,
        "text-font": ["sans-serif"],
    }
    return {
        **_layer(grade, "symbol", NAMED_FROM[grade]),
        "layout": layout,
        "paint": {"text-color": text, "text-halo-color": halo, "text-halo-width": 2},
    }


def _layer(grade: RoadClass, kind: str, zoom_min: int) -> dict[str, Any]:
    name = grade.name.lower()
    return {"id": f"{name}-{kind}", "type": kind, "source": "roads", "filter": ["==", ["get", "class"], name], "minzoom": zoom_min}


def write(nation: Nation, folder: Path) -> None:
    """The map as an installation would have it; what lies there is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    roads = json.dumps(roads_geojson(nation), separators=(",", ":")).encode()
    (folder / "roads.geojson").write_bytes(roads)
    (folder / "roads.geojson.gz").write_bytes(gzip.compress(roads, 6, mtime=0))
    (folder / "style.json").write_text(json.dumps(style("light")))
    (folder / "style-dark.json").write_text(json.dumps(style("dark")))
