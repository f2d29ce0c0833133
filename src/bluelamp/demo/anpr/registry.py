"""What the nation registers with the platform: sources, cameras, lists of vehicles of interest."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO

import numpy as np

from bluelamp.demo.anpr.cameras import FORMATS, Cameras
from bluelamp.demo.anpr.sense import PlateSense
from bluelamp.demo.world.agencies import AGENCIES, HOME
from bluelamp.demo.world.chance import Ints, stream
from bluelamp.demo.world.stories import LISTINGS

LISTED_SHARE = 0.02
"""Share of the nation's vehicles that some list names; about the share of reads that hit."""
UNREGISTERED = 2
"""Cameras of the home force that were put up but not registered: their reads wait among the rejects until somebody does."""

_REASONS = (
    ("No insurance", "low", "insurance", "Check cover at the roadside."),
    ("Untaxed since last year", "low", "tax", ""),
    ("Keeper's licence revoked", "medium", "licence", "Confirm who drives."),
    ("Linked to shoplifting series", "medium", "intelligence", "Do not stop unless in company. Report occupants."),
    ("Drives off without paying for fuel", "low", "bilking", ""),
    ("Failed to stop for police", "high", "failed to stop", "Wait for support before stopping."),
    ("Suspected of carrying drugs", "high", "drugs", "Stop with a search-trained officer."),
    ("Missing person may be inside", "high", "missing person", "Stop; check the welfare of everyone inside."),
    ("Stolen", "high", "stolen", "Stop and arrest. Ask for a second unit."),
)
_REASON_SHARES = (0.34, 0.27, 0.10, 0.08, 0.08, 0.05, 0.04, 0.02, 0.02)


@dataclass(frozen=True, slots=True)
class SourcePlan:
    """A source to register and the cameras behind it."""

    name: str
    agency: str
    format: str
    cameras: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ListPlan:
    """A list of vehicles of interest, as the platform imports it."""

    name: str
    agency: str
    csv: str
    entries: int


def source_plans(cameras: Cameras) -> list[SourcePlan]:
    """One source for each agency and format; a Dahua camera has one to itself, for its events do not say which camera it is."""
    grouped: dict[tuple[int, int, int], list[int]] = {}
    for camera, (agency, spoken) in enumerate(zip(cameras.agency.tolist(), cameras.format.tolist(), strict=True)):
        alone = camera if FORMATS[spoken] == "dahua" else -1
        grouped.setdefault((agency, spoken, alone), []).append(camera)
    plans = []
    for (agency, spoken, alone), members in sorted(grouped.items()):
        kind = "gateway" if FORMATS[spoken] == "native" else FORMATS[spoken]
        name = f"{AGENCIES[agency].code} {kind}" + (f" {alone}" if alone >= 0 else "")
        plans.append(SourcePlan(name, AGENCIES[agency].code, FORMATS[spoken], tuple(members)))
    return plans


def unregistered(cameras: Cameras) -> Ints:
    """The cameras that nobody has registered yet."""
    home = [agency.code for agency in AGENCIES].index(HOME)
    return np.flatnonzero((cameras.agency == home) & (cameras.format == 0))[:UNREGISTERED]


def cameras_csv(cameras: Cameras, plans: list[SourcePlan], source_ids: dict[str, str], rows_max: int = 2000) -> Iterator[tuple[str, int]]:
    """The register of cameras as CSV texts of at most `rows_max` rows, each with its number of rows. `source_ids`: by source name."""
    missing = set(unregistered(cameras).tolist())
    lines = [
        [
            cameras.external_id[camera],
            cameras.name[camera],
            plan.agency,
            source_ids[plan.name],
            f"{cameras.latitude[camera]:.6f}",
            f"{cameras.longitude[camera]:.6f}",
            cameras.road[camera],
            str(round(float(cameras.bearing[camera])) % 360),
            str(int(cameras.lane[camera])),
        ]
        for plan in plans
        for camera in plan.cameras
        if camera not in missing
    ]
    header = ["external_id", "name", "agency", "source", "latitude", "longitude", "road", "bearing", "lane"]
    for start in range(0, len(lines), rows_max):
        part = lines[start : start + rows_max]
        yield _csv(header, part), len(part)


def listed_vehicles(sense: PlateSense) -> Ints:
    """The vehicles of the population that some list names."""
    population = sense.nation.population
    return population[stream(sense.nation.seed, "lists").random(len(population)) < LISTED_SHARE]


def list_plans(sense: PlateSense, first_s: float) -> list[ListPlan]:
    """The home force's list with the stories in it, one of everyday matters, and a few of other agencies."""
    nation = sense.nation
    rng = stream(nation.seed, "lists", "entries")
    listed = listed_vehicles(sense)
    reason = rng.choice(len(_REASONS), len(listed), p=_REASON_SHARES)
    owner = rng.random(len(listed))
    starts = first_s - rng.uniform(1.0, 200.0, len(listed)) * 86400.0
    expires = first_s + rng.uniform(3.0, 180.0, len(listed)) * 86400.0
    rows: dict[tuple[str, str], list[list[str]]] = {
        (HOME, "Kentmere: wanted and stolen"): [
            [
                item.mark,
                item.reason,
                item.priority,
                _stamp(first_s - 86400.0 * 60),
                _stamp(first_s + 86400.0 * 60),
                item.marker,
                item.instruction,
            ]
            for item in LISTINGS
        ]
    }
    lists = (
        (0.12, HOME, "Kentmere: everyday"),
        (0.45, "THM", "Thamesmouth: everyday"),
        (0.7, "ALB", "Strathalba: everyday"),
        (1.01, "VSO", "Vehicle standards"),
    )
    for index, vehicle in enumerate(listed.tolist()):
        why, priority, marker, instruction = _REASONS[int(reason[index])]
        agency, name = next((code, title) for bound, code, title in lists if owner[index] < bound)
        rows.setdefault((agency, name), []).append(
            [nation.vehicles.mark[vehicle].decode(), why, priority, _stamp(starts[index]), _stamp(expires[index]), marker, instruction]
        )
    header = ["vrm", "reason", "priority", "starts", "expires", "marker", "instruction"]
    return [ListPlan(name, agency, _csv(header, lines), len(lines)) for (agency, name), lines in rows.items()]


def _stamp(moment_s: float) -> str:
    return datetime.fromtimestamp(moment_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _csv(header: list[str], rows: list[list[str]]) -> str:
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()
