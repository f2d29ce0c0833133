"""`bluelamp backup`, `restore`, `verify`: a copy of everything, brought back, and proof that it is whole."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from bluelamp.app.engines.backup import run
from bluelamp.app.engines.errors import BackupError
from bluelamp.app.engines.group import EngineUrls, recorded_urls, running_engines, urls_beside
from bluelamp.spine.commands import CommandLine
from bluelamp.spine.errors import BluelampError


class _Bar:
    """One line on the terminal that tells how far the work is; where there is no terminal, a line a step."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._step = ""

    def __call__(self, step: str, share: float) -> None:
        if self._quiet:
            return
        if sys.stderr.isatty():
            click.echo(f"\r\033[K{step}: {share:.0%}", err=True, nl=False)
        elif step != self._step:
            click.echo(f"{step} …", err=True)
        self._step = step

    def end(self) -> None:
        if self._step and sys.stderr.isatty() and not self._quiet:
            click.echo("\r\033[K", err=True, nl=False)


@click.command("backup")
@click.argument("target", type=click.Path(path_type=Path))
@click.pass_obj
def backup(platform: CommandLine, target: Path) -> None:
    """Back up everything to TARGET: one tar file if its name ends in .tar, else a folder. The platform may run or not."""
    settings, bar = platform.settings(), _Bar(quiet=platform.json)
    folder = target.suffix != ".tar"
    try:
        if EngineUrls.given(settings).complete or recorded_urls(settings.data):
            manifest = run.back_up(urls_beside(settings), target, folder=folder, progress=bar)
        elif not (settings.data / "bluelamp.json").exists():
            raise BackupError(f"{settings.data} holds no Bluelamp data.", "Name the data folder with --data.")
        else:
            with running_engines(settings.data, EngineUrls.given(settings)) as engines:
                manifest = run.back_up(engines.urls, target, folder=folder, progress=bar)
    except BluelampError as error:
        raise click.ClickException(error.message) from error
    finally:
        bar.end()
    size = sum(part["bytes"] for part in manifest["parts"].values())
    answer = {"backup": str(target), "bytes": size, "parts": len(manifest["parts"]), "created_at": manifest["created_at"]}
    platform.emit(answer, lambda a: [f"Backed up {a['bytes'] / 1e6:.1f} MB in {a['parts']} parts to {a['backup']}."])


@click.command("restore")
@click.argument("source", type=click.Path(path_type=Path, exists=True))
@click.pass_obj
def restore(platform: CommandLine, source: Path) -> None:
    """Restore a backup into a new data folder (--data). It is checked first; nothing is ever overwritten."""
    settings, bar = platform.settings(), _Bar(quiet=platform.json)
    try:
        run.restore(source, settings.data, EngineUrls.given(settings), bar)
    except BluelampError as error:
        raise click.ClickException(error.message) from error
    finally:
        bar.end()
    platform.emit({"restored": str(settings.data)}, lambda a: [f"Restored to {a['restored']}. Start it with `bluelamp up`."])


@click.command("verify")
@click.argument("source", type=click.Path(path_type=Path, exists=True))
@click.pass_obj
def verify(platform: CommandLine, source: Path) -> None:
    """Check a backup: every part is there and is what was written. Ends with 1 if not."""
    bar = _Bar(quiet=platform.json)
    try:
        wrong = run.damages(source, bar)
    except BluelampError as error:
        raise click.ClickException(error.message) from error
    finally:
        bar.end()
    platform.emit({"whole": not wrong, "damaged": wrong}, lambda a: a["damaged"] or ["The backup is whole."])
    if wrong:
        sys.exit(1)
