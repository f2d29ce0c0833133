"""`bluelamp backup`: a copy of everything, taken while the platform runs or not."""

from __future__ import annotations

from pathlib import Path

import click

from bluelamp.app.cli.progress import progress
from bluelamp.app.engines.backup import run
from bluelamp.app.engines.data_folder import MARKER
from bluelamp.app.engines.doctor import note_backup
from bluelamp.app.engines.errors import BackupError
from bluelamp.app.engines.group import EngineUrls, recorded_urls, running_engines, urls_beside
from bluelamp.spine.commands import CommandLine


@click.command("backup")
@click.argument("target", type=click.Path(path_type=Path))
@click.pass_obj
def backup(platform: CommandLine, target: Path) -> None:
    """Back up everything to TARGET: one tar file if its name ends in .tar, else a folder. The platform may run or not."""
    settings = platform.settings()
    folder = target.suffix != ".tar"
    with progress(quiet=platform.json) as bar:
        if EngineUrls.given(settings).complete or recorded_urls(settings.data):
            manifest = run.back_up(urls_beside(settings), target, folder=folder, progress=bar, data=settings.data)
        elif not (settings.data / MARKER).exists():
            raise BackupError(f"{settings.data} holds no Bluelamp data.", "Name the data folder with --data.")
        else:
            with running_engines(settings.data, EngineUrls.given(settings)) as engines:
                manifest = run.back_up(engines.urls, target, folder=folder, progress=bar, data=settings.data)
    note_backup(settings.data, target)
    size = sum(part["bytes"] for part in manifest["parts"].values())
    answer = {"backup": str(target), "bytes": size, "parts": len(manifest["parts"]), "created_at": manifest["created_at"]}
    platform.emit(answer, lambda a: [f"Backed up {a['bytes'] / 1e6:.1f} MB in {a['parts']} parts to {a['backup']}."])
