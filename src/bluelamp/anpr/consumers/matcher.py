"""The matcher: every read against every VOI entry, hits published once, whatever is killed in between."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa

from bluelamp.anpr.consumers.voi import Voi
from bluelamp.anpr.domain import ReadKey, read_id, vrm_key
from bluelamp.anpr.intake.rows import from_message
from bluelamp.anpr.matching.hits import (
    AMENDED_SUBJECT,
    NEW_SUBJECT,
    Fold,
    Image,
    SeenRead,
    Sighting,
    decode_hits,
    encode_hits,
)
from bluelamp.anpr.matching.matcher import Batch, Match
from bluelamp.anpr.matching.settings import MatchingSettings
from bluelamp.anpr.store.hits import set_aside
from bluelamp.anpr.tables import HITS_STREAM, READS_STREAM
from bluelamp.kit.clock import to_ms
from bluelamp.spine.bus import Message, PoisonError
from bluelamp.spine.module import Spine

log = logging.getLogger(__name__)

DURABLE = "matcher"
REMEMBERED_MESSAGES = 20_000
"""How far back in the hits stream the fold's memory is restored from after a restart."""
_MESSAGES_MAX = 64
_GATHER_S = 0.02
"""A batch costs about the same for one message as for many: an alert waits this long for company, far below what a person notices."""


async def run(spine: Spine) -> None:
    """Match for ever. One at a time: the fold's memory is this process's own."""
    settings = MatchingSettings()
    worker = MatchWorker(spine, settings)
    await worker.start()
    async with asyncio.TaskGroup() as group:
        group.create_task(worker.voi.follow(), name="voi")
        group.create_task(
            spine.bus.consume(READS_STREAM, DURABLE, worker.handle, batch_max=_MESSAGES_MAX, wait_s=_GATHER_S, on_poison=worker.set_aside),
            name="matcher",
        )


class MatchWorker:
    """From messages of reads to messages of hits."""

    def __init__(self, spine: Spine, settings: MatchingSettings) -> None:
        self._spine = spine
        self.voi = Voi(spine, settings)
        self.fold = Fold(settings.fold_terms())

    async def start(self) -> None:
        """Load the lists and remember the latest hits. Raises `EngineDownError` while an engine is away."""
        await self.voi.load()
        await self._remember()

    async def handle(self, messages: list[Message]) -> None:
        """Match some messages together and publish what they bring, each message's hits as one message."""
        tables = [decode_reads(message) for message in messages]
        reads = pa.concat_tables(tables).combine_chunks()
        matches = self.voi.matcher.match(Batch.of(reads))
        owners = np.repeat(np.arange(len(tables)), [len(table) for table in tables])
        sightings: dict[int, list[Sighting]] = {}
        for row, sighting in await self._sightings(reads, matches):
            sightings.setdefault(int(owners[row]), []).append(sighting)
        for at in sorted(sightings):
            await self._publish(messages[at].sequence, sightings[at])

    async def set_aside(self, message: Message, failure: Exception) -> None:
        """Keep a message that cannot be handled where a person finds it."""
        await set_aside(self._spine.db, DURABLE, message.sequence, message.subject, repr(failure), message.payload)

    async def _publish(self, sequence: int, sightings: list[Sighting]) -> None:
        new, amended = self.fold.changes(sightings, self.voi.mutes, self._spine.clock())
        if new:
            await self._spine.bus.publish(NEW_SUBJECT, encode_hits(new), f"new-{sequence}")
        if amended:
            await self._spine.bus.publish(AMENDED_SUBJECT, encode_hits(amended), f"amended-{sequence}")
        self.fold.remember([*new, *amended])

    async def _sightings(self, reads: pa.Table, matches: list[Match]) -> list[tuple[int, Sighting]]:
        """The reads that matter, in order: those that match entries in force, and all amendments."""
        entries = await self.voi.entries({match.ref for match in matches}) if matches else {}
        found: dict[int, list[Match]] = {}
        for match in matches:
            found.setdefault(match.row, []).append(match)
        amendments = np.flatnonzero(reads.column("version").to_numpy())
        rows = sorted(found.keys() | set(amendments.tolist()))
        if not rows:
            return []
        sightings = []
        for row, values in zip(rows, reads.take(rows).to_pylist(), strict=True):
            camera = await self.voi.camera(values["camera"])
            captured_at = to_ms(values["captured_at"])
            standing = tuple(
                (match, entries[match.ref])
                for match in found.get(row, [])
                if match.ref in entries and entries[match.ref].stands(camera.position, values["direction"], captured_at)
            )
            if standing or values["version"]:
                sightings.append((row, Sighting(seen_read(values), camera, standing)))
        return sightings

    async def _remember(self) -> None:
        """Read the newest hits back from the stream: what was published before a crash is not published again."""
        last = await self._spine.bus.last_sequence(HITS_STREAM)
        if not last:
            return
        done = asyncio.Event()

        async def take(message: Message) -> None:
            if message.subject in (NEW_SUBJECT, AMENDED_SUBJECT):
                try:
                    self.fold.remember(decode_hits(message.payload))
                except ValueError:
                    log.warning("message %d of %s is not of hits", message.sequence, HITS_STREAM)
            if message.sequence >= last:
                done.set()

        replay = asyncio.create_task(self._spine.bus.replay(HITS_STREAM, max(0, last - REMEMBERED_MESSAGES), take))
        try:
            await asyncio.wait_for(done.wait(), 60)
        except TimeoutError:
            log.warning("the latest hits could not all be read back; a repeat may be told as a new hit")
        finally:
            replay.cancel()


def decode_reads(message: Message) -> pa.Table:
    """The reads of one message. Raises `PoisonError` where it is not an Arrow stream of READS."""
    try:
        return from_message(message.payload)
    except (pa.ArrowException, ValueError, OSError) as error:
        raise PoisonError(f"not a batch of reads: {error}") from error


def seen_read(values: dict[str, Any]) -> SeenRead:
    """A row of READS as a hit shows it."""
    captured_at = to_ms(values["captured_at"])
    key = ReadKey(values["camera"], captured_at, values["first_key"] or vrm_key(values["vrm"]))
    return SeenRead(
        id=read_id(key),
        version=values["version"],
        vrm=values["vrm"],
        seen_as=values["seen_as"] or values["vrm"],
        captured_at=captured_at,
        received_at=to_ms(values["received_at"]),
        confidence=values["confidence"] / 1000,
        direction=values["direction"],
        lane=values["lane"],
        make=values["make"],
        model=values["model"],
        colour=values["colour"],
        vehicle_class=values["vehicle_class"],
        images=tuple(_images(values)),
    )


def _images(values: dict[str, Any]) -> Iterable[Image]:
    for kind in ("plate", "overview"):
        picture = values[f"{kind}_picture"]
        if picture is not None:
            yield Image(kind, picture["ref"], picture["sha256"].hex())
