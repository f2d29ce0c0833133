"""`bluelamp users`: accounts, for whoever sits at the platform's own machine; the first national administrator comes from here."""

from __future__ import annotations

from typing import Any

import click

from bluelamp.spine.commands import CommandLine
from bluelamp.spine.errors import ForbiddenError, NotFoundError
from bluelamp.spine.identity import actions, store
from bluelamp.spine.identity.actions import PLATFORM, Changes
from bluelamp.spine.identity.domain import User, plain_username
from bluelamp.spine.module import Spine
from bluelamp.spine.policy import ROLES


async def _find(spine: Spine, username: str) -> User:
    if not spine.settings.local_mode:
        raise ForbiddenError("accounts are administered from the command line in local mode only (BLUELAMP_LOCAL_MODE)")
    user = await store.user_by_username(spine.db, plain_username(username))
    if user is None:
        raise NotFoundError(f"there is no account {username}")
    return user


@click.group("users")
def users() -> None:
    """Administer accounts."""


@users.command("list")
@click.option("--agency", help="Code; all agencies where it is left out.")
@click.pass_obj
def list_users(platform: CommandLine, agency: str | None) -> None:
    """Accounts, by username."""

    async def ask(spine: Spine) -> dict[str, Any]:
        found: list[User] = []
        while page := await store.list_users(spine.db, agency, "", found[-1].username if found else "", 1000):
            found += page
        return {
            "items": [
                {"id": u.id, "username": u.username, "name": u.name, "agency": u.agency, "roles": sorted(u.roles), "active": u.active}
                for u in found
            ]
        }

    def line(item: dict[str, Any]) -> str:
        closed = "" if item["active"] else "  (closed)"
        return f"{item['username']:20}  {item['agency']:8}  {','.join(item['roles']):24}  {item['name']}{closed}"

    platform.emit(platform.run(ask), lambda answer: map(line, answer["items"]))


@users.command("add")
@click.argument("username")
@click.option("--name", required=True, help="The person's name.")
@click.option("--agency", required=True, help="Code of their agency.")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice(ROLES), help="May be given several times.")
@click.pass_obj
def add(platform: CommandLine, username: str, name: str, agency: str, roles: tuple[str, ...]) -> None:
    """Create an account and print its one-time password."""

    async def change(spine: Spine) -> dict[str, str]:
        if not spine.settings.local_mode:
            raise ForbiddenError("accounts are administered from the command line in local mode only (BLUELAMP_LOCAL_MODE)")
        async with spine.db.transaction() as connection:
            user_id = await actions.create_user(connection, PLATFORM, username, name, agency, frozenset(roles))
        return {"id": user_id, "password": await actions.reset_password(spine, PLATFORM, user_id)}

    platform.emit(platform.run(change), lambda answer: [f"one-time password: {answer['password']}"])


@users.command("reset")
@click.argument("username")
@click.pass_obj
def reset(platform: CommandLine, username: str) -> None:
    """Print a new one-time password; whatever the person was signed in with ends."""

    async def change(spine: Spine) -> dict[str, str]:
        user = await _find(spine, username)
        return {"id": user.id, "password": await actions.reset_password(spine, PLATFORM, user.id)}

    platform.emit(platform.run(change), lambda answer: [f"one-time password: {answer['password']}"])


@users.command("close")
@click.argument("username")
@click.pass_obj
def close(platform: CommandLine, username: str) -> None:
    """Deactivate the account; its sessions and tokens end at once."""

    async def change(spine: Spine) -> dict[str, str]:
        user = await _find(spine, username)
        await actions.change_user(spine, PLATFORM, user.id, Changes(active=False))
        return {"id": user.id}

    platform.emit(platform.run(change), lambda answer: [f"closed {answer['id']}"])
