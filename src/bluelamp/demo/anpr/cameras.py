"""Where the nation's cameras stand: on the busier roads, mostly both ways, two lanes on motorways; who owns and who made each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bluelamp.demo.world.agencies import AGENCIES, HOME, NATIONAL, TERRITORIAL, territory
from bluelamp.demo.world.chance import Bools, Floats, Ints, pick, stream, weighted_picker
from bluelamp.demo.world.roads import RoadClass, Roads
from bluelamp.demo.world.routes import Routes
from bluelamp.demo.world.towns import Towns

CAMERA_COUNT = 14_000
FORMATS = ("native", "hikvision", "axis", "platerecognizer", "rekor", "genetec", "tattile", "dahua")
"""What a camera speaks. Most stand behind a force's own gateway, which sends `native`."""
_NATIVE = 0
_DAHUA = FORMATS.index("dahua")
_VENDOR_FORCES = 0.6
"""Share of agencies that also let cameras of one other maker post directly."""
_VENDOR_SHARE = 0.45
_DAHUA_CAMERAS = 6
"""A Dahua event does not name its camera, so each needs a source of its own: a few stand for all."""
_HOME_KEENNESS = 4.0
"""The home force put up more cameras than others, so that its control room has something to see."""


@dataclass(frozen=True, slots=True)
class Gates:
    """Places where traffic in one direction passes under cameras, one camera a lane. Sorted by direction, then share."""

    direction: Ints
    share: Floats
    first_camera: Ints
    lanes: Ints

    def __len__(self) -> int:
        return len(self.direction)


@dataclass(frozen=True, slots=True)
class Cameras:
    """Parallel columns, one camera a row."""

    gate: Ints
    lane: Ints
    agency: Ints
    format: Ints
    longitude: Floats
    latitude: Floats
    bearing: Floats
    road: tuple[str, ...]
    name: tuple[str, ...]
    external_id: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.gate)


def place_cameras(towns: Towns, roads: Roads, routes: Routes, seed: int, count: int = CAMERA_COUNT) -> tuple[Gates, Cameras]:
    """Exactly `count` cameras. Stretches that carry more traffic get more of them, but not in proportion: forces watch side roads too."""
    rng = stream(seed, "cameras")
    home = territory(towns) == [agency.code for agency in AGENCIES].index(HOME)
    keenness = np.where(home[roads.a] | home[roads.b], _HOME_KEENNESS, 1.0)
    gates, camera_gate, lane = _gates(roads, routes, keenness, rng, count)
    direction = gates.direction[camera_gate]
    longitude, latitude, bearing = roads.position(towns, direction, gates.share[camera_gate])
    agency = _owners(towns, roads, gates, camera_gate, rng)
    spoken = _formats(agency, rng)
    stretch = direction // 2
    start, end = roads.ends(direction)
    road = tuple(roads.names[index] for index in stretch.tolist())
    nearer = np.where(gates.share[camera_gate] < 0.5, start, end).tolist()
    name = tuple(
        f"{number} {towns.names[near]}, {_compass(way)}{'' if near == onward else f' to {towns.names[onward]}'}"
        f"{f', lane {strip}' if wide else ''}"
        for number, near, way, onward, strip, wide in zip(
            road, nearer, bearing.tolist(), end.tolist(), lane.tolist(), (gates.lanes[camera_gate] > 1).tolist(), strict=True
        )
    )
    return gates, Cameras(
        gate=camera_gate,
        lane=lane,
        agency=agency,
        format=spoken,
        longitude=np.round(longitude, 6),
        latitude=np.round(latitude, 6),
        bearing=np.round(bearing, 1),
        road=road,
        name=name,
        external_id=_external_ids(agency, spoken),
    )


def _gates(roads: Roads, routes: Routes, keenness: Floats, rng: np.random.Generator, count: int) -> tuple[Gates, Ints, Ints]:
    """Places chosen by the traffic that the routes put on them, until they hold `count` cameras; then each camera's gate and lane."""
    flow = np.bincount(routes.step // 2, np.repeat(routes.weight * (1 - 0.8 * routes.long), np.diff(routes.first)), len(roads))
    appeal = np.sqrt(flow) * np.sqrt(roads.length_km) * np.array([2.2, 1.8, 1.0])[roads.road_class] * keenness
    stretch = pick(weighted_picker(appeal), rng, count)
    lanes = np.where(roads.road_class[stretch] == RoadClass.MOTORWAY, 2, 1)
    share = rng.uniform(0.06, 0.94, len(stretch))
    both = rng.random(len(stretch)) < 0.85
    one_way = rng.integers(0, 2, len(stretch))
    direction = np.concatenate([2 * stretch + one_way, (2 * stretch + 1 - one_way)[both]])
    place = np.concatenate([np.arange(count), np.arange(count)[both]])
    share = np.concatenate([np.where(one_way == 0, share, 1 - share), np.where(one_way == 0, 1 - share, share)[both]])
    lanes = np.concatenate([lanes, lanes[both]])
    order = np.argsort(place, kind="stable")
    direction, share, lanes = direction[order], share[order], lanes[order]
    enough = int(np.searchsorted(np.cumsum(lanes), count)) + 1
    direction, share, lanes = direction[:enough], share[:enough], lanes[:enough].copy()
    lanes[-1] -= int(lanes.sum()) - count
    order = np.lexsort((share, direction))
    direction, share, lanes = direction[order], share[order], lanes[order]
    first_camera = np.concatenate([[0], np.cumsum(lanes)[:-1]])
    camera_gate = np.repeat(np.arange(enough), lanes)
    lane = np.arange(count) - first_camera[camera_gate] + 1
    return Gates(direction, share, first_camera, lanes), camera_gate, lane


def _owners(towns: Towns, roads: Roads, gates: Gates, camera_gate: Ints, rng: np.random.Generator) -> Ints:
    """The force of the nearer town; about one gate in fourteen belongs to an agency that works nation-wide."""
    start, end = roads.ends(gates.direction)
    local = territory(towns)[np.where(gates.share < 0.5, start, end)]
    national = len(TERRITORIAL) + rng.integers(0, len(NATIONAL), len(gates))
    return np.where(rng.random(len(gates)) < 0.07, national, local)[camera_gate]


def _formats(agency: Ints, rng: np.random.Generator) -> Ints:
    """Each agency's cameras speak `native` through its gateway; in some agencies part of them are one vendor's and post directly."""
    vendors = rng.integers(1, _DAHUA, len(AGENCIES))
    # The first agencies cover every vendor, so that even the smallest nation has them all.
    vendors[: _DAHUA - 1] = np.arange(1, _DAHUA)
    direct: Bools = rng.random(len(AGENCIES)) < _VENDOR_FORCES
    direct[: _DAHUA - 1] = True
    spoken = np.where(direct[agency] & (rng.random(len(agency)) < _VENDOR_SHARE), vendors[agency], _NATIVE)
    spoken[pick(weighted_picker(np.ones(len(agency))), rng, _DAHUA_CAMERAS)] = _DAHUA
    return spoken


def _external_ids(agency: Ints, spoken: Ints) -> tuple[str, ...]:
    """What each maker's payload calls the camera (the identifiers use documentation ranges and test prefixes)."""
    serial: dict[int, int] = {}
    names = []
    for camera, (owner, kind) in enumerate(zip(agency.tolist(), spoken.tolist(), strict=True)):
        serial[owner] = number = serial.get(owner, 0) + 1
        code = AGENCIES[owner].code
        names.append(
            {
                "native": f"{code}-{number:04d}",
                "hikvision": f"02:00:00:01:{camera >> 8:02x}:{camera & 255:02x}",
                "axis": f"0200008E{camera:04X}",
                "platerecognizer": f"{code.lower()}-cam-{number}",
                "rekor": str(10_000 + camera),
                "genetec": f"G{camera:05d}S - {code} {number}",
                "tattile": f"TAT{camera:07d}",
                "dahua": "default",
            }[FORMATS[kind]]
        )
    return tuple(names)


def _compass(bearing: float) -> str:
    return ("northbound", "eastbound", "southbound", "westbound")[int((bearing + 45.0) % 360 // 90)]
