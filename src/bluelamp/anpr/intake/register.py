"""Sources and cameras in memory, as the intake needs them, kept current by notification from PostgreSQL."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from contextlib import suppress
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from bluelamp.anpr.domain import SourceTerms
from bluelamp.spine.errors import EngineDownError
from bluelamp.spine.relational import Database

log = logging.getLogger(__name__)

CHANNEL = "anpr_registry"
"""NOTIFY on this channel, in the transaction that changes a source, a key or a camera."""


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """What the intake knows of a source."""

    id: int
    name: str
    agency: str
    format: str
    terms: SourceTerms
    body_bytes_max: int
    picture_bytes_max: int
    items_per_minute_max: int
    cameras: dict[str, int] = field(default_factory=dict)
    """Active cameras: what the payload calls them -> number in the register."""


class Register:
    """Looks up a source by its key in about a microsecond; at most a moment behind the database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._by_key: dict[bytes, SourceEntry] = {}
        self._by_id: dict[int, SourceEntry] = {}
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self.load()
        self._database.listen(CHANNEL, self._changed.set)
        self._task = asyncio.create_task(self._follow(), name="intake-register")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def find(self, key: bytes) -> SourceEntry | None:
        """The source whose live key this is."""
        return self._by_key.get(hashlib.sha256(key).digest())

    def by_id(self, source: int) -> SourceEntry | None:
        """An active source by its number."""
        return self._by_id.get(source)

    async def load(self) -> None:
        """Read everything afresh: a few thousand sources and some ten thousand cameras take some milliseconds."""
        sources = await self._database.fetch(
            "SELECT id, name, agency, format, timezone, date_order, body_bytes_max, picture_bytes_max, items_per_minute_max"
            " FROM anpr_sources WHERE active"
        )
        entries = {
            row["id"]: SourceEntry(
                id=row["id"],
                name=row["name"],
                agency=row["agency"],
                format=row["format"],
                terms=SourceTerms(ZoneInfo(row["timezone"]), row["date_order"]),
                body_bytes_max=row["body_bytes_max"],
                picture_bytes_max=row["picture_bytes_max"],
                items_per_minute_max=row["items_per_minute_max"],
            )
            for row in sources
        }
        for row in await self._database.fetch("SELECT number, source, external_id FROM anpr_cameras WHERE active"):
            if row["source"] in entries:
                entries[row["source"]].cameras[row["external_id"]] = row["number"]
        keys = await self._database.fetch("SELECT source, key_sha256 FROM anpr_source_keys WHERE revoked_at IS NULL")
        self._by_id = entries
        self._by_key = {row["key_sha256"]: entries[row["source"]] for row in keys if row["source"] in entries}

    async def _follow(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await self.load()
            except EngineDownError:
                # What is known stays in force: cameras keep sending while PostgreSQL is away.
                await asyncio.sleep(0.5)
                self._changed.set()
            except Exception:
                log.exception("the register of sources could not be read")
                await asyncio.sleep(1)
                self._changed.set()
