"""Pictures: untouched, by day, many to an object, found again by a reference that says where and how long.

On this machine's own disk a segment is a file inside the blob folder that grows, synced once a commit group. On S3 an
object cannot grow, so every commit group is an object of its own. Either way `append` returns when the bytes are safe.
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

    @property
    def key(self) -> str:
        date = datetime.fromtimestamp(self.day * 86_400, UTC).date().isoformat()
        return f"{PREFIX}/{date}/{encode_base32(self.segment, 13)}"


def encode_ref(place: Place) -> str:
    """29 characters of base 32: day 16 bits, segment 64, offset 36, length 26, check 3 bits that catch a mistyped one."""
    number = ((place.day << 64 | place.segment) << 36 | place.offset) << 26 | place.length
    return encode_base32(number << 3 | number % 7, 29)


def decode_ref(ref: str) -> Place:
    """Raises `NotFoundError`: not a reference this platform makes (told apart from a deleted picture by nobody)."""
    try:
        number, check = divmod(decode_base32(ref), 8) if len(ref) == 29 else (0, 1)
    except ValueError:
        number, check = 0, 1
    if number % 7 != check or number >> 142:
        raise NotFoundError("there is no such picture")
    return Place(number >> 126, number >> 62 & (1 << 64) - 1, number >> 26 & (1 << 36) - 1, number & (1 << 26) - 1)


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
        """
        loop = asyncio.get_running_loop()
        if self._blobs.folder is not None:
            return await loop.run_in_executor(self._thread, self._append_to_file, self._blobs.folder, pictures, now)
        hashes = await loop.run_in_executor(self._thread, _hashes, pictures)
        stored, place = [], Place(now // 86_400_000, _new_segment(), 0, 0)
        for picture, sha256 in zip(pictures, hashes, strict=True):
            place = place._replace(offset=place.offset + place.length, length=len(picture))
            stored.append(StoredPicture(encode_ref(place), sha256))
        await self._blobs.put(place.key, b"".join(pictures))
        return stored

    async def fetch(self, ref: str) -> bytes:
        """The picture as the camera sent it.

        Raises:
            NotFoundError: no such picture, or retention has deleted it.
        """
        place = decode_ref(ref)
        try:
            return await self._blobs.get(place.key, place.offset, place.length)
        except BlobMissingError:
            raise NotFoundError("there is no such picture; pictures are deleted with their read after 12 months") from None

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close_segment)
        self._thread.shutdown()
        self._hasher.shutdown()

    def _append_to_file(self, folder: Path, pictures: list[bytes], now: int) -> list[StoredPicture]:
        hashes = self._hasher.submit(_hashes, pictures)  # while the bytes go to disk
        day = now // 86_400_000
        try:
            if self._segment is None or self._segment.place.day != day or self._segment.size >= SEGMENT_BYTES_MAX:
                self._close_segment()
                self._segment = _Segment(folder, day)
            places = self._segment.append(pictures)
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

    def __init__(self, folder: Path, day: int) -> None:
        self.place = Place(day, _new_segment(), 0, 0)
        path = folder / self.place.key
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        for parent in (path.parent, path.parent.parent, folder):  # a new name is durable when its folder is synced
            handle = os.open(parent, os.O_RDONLY)
            os.fsync(handle)
            os.close(handle)
        self.size = 0

    def append(self, pictures: list[bytes]) -> list[Place]:
        places = []
        for picture in pictures:
            places.append(self.place._replace(offset=self.size, length=len(picture)))
            self.size += len(picture)
        rest = memoryview(b"".join(pictures))
        while rest:
            rest = rest[os.write(self._file, rest) :]
        os.fdatasync(self._file)
        return places

    def close(self) -> None:
        os.close(self._file)


def _hashes(pictures: list[bytes]) -> list[bytes]:
    return [hashlib.sha256(picture).digest() for picture in pictures]


def _new_segment() -> int:
    """48 bits of milliseconds and 16 random ones, so that segments sort by age and two processes do not meet."""
    number = decode_base32(new_id())
    return number >> 66 & (1 << 64) - 1
