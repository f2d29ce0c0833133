"""`bluelamp restore`: a backup brought back into a new data folder."""

from __future__ import annotations

from pathlib import Path

import click

from bluelamp.app.cli.progress import progress
from bluelamp.app.engines.backup import run
from bluelamp.app.engines.group import EngineUrls
from bluelamp.spine.commands import CommandLine


@click.command("restore")
@click.argument("source", type=click.Path(path_type=Path, exists=True))
@click.pass_obj
def restore(platform: CommandLine, source: Path) -> None:
    """Restore the backup SOURCE into a new data folder (--data). It is checked first; nothing is ever overwritten."""
    settings = platform.settings()
    with progress(quiet=platform.json) as bar:
        run.restore(source, settings.data, EngineUrls.given(settings), bar)
    platform.emit({"restored": str(settings.data)}, lambda a: [f"Restored to {a['restored']}. Start it with `bluelamp up`."])
