"""Looks by following, put on record before anything is shown: those who come together are written together."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

from bluelamp.incidents.access import INCIDENTS_VIEW
from bluelamp.spine import audit
from bluelamp.spine.audit import Actor
from bluelamp.spine.relational import Database

TOGETHER_MAX = 200


class Look(NamedTuple):
    """Who looks at which incidents, and what else they follow."""

    actor: Actor
    incidents: tuple[str, ...]
    detail: dict[str, Any]


class Looks:
    """One per process."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._waiting: list[tuple[Look, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def record(self, look: Look) -> None:
        """Comes back when it is on record.

        Raises:
            EngineDownError: it is not; show nothing.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((look, done))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write(), name="live-looks")
        await done

    async def _write(self) -> None:
        try:
            while self._waiting:
                some, self._waiting = self._waiting[:TOGETHER_MAX], self._waiting[TOGETHER_MAX:]
                try:
                    await self._keep([look for look, _ in some])
                except Exception as error:  # noqa: BLE001 - each of those who wait is told
                    for _, done in some:
                        if not done.done():
                            done.set_exception(error)
                else:
                    for _, done in some:
                        if not done.done():
                            done.set_result(None)
        finally:
            self._writing = None

    async def _keep(self, looks: list[Look]) -> None:
        async with self._db.transaction() as connection:
            for look in looks:
                await audit.record(
                    connection, look.actor, "consultation", INCIDENTS_VIEW, subjects=look.incidents, detail={"live": True, **look.detail}
                )
