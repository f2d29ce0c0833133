"""`bluelamp keys`: the keys that encrypt what is kept; new ones, rotated ones, and which are still needed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from bluelamp.app.engines.data_folder import write_private
from bluelamp.spine import audit
from bluelamp.spine.commands import CommandLine
from bluelamp.spine.encryption.errors import KeyUnreadableError
from bluelamp.spine.encryption.keyring import KeyRing, new_line
from bluelamp.spine.encryption.rotation import rewrap
from bluelamp.spine.module import Spine

COMMAND_LINE = audit.Actor("command-line", "command line", "")


@click.group("keys")
def keys() -> None:
    """Keys that encrypt pictures, exports and preserved copies at rest (docs/encryption.md)."""


@keys.command("new")
@click.pass_obj
def new(platform: CommandLine) -> None:
    """Print a fresh key: a line for the key file, or a value for BLUELAMP_ENCRYPTION_KEYS. Nothing is stored."""
    platform.emit({"key": new_line()}, lambda made: [made["key"]])


@keys.command("rotate")
@click.pass_obj
def rotate(platform: CommandLine) -> None:
    """Put a fresh key first in the key file, and wrap every data key with it. The platform keeps running.

    The first rotation of a file that is not there turns encryption on.
    """
    file = platform.settings().encryption_key_file
    if file is None:
        raise KeyUnreadableError(
            "set BLUELAMP_ENCRYPTION_KEY_FILE to a file outside the data folder; keys in BLUELAMP_ENCRYPTION_KEYS are rotated by"
            " putting the output of `bluelamp keys new` before the others, and starting the platform again"
        )
    file = file.expanduser()
    ring = KeyRing.of(platform.settings()) if file.exists() else None
    _put_first(file, new_line())

    async def work(spine: Spine) -> dict[str, Any]:
        current = spine.blobs.vault.ring.configured()[0].id
        async with spine.db.transaction() as connection:
            detail = {"key": current, "before": [key.id for key in ring.configured()] if ring else []}
            await audit.record(connection, COMMAND_LINE, "alteration", "platform.keys.rotate", detail=detail)
        done = await rewrap(spine, COMMAND_LINE)
        return {"key": current, "rewrapped": done.done, "unknown": done.unknown}

    answer = platform.run(work)
    platform.emit(
        answer, lambda a: [f"The key {a['key']} is in force; {a['rewrapped']} data keys were wrapped anew.", *_unknown(a["unknown"])]
    )


def _put_first(file: Path, line: str) -> None:
    """In one step, readable by its owner only: whoever reads it meanwhile reads the old keys or the new ones."""
    before = file.read_text("ascii") if file.exists() else "# Keys of Bluelamp, the current one first. Keep a copy elsewhere.\n"
    file.parent.mkdir(parents=True, exist_ok=True)
    write_private(file, f"{line}\n{before}")


def _unknown(count: int) -> list[str]:
    return [f"{count} data keys are wrapped by keys that are not configured: what they seal cannot be opened."] if count else []


async def _state(spine: Spine) -> dict[str, Any]:
    vault = spine.blobs.vault
    ring, held = vault.ring.configured(), await vault.held_by()
    items = [{"id": key.id, "current": at == 0, "configured": True, "data_keys": held.pop(key.id, 0)} for at, key in enumerate(ring)]
    items += [{"id": name, "current": False, "configured": False, "data_keys": count} for name, count in sorted(held.items())]
    return {"encryption": "on" if ring else "off", "items": items}


@keys.command("list")
@click.pass_obj
def list_keys(platform: CommandLine) -> None:
    """List the keys, by an id that tells nothing about them, with how many data keys each wraps."""
    platform.emit(platform.run(_state), _lines)


def _lines(answer: dict[str, Any]) -> Iterator[str]:
    yield f"Encryption is {answer['encryption']}."
    for key in answer["items"]:
        state = "current" if key["current"] else "configured" if key["configured"] else "NOT CONFIGURED"
        yield f"{key['id']}  {state:14}  {key['data_keys']} data keys"


@keys.command("status")
@click.pass_obj
def status(platform: CommandLine) -> None:
    """Say whether encryption is on, whether a rotation is complete, which keys may go and which are missed."""

    async def work(spine: Spine) -> dict[str, Any]:
        state = await _state(spine)
        items = state["items"]
        return {
            "encryption": state["encryption"],
            "current": next((key["id"] for key in items if key["current"]), None),
            "data_keys": sum(key["data_keys"] for key in items),
            "waiting": sum(key["data_keys"] for key in items if key["configured"] and not key["current"]),
            "missing": {key["id"]: key["data_keys"] for key in items if not key["configured"]},
            "idle": [key["id"] for key in items if key["configured"] and not key["current"] and not key["data_keys"]],
        }

    def lines(a: dict[str, Any]) -> Iterator[str]:
        yield f"Encryption is {a['encryption']}" + (f", under the key {a['current']}." if a["current"] else ".")
        yield f"{a['data_keys']} data keys; {a['waiting']} of them wait to be wrapped with the current key."
        for name, count in a["missing"].items():
            yield f"{count} data keys are wrapped by {name}, which is not configured: put it back to open what they seal."
        if a["idle"]:
            yield f"No longer needed here, though perhaps by a backup: {', '.join(a['idle'])}."

    platform.emit(platform.run(work), lines)


@keys.command("off")
@click.confirmation_option(prompt="New pictures and exports will be stored in clear. Continue?")
@click.pass_obj
def off(platform: CommandLine) -> None:
    """State that new objects may be stored in clear. Take the keys out of the settings afterwards, and keep them: old objects need them."""

    async def work(spine: Spine) -> dict[str, Any]:
        async with spine.db.transaction() as connection:
            await audit.record(connection, COMMAND_LINE, "alteration", "platform.keys.off")
        await spine.blobs.vault.allow_clear()
        return {"encryption": "off once no key is configured"}

    platform.emit(platform.run(work), lambda a: [f"Encryption: {a['encryption']}."])
