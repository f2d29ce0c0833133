"""Found reads as answers show them: with their cameras, pictures and ids."""

from __future__ import annotations

import asyncio
from typing import Any, Literal, cast

from bluelamp.anpr.domain import ReadKey
from bluelamp.anpr.lawful import Lawful
from bluelamp.anpr.queries import gaps
from bluelamp.anpr.queries.lawful import Narrowed
from bluelamp.anpr.schemas.searches import CameraShown, GapShown, ImageShown, NarrowedShown, Period, ReadShown
from bluelamp.anpr.searching.criteria import Criteria
from bluelamp.anpr.searching.ranking import Found
from bluelamp.anpr.store.evidence import Evidence, evidence_of, key_of
from bluelamp.anpr.store.places import CameraView, camera_views, cameras_in
from bluelamp.kit.clock import to_rfc3339
from bluelamp.spine.module import Spine

GAPS_SHOWN_MAX = 200


def point(longitude: float, latitude: float) -> dict[str, Any]:
    """A GeoJSON point."""
    return {"type": "Point", "coordinates": [longitude, latitude]}


def camera_shown(number: int, view: CameraView | None) -> CameraShown:
    """A camera; one that is in no register any more keeps its number."""
    if view is None:
        return CameraShown(id=str(number), name="", agency="", road="", position=None)
    return CameraShown(id=view.id, name=view.name, agency=view.agency, road=view.road, position=point(view.longitude, view.latitude))


def image_href(ref: str, search: str, read: str) -> str:
    """Where a picture is opened: it names the search by which it was come by, as the door to it demands."""
    return f"/v1/anpr/pictures/{ref}?search={search}&read={read}"


def shown(found: Found, cameras: dict[int, CameraView], evidence: dict[ReadKey, Evidence], search: str) -> ReadShown:
    """One read for an answer of the search with this id."""
    read = found.read
    held = evidence.get(key_of(read))
    return ReadShown(
        id=read.id,
        vrm=read.vrm,
        seen_as=read.seen_as or read.vrm,
        captured_at=to_rfc3339(read.captured_at),
        camera=camera_shown(read.camera, cameras.get(read.camera)),
        confidence=read.confidence,
        likelihood=found.likelihood / 1000,
        direction=read.direction,
        lane=read.lane or None,
        make=read.make,
        model=read.model,
        colour=read.colour,
        vehicle_class=read.vehicle_class,
        images=[
            ImageShown(kind=cast("Literal['plate', 'overview']", p.kind), href=image_href(p.ref, search, read.id), sha256=p.sha256)
            for p in (held.pictures if held else ())
        ],
    )


async def shown_all(spine: Spine, lawful: Lawful, found: list[Found], search: str) -> list[ReadShown]:
    """Reads for an answer, in the same order."""
    if not found:
        return []
    cameras, evidence = await asyncio.gather(
        camera_views(spine.db, (f.read.camera for f in found)), evidence_of(spine.columnar, [f.read for f in found], lawful)
    )
    return [shown(f, cameras, evidence, search) for f in found]


def narrowed_shown(narrowed: Narrowed | None) -> NarrowedShown | None:
    """Why an answer does not reach as far back as was asked."""
    return narrowed and NarrowedShown(start=to_rfc3339(narrowed.start), why=narrowed.why, lawful_if=narrowed.lawful_if)


async def gaps_of(spine: Spine, criteria: Criteria, window: Lawful) -> tuple[list[GapShown], bool]:
    """Cameras of the searched place that were down in the window, and whether there are more than are listed."""
    if window.is_empty:
        return [], False
    numbers = await cameras_in(spine.db, criteria)
    if numbers == ():
        return [], False
    down = await gaps.cameras_down(spine, window.start, window.end, None if numbers is None else list(numbers), None, GAPS_SHOWN_MAX + 1)
    listed = [
        GapShown(
            id=str(gap.camera),
            name=gap.name,
            agency=gap.agency,
            road=gap.road,
            position=point(gap.longitude, gap.latitude),
            periods=[Period(start=to_rfc3339(a), end=None if b is None else to_rfc3339(b)) for a, b in gap.periods],
        )
        for gap in down[:GAPS_SHOWN_MAX]
    ]
    return listed, len(down) > GAPS_SHOWN_MAX
