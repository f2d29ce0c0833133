"""Files as they come and go: streamed piece by piece into the blob store, counted and hashed, deleted when their time is over."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator

from obstore.exceptions import NotFoundError

from bluelamp.incidents.access import INCIDENTS_CONTRIBUTE
from bluelamp.incidents.gateways.cot.files import packages, store
from bluelamp.incidents.gateways.cot.files.errors import FileLimitError, HashMismatchError
from bluelamp.incidents.gateways.cot.files.store import File
from bluelamp.incidents.gateways.cot.gateway import Identity
from bluelamp.incidents.gateways.cot.settings import CotSettings
from bluelamp.incidents.log.store import moment
from bluelamp.incidents.media.formats import HEAD_BYTES, TAIL_BYTES, told_by
from bluelamp.kit.ids import decode_base32, new_id
from bluelamp.spine import audit
from bluelamp.spine.errors import InvalidError, TooLargeError
from bluelamp.spine.module import Job, Spine

log = logging.getLogger(__name__)

PIECE_BYTES = 1 << 20
FOLDER = "tak/files/"
TOGETHER = 5
"""All files of a person on their way have at most so many times the bytes of the largest one."""
AT_ONCE = asyncio.Semaphore(2)
"""Packages opened at once in a process: each is in memory meanwhile."""
UNFINISHED_MS = 86_400_000
DAY_MS = 86_400_000


def readers_of(identity: Identity) -> set[str]:
    """All names under which a file may have been sent to somebody."""
    assert identity.caller is not None  # noqa: S101 - devices behind certificates have one
    return {f"person:{identity.caller.id}", *identity.groups}


def _object(file: str, start: int) -> str:
    return f"{FOLDER}{file}/{start:013d}"


async def receive(
    spine: Spine,
    identity: Identity,
    settings: CotSettings,
    parts: AsyncIterator[bytes],
    name: str,
    announced: str,
    keywords: tuple[str, ...],
) -> File:
    """Keep a file. `announced`: its SHA-256 as the client says; empty: it did not.

    Raises:
        TooLargeError, FileLimitError: more than is taken.
        HashMismatchError: what came is not what was announced.
        MediaFormatError, MediaDamagedError, PackageError, PackageEntryError: nothing that is handed on.
    """
    caller = identity.caller
    assert caller is not None  # noqa: S101 - devices behind certificates have one
    files, held = await store.load_of(spine.db, caller.id)
    if files >= settings.files_per_person_max or held >= TOGETHER * settings.file_bytes_max:
        raise FileLimitError(f"you have {files} files on their way, as much as may be: delete some, or wait until their time is over")
    file, kept = new_id(), False
    try:
        size, sha256 = await _store(spine, file, parts, settings.file_bytes_max)
        if not size:
            raise InvalidError("there is no file in the request")
        if announced and announced != sha256:
            raise HashMismatchError("what came is not what was announced (SHA-256): send it again")
        content_type = await _examine(spine, file, size)
        now = spine.clock()
        found = File(
            file, sha256, size, name, content_type, "private", keywords, caller.id, caller.username, caller.agency, identity.device, now
        )  # fmt: skip
        async with spine.db.transaction() as connection:
            found, kept = await store.keep(connection, found, now + settings.file_days * DAY_MS)
            detail = {"tak_file": found.id, "sha256": sha256, "bytes": size, "name": name}
            await audit.record(connection, caller.actor, "collection", INCIDENTS_CONTRIBUTE, detail=detail)
        return found
    finally:
        if not kept:
            await asyncio.shield(forget(spine, file))


async def _store(spine: Spine, file: str, parts: AsyncIterator[bytes], most: int) -> tuple[int, str]:
    counted, waiting, size = hashlib.sha256(), bytearray(), 0

    async def put(content: bytes) -> None:
        nonlocal size
        counted.update(content)
        await spine.blobs.vault.put(f"tak/{file}", _object(file, size), content)
        size += len(content)

    async for part in parts:
        waiting += part
        if size + len(waiting) > most:
            raise TooLargeError(f"a file has at most {most} bytes here: send a smaller one", bytes_max=most)
        while len(waiting) >= PIECE_BYTES:
            await put(bytes(waiting[:PIECE_BYTES]))
            del waiting[:PIECE_BYTES]
    if waiting:
        await put(bytes(waiting))
    return size, counted.hexdigest()


async def read(spine: Spine, file: str, size: int) -> AsyncIterator[bytes]:
    for start in range(0, size, PIECE_BYTES):
        yield await spine.blobs.vault.get(f"tak/{file}", _object(file, start))


async def whole(spine: Spine, file: str, size: int) -> bytes:
    return b"".join([part async for part in read(spine, file, size)])


async def opened(content: bytes) -> packages.Package:
    """A data package, where it is its turn. Raises `PackageError`, `PackageEntryError`."""
    async with AT_ONCE:
        return await asyncio.to_thread(packages.opened, content)


async def _examine(spine: Spine, file: str, size: int) -> str:
    """Its type, by its content; what is none of those that are handed on is refused here, before anybody hears of it."""
    first = await spine.blobs.vault.get(f"tak/{file}", _object(file, 0))
    if first.startswith(packages.MAGIC):
        await opened(await whole(spine, file, size))
        return packages.CONTENT_TYPE
    starts = [start for start in range(0, size, PIECE_BYTES) if start + PIECE_BYTES >= size - TAIL_BYTES]
    last = b"".join([await spine.blobs.vault.get(f"tak/{file}", _object(file, start)) for start in starts])
    return told_by(first[:HEAD_BYTES], last[-TAIL_BYTES:]).content_type


async def forget(spine: Spine, file: str) -> None:
    """Delete what is stored of a file, and the key that sealed it."""
    for name in await spine.blobs.keys(f"{FOLDER}{file}/"):
        try:
            await spine.blobs.delete([name])
        except (FileNotFoundError, NotFoundError):
            continue
    await spine.blobs.vault.drop(f"tak/{file}")


async def expire(spine: Spine) -> int:
    """Delete files whose time is over, and what uploads that broke off left behind; how many."""
    now, gone = spine.clock(), 0
    for file in await store.over(spine.db, moment(now), 500):
        async with spine.db.transaction() as connection:
            if not await store.remove(connection, file, over=moment(now)):
                continue
            await audit.record(connection, audit.SYSTEM, "erasure", INCIDENTS_CONTRIBUTE, detail={"tak_file": file})
        await forget(spine, file)
        gone += 1
    stored = {name.removeprefix(FOLDER).partition("/")[0] for name in await spine.blobs.keys(FOLDER)}
    old = [file for file in stored if decode_base32(file) >> 80 < now - UNFINISHED_MS]
    lost = set(old) - await store.known(spine.db, old)
    for file in lost:
        await forget(spine, file)
    return gone + len(lost)


async def _run(spine: Spine) -> None:
    if gone := await expire(spine):
        log.info("%d files of TAK devices were deleted: their time was over", gone)


EXPIRE = Job("incidents.tak_files.expire", 900.0, _run)
