"""Postcodes and marker posts from the deployer's files: CSV with a line of names, any number of rows, bad ones told one by one."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from bluelamp.incidents.places import store
from bluelamp.incidents.places.store import KnownPlace
from bluelamp.incidents.positions.errors import PlacesFileError
from bluelamp.kit.geo import Form, Grid, GridError, Point, from_grid, patterns
from bluelamp.spine import audit
from bluelamp.spine.audit import Actor
from bluelamp.spine.relational import Database

ACTION = "incidents.places.import"
ROWS_A_TRANSACTION = 20_000
TOLD_MAX = 1_000
LINE_CHARACTERS_MAX = 10_000

_NAMES = {
    "postcode": ("postcode", "pcds", "pcd"),
    "road": ("road",),
    "marker": ("marker", "marker_post", "post"),
    "carriageway": ("carriageway", "side"),
    "latitude": ("latitude", "lat"),
    "longitude": ("longitude", "long", "lon", "lng"),
    "easting": ("easting", "eastings", "oseast1m"),
    "northing": ("northing", "northings", "osnrth1m"),
}
"""What columns are called in the files that there are."""

POSTCODE_WITHIN_M = 100.0
POST_WITHIN_M = 60.0


@dataclass
class Imported:
    """What became of a file. `rejected` names the first thousand bad rows; `rejected_total` counts them all."""

    added: int = 0
    moved: int = 0
    rejected_total: int = 0
    rejected: list[dict[str, Any]] = field(default_factory=list)

    def refuse(self, line: int, message: str) -> None:
        self.rejected_total += 1
        if len(self.rejected) < TOLD_MAX:
            self.rejected.append({"line": line, "message": message})


Row = dict[str, str]


async def import_places(db: Database, actor: Actor, kind: str, lines: Iterable[str]) -> Imported:
    """Add or move the places of a file of `postcodes` or `marker-posts`; 20,000 a transaction, each with its audit entry.

    Raises:
        PlacesFileError: the columns are not those of such a file; nothing was imported.
    """
    read, needed = _KINDS[kind]
    done = Imported()
    rows = _rows(lines, kind, needed)
    while part := list(islice(rows, ROWS_A_TRANSACTION)):
        known: list[KnownPlace] = []
        for line, row in part:
            try:
                known.append(read(row))
            except (ValueError, GridError) as error:
                done.refuse(line, str(error))
        async with db.transaction() as connection:
            detail = {"kind": kind, "rows": len(known), "first_line": part[0][0], "last_line": part[-1][0]}
            await audit.record(connection, actor, "collection", ACTION, detail=detail)
            added, moved = await store.put(connection, known)
        done.added += added
        done.moved += moved
    return done


def _rows(lines: Iterable[str], kind: str, needed: tuple[str, ...]) -> Iterator[tuple[int, Row]]:
    bounded = (_short(line) for line in lines)
    reader = csv.reader(bounded)
    header = [name.strip().lower().removeprefix("\ufeff") for name in next(reader, [])]
    at = {wanted: header.index(name) for wanted, names in _NAMES.items() for name in names if name in header}
    placed = {"latitude", "longitude"} <= at.keys() or {"easting", "northing"} <= at.keys()
    missing = [name for name in needed if name not in at] + ([] if placed else ["latitude and longitude, or easting and northing"])
    if missing:
        raise PlacesFileError(f"a file of {kind} begins with a line of names; these are missing: {', '.join(missing)}")
    for row in reader:
        if any(cell.strip() for cell in row):
            yield reader.line_num, {name: row[index].strip() if index < len(row) else "" for name, index in at.items()}


def _short(line: str) -> str:
    if len(line) > LINE_CHARACTERS_MAX:
        raise PlacesFileError(f"a line has more than {LINE_CHARACTERS_MAX} characters: this is no such file")
    return line


def _point(row: Row) -> Point:
    if row.get("latitude") and row.get("longitude"):
        point = Point(_number(row["latitude"], "latitude"), _number(row["longitude"], "longitude"))
        if not point.sound or point == (0, 0):
            raise ValueError("latitude or longitude is outside its range")
        return point
    if row.get("easting") and row.get("northing"):
        return from_grid(Grid(_number(row["easting"], "easting"), _number(row["northing"], "northing")))
    raise ValueError("neither latitude and longitude nor easting and northing are given")


def _number(text: str, name: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{name} {text[:20]!r} is not a number") from None


def _postcode(row: Row) -> KnownPlace:
    key = patterns.postcode(" ".join(row["postcode"].split()).replace("  ", " "))
    if key is None:
        raise ValueError(f"{row['postcode'][:20]!r} is not a postcode")
    return KnownPlace(Form.POSTCODE, key, _point(row), POSTCODE_WITHIN_M)


def _marker_post(row: Row) -> KnownPlace:
    said = f"{row['road']} {row['marker']} {row.get('carriageway', '')}".strip()
    post, junction = patterns.marker_post(said), patterns.junction(f"{row['road']} {row['marker']}")
    if post is not None:
        return KnownPlace(Form.MARKER_POST, post, _point(row), POST_WITHIN_M)
    if junction is not None:
        return KnownPlace(Form.JUNCTION, junction, _point(row), None)
    raise ValueError(f"{said[:40]!r} is neither a marker post (172/4) nor a junction (J36)")


_KINDS: dict[str, tuple[Callable[[Row], KnownPlace], tuple[str, ...]]] = {
    "postcodes": (_postcode, ("postcode",)),
    "marker-posts": (_marker_post, ("road", "marker")),
}
KINDS = tuple(_KINDS)
