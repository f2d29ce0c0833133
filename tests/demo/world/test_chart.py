"""The nation's roads as a map: where its vehicles drive, and nowhere else."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from bluelamp.demo.incidents.ways import Fix
from bluelamp.demo.world import chart
from bluelamp.demo.world.nation import build_nation
from bluelamp.demo.world.roads import RoadClass
from bluelamp.spine.maps import folder


def distance_m(fix: Fix, line: list[list[float]]) -> float:
    """From a place to the nearest piece of a line."""
    squeeze = np.cos(np.radians(fix.latitude))
    points = (np.array(line) - [fix.longitude, fix.latitude]) * [squeeze, 1] * 111_195
    start, along = points[:-1], np.diff(points, axis=0)
    share = np.clip(-(start * along).sum(1) / np.maximum((along**2).sum(1), 1e-9), 0, 1)
    return float(np.hypot(*(start + along * share[:, None]).T).min())


def test_what_drives_is_on_the_line_that_is_drawn() -> None:
    nation = build_nation(1, 200)
    drawn = chart.roads_geojson(nation)["features"]
    assert len(drawn) == len(nation.roads)
    grades = np.array(nation.roads.road_class)
    for grade in RoadClass:
        stretch = int(np.flatnonzero(grades == grade)[3])
        for share in (0.1, 0.37, 0.8):
            longitude, latitude, _ = nation.roads.position(nation.towns, np.array([2 * stretch]), np.array([share]))
            assert distance_m(Fix(float(longitude[0]), float(latitude[0])), drawn[stretch]["geometry"]["coordinates"]) < 10
        assert drawn[stretch]["properties"] == {"name": nation.roads.names[stretch], "class": grade.name.lower()}


def test_it_is_a_map_as_an_installation_has_one(tmp_path: Path) -> None:
    chart.write(build_nation(1, 200), tmp_path / "map")
    for dark in (False, True):
        style = folder.style(tmp_path / "map", dark=dark)
        assert style is not None
        for source in style["sources"].values():
            assert json.loads(folder.file(tmp_path / "map", source["data"])[0].read_bytes())["features"]
