"""`bluelamp people`: joiners, movers and leavers as a force's personnel system sends them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bluelamp.spine.commands import CommandLine
from bluelamp.spine.errors import ForbiddenError, InvalidError, NotFoundError
from bluelamp.spine.identity.actions import PLATFORM
from bluelamp.spine.identity.domain import plain_username
from bluelamp.spine.identity.store import user_by_username
from bluelamp.spine.module import Spine
from bluelamp.spine.organisations.people import leave as leave_now
from bluelamp.spine.organisations.people_import import import_people


def _local(spine: Spine) -> None:
    if not spine.settings.local_mode:
        raise ForbiddenError("people are administered from the command line in local mode only (BLUELAMP_LOCAL_MODE)")


@click.group("people")
def people() -> None:
    """Joiners, movers, leavers."""


@people.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.pass_obj
def import_file(platform: CommandLine, file: Path) -> None:
    """Take in FILE (CSV: username,name,agency,roles and unit,manager,rank,starts,ends,shift pattern,email,kind); see docs/people.md."""

    async def take(spine: Spine) -> dict[str, Any]:
        _local(spine)
        try:
            with file.open(encoding="utf-8-sig", newline="") as lines:
                done = await import_people(spine, PLATFORM, lines)
        except UnicodeDecodeError:
            raise InvalidError("the file is not UTF-8") from None
        return done._asdict() | {"rejected": [one._asdict() for one in done.rejected]}

    def lines(answer: dict[str, Any]) -> list[str]:
        counted = ", ".join(f"{answer[name]} {name}" for name in ("joined", "moved", "amended", "left", "unchanged"))
        wrong = [f"line {one['line']}: {one['username']}: {one['message']}" for one in answer["rejected"]]
        return [f"{answer['rows']} rows: {counted}, {len(wrong)} rejected", *wrong]

    platform.emit(platform.run(take), lines)


@people.command("leave")
@click.argument("username")
@click.pass_obj
def leave(platform: CommandLine, username: str) -> None:
    """End every post, session, token and live stream of USERNAME, everywhere, now."""

    async def change(spine: Spine) -> dict[str, Any]:
        _local(spine)
        user = await user_by_username(spine.db, plain_username(username))
        if user is None:
            raise NotFoundError(f"there is no account {username}")
        async with spine.db.transaction() as connection:
            return {"id": user.id, "sessions_ended": await leave_now(connection, PLATFORM, user.id)}

    platform.emit(platform.run(change), lambda answer: [f"{username} has left; {answer['sessions_ended']} sessions and tokens ended"])
