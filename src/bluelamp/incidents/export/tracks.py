"""Where the resources of an incident were while they were on it, as GeoJSON; covert ones only for their own agency."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec

from bluelamp.incidents.export.drawing import Track
from bluelamp.incidents.log.stays import Stay
from bluelamp.incidents.log.store import moment
from bluelamp.incidents.positions.domain import Position, may_see
from bluelamp.incidents.positions.store import history
from bluelamp.kit.clock import to_rfc3339
from bluelamp.spine.columnar import Columnar

POINTS_MAX = 5_000
"""Of one stay; longer ones are thinned evenly in time."""
DRAWN_MAX = 150
"""Of one stay, on the drawing."""


async def geojson(columnar: Columnar, agency: str, stays: list[Stay], drawn: list[Track]) -> AsyncIterator[bytes]:
    """A FeatureCollection in parts: a line with its times for each stay. Fills `drawn` for the map."""
    first = True
    yield b'{"type":"FeatureCollection","features":[\n'
    for stay in stays:
        positions = await _positions(columnar, agency, stay)
        if not positions:
            continue
        drawn.append(Track(stay.call_sign, [(p.longitude, p.latitude) for p in positions[:: max(1, len(positions) // DRAWN_MAX)]]))
        yield (b"" if first else b",\n") + msgspec.json.encode(_feature(stay, positions))
        first = False
    yield b"\n]}\n"


async def _positions(columnar: Columnar, agency: str, stay: Stay) -> list[Position]:
    every = (stay.end - stay.start) // 1000 // POINTS_MAX
    found = await history.track(columnar, stay.resource, moment(stay.start), moment(stay.end + 1), every, POINTS_MAX + 1)
    # Only control rooms make packages, so what the agency's control room sees is what is asked.
    return [position for position in found if not position.gone and may_see(position, agency, controls=True)]


def _feature(stay: Stay, positions: list[Position]) -> dict[str, Any]:
    points = [[position.longitude, position.latitude] for position in positions]
    line = {"type": "LineString", "coordinates": points} if len(points) > 1 else {"type": "Point", "coordinates": points[0]}
    return {
        "type": "Feature",
        "geometry": line,
        "properties": {
            "call_sign": stay.call_sign,
            "agency": stay.agency,
            "resource": stay.resource,
            "from": to_rfc3339(stay.start),
            "to": to_rfc3339(stay.end),
            "times": [to_rfc3339(position.at) for position in positions],
            "sources": sorted({position.source for position in positions}),
        },
    }
