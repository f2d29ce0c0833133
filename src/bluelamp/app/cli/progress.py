"""How far long work is, told on standard error."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

import click


class Bar:
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


@contextlib.contextmanager
def progress(*, quiet: bool) -> Iterator[Bar]:
    """A bar that leaves the line clean whatever happens."""
    bar = Bar(quiet=quiet)
    try:
        yield bar
    finally:
        bar.end()
