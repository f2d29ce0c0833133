"""Reads become what a camera sends of each: its looks, its pictures, its second guess."""

from __future__ import annotations

from datetime import UTC, datetime
from math import cos, pi

import numpy as np

from bluelamp.demo.anpr.pictures import overview_picture, plate_picture
from bluelamp.demo.anpr.reads import Reads
from bluelamp.demo.anpr.registry import listed_vehicles
from bluelamp.demo.anpr.sense import PlateSense
from bluelamp.demo.anpr.wire import Sighting
from bluelamp.demo.world.chance import stream
from bluelamp.demo.world.journeys import LOCAL
from bluelamp.demo.world.stories import PLAYERS
from bluelamp.demo.world.vehicles import COLOURS, MODELS

_GUESS_SHARE = 0.6
"""Share of misreads in which the engine offers the right plate as its second guess."""


class Describer:
    """Describes reads. Every listed vehicle is pictured, and a share of the others."""

    def __init__(self, sense: PlateSense, picture_share: float) -> None:
        self._sense = sense
        self._picture_share = picture_share
        self._wanted = np.zeros(len(sense.nation.vehicles), bool)
        self._wanted[: len(PLAYERS)] = True
        self._wanted[listed_vehicles(sense)] = True
        self._rng = stream(sense.nation.seed, "pictures")

    def describe(self, reads: Reads) -> list[Sighting]:
        """One sighting a read, in the same order."""
        chance = self._rng.random((2, len(reads)))
        pictured = (chance[0] < self._picture_share) | self._wanted[reads.vehicle]
        guessed = chance[1] < _GUESS_SHARE
        return [self._sighting(reads, row, pictured=bool(pictured[row]), guessed=bool(guessed[row])) for row in range(len(reads))]

    def _sighting(self, reads: Reads, row: int, *, pictured: bool, guessed: bool) -> Sighting:
        cameras, vehicles = self._sense.cameras, self._sense.nation.vehicles
        camera, vehicle = int(reads.camera[row]), int(reads.vehicle[row])
        make, model, kind, _ = MODELS[int(vehicles.model[vehicle])]
        colour = COLOURS[int(vehicles.colour[vehicle])][0]
        plate, mark = reads.vrm[row].decode(), vehicles.mark[vehicle].decode()
        away = camera % 3 != 0
        night = is_night(float(reads.moment_s[row])) if pictured else False
        return Sighting(
            camera=cameras.external_id[camera],
            plate=plate,
            captured_ms=int(reads.captured_ms[row]),
            confidence=float(reads.confidence[row]),
            make=make,
            model=model,
            colour=colour,
            vehicle_class=kind,
            bearing=float(cameras.bearing[camera]),
            away=away,
            lane=int(cameras.lane[camera]),
            longitude=float(cameras.longitude[camera]),
            latitude=float(cameras.latitude[camera]),
            second_guess=mark if guessed and plate and plate != mark else "",
            plate_image=plate_picture(mark, rear=away, night=night) if pictured else b"",
            overview_image=overview_picture(mark, colour, kind, rear=away, night=night) if pictured else b"",
        )


def is_night(moment_s: float) -> bool:
    """Whether it is dark in the middle of the country, to about half an hour."""
    local = datetime.fromtimestamp(moment_s, UTC).astimezone(LOCAL)
    summer = local.dst()
    hour = local.hour + local.minute / 60 - (summer.total_seconds() / 3600 if summer else 0.0)
    half_day = 6.1 + 2.4 * cos(2 * pi * (local.timetuple().tm_yday - 172) / 365)
    return abs(hour - 12.1) > half_day
