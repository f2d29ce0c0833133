"""What came, once it is whole: its hash, its format by its content, its size, what it says of itself; thumbnails."""

from __future__ import annotations

import asyncio

from bluelamp.incidents.media import originals
from bluelamp.incidents.media.errors import MediaDamagedError, MediaTooLargeError
from bluelamp.incidents.media.films import examine_film
from bluelamp.incidents.media.formats import HEAD_BYTES, TAIL_BYTES, Format, told_by
from bluelamp.incidents.media.pictures import examine_picture
from bluelamp.incidents.media.settings import MediaSettings, media_settings
from bluelamp.incidents.media.store import Found, Media, Piece
from bluelamp.spine.module import Spine

_AT_ONCE = asyncio.Semaphore(2)
"""Pictures decoded at once in a process: each may take some hundred megabytes."""


async def examine(spine: Spine, media: Media, pieces: list[Piece]) -> Found:
    """Thumbnails are stored when it returns.

    Raises:
        MediaDamagedError: not what was announced, or not whole.
        MediaFormatError, MediaTooLargeError: not what is kept.
    """
    if await originals.digest(spine.blobs, media.incident, pieces, media.bytes) != media.sha256:
        raise MediaDamagedError("what came is not what was announced (SHA-256): send it again from the beginning")

    async def read(start: int, length: int) -> bytes:
        return await originals.read_whole(spine.blobs, media.incident, pieces, start, length)

    tail = min(TAIL_BYTES, media.bytes)
    found = told_by(await read(0, min(HEAD_BYTES, media.bytes)), await read(media.bytes - tail, tail))
    _fits(found, media.bytes, media_settings())
    if found.kind == "film":
        film = await examine_film(read, media.bytes)
        return Found(found.content_type, film.width, film.height, film.says, ())
    if found.kind == "document":
        return Found(found.content_type, 0, 0, {}, ())
    async with _AT_ONCE:
        picture = await asyncio.to_thread(examine_picture, await read(0, media.bytes), found, media_settings().pixels_max)
    for side, content in picture.thumbnails.items():
        await originals.put_thumbnail(spine.blobs, media.incident, media.id, side, content)
    return Found(found.content_type, picture.width, picture.height, picture.says, tuple(sorted(picture.thumbnails)))


def _fits(found: Format, size: int, limits: MediaSettings) -> None:
    most = {"picture": limits.picture_bytes_max, "film": limits.film_bytes_max, "document": limits.document_bytes_max}[found.kind]
    if size > most:
        raise MediaTooLargeError(f"a {found.kind} has at most {most} bytes here: send a smaller one", bytes_max=most)
