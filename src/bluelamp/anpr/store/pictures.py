"""Pictures: untouched, by day, many to an object, found again by a reference that says where and how long.

On this machine's own disk a segment is a file inside the blob folder that grows, synced once a commit group. On S3 an
object cannot grow, so every commit group is an object of its own. Either way `append` returns when the bytes are safe.
Where a key is configured each picture is sealed on its own, so that one can be read without the rest (docs/encryption.md).
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from bluelamp.kit.ids import decode_base32, encode_base32, new_id
from bluelamp.spine.blobs import BlobMissingError, Blobs
from bluelamp.spine.encryption.vault import Cipher, DataKey
from bluelamp.spine.errors import EngineDownError, NotFoundError

PREFIX = "pictures"
SEGMENT_BYTES_MAX = 256 << 20


class StoredPicture(NamedTuple):
    """Where a picture is, and what it hashes to."""

    ref: str
    sha256: bytes


class Place(NamedTuple):
    """A reference, read: day number since 1970, the segment's 64-bit name, byte offset and length."""

    day: int
    segment: int
    offset: int
    length: int
    sealed: bool = False

    @property
    def group(self) -> str:
        """The day's objects, and the group of its data keys: whoever drops those has erased the day."""
        return day_group(self.day)

    @property
    def key(self) -> str:
        return f"{self.group}/{encode_base32(self.segment, 13)}"


def day_group(day: int) -> str:
    """Where a day's pictures are kept; `day` is counted from 1970."""
    return f"{PREFIX}/{datetime.fromtimestamp(day * 86_400, UTC).date().isoformat()}"


_SEALED = 1 << 35
"""In the offset of a reference: no segment grows so far."""


def encode_ref(place: Place) -> str:
    """29 characters of base 32: day 16 bits, segment 64, offset 36, length 26, check 3 bits that catch a mistyped one."""
    offset = place.offset | (_SEALED if place.sealed else 0)
    number = ((place.day << 64 | place.segment) << 36 | offset) << 26 | place.length
    return encode_base32(number << 3 | number % 7, 29)


def decode_ref(ref: str) -> Place:
    """Raises `NotFoundError`: not a reference this platform makes (told apart from a deleted picture by nobody)."""
    try:
        number, check = divmod(decode_base32(ref), 8) if len(ref) == 29 else (0, 1)
    except ValueError:
        number, check = 0, 1
    if number % 7 != check or number >> 142:
        raise NotFoundError("there is no such picture")
    offset = number >> 26 & (1 << 36) - 1
    return Place(number >> 126, number >> 62 & (1 << 64) - 1, offset & ~_SEALED, number & (1 << 26) - 1, bool(offset & _SEALED))


class PictureStore:
    """Appends and fetches pictures. One per process; several processes never share a segment."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._thread = ThreadPoolExecutor(1, "pictures")
        self._hasher = ThreadPoolExecutor(1, "picture-hashes")
        self._segment: _Segment | None = None

    async def append(self, pictures: list[bytes], now: int) -> list[StoredPicture]:
        """Store pictures together; returns once they are synced.

        Raises:
            EngineDownError: the disk or the blob store refuses; nothing may be relied on.
            KeyMissingError: what was encrypted here before would now be stored in clear.
        """
        loop = asyncio.get_running_loop()
        key = await self._blobs.vault.key_for(day_group(now // 86_400_000))
        if self._blobs.folder is not None:
            return await loop.run_in_executor(self._thread, self._append_to_file, self._blobs.folder, pictures, now, key)
        hashes = await loop.run_in_executor(self._thread, _hashes, pictures)
        place = Place(now // 86_400_000, _new_segment(), 0, 0, key is not None)
        pieces, places = await loop.run_in_executor(self._thread, _lay_out, pictures, place, key.cipher(place.key) if key else None)
        await self._blobs.put(place.key, b"".join(pieces))
        return [StoredPicture(encode_ref(place), sha256) for place, sha256 in zip(places, hashes, strict=True)]

    async def fetch(self, ref: str) -> bytes:
        """The picture as the camera sent it.

        Raises:
            NotFoundError: no such picture, or it has been deleted.
            KeyMissingError: it is sealed, and its key is not configured.
            SealBrokenError: what is stored is not what was sealed.
        """
        place = decode_ref(ref)
        gone = NotFoundError("there is no such picture; pictures are deleted with their read after 12 months")
        try:
            content = await self._blobs.get(place.key, place.offset, place.length)
        except BlobMissingError:
            raise gone from None
        if not any(content):  # overwritten: no picture is all zeros, nor a sealed one
            raise gone
        if place.sealed:
            return await self._blobs.vault.open_piece(place.group, place.key, place.offset, content)
        return content

    async def erase(self, ref: str) -> bool:
        """Overwrite one picture with zeros, for ever, among the others of its object; whether it was there."""
        place = decode_ref(ref)
        try:
            await self._blobs.blank(place.key, place.offset, place.length)
        except BlobMissingError:
            return False
        return True

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close_segment)
        self._thread.shutdown()
        self._hasher.shutdown()

    def _append_to_file(self, folder: Path, pictures: list[bytes], now: int, key: DataKey | None) -> list[StoredPicture]:
        hashes = self._hasher.submit(_hashes, pictures)  # while the bytes go to disk
        day = now // 86_400_000
        try:
            segment = self._segment
            if segment is None or segment.place.day != day or segment.size >= SEGMENT_BYTES_MAX or segment.key is not key:
                self._close_segment()
                segment = self._segment = _Segment(folder, day, key)
            places = segment.append(pictures)
        except OSError as error:
            self._close_segment()  # what was half written is never referred to, and the next group starts a new file
            raise EngineDownError(f"pictures cannot be written: {error.strerror}; check the disk") from error
        return [StoredPicture(encode_ref(place), sha256) for place, sha256 in zip(places, hashes.result(), strict=True)]

    def _close_segment(self) -> None:
        if self._segment is not None:
            self._segment.close()
            self._segment = None


class _Segment:
    """One growing file."""

    def __init__(self, folder: Path, day: int, key: DataKey | None) -> None:
        self.place = Place(day, _new_segment(), 0, 0, key is not None)
        self.key = key
        self._cipher = key.cipher(self.place.key) if key else None
        path = folder / self.place.key
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        for parent in (path.parent, path.parent.parent, folder):  # a new name is durable when its folder is synced
            handle = os.open(parent, os.O_RDONLY)
            os.fsync(handle)
            os.close(handle)
        self.size = 0

    def append(self, pictures: list[bytes]) -> list[Place]:
        pieces, places = _lay_out(pictures, self.place._replace(offset=self.size), self._cipher)
        self.size = places[-1].offset + places[-1].length if places else self.size
        rest = memoryview(b"".join(pieces))
        while rest:
            rest = rest[os.write(self._file, rest) :]
        os.fdatasync(self._file)
        return places

    def close(self) -> None:
        os.close(self._file)


def _lay_out(pictures: list[bytes], place: Place, cipher: Cipher | None) -> tuple[list[bytes], list[Place]]:
    """The bytes to store one after another from a place on, and where each picture will be."""
    pieces, places, offset = pictures, [], place.offset
    if cipher is not None:
        pieces = []
        for picture in pictures:
            pieces.append(cipher.piece(offset, picture))
            offset += len(pieces[-1])
        offset = place.offset
    for piece in pieces:
        places.append(place._replace(offset=offset, length=len(piece)))
        offset += len(piece)
    return pieces, places


def _hashes(pictures: list[bytes]) -> list[bytes]:
    return [hashlib.sha256(picture).digest() for picture in pictures]


def _new_segment() -> int:
    """48 bits of milliseconds and 16 random ones, so that segments sort by age and two processes do not meet."""
    number = decode_base32(new_id())
    return number >> 66 & (1 << 64) - 1
