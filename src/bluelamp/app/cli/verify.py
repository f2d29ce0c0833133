"""`bluelamp verify`: proof that a backup is whole."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from bluelamp.app.cli.progress import progress
from bluelamp.app.engines.backup import run
from bluelamp.spine.commands import CommandLine


@click.command("verify")
@click.argument("source", type=click.Path(path_type=Path, exists=True))
@click.pass_obj
def verify(platform: CommandLine, source: Path) -> None:
    """Check the backup SOURCE: every part is there and is what was written. Ends with 1 if not."""
    with progress(quiet=platform.json) as bar:
        wrong = run.damages(source, bar)
    platform.emit({"whole": not wrong, "damaged": wrong}, lambda a: a["damaged"] or ["The backup is whole."])
    if wrong:
        sys.exit(1)
