"""`bluelamp bench`: the benchmarks of a source checkout."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click

CHECKOUT = Path(__file__).resolve().parents[4]


@click.command()
@click.argument("names", nargs=-1)
@click.option("--size", type=click.FloatRange(0.001, 10), default=1.0, show_default=True, help="1 is full size; 0.05 takes minutes.")
def bench(names: tuple[str, ...], size: float) -> None:
    """Measure the platform on this machine, with floors and peers in the same run, and print tables."""
    if not (CHECKOUT / "bench" / "__main__.py").is_file():
        raise click.ClickException("the benchmarks are part of the source checkout, not of the installed package: run it from there")
    command = [sys.executable, "-m", "bench", *names, "--size", str(size)]
    raise SystemExit(subprocess.run(command, cwd=CHECKOUT, check=False).returncode)  # noqa: S603 - our own interpreter and module
