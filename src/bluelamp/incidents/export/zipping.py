"""A ZIP made while it is sent: nothing of it is ever held but what the reader has not taken yet. Notes each file's size and hash."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from typing import NamedTuple

GIVE_FROM = 64 << 10


class Filed(NamedTuple):
    """A file as it stands in the package."""

    name: str
    bytes: int
    sha256: str


class _Sink:
    """What the archive writes and the reader has not taken. It cannot go back, so neither does the archive."""

    def __init__(self) -> None:
        self.waiting = bytearray()

    def write(self, content: bytes, /) -> int:
        self.waiting += content
        return len(content)

    def flush(self) -> None:
        """Nothing lies anywhere else."""

    def close(self) -> None:
        """The archive ends; what waits is still to be taken."""

    def take(self) -> bytes:
        taken = bytes(self.waiting)
        self.waiting.clear()
        return taken


class StreamedZip:
    """Files one after the other; `filed` says what was put in."""

    def __init__(self, at_ms: int) -> None:
        self._sink = _Sink()
        self._archive = zipfile.ZipFile(self._sink, "w")
        self._date = datetime.fromtimestamp(at_ms / 1000, UTC).timetuple()[:6]
        self.filed: list[Filed] = []

    async def add(self, name: str, parts: AsyncIterator[bytes], *, packed: bool = True) -> AsyncIterator[bytes]:
        """Yields the archive's bytes as they come about. `packed`: deflated; pictures and films are dense already."""
        info = zipfile.ZipInfo(name, self._date)
        info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        counted, size = hashlib.sha256(), 0
        with self._archive.open(info, "w", force_zip64=True) as entry:
            async for part in parts:
                counted.update(part)
                size += len(part)
                entry.write(part)
                if len(self._sink.waiting) >= GIVE_FROM:
                    yield self._sink.take()
        self.filed.append(Filed(name, size, counted.hexdigest()))
        if self._sink.waiting:
            yield self._sink.take()

    def end(self) -> bytes:
        self._archive.close()
        return self._sink.take()


async def of(parts: Iterable[bytes | str]) -> AsyncIterator[bytes]:
    """What is in memory already, as parts."""
    for part in parts:
        yield part.encode() if isinstance(part, str) else part


async def gathered(parts: AsyncIterator[str], size: int = GIVE_FROM) -> AsyncIterator[bytes]:
    """Many small texts as few larger parts."""
    waiting: list[str] = []
    length = 0
    async for part in parts:
        waiting.append(part)
        length += len(part)
        if length >= size:
            yield "".join(waiting).encode()
            waiting, length = [], 0
    if waiting:
        yield "".join(waiting).encode()
