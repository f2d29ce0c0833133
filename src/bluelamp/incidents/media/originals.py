"""Contents in the blob store, sealed where a key is configured: pieces as they came, which stay the original's parts, and thumbnails.

Data keys are of the incident: to drop them is to erase all of its imagery, copies included.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator

from obstore.exceptions import NotFoundError

from bluelamp.incidents.media.store import Piece
from bluelamp.kit.ids import new_id
from bluelamp.spine.blobs import BlobMissingError, Blobs


def group_of(incident: str) -> str:
    """The group of data keys that seal what belongs to an incident."""
    return f"incidents/{incident}"


def folder_of(incident: str, media: str) -> str:
    return f"incidents/{incident}/media/{media}"


def thumbnail_of(incident: str, media: str, side: int) -> str:
    return f"{folder_of(incident, media)}/thumbnail-{side}"


async def put_piece(blobs: Blobs, incident: str, media: str, start: int, content: bytes) -> Piece:
    """Under a name of its own: two that come at once for the same place do not overwrite each other."""
    name = f"{folder_of(incident, media)}/{start:013d}-{new_id()}"
    await blobs.vault.put(group_of(incident), name, content)
    return Piece(start, len(content), name)


async def put_thumbnail(blobs: Blobs, incident: str, media: str, side: int, content: bytes) -> None:
    await blobs.vault.put(group_of(incident), thumbnail_of(incident, media, side), content)


async def get_thumbnail(blobs: Blobs, incident: str, media: str, side: int) -> bytes:
    return await blobs.vault.get(group_of(incident), thumbnail_of(incident, media, side))


async def read(blobs: Blobs, incident: str, pieces: list[Piece], start: int, length: int) -> AsyncIterator[bytes]:
    """A range of the original, one piece in memory at a time.

    Raises:
        BlobMissingError: a piece is not there.
    """
    end = start + length
    for piece in pieces:
        if piece.start + piece.bytes <= start or piece.start >= end:
            continue
        content = await blobs.vault.get(group_of(incident), piece.object)
        if len(content) != piece.bytes:
            raise BlobMissingError(piece.object)
        yield content[max(0, start - piece.start) : end - piece.start]


async def read_whole(blobs: Blobs, incident: str, pieces: list[Piece], start: int, length: int) -> bytes:
    return b"".join([part async for part in read(blobs, incident, pieces, start, length)])


async def digest(blobs: Blobs, incident: str, pieces: list[Piece], size: int) -> str:
    """SHA-256 of the original as it is stored."""
    counted = hashlib.sha256()
    async for part in read(blobs, incident, pieces, 0, size):
        counted.update(part)
    return counted.hexdigest()


async def forget(blobs: Blobs, incident: str, media: str, but: frozenset[str] = frozenset()) -> None:
    """Delete what is stored of it, except these objects: also what a crash left behind that no record knows."""
    for name in await blobs.keys(f"{folder_of(incident, media)}/"):
        if name not in but:
            await forget_object(blobs, name)


async def forget_object(blobs: Blobs, name: str) -> None:
    """Delete an object; one that is gone is gone."""
    try:
        await blobs.delete([name])
    except (FileNotFoundError, NotFoundError):
        return
