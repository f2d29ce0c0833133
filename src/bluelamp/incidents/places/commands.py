"""`bluelamp places`: the deployer's data about places, beside a running platform."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from bluelamp.incidents.places.imports import KINDS, import_places
from bluelamp.incidents.places.queries import resolve
from bluelamp.kit.geo import Place, describe
from bluelamp.spine.audit import Actor
from bluelamp.spine.module import Spine

COMMAND_LINE = Actor("command-line", "command line", "")


@click.group("places")
def places() -> None:
    """Postcodes, marker posts and junctions."""


def _told(done: dict[str, Any]) -> Iterable[str]:
    yield f"{done['added']} places added, {done['moved']} known ones kept or moved, {done['rejected_total']} rows refused."
    for row in done["rejected"]:
        yield f"line {row['line']}: {row['message']}"


@places.command("import")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_obj
def import_file(platform: Any, kind: str, file: Path) -> None:
    """Load FILE, a CSV with a line of names.

    Postcodes: postcode and latitude,longitude or easting,northing. Marker posts: road, marker (172/4 or J36), carriageway where there is
    one, and the same. Loaded again, places are moved; none is removed.
    """

    async def work(spine: Spine) -> dict[str, Any]:
        with file.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
            return asdict(await import_places(spine.db, COMMAND_LINE, kind, lines))

    platform.emit(platform.run(work), _told)


@places.command("find")
@click.argument("said")
@click.pass_obj
def find(platform: Any, said: str) -> None:
    """Say where SAID is, in every form."""

    async def work(spine: Spine) -> dict[str, Any]:
        return shown(await resolve(spine.db, said))

    def lines(place: dict[str, Any]) -> Iterable[str]:
        if place["placed"]:
            yield from (f"{name}: {value}" for name, value in place["shown"].items() if value)
        if place["why"]:
            yield place["why"]

    platform.emit(platform.run(work), lines)


def shown(place: Place) -> dict[str, Any]:
    """A place as programs read it."""
    point = place.point
    return {
        "said": place.said,
        "form": place.form.value,
        "placed": place.placed,
        "latitude": None if point is None else round(point.latitude, 7),
        "longitude": None if point is None else round(point.longitude, 7),
        "within_m": place.within_m,
        "key": place.key,
        "why": place.why,
        "shown": None if point is None else describe(point, max(1, round((place.within_m or 1) / 0.71 - 5)))._asdict(),
    }
