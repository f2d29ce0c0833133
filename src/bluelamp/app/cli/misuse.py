"""`bluelamp misuse`: run the detector over a year in a file, make such a year, load the directory."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from bluelamp.accountability.misuse import actions, detect, directory_files, evaluate, files, tables, weights
from bluelamp.accountability.misuse.directory import Directory
from bluelamp.app.cli.progress import progress
from bluelamp.demo.misuse import year
from bluelamp.spine import audit
from bluelamp.spine.errors import InvalidError
from bluelamp.spine.module import Spine

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
BAD_LINES_TOLD = 20


@click.group("misuse")
def misuse() -> None:
    """Looks that somebody should ask about: detect, evaluate, simulate."""


def _zone(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415

    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError):
        raise click.BadParameter(f"{value!r} is no time zone, such as Europe/London") from None
    return value


def _bad(lines: list[files.BadLine], count: int) -> dict[str, Any]:
    return {"count": count, "first": [line._asdict() for line in lines]}


def _evaluate(
    file: Path, directory: Path | None, weigh: weights.Weights, zone: str, minutes: float, tell: Callable[[str, float], None]
) -> dict[str, Any]:
    began = time.monotonic()
    read = files.read_looks(file, tell)
    known = directory_files.read_directory(directory, tell) if directory else directory_files.DirectoryRead(Directory(), 0, [], 0)
    found = detect.detect(read.looks, known.directory, weigh, zone=zone, tell=tell)
    return {
        "read": {
            "lines": read.lines, "looks": len(read.looks), "bad_lines": _bad(read.bad, read.bad_total),
            "times_without_zone": read.naive, "directory_facts": known.lines, "directory_bad_lines": _bad(known.bad, known.bad_total),
        },
        "cases": [evaluate.told(read.looks, case) for case in found.cases],
        "cost": evaluate.measured(read.looks, found.cases, minutes),
        "evaluation": evaluate.evaluated(read.looks, found.cases, minutes),
        "threshold": weigh.threshold,
        "seconds": round(time.monotonic() - began, 1),
    }  # fmt: skip


def _lines(answer: dict[str, Any]) -> Iterable[str]:
    for number, case in enumerate(answer["cases"], 1):
        yield from tables.case_lines(case, number)
    short = {**answer, "read": {**answer["read"]}}
    for name in ("bad_lines", "directory_bad_lines"):
        short["read"][name] = {**short["read"][name], "first": short["read"][name]["first"][:BAD_LINES_TOLD]}
    yield from tables.summary_lines(short)


@misuse.command("evaluate")
@click.argument("file", type=FILE)
@click.option("--directory", type=FILE, help="What is known of the people: NDJSON, JSON or CSV (docs/misuse.md).")
@click.option("--weights", "weights_file", type=FILE, help="Weights and threshold as JSON instead of the configured ones.")
@click.option(
    "--timezone", "zone", default="Europe/London", callback=_zone, show_default=True, help="Where the people work: for hours and weekdays."
)
@click.option("--minutes-a-case", type=click.FloatRange(0.1, 480), default=5.0, show_default=True, help="A supervisor's time for one case.")
@click.pass_obj
def evaluate_file(platform: Any, file: Path, directory: Path | None, weights_file: Path | None, zone: str, minutes_a_case: float) -> None:
    """Find misuse in FILE, looks as NDJSON, and tell each case with its reasons; with labels also how good that was.

    Needs no running platform and keeps nothing. The fields are in docs/misuse.md.
    """
    try:
        weigh = weights.read(weights_file)
    except ValueError as error:
        raise InvalidError(f"the weights cannot be used: {error}") from error
    with progress(quiet=False) as bar:
        answer = _evaluate(file, directory, weigh, zone, minutes_a_case, bar)
    platform.emit(answer, _lines)


@misuse.command("simulate")
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@click.option("--users", type=click.IntRange(50, 50_000), default=5000, show_default=True, help="People with access.")
@click.option("--seed", type=click.IntRange(0, 2**31), default=1, show_default=True, help="The same seed makes the same year.")
@click.pass_obj
def simulate(platform: Any, out: Path, users: int, seed: int) -> None:
    """Write a simulated year of looks with planted misuse to OUT/looks.ndjson and OUT/directory.ndjson."""
    with progress(quiet=False) as bar:
        bar("simulating a year", 0.0)
        made = year.simulate(users, seed)
        written = year.write(made, out, bar)
    answer = {"looks": len(made.year.columns["at"]), "planted": made.planted, "files": {name: str(path) for name, path in written.items()}}
    platform.emit(answer, lambda told: [f"{told['looks']} looks in {told['files']['looks']}", f"planted: {json.dumps(told['planted'])}"])


@misuse.command("directory")
@click.argument("file", type=FILE)
@click.option("--agency", required=True, help="Code of the agency whose people the file tells of.")
@click.pass_obj
def load_directory(platform: Any, file: Path, agency: str) -> None:
    """Load FILE (NDJSON, JSON or CSV) as the directory of an agency's people, in place of the one before."""

    async def work(spine: Spine) -> dict[str, Any]:
        if not await spine.db.fetchval("SELECT true FROM agencies WHERE code = $1", agency):
            raise InvalidError(f"there is no agency with the code {agency[:20]!r}")
        actor = audit.Actor("command-line", "command line", agency)
        done = await actions.load_directory(spine.db, actor, file, spine.clock())
        rejected = [bad._asdict() for bad in done.rejected]
        return {"facts": done.facts, "rejected": rejected, "rejected_total": done.rejected_total, "expires_at": done.expires_at.isoformat()}

    def told(answer: dict[str, Any]) -> Iterable[str]:
        yield f"{answer['facts']} facts loaded, kept until {answer['expires_at'][:10]}; {answer['rejected_total']} rows refused."
        for row in answer["rejected"]:
            yield f"line {row['line']}: {row['message']}"

    platform.emit(platform.run(work), told)
