"""Looks at imagery. Who may follows the incident and the event's audience; every look is on record, a film's each range."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import NamedTuple

from bluelamp.incidents.access import INCIDENTS_COMMAND, INCIDENTS_VIEW
from bluelamp.incidents.errors import NoSuchIncidentError
from bluelamp.incidents.log import store as log_store
from bluelamp.incidents.media import originals, ranges, store
from bluelamp.incidents.media.errors import MediaHiddenError, MediaOnItsWayError, NoSuchMediaError, NoThumbnailError
from bluelamp.incidents.media.store import Media
from bluelamp.spine import audit
from bluelamp.spine.blobs import BlobMissingError
from bluelamp.spine.errors import BluelampError
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine


class Opened(NamedTuple):
    """The original, or a range of it, on its way out."""

    media: Media
    range: tuple[int, int] | None
    length: int
    parts: AsyncIterator[bytes]


async def list_media(spine: Spine, caller: Caller, incident: str, after: str, limit: int) -> tuple[list[Media], dict[str, str]]:
    """What the caller's agency sees, and why some of it is hidden.

    Raises:
        NoSuchIncidentError: none that the caller sees.
    """
    if await log_store.head(spine.db, incident, caller.agency, caller.roles) is None:
        raise NoSuchIncidentError
    intent = await audit.intend(spine.db, caller.actor, INCIDENTS_VIEW, subjects=(incident,), detail={"media": "list"})
    found = await store.shown(spine.db, incident, caller.agency, after, limit)
    hidden = await store.hidden_of(spine.db, incident, [one.id for one in found])
    await audit.conclude(spine.db, intent, "answered", len(found))
    return found, hidden


async def open_original(spine: Spine, caller: Caller, incident: str, media: str, header: str) -> Opened:
    """Raises what `_seen` raises, and RangeError."""
    intent = await _intend(spine, caller, incident, media, {"range": header[:60]} if header else {})
    try:
        found = await _seen(spine, caller, incident, media)
        asked = ranges.wanted(header, found.bytes) if header else None
        start, length = asked or (0, found.bytes)
        pieces = await store.pieces_of(spine.db, media)
        parts = originals.read(spine.blobs, found.incident, pieces, start, length)
        first = await anext(parts)
    except BluelampError:
        await audit.conclude(spine.db, intent, "refused", 0)
        raise
    except (BlobMissingError, StopAsyncIteration) as error:
        await audit.conclude(spine.db, intent, "failed", 0)
        raise NoSuchMediaError("its content has been deleted") from error
    await audit.conclude(spine.db, intent, "answered", 1)
    return Opened(found, asked, length, _rest(spine, caller, (incident, media), first, parts))


async def _rest(spine: Spine, caller: Caller, asked: tuple[str, str], first: bytes, parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Piece by piece, for as long as the caller may see it: one who may not any more gets an answer that ends too early."""
    yield first
    async for part in parts:
        await _seen(spine, caller, *asked)
        yield part


async def open_thumbnail(spine: Spine, caller: Caller, incident: str, media: str, side: int) -> bytes:
    """A JPEG that is upright and carries nothing but the picture.

    Raises:
        NoThumbnailError: it has none, as films and documents.
        And what `_seen` raises.
    """
    intent = await _intend(spine, caller, incident, media, {"thumbnail": side})
    try:
        found = await _seen(spine, caller, incident, media)
        if side not in found.thumbnails:
            raise NoThumbnailError(f"it has no thumbnail of {side} pixels; there are {list(found.thumbnails) or 'none'}")
        content = await originals.get_thumbnail(spine.blobs, found.incident, media, side)
    except BluelampError:
        await audit.conclude(spine.db, intent, "refused", 0)
        raise
    except BlobMissingError as error:
        await audit.conclude(spine.db, intent, "failed", 0)
        raise NoSuchMediaError("its content has been deleted") from error
    await audit.conclude(spine.db, intent, "answered", 1)
    return content


async def _intend(spine: Spine, caller: Caller, incident: str, media: str, detail: dict[str, object]) -> str:
    return await audit.intend(spine.db, caller.actor, INCIDENTS_VIEW, subjects=(incident,), detail={"media": media, **detail})


async def _seen(spine: Spine, caller: Caller, incident: str, media: str) -> Media:
    """Raises:
    NoSuchIncidentError: none that the caller sees.
    NoSuchMediaError: none that is kept, or it is for other agencies.
    MediaHiddenError: hidden, and the caller does not run the incident.
    """
    if await log_store.head(spine.db, incident, caller.agency, caller.roles) is None:
        raise NoSuchIncidentError
    found = await store.find(spine.db, media)
    if found is None or (found.audience and caller.agency not in found.audience) or not await store.is_in(spine.db, incident, found):
        raise NoSuchMediaError
    if found.state == "receiving" and found.sequence:
        raise MediaOnItsWayError
    if found.state != "kept":
        raise NoSuchMediaError
    if media in await store.hidden_of(spine.db, incident, [media]):
        leads = await spine.db.fetchval("SELECT true FROM incidents WHERE id = $1 AND lead = $2", incident, caller.agency)
        if not leads or not caller.may(INCIDENTS_COMMAND):
            raise MediaHiddenError
    return found
