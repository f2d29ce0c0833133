"""`bluelamp token USER`: a bearer token for a program, made by whoever sits at the platform's own machine."""

from __future__ import annotations

import click

from bluelamp.spine import audit
from bluelamp.spine.commands import CommandLine
from bluelamp.spine.errors import ForbiddenError, NotFoundError
from bluelamp.spine.identity import sign_in, store
from bluelamp.spine.identity.domain import plain_username
from bluelamp.spine.module import Spine


@click.command("token")
@click.argument("user")
@click.option("--days", type=click.IntRange(1, 3650), default=1, show_default=True, help="Life of the token.")
@click.option("--label", default="bluelamp token", show_default=True, help="What it is for.")
@click.pass_obj
def token(platform: CommandLine, user: str, days: int, label: str) -> None:
    """Print a bearer token for USER (local mode only: BLUELAMP_LOCAL_MODE)."""

    async def issue(spine: Spine) -> dict[str, str]:
        if not spine.settings.local_mode:
            raise ForbiddenError("tokens are printed in local mode only; sign in and make one with POST /v1/me/tokens")
        found = await store.user_by_username(spine.db, plain_username(user))
        if found is None or not found.active:
            raise NotFoundError(f"there is no active account {user}")
        session, secret = await sign_in.issue_token(spine, audit.SYSTEM, found, label, days)
        return {"id": session.id, "token": secret}

    platform.emit(platform.run(issue), lambda answer: [answer["token"]])
