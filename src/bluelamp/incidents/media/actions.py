"""Uploads: announced, taken piece by piece, examined when whole, and told of by an event of the incident's log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from starlette.requests import ClientDisconnect

from bluelamp.incidents.access import INCIDENTS_CONTRIBUTE
from bluelamp.incidents.authors import author_of
from bluelamp.incidents.domain.events import MediaAdded, plain
from bluelamp.incidents.domain.places import Place
from bluelamp.incidents.domain.rules import New
from bluelamp.incidents.errors import IdTakenError, NoSuchIncidentError
from bluelamp.incidents.log import store as log_store
from bluelamp.incidents.log.actions import changing_survivor, within
from bluelamp.incidents.log.states import states_of
from bluelamp.incidents.media import originals, store
from bluelamp.incidents.media.errors import (
    MediaDamagedError,
    MediaFormatError,
    MediaTooLargeError,
    NoSuchMediaError,
    UploadEndedError,
    UploadLimitError,
    UploadOffsetError,
)
from bluelamp.incidents.media.examining import examine
from bluelamp.incidents.media.settings import media_settings
from bluelamp.incidents.media.store import Found, Media
from bluelamp.kit.ids import new_id
from bluelamp.spine import audit
from bluelamp.spine.blobs import BlobMissingError
from bluelamp.spine.errors import InvalidError, TooLargeError
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Connection

PIECES_MAX = 10_000
CUT_BYTES_MIN = 16 << 10
"""What came before a connection broke is kept from so many bytes on."""


def piece_bytes_max(spine: Spine) -> int:
    """A piece is a request's body, so it is bounded as all of them are."""
    return min(media_settings().piece_bytes_max, spine.settings.body_bytes_max)


async def begin_upload(spine: Spine, caller: Caller, wanted: Media) -> tuple[Media, bool]:
    """The upload as it stands, and whether this began it. One that was refused or given up begins again.

    Raises:
        NoSuchIncidentError: there is none that the caller sees.
        IdTakenError: somebody else's upload bears this id.
        UploadLimitError, MediaTooLargeError: more than is taken.
        InvalidError: an audience that the incident does not have.
    """
    limits = media_settings()
    largest = max(limits.picture_bytes_max, limits.film_bytes_max, limits.document_bytes_max)
    async with spine.db.transaction() as connection:
        head = await log_store.head(connection, wanted.incident, caller.agency, caller.roles, lock=True)
        if head is None:
            raise NoSuchIncidentError
        known = await store.find(connection, wanted.id, lock=True)
        if known is not None and (known.person, known.incident) != (caller.id, wanted.incident):
            raise IdTakenError("another picture bears this id: make a new one")
        begins = known is None or known.state in {"refused", "abandoned"}
        if begins:
            if wanted.bytes > largest:
                raise MediaTooLargeError(f"nothing larger than {largest} bytes is taken: send a shorter film", bytes_max=largest)
            await _for_members(connection, caller, wanted)
            await _within_limits(connection, caller, wanted)
            wanted = wanted._replace(event=new_id(), started_at=spine.clock())
            await store.begin(connection, wanted)
        elif known is not None and (known.sha256, known.bytes) != (wanted.sha256, wanted.bytes):
            raise IdTakenError("an upload of yours with other content bears this id: make a new one")
        await _note(connection, caller, wanted, {"upload": "begun" if begins else "begun before", "bytes": wanted.bytes})
        return (await store.find(connection, wanted.id)) or wanted, begins


async def _for_members(connection: Connection, caller: Caller, wanted: Media) -> None:
    """Told before the first byte is sent, not after the last; asked again when it is kept."""
    members = await store.members_of(connection, wanted.incident)
    if wanted.audience and (caller.agency not in wanted.audience or not members >= set(wanted.audience)):
        raise InvalidError("an audience names your own agency and others that see the incident")


async def _within_limits(connection: Connection, caller: Caller, wanted: Media) -> None:
    limits = media_settings()
    items, size, on_the_way = await store.load_of(connection, wanted.incident, caller.id)
    if on_the_way >= limits.open_uploads_max:
        raise UploadLimitError(f"you have {on_the_way} uploads on their way, which is the most: finish one first")
    if items >= limits.incident_items_max or size + wanted.bytes > limits.incident_bytes_max:
        raise UploadLimitError("the incident has as many pictures and films as it may hold: ask for the limits to be raised")


async def upload_of(spine: Spine, caller: Caller, incident: str, media: str) -> Media:
    """The caller's own upload.

    Raises:
        NoSuchIncidentError: there is no such incident, or it is no longer shared with the caller.
        NoSuchMediaError: no upload of theirs.
    """
    if await log_store.head(spine.db, incident, caller.agency, caller.roles) is None:
        raise NoSuchIncidentError
    known = await store.find(spine.db, media)
    if known is None or known.incident != incident or known.person != caller.id:
        raise NoSuchMediaError("you have no such upload: begin it with POST .../media")
    return known


async def take_piece(spine: Spine, caller: Caller, incident: str, media: str, offset: int | None, body: AsyncIterator[bytes]) -> Media:
    """Keep what is new of a piece; where that makes it whole, examine it and tell of it. The upload as it stands then.

    Raises:
        NoSuchIncidentError, NoSuchMediaError: as `upload_of`.
        UploadOffsetError: the piece begins after what is held.
        UploadEndedError: it was refused or given up.
        MediaDamagedError, MediaFormatError, MediaTooLargeError: it is whole, and not what is kept.
    """
    upload = await upload_of(spine, caller, incident, media)
    if offset is None:
        raise InvalidError(f"say where the piece begins in the header Upload-Offset; {upload.held} bytes are held")
    if upload.state in {"refused", "abandoned"}:
        raise UploadEndedError(f"the upload has ended ({upload.reason}): begin it again with POST .../media")
    content, cut = await _received(body, piece_bytes_max(spine))
    if offset > upload.held:
        raise UploadOffsetError(f"go on at byte {upload.held}: what is before {offset} has not come", offset=upload.held)
    if offset + len(content) > upload.bytes:
        raise TooLargeError(f"the piece reaches beyond the {upload.bytes} bytes that were announced", bytes_max=upload.bytes - offset)
    fresh = content[upload.held - offset :] if upload.state == "receiving" else b""
    if cut and len(fresh) < CUT_BYTES_MIN:
        fresh = b""
    upload = await _add(spine, caller, upload, fresh)
    if upload.state == "receiving" and upload.held == upload.bytes and not cut:
        upload = await _finish(spine, caller, upload)
    if cut:
        raise ClientDisconnect
    return upload


async def _received(body: AsyncIterator[bytes], most: int) -> tuple[bytes, bool]:
    """The body, or as much of it as came before the connection broke; and whether it did."""
    content = bytearray()
    try:
        async for part in body:
            content += part
            if len(content) > most:
                raise TooLargeError(f"a piece has at most {most} bytes: send it in parts", bytes_max=most)
    except ClientDisconnect:
        return bytes(content), True
    return bytes(content), False


async def _add(spine: Spine, caller: Caller, upload: Media, fresh: bytes) -> Media:
    """Keep a piece that follows what is held. Where another was quicker, this one is let go: the answer says what is held."""
    piece = await originals.put_piece(spine.blobs, upload.incident, upload.id, upload.held, fresh) if fresh else None
    try:
        async with spine.db.transaction() as connection:
            if await log_store.head(connection, upload.incident, caller.agency, caller.roles) is None:
                raise NoSuchIncidentError
            now = await store.find(connection, upload.id, lock=True) or upload
            if piece is not None and (now.state, now.held, now.event) == ("receiving", piece.start, upload.event):
                if len(await store.pieces_of(connection, upload.id)) >= PIECES_MAX and now.held + piece.bytes < now.bytes:
                    raise UploadLimitError(f"an upload has at most {PIECES_MAX} pieces: send larger ones, from the beginning")
                await store.add_piece(connection, upload.id, piece, spine.clock())
                now, piece = now._replace(held=piece.start + piece.bytes), None
            await _note(connection, caller, upload, {"upload": "piece", "held": now.held, "fresh": len(fresh)})
    finally:
        if piece is not None:
            await originals.forget_object(spine.blobs, piece.object)
    return now


async def _finish(spine: Spine, caller: Caller, upload: Media) -> Media:
    pieces = await store.pieces_of(spine.db, upload.id)
    try:
        found = await examine(spine, upload, pieces)
    except (MediaDamagedError, MediaFormatError, MediaTooLargeError) as error:
        await _refuse(spine, caller, upload, error.message)
        raise
    except BlobMissingError as error:
        lost = MediaDamagedError("a part of what came is lost: send it again from the beginning")
        await _refuse(spine, caller, upload, lost.message)  # does nothing where another request ended it meanwhile
        raise lost from error
    try:
        kept = await _keep(spine, caller, upload, found)
    except InvalidError as error:
        await _refuse(spine, caller, upload, error.message)
        raise
    known = frozenset(piece.object for piece in pieces)
    thumbnails = frozenset(originals.thumbnail_of(upload.incident, upload.id, side) for side in found.thumbnails)
    await originals.forget(spine.blobs, upload.incident, upload.id, known | thumbnails)
    return kept


async def _refuse(spine: Spine, caller: Caller, upload: Media, reason: str) -> None:
    async with spine.db.transaction() as connection:
        now = await store.find(connection, upload.id, lock=True)
        if now is None or now.state != "receiving" or now.event != upload.event:
            return
        await store.end(connection, upload.id, "refused", reason)
        await _note(connection, caller, upload, {"upload": "refused", "reason": reason})
    await originals.forget(spine.blobs, upload.incident, upload.id)


async def _keep(spine: Spine, caller: Caller, upload: Media, found: Found) -> Media:
    """The event and the record of the original in one transaction; where the incident was merged meanwhile, in the one that goes on."""
    author = (await author_of(spine, caller, upload.device))._replace(platform=True)
    states = states_of(spine.db)
    async with changing_survivor(spine, upload.incident) as (connection, target):
        for one in (upload.incident, target):
            if await log_store.head(connection, one, caller.agency, caller.roles, lock=one == target) is None:
                raise NoSuchIncidentError
        now = await store.find(connection, upload.id, lock=True)
        if now is None or now.state != "receiving" or now.event != upload.event:
            return now or upload
        [result] = await within(connection, spine, states, author, target, [_told(upload, found)], INCIDENTS_CONTRIBUTE)
        if result.state == "refused":
            raise InvalidError(result.message)
        await store.keep(connection, upload.id, found, result.sequence if target == upload.incident else 0, spine.clock())
        if target != upload.incident:
            await store.show_in(connection, target, upload.id, result.sequence)
        return now._replace(state="kept", sequence=result.sequence)


def _told(upload: Media, found: Found) -> New:
    """What all hear of it. Where the device did not say when or where, the file's own word stands in, if it leaves no doubt."""
    says, place = found.says, upload.place
    taken = log_store.moment(upload.taken_at) if upload.taken_at is not None else _with_zone(says.get("taken_at", ""))
    if place is None and "latitude" in says:
        place = Place(said="as the file says", latitude=says["latitude"], longitude=says["longitude"], source="gps").model_dump()
    added: dict[str, Any] = {
        "media": upload.id, "content_type": found.content_type, "bytes": upload.bytes, "sha256": upload.sha256, "width": found.width,
        "height": found.height, "caption": upload.caption, "place": place, "taken_at": taken,
    }  # fmt: skip
    return New(upload.event, "media.added", upload.started_at, plain(MediaAdded.model_validate(added)), upload.audience)


def _with_zone(text: str) -> datetime | None:
    moment = datetime.fromisoformat(text) if text else None
    return moment if moment is not None and moment.tzinfo is not None else None


async def _note(connection: Connection, caller: Caller, upload: Media, detail: dict[str, Any]) -> None:
    detail = {"media": upload.id, **detail}
    await audit.record(connection, caller.actor, "collection", INCIDENTS_CONTRIBUTE, subjects=(upload.incident,), detail=detail)
