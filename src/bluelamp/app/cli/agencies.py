"""`bluelamp agencies`: who works on this platform."""

from __future__ import annotations

from typing import Any

import click

from bluelamp.spine import audit
from bluelamp.spine.commands import CommandLine
from bluelamp.spine.module import Spine
from bluelamp.spine.organisations.agencies import SERVICES, add_agency, all_agencies


@click.group("agencies")
def agencies() -> None:
    """List and add agencies."""


@agencies.command("list")
@click.pass_obj
def list_agencies(platform: CommandLine) -> None:
    """All agencies, by code."""

    async def ask(spine: Spine) -> dict[str, Any]:
        return {"items": [{"code": agency.code, "name": agency.name} for agency in await all_agencies(spine.db)]}

    platform.emit(platform.run(ask), lambda answer: [f"{item['code']:8}  {item['name']}" for item in answer["items"]])


@agencies.command("add")
@click.argument("code")
@click.argument("name")
@click.option("--service", type=click.Choice(SERVICES), default="police", show_default=True, help="What service it is of.")
@click.pass_obj
def add(platform: CommandLine, code: str, name: str, service: str) -> None:
    """Register the agency NAME under CODE (2 to 8 capital letters or digits)."""

    async def change(spine: Spine) -> dict[str, str]:
        async with spine.db.transaction() as connection:
            return (await add_agency(connection, audit.SYSTEM, code, name, service))._asdict()

    platform.emit(platform.run(change), lambda answer: [f"added {answer['code']}  {answer['name']}"])
