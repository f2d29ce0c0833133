"""`bluelamp retention`: what was deleted after its time, what is left and why; and the deletion itself, at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from bluelamp.anpr.commands.sources import COMMAND_LINE
from bluelamp.anpr.jobs.retention import delete_expired
from bluelamp.anpr.queries import retention as queries
from bluelamp.spine.commands import CommandLine
from bluelamp.spine.module import Spine


@click.group("retention")
def retention() -> None:
    """Reads are deleted after their time; this proves it."""


def _lines(answer: dict[str, Any]) -> Iterator[str]:
    yield f"Reads are kept for {answer['retention_days']} days: what was captured before {answer['before']} is to be gone."
    for copy in answer["copies"]:
        count = "" if copy["overdue"] is None else f"{copy['overdue']} past their time"
        yield f"  {copy['what']:36} {copy['where']:14} {count:24} {copy['goes']}"
        if copy["overdue"]:
            yield f"      {copy['why']}"
    yield f"{answer['preserved_reads']} reads are preserved for {answer['preservations']} cases, {answer['legal_holds']} under legal hold."
    yield "Nothing is left that should be gone." if answer["clean"] else "SOMETHING IS LEFT THAT SHOULD BE GONE: see above."
    for run in answer["runs"]:
        yield f"{run['at']}  {run['deleted']} rows and objects deleted, sha256 {run['sha256']}"


@retention.command("report")
@click.pass_obj
def report(platform: CommandLine) -> None:
    """Look at every place where reads are kept, and list the last rounds of the deletion."""
    platform.emit(platform.run(lambda spine: queries.report(spine, COMMAND_LINE)), _lines)


@retention.command("run")
@click.pass_obj
def run(platform: CommandLine) -> None:
    """Delete now what is past its time, rather than within the hour, and report."""

    async def work(spine: Spine) -> dict[str, Any]:
        await delete_expired(spine)
        return await queries.report(spine, COMMAND_LINE)

    platform.emit(platform.run(work), _lines)
