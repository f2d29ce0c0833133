"""Contents of pictures, films and documents between regions: asked for part by part, kept piece by piece, compared with their hash.

The event tells that there is one; who is told of it asks the region that has it. One part is on the line at a time, so that events pass
between. A line that is cut changes nothing but the time it takes: what is held is held.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from contextlib import suppress
from datetime import timedelta

import msgspec

from bluelamp.incidents.federation.link import Link, pictures_subject
from bluelamp.incidents.log.store import moment
from bluelamp.incidents.media import elsewhere, originals, store
from bluelamp.incidents.media.actions import CUT_BYTES_MIN, PIECES_MAX
from bluelamp.incidents.media.errors import MediaDamagedError, MediaFormatError, MediaTooLargeError
from bluelamp.incidents.media.examining import examine
from bluelamp.incidents.media.settings import media_settings
from bluelamp.incidents.media.store import Media
from bluelamp.spine import audit
from bluelamp.spine.blobs import BlobMissingError
from bluelamp.spine.errors import EngineDownError
from bluelamp.spine.module import Spine

log = logging.getLogger(__name__)

ACTION = "incidents.federation.pictures"
PART_BYTES = 128 << 10
"""What is on the line at once."""
PIECE_BYTES = 2 << 20
"""What is kept at once."""
ANSWER_S = 10.0
LEASE = timedelta(seconds=60)
IDLE_S = 1.0
GIVEN_MAX = 1_000
TRIES_MAX = 5
"""Times that a content may come damaged."""
PAUSE_S_MAX = 300


class Asked(msgspec.Struct, frozen=True):
    media: str
    start: int
    length: int


class Part(msgspec.Struct, frozen=True):
    """`why` it is not given; empty: it is."""

    why: str
    content: bytes = b""


_ask = msgspec.msgpack.Encoder().encode
_asked = msgspec.msgpack.Decoder(Asked).decode
_part = msgspec.msgpack.Decoder(Part).decode


class NotGivenError(Exception):
    """The other region has it and does not give it: it is not shared (any more), or not there."""


async def serve(spine: Spine, link: Link) -> None:
    """Answer the other regions, for ever."""
    for region, agencies in link.settings.regions.items():
        giver = Giver(spine, region, agencies)
        await link.bus.answer(pictures_subject(region, link.settings.region), "incident-pictures", giver.answer)
    await asyncio.Event().wait()


class Giver:
    """Gives a region parts of the contents that an agency of it sees at this moment.

    On record is a part that does not follow the one given before: a content that is begun, gone on with after a while, or asked for
    from its middle.
    """

    def __init__(self, spine: Spine, region: str, agencies: list[str]) -> None:
        self._spine = spine
        self._region = region
        self._agencies = agencies
        self._next: OrderedDict[str, int] = OrderedDict()
        """Media -> where the part begins that would follow; the last ones only."""

    async def answer(self, payload: bytes) -> bytes:
        return _ask(await self.part(payload))

    async def part(self, payload: bytes) -> Part:
        spine = self._spine
        try:
            asked = _asked(payload)
        except msgspec.MsgspecError:
            return Part("not a question")
        media = await store.find(spine.db, asked.media)
        if media is None or media.state != "kept" or not await elsewhere.may_have(spine.db, media, self._agencies):
            return Part("not shared")
        if media.id in await store.hidden_of(spine.db, media.incident, [media.id]):
            return Part("hidden")
        if not 0 <= asked.start < media.bytes or not 0 < asked.length <= PART_BYTES:
            return Part("no such part")
        length = min(asked.length, media.bytes - asked.start)
        if self._next.pop(media.id, None) != asked.start:
            await self._record(media, asked.start)
        self._next[media.id] = asked.start + length
        while len(self._next) > GIVEN_MAX:
            self._next.popitem(last=False)
        pieces = await store.pieces_of(spine.db, media.id)
        try:
            return Part("", await originals.read_whole(spine.blobs, media.incident, pieces, asked.start, length))
        except BlobMissingError:
            return Part("its content has been deleted")

    async def _record(self, media: Media, start: int) -> None:
        async with self._spine.db.transaction() as connection:
            detail = {"region": self._region, "media": media.id, "bytes": media.bytes, "from": start}
            await audit.record(connection, audit.SYSTEM, "disclosure", ACTION, subjects=(media.incident,), detail=detail)


async def fetch(spine: Spine, link: Link, holder: str) -> None:
    """Fetch what a region has, one after the other, for ever."""
    while True:
        claimed = await elsewhere.claim(spine.db, holder, moment(spine.clock()), LEASE)
        if claimed is None:
            await asyncio.sleep(IDLE_S)
            continue
        media, tries = claimed
        try:
            await _fetch(spine, link, holder, media, tries)
        except NotGivenError as error:
            log.info("region %s does not give a picture: %s", holder, error)
            await _later(spine, media, tries + 1)
        except EngineDownError:
            await elsewhere.again(spine.db, media.id, moment(spine.clock()) + timedelta(seconds=IDLE_S), tries=tries)
            await asyncio.sleep(IDLE_S)  # the line is cut, or an engine is away


async def _later(spine: Spine, media: Media, tries: int, *, lost: bool = False) -> None:
    pause = timedelta(seconds=min(2.0 ** min(tries, 20), PAUSE_S_MAX))
    await elsewhere.again(spine.db, media.id, moment(spine.clock()) + pause, tries=tries, lost=lost)


async def _fetch(spine: Spine, link: Link, holder: str, media: Media, tries: int) -> None:
    limits = media_settings()
    if media.bytes > max(limits.picture_bytes_max, limits.film_bytes_max, limits.document_bytes_max):
        await _refuse(spine, media, f"it has {media.bytes} bytes, more than is kept here")
        return
    while media.held < media.bytes:
        content = bytearray()
        try:
            while len(content) < PIECE_BYTES and media.held + len(content) < media.bytes:
                content += await _part_of(link, holder, media, media.held + len(content))
        except (EngineDownError, NotGivenError):
            if len(content) >= CUT_BYTES_MIN:
                with suppress(EngineDownError):
                    await _add(spine, media, bytes(content))
            raise
        media = await _add(spine, media, bytes(content))
    try:
        found = await examine(spine, media, await store.pieces_of(spine.db, media.id))
    except (MediaDamagedError, BlobMissingError):
        await originals.forget(spine.blobs, media.incident, media.id)
        if tries + 1 >= TRIES_MAX:
            await _refuse(spine, media, f"it came damaged {TRIES_MAX} times from region {holder}")
        else:
            await _later(spine, media, tries + 1, lost=True)
        return
    except (MediaFormatError, MediaTooLargeError) as error:
        await _refuse(spine, media, error.message)
        return
    async with spine.db.transaction() as connection:
        await elsewhere.keep(connection, media.id, found, spine.clock())
        detail = {"region": holder, "media": media.id, "bytes": media.bytes}
        await audit.record(connection, audit.SYSTEM, "collection", ACTION, subjects=(media.incident,), detail=detail)


async def _part_of(link: Link, holder: str, media: Media, start: int) -> bytes:
    length = min(PART_BYTES, media.bytes - start)
    answer = await link.bus.ask(pictures_subject(link.settings.region, holder), _ask(Asked(media.id, start, length)), ANSWER_S)
    try:
        part = _part(answer)
    except msgspec.MsgspecError:
        raise NotGivenError("the answer is none") from None
    if part.why or len(part.content) != length:
        raise NotGivenError(part.why or "another length than was asked for")
    return part.content


async def _add(spine: Spine, media: Media, content: bytes) -> Media:
    """Keep what follows what is held. Where somebody else was quicker, theirs stands."""
    piece = await originals.put_piece(spine.blobs, media.incident, media.id, media.held, content)
    async with spine.db.transaction() as connection:
        now = await store.find(connection, media.id, lock=True) or media
        fits = (now.state, now.held) == ("receiving", media.held) and now.held // PIECE_BYTES < PIECES_MAX
        if fits:
            await store.add_piece(connection, media.id, piece, spine.clock())
            await elsewhere.hold(connection, media.id, moment(spine.clock()) + LEASE)
    if not fits:
        await originals.forget_object(spine.blobs, piece.object)
        raise EngineDownError("another process fetches this picture")
    return now._replace(held=now.held + len(content))


async def _refuse(spine: Spine, media: Media, reason: str) -> None:
    async with spine.db.transaction() as connection:
        await store.end(connection, media.id, "refused", reason)
        detail = {"media": media.id, "refused": reason}
        await audit.record(connection, audit.SYSTEM, "refusal", ACTION, subjects=(media.incident,), detail=detail)
    await originals.forget(spine.blobs, media.incident, media.id)
