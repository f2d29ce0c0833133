"""`bluelamp sources`: register who may send reads, beside a running platform."""

from __future__ import annotations

from typing import Any

import click

from bluelamp.anpr.actions import sources as actions
from bluelamp.anpr.gateways.registry import FORMATS
from bluelamp.anpr.queries import sources as queries
from bluelamp.spine.audit import Actor
from bluelamp.spine.commands import CommandLine
from bluelamp.spine.module import Spine

COMMAND_LINE = Actor("command-line", "command line", "")
"""Who acts at the machine itself; its operator has the data folder and so everything."""


@click.group("sources")
def sources() -> None:
    """Sources of reads and their keys."""


@sources.command("add")
@click.argument("name")
@click.option("--agency", required=True, metavar="CODE", help="Agency that the source belongs to.")
@click.option("--format", "format_name", required=True, type=click.Choice(sorted(FORMATS)), help="What it sends.")
@click.option("--timezone", default="UTC", show_default=True, help="Zone of times that come without one, e.g. Europe/London.")
@click.option("--date-order", type=click.Choice(actions.DATE_ORDERS), default=None, help="Order of numeric dates [the vendor's usual].")
@click.pass_obj
def add(platform: CommandLine, name: str, agency: str, format_name: str, timezone: str, date_order: str | None) -> None:
    """Register a source and print its key, which is shown this once."""

    async def work(spine: Spine) -> dict[str, Any]:
        async with spine.db.transaction() as connection:
            made = await actions.add_source(
                connection, COMMAND_LINE, name=name, agency=agency, format_name=format_name, timezone=timezone, date_order=date_order
            )
        return {"id": str(made.source), "key": made.key}

    platform.emit(platform.run(work), lambda made: [f"Source {made['id']} is registered. Its key, shown this once:", made["key"]])


@sources.command("list")
@click.pass_obj
def list_sources(platform: CommandLine) -> None:
    """List all sources."""

    async def work(spine: Spine) -> dict[str, Any]:
        items: list[dict[str, Any]] = []
        while views := await queries.sources(spine.db, None, int(items[-1]["id"]) if items else 0, 1000):
            for view in views:
                source = view.source
                live = sum(key.revoked_at is None for key in view.keys)
                items.append(
                    {"id": str(source.id), "name": source.name, "agency": source.agency, "format": source.format, "live_keys": live}
                )
        return {"items": items}

    platform.emit(platform.run(work), lambda made: (f"{s['id']:>6}  {s['agency']:8} {s['format']:16} {s['name']}" for s in made["items"]))
