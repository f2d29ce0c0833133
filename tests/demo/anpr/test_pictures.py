from __future__ import annotations

from datetime import datetime
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from bluelamp.demo.anpr.pictures import OVERVIEW_BYTES_MAX, PLATE_BYTES_MAX, overview_picture, plate_picture, spaced
from bluelamp.demo.anpr.sightings import is_night
from bluelamp.demo.world.vehicles import COLOURS


@pytest.mark.parametrize("kind", ["car", "van", "lorry", "bus", "motorcycle"])
def test_pictures_are_jpegs_of_a_cameras_size(kind: str) -> None:
    for colour, _ in COLOURS:
        for rear, night in ((True, False), (False, True)):
            overview = overview_picture("KE77STL", colour, kind, rear=rear, night=night)
            plate = plate_picture("KE77STL", rear=rear, night=night)
            assert len(overview) <= OVERVIEW_BYTES_MAX
            assert len(plate) <= PLATE_BYTES_MAX
            assert Image.open(BytesIO(overview)).format == "JPEG"
            assert Image.open(BytesIO(plate)).size == (150, 36)


def test_a_red_car_looks_red_and_night_is_dark() -> None:
    def mean(**how: bool) -> np.ndarray:
        image = Image.open(BytesIO(overview_picture("AB12CDE", "red", "car", **how)))
        return np.asarray(image, float)

    day, night = mean(rear=False, night=False), mean(rear=False, night=True)
    red, green, blue = day[166:172, 220:260].mean(axis=(0, 1))
    assert red > 2 * max(green, blue)
    assert night.mean() < day.mean() / 2


def test_rear_plates_are_yellow_and_front_plates_white() -> None:
    def ground(*, rear: bool) -> np.ndarray:
        return np.asarray(Image.open(BytesIO(plate_picture("AB12CDE", rear=rear, night=False))), float)[8, 75]

    assert ground(rear=True)[2] < 140 < ground(rear=False)[2]


def test_the_gap_stands_where_the_plate_has_it() -> None:
    assert spaced("AB12CDE") == "AB12 CDE"
    assert spaced("A123BCD") == "A123BCD"


def test_a_long_foreign_plate_still_fits() -> None:
    assert len(plate_picture("WMWWMWWM", rear=True, night=False)) <= PLATE_BYTES_MAX


@pytest.mark.parametrize(
    ("moment", "dark"),
    [
        ("2026-06-21T19:30:00+00:00", False),
        ("2026-11-21T10:00:00+00:00", False),
        ("2026-11-21T18:00:00+00:00", True),
        ("2026-12-21T07:00:00+00:00", True),
    ],
)
def test_night_follows_the_season(moment: str, dark: bool) -> None:

    assert is_night(datetime.fromisoformat(moment).timestamp()) is dark
