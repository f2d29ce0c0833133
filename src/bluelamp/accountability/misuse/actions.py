"""Verbs of misuse detection: load and erase a directory, forget what is past its time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from bluelamp.accountability.misuse import store
from bluelamp.accountability.misuse.directory import Fact
from bluelamp.accountability.misuse.directory_files import facts
from bluelamp.accountability.misuse.errors import DirectoryTooLargeError
from bluelamp.accountability.misuse.files import BadLine
from bluelamp.accountability.misuse.settings import misuse_settings
from bluelamp.kit.ids import new_id
from bluelamp.spine import audit
from bluelamp.spine.audit import Actor
from bluelamp.spine.errors import InvalidError
from bluelamp.spine.relational import Connection, Database

BLOCK = 10_000
BAD_ROWS_TOLD = 100


class DirectoryLoaded(NamedTuple):
    """What came of a load."""

    facts: int
    rejected: list[BadLine]
    rejected_total: int
    expires_at: datetime


async def load_directory(db: Database, actor: Actor, file: Path, now_ms: int) -> DirectoryLoaded:
    """Replace the directory of the actor's agency by what the file holds, all or nothing; bad rows are told and left out.

    Raises:
        DirectoryTooLargeError: more facts than the settings allow.
        InvalidError: the file holds no fact at all; what was there stays.
    """
    settings = misuse_settings()
    expires_at = datetime.fromtimestamp(now_ms / 1000, UTC) + timedelta(days=settings.directory_days)
    load, kept, rejected_total = new_id(), 0, 0
    rejected: list[BadLine] = []
    async with db.transaction() as connection:
        await store.replace_directory(connection, actor.agency, load, actor.id, expires_at)
        async for good, bad in _blocks(file):
            kept += len(good)
            rejected_total += len(bad)
            rejected += bad[: BAD_ROWS_TOLD - len(rejected)]
            if kept > settings.directory_facts_max:
                raise DirectoryTooLargeError(f"a directory holds at most {settings.directory_facts_max} facts: load fewer shifts")
            await store.add_facts(connection, load, good)
        if not kept:
            first = f"; line {rejected[0].line}: {rejected[0].message}" if rejected else ""
            raise InvalidError(f"the file holds nothing for a directory{first}")
        await store.count_facts(connection, load, kept)
        await audit.record(
            connection, actor, "collection", "accountability.directory.load", subjects=(load,),
            detail={"facts": kept, "rejected": rejected_total, "expires": expires_at.isoformat()},
        )  # fmt: skip
    return DirectoryLoaded(kept, rejected, rejected_total, expires_at)


async def _blocks(file: Path) -> AsyncIterator[tuple[list[Fact], list[BadLine]]]:
    """Facts and bad rows, some thousands at a time, so that a load neither fills the memory nor holds the loop for long."""
    good: list[Fact] = []
    bad: list[BadLine] = []
    for found in facts(file, lambda _step, _share: None):
        if isinstance(found, BadLine):
            bad.append(found)
        else:
            good.append(found)
        if len(good) + len(bad) >= BLOCK:
            yield good, bad
            good, bad = [], []
    yield good, bad


async def erase_directory(connection: Connection, actor: Actor) -> int:
    """Erase the directory of the actor's agency; returns how many facts it held."""
    erased = await store.erase_directory(connection, actor.agency)
    await audit.record(connection, actor, "erasure", "accountability.directory.erase", detail={"facts": erased or 0})
    return erased or 0


async def erase_expired(db: Database, findings_days: int) -> None:
    """Each erasure leaves an entry of the platform's."""
    async with db.transaction() as connection:
        for agency in await store.expired_loads(connection):
            await erase_directory(connection, audit.SYSTEM._replace(agency=agency))
        if forgotten := await store.forget_findings(connection, findings_days):
            await audit.record(
                connection,
                audit.SYSTEM,
                "erasure",
                "accountability.findings.forget",
                subjects=tuple(forgotten[:1000]),
                detail={"findings": len(forgotten)},
            )
