"""`bluelamp doctor`: what is wrong, how to mend it, and when the disk will be full."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import click

from bluelamp.app.engines.doctor import as_answer, examine
from bluelamp.spine.commands import CommandLine

SIGNS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "problem": ("✗", "red")}


def _lines(answer: dict[str, Any]) -> Iterator[str]:
    for finding in answer["findings"]:
        sign, colour = SIGNS[finding["level"]]
        yield f"{click.style(sign, fg=colour)} {finding['subject']}: {finding['message']}"
        if finding["remedy"]:
            yield f"    → {finding['remedy']}"


@click.command("doctor")
@click.pass_obj
def doctor(platform: CommandLine) -> None:
    """Say what is wrong and how to mend it; ends with 1 if there is a problem. Changes nothing."""
    answer = as_answer(*examine(platform.settings()))
    platform.emit(answer, _lines)
    if not answer["healthy"]:
        sys.exit(1)
