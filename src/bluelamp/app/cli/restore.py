"""`bluelamp restore`: a backup brought back into a new data folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from bluelamp.app.cli.progress import progress
from bluelamp.app.engines.backup import run
from bluelamp.app.engines.group import EngineUrls
from bluelamp.spine.commands import CommandLine


def _lines(answer: dict[str, Any]) -> Iterator[str]:
    yield f"Restored to {answer['restored']}. Start it with `bluelamp up`."
    if (audit := answer.get("audit")) is None:
        return
    if audit["whole"]:
        yield "The audit is proven: nothing in it was changed, removed or put in."
    else:
        yield f"The audit is NOT whole: {audit['first_bad']['message']}. `bluelamp verify audit` tells more."


@click.command("restore")
@click.argument("source", type=click.Path(path_type=Path, exists=True))
@click.pass_obj
def restore(platform: CommandLine, source: Path) -> None:
    """Restore the backup SOURCE into a new data folder (--data). It is checked first; nothing is ever overwritten.

    The audit is proven at the end; if it is not whole, everything is restored all the same, and the command ends with 1.
    """
    settings = platform.settings()
    with progress(quiet=platform.json) as bar:
        report = run.restore(source, settings.data, EngineUrls.given(settings), bar)
    answer: dict[str, Any] = {"restored": str(settings.data)}
    if report is not None:
        answer["audit"] = {"whole": report.whole, "covered": report.covered, "first_bad": report.as_answer()["first_bad"]}
    platform.emit(answer, _lines)
    if report is not None and not report.whole:
        sys.exit(1)
