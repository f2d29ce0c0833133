"""`bluelamp vehicles`: devices that send positions by MQTT, beside a running platform."""

from __future__ import annotations

from typing import Any

import click

from bluelamp.incidents.positions.vehicles import actions, store
from bluelamp.incidents.positions.vehicles.consumer import TOPICS
from bluelamp.spine import callout
from bluelamp.spine.audit import Actor
from bluelamp.spine.commands import CommandLine
from bluelamp.spine.module import Spine

COMMAND_LINE = Actor("command-line", "command line", "")


@click.group("vehicles")
def vehicles() -> None:
    """Devices in vehicles and their keys."""


@vehicles.command("add")
@click.argument("name")
@click.option("--agency", required=True, metavar="CODE", help="Agency that the vehicle belongs to.")
@click.option("--call-sign", required=True, help="Call sign of the resource that the device sits in.")
@click.pass_obj
def add(platform: CommandLine, name: str, agency: str, call_sign: str) -> None:
    """Register a device and print its user name and key; the key is shown this once."""

    async def work(spine: Spine) -> dict[str, Any]:
        async with spine.db.transaction() as connection:
            made = await actions.add_source(connection, COMMAND_LINE, name, agency, call_sign)
        return {"id": made.id, "key": made.key, "topic": f"{TOPICS}/{made.id}"}

    platform.emit(platform.run(work), lambda made: [f"user name: {made['id']}", f"password: {made['key']}", f"topic: {made['topic']}"])


@vehicles.command("list")
@click.pass_obj
def list_sources(platform: CommandLine) -> None:
    """List all devices."""

    async def work(spine: Spine) -> dict[str, Any]:
        rows = await store.listed(spine.db)
        return {
            "items": [
                {"id": r["id"], "name": r["name"], "agency": r["agency"], "call_sign": r["call_sign"], "works": r["revoked_at"] is None}
                for r in rows
            ]
        }

    platform.emit(
        platform.run(work),
        lambda told: (
            f"{r['id']}  {r['agency']:8} {r['call_sign']:12} {r['name']}{'' if r['works'] else ' (revoked)'}" for r in told["items"]
        ),
    )


@vehicles.command("revoke")
@click.argument("source")
@click.pass_obj
def revoke(platform: CommandLine, source: str) -> None:
    """Take a device's key away."""

    async def work(spine: Spine) -> dict[str, Any]:
        async with spine.db.transaction() as connection:
            await actions.revoke_source(connection, COMMAND_LINE, source)
        return {"id": source, "works": False}

    platform.emit(platform.run(work), lambda told: [f"{told['id']} opens nothing any more."])


@vehicles.command("issuer")
@click.pass_obj
def issuer(platform: CommandLine) -> None:
    """Print the name of the key that a NATS cluster of your own must trust for devices (`auth_callout: issuer`)."""

    async def work(spine: Spine) -> dict[str, Any]:
        return {"issuer": callout.issuer_of(spine.settings.nats_url).name}

    platform.emit(platform.run(work), lambda told: [told["issuer"]])
