"""The VOI index in memory, at most a moment behind PostgreSQL: loaded from a file or the tables, changed by notification."""

from __future__ import annotations

import asyncio
import logging
from contextlib import ExitStack, suppress
from pathlib import Path

import numpy as np
import pyarrow as pa

from bluelamp.anpr.matching import snapshot
from bluelamp.anpr.matching.hits import Camera, Entry, Mutes
from bluelamp.anpr.matching.layers import Entries, Layers
from bluelamp.anpr.matching.matcher import Matcher
from bluelamp.anpr.matching.settings import MatchingSettings
from bluelamp.anpr.store import hits as hit_store
from bluelamp.anpr.store import lists as list_store
from bluelamp.anpr.store import mutes as mute_store
from bluelamp.kit.vrm import DEFAULT, Confusables, encode_arrow
from bluelamp.spine.errors import EngineDownError
from bluelamp.spine.module import Spine

log = logging.getLogger(__name__)

REGISTRY_CHANNEL = "anpr_registry"
_KNOWN_MAX = 200_000
_MERGES_IN_THREAD_FROM = 5_000


class Voi:
    """What the matcher asks: the index, what entries say, cameras, mutes."""

    def __init__(self, spine: Spine, settings: MatchingSettings) -> None:
        self._spine = spine
        self._settings = settings
        self._confusables = Confusables.load(settings.confusables_file) if settings.confusables_file else DEFAULT
        self.matcher = Matcher(Layers.of(Entries.none(), self._confusables), settings.tolerance())
        self.mutes = Mutes()
        self.revision = 0
        self._cameras: dict[int, Camera] = {}
        self._strangers: dict[int, Camera] = {}
        self._known: dict[int, Entry] = {}
        self._changed = asyncio.Event()
        self._moved = asyncio.Event()

    @property
    def snapshot_path(self) -> Path:
        return self._spine.settings.data / "matcher" / "voi.snapshot"

    async def load(self) -> None:
        """Bring everything into memory. Raises `EngineDownError` while PostgreSQL is away."""
        await self._load_cameras()
        newest = await list_store.revision_now(self._spine.db)
        try:
            index, revision = await asyncio.to_thread(snapshot.load, self.snapshot_path, self._confusables)
        except snapshot.SnapshotError as error:
            log.info("the VOI index is built from the tables: %s", error)
            revision = newest + 1
        if revision > newest:  # no file, or one that is ahead of a database restored from a backup
            await self._build()
        else:
            self.matcher.layers, self.revision = Layers(index), revision
        await self.refresh()

    async def follow(self) -> None:
        """Apply changes as they are committed, for ever."""
        with ExitStack() as listening:
            listening.callback(self._spine.db.listen(list_store.CHANNEL, self._changed.set))
            listening.callback(self._spine.db.listen(REGISTRY_CHANNEL, self._moved.set))
            await asyncio.gather(self._follow_lists(), self._follow_cameras())

    async def refresh(self) -> None:
        """Apply every change committed by now."""
        self.mutes = await mute_store.mutes_in_force(self._spine.db)
        upto = await list_store.revision_now(self._spine.db)
        if upto <= self.revision:
            return
        rows = await list_store.changed_entries(self._spine.db, self.revision, upto)
        changes = _entries(rows)
        if len(changes) < _MERGES_IN_THREAD_FROM and len(self.matcher.layers.changes) < _MERGES_IN_THREAD_FROM:
            layers = self.matcher.layers.changed(changes)
        else:
            layers = await asyncio.to_thread(self.matcher.layers.changed, changes)
        if layers.wants_merge:
            layers = await asyncio.to_thread(layers.merged)
        for number in changes.refs.tolist() if len(changes) < len(self._known) else list(self._known):
            self._known.pop(number, None)
        self.matcher.layers, self.revision = layers, upto
        if layers.overlay is None:
            await self._keep()

    async def entries(self, numbers: set[int]) -> dict[int, Entry]:
        """What these entries say; those removed meanwhile are missing."""
        missing = [number for number in numbers if number not in self._known]
        if missing:
            if len(self._known) > _KNOWN_MAX:
                self._known.clear()
                missing = list(numbers)
            for entry in await list_store.entries_by_number(self._spine.db, missing):
                self._known[entry.number] = entry
        return {number: self._known[number] for number in numbers if number in self._known}

    async def camera(self, number: int) -> Camera:
        """The camera; read afresh if it is not known yet."""
        if number not in self._cameras and number not in self._strangers:
            await self._load_cameras()
            # Not in the register: remembered as such until that changes, not asked for at every read.
            self._strangers[number] = Camera(number, str(number), f"camera {number}", "", None)
        return self._cameras.get(number) or self._strangers[number]

    async def _build(self) -> None:
        # What changes while the pages are read has a later revision and is applied by `refresh`.
        self.revision = await list_store.revision_now(self._spine.db)
        pages = [_entries(page) async for page in list_store.standing_entries(self._spine.db)]
        if pages:
            everything = Entries(
                np.concatenate([p.refs for p in pages]),
                np.concatenate([p.codes for p in pages]),
                np.concatenate([p.flags for p in pages]),
            )
            self.matcher.layers = await asyncio.to_thread(Layers.of, everything, self._confusables)
        else:
            self.matcher.layers = Layers.of(Entries.none(), self._confusables)
        await self._keep()

    async def _keep(self) -> None:
        base = self.matcher.layers.base
        if len(base) < self._settings.snapshot_entries_min:
            return
        try:
            self.snapshot_path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            await asyncio.to_thread(snapshot.write, self.snapshot_path, base, self.revision)
        except OSError as error:
            log.warning("the VOI snapshot cannot be written, the next start takes longer: %s", error)

    async def _load_cameras(self) -> None:
        self._cameras = {camera.number: camera for camera in await hit_store.cameras(self._spine.db)}

    async def _follow_lists(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await self.refresh()
            except EngineDownError as error:
                log.warning("VOI changes wait: %s", error.message)
                await asyncio.sleep(0.3)
                self._changed.set()
            except (ValueError, KeyError):
                log.exception("VOI changes could not be read; the list in force stays")
                await asyncio.sleep(1)
                self._changed.set()

    async def _follow_cameras(self) -> None:
        while True:
            await self._moved.wait()
            self._moved.clear()
            with suppress(EngineDownError):
                await self._load_cameras()
                self._strangers.clear()


def _entries(rows: pa.Table) -> Entries:
    rows = rows.combine_chunks()
    marks = rows.column("vrm")
    codes = encode_arrow(marks.combine_chunks() if isinstance(marks, pa.ChunkedArray) else marks)
    return Entries(
        rows.column("number").to_numpy().astype(np.uint32),
        codes,
        rows.column("priority").to_numpy().astype(np.uint8),
    )
