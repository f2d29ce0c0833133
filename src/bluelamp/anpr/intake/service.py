"""Puts the intake together over the engines and keeps it going: what the application mounts as one object."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import fields

from prometheus_client import Counter

from bluelamp.anpr.settings import IntakeSettings
from bluelamp.anpr.store import camera_health, rejects
from bluelamp.anpr.store.pictures import PictureStore
from bluelamp.spine import audit
from bluelamp.spine.errors import EngineDownError
from bluelamp.spine.machine_door import Receive, Scope, Send
from bluelamp.spine.module import Spine

from .collected import Collection
from .commit import GroupCommit
from .door import Door
from .intake import Account, Intake, RejectedItem
from .register import Register
from .tally import CameraTally, SourceTally

ITEMS = Counter("bluelamp_anpr_intake_items_total", "Items that sources sent, by what became of them.", ("outcome",))

log = logging.getLogger(__name__)


class IntakeService:
    """One per gateway process. An ASGI application between `start` and `close`."""

    def __init__(self, spine: Spine) -> None:
        settings = IntakeSettings()
        self._spine = spine
        self._every_s = settings.tally_seconds
        self._pictures = PictureStore(spine.blobs)
        self._register = Register(spine.db)
        self._commit = GroupCommit(spine.bus, self._pictures, spine.clock, settings.repeat_capacity)
        self._intake = Intake(self._commit, self._keep_rejects, spine.clock, settings.retention_days)
        self._door = Door(self._intake, self._register, spine.clock)
        self._collected = Collection()
        self._counting: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self._register.start()
        await self._commit.start()
        self._counting = asyncio.create_task(self._hand_over_for_ever(), name="intake-tally")

    async def close(self) -> None:
        if self._counting is not None:
            self._counting.cancel()
            with suppress(asyncio.CancelledError):
                await self._counting
        await self._commit.close()
        with suppress(EngineDownError):
            await self._hand_over()
            await self._audit_collection()
        await self._register.close()
        await self._pictures.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._door(scope, receive, send)

    async def replay(self, source: int, items: list[bytes]) -> list[Account | BaseException]:
        """Send kept rejects through the intake again, one by one; what became of each, or why it could not be tried.

        An item that fails again is among the rejects again, with its newer reason.
        """
        await self._register.load()
        entry = self._register.by_id(source)
        if entry is None:
            return [LookupError(f"source {source} is not active")] * len(items)
        sent = (self._intake.accept(entry, raw, "") for raw in items)
        return await asyncio.gather(*sent, return_exceptions=True)

    async def _keep_rejects(self, source: int, items: list[RejectedItem]) -> None:
        await rejects.keep(self._spine.db, source, items)

    async def _hand_over_for_ever(self) -> None:
        minute = self._spine.clock() // 60_000
        while True:
            await asyncio.sleep(self._every_s)
            try:
                await self._hand_over()
                if self._spine.clock() // 60_000 != minute:
                    minute = self._spine.clock() // 60_000
                    await self._audit_collection()
            except EngineDownError:
                log.warning("PostgreSQL is away: these counts of the intake wait")
            except Exception:
                log.exception("the counts of the intake could not be handed over")

    async def _hand_over(self) -> None:
        """Counts to camera health; put back where they could not be stored."""
        cameras, sources = self._intake.tally.take()
        events = self._intake.tally.take_events()
        if not cameras and not sources:
            return
        try:
            await self._store_counts(cameras, sources)
        except BaseException:
            self._intake.tally.put_back(cameras, sources)
            for number, keys in events.items():
                self._intake.tally.events(number, keys)
            raise
        self._collected.add(sources, events)

    async def _store_counts(self, cameras: dict[int, CameraTally], sources: dict[int, SourceTally]) -> None:
        now = self._spine.clock()
        async with self._spine.db.transaction() as connection:
            await camera_health.add_camera_counts(connection, cameras, now)
            await camera_health.add_source_counts(connection, sources, now)
        for tally in sources.values():
            for outcome in fields(tally):
                ITEMS.labels(outcome=outcome.name).inc(getattr(tally, outcome.name))

    async def _audit_collection(self) -> None:
        """One audit entry for every source that sent reads since the last, with a hash of which they were."""
        collected = self._collected.take()
        if not collected:
            return
        digests = await asyncio.to_thread(lambda: {number: found.digest for number, found in collected.items()})
        try:
            async with self._spine.db.transaction() as connection:
                for number, found in collected.items():
                    entry = self._register.by_id(number)
                    name, agency = (entry.name, entry.agency) if entry is not None else ("", "")
                    actor = audit.Actor(f"source:{number}", name, agency)
                    detail = {"reads": found.reads, "amended": found.amended, "events": digests[number]}
                    await audit.record(connection, actor, "collection", "anpr.intake", detail=detail)
        except BaseException:
            self._collected.put_back(collected)
            raise
