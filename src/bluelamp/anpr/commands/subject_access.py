"""`bluelamp subject-access`: what is held on a vehicle, gathered into a bundle for its keeper's request."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from bluelamp.anpr.actions.subject_access import asked, gather
from bluelamp.anpr.commands.sources import COMMAND_LINE
from bluelamp.anpr.queries.lawful import by_operator
from bluelamp.kit.clock import from_rfc3339
from bluelamp.spine.audit import Purpose
from bluelamp.spine.commands import CommandLine
from bluelamp.spine.module import Spine


def _moment(_context: click.Context, _parameter: click.Parameter, text: str) -> datetime:
    """A day, or a time with a zone."""
    try:
        return datetime.fromtimestamp(from_rfc3339(text if "T" in text else f"{text}T00:00:00Z") / 1000, UTC)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command("subject-access")
@click.option("--vrm", required=True, help="Registration mark.")
@click.option("--from", "start", required=True, callback=_moment, help="First moment (2026-03-02, or RFC 3339).")
@click.option("--to", "end", required=True, callback=_moment, help="Moment after the last.")
@click.option("--reference", required=True, help="Reference of the request.")
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="File to write: a ZIP.")
@click.pass_obj
def subject_access(platform: CommandLine, vrm: str, start: datetime, end: datetime, reference: str, out: Path) -> None:
    """Gather what is held on a vehicle into the file OUT, with a manifest. It is a disclosure, and on record as one."""
    if out.exists():
        raise click.ClickException(f"{out} exists; name another file")

    async def work(spine: Spine) -> dict[str, Any]:
        criteria = asked(vrm, start, end)
        bundle, manifest = await gather(spine, COMMAND_LINE, by_operator(spine, criteria), criteria, Purpose("subject access", reference))
        return {"bundle": bundle, **manifest}

    answer = platform.run(work)
    out.touch(mode=0o600)
    out.write_bytes(answer.pop("bundle"))
    told = ", ".join(f"{count} {name}" for name, count in answer["counts"].items())
    platform.emit({"file": str(out), **answer}, lambda a: [f"{a['file']}: {told}.", f"SHA-256 {a['sha256']}"])
