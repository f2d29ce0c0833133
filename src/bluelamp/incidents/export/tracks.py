"""Where the resources of an incident were while they were on it, as GeoJSON; covert ones only for their own agency."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import msgspec

from bluelamp.incidents.domain.fold import Event
from bluelamp.incidents.export.drawing import Track
from bluelamp.incidents.log.store import moment
from bluelamp.incidents.positions.domain import Position, may_see
from bluelamp.incidents.positions.store import history
from bluelamp.kit.clock import to_rfc3339
from bluelamp.spine.columnar import Columnar

KINDS = ("resource.assigned", "resource.released", "agency.left", "incident.closed", "incident.merged")
POINTS_MAX = 5_000
"""Of one stay; longer ones are thinned evenly in time."""
DRAWN_MAX = 150
"""Of one stay, on the drawing."""
STAYS_MAX = 5_000


class Stay(NamedTuple):
    """A resource on the incident, from when until when. Epoch milliseconds."""

    resource: str
    call_sign: str
    agency: str
    start: int
    end: int


class Stays:
    """Folds who was on the incident when."""

    def __init__(self) -> None:
        self._open: dict[str, Stay] = {}
        self._ended: list[Stay] = []

    def see(self, event: Event) -> None:
        data = event.data
        if event.kind == "resource.assigned":
            if data["resource"] not in self._open:
                self._open[data["resource"]] = Stay(data["resource"], data["call_sign"], data["agency"], event.happened_at, 0)
        elif event.kind == "resource.released":
            self._end([data["resource"]], event.happened_at)
        elif event.kind == "agency.left":
            self._end([one.resource for one in self._open.values() if one.agency == data["agency"]], event.at)
        elif event.kind in {"incident.closed", "incident.merged"} and data.get("direction") != "from":
            self._end(list(self._open), event.at)

    def _end(self, resources: list[str], at: int) -> None:
        for resource in resources:
            if stay := self._open.pop(resource, None):
                self._ended.append(stay._replace(end=max(at, stay.start)))

    def until(self, now: int) -> list[Stay]:
        """All of them, those still on it until now; at most `STAYS_MAX`."""
        return [*self._ended, *(stay._replace(end=now) for stay in self._open.values())][:STAYS_MAX]


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
