"""`bluelamp purposes`: the reasons that a search may give."""

from __future__ import annotations

import click
import msgspec

from bluelamp.spine.commands import CommandLine
from bluelamp.spine.purposes import configured


@click.group("purposes")
def purposes() -> None:
    """List the configured purposes."""


@purposes.command("list")
@click.pass_obj
def list_purposes(platform: CommandLine) -> None:
    """All purposes, in the order of the file."""
    answer = {"items": [msgspec.to_builtins(purpose) for purpose in configured(platform.settings())]}
    platform.emit(answer, lambda told: [f"{item['code']:18}  {item['name']}" for item in told["items"]])
