"""Pictures, exports, documents: a local folder or any S3, through one interface (obstore)."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from urllib.parse import unquote, urlparse

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from bluelamp.spine.encryption.keyring import KeyRing
from bluelamp.spine.encryption.vault import Vault
from bluelamp.spine.errors import EngineDownError


class BlobMissingError(Exception):
    """No such object: deleted by retention, or never written."""


class Blobs:
    """The blob store. Keys are paths such as `pictures/2026-03-02/01J…`."""

    def __init__(self, store: ObjectStore, folder: Path | None, ring: KeyRing | None = None) -> None:
        self._store = store
        self.folder = folder
        """Where the objects are, if they are on this machine's own disk; else None."""
        self.vault = Vault(self, ring or KeyRing())
        """Seals objects and opens them; in clear where no key is configured."""

    @classmethod
    def open(cls, url: str, ring: KeyRing | None = None) -> Blobs:
        """`file:///folder` or `s3://bucket/prefix?…` (credentials and endpoint from AWS_* in the environment).

        `ring`: the keys that seal; None: objects are moved as they are (a backup), or nothing is encrypted.
        """
        parts = urlparse(url)
        if parts.scheme == "file":
            folder = Path(unquote(parts.path))
            folder.mkdir(parents=True, exist_ok=True)
            return cls(LocalStore(folder), folder, ring)
        options = {"allow_http": "true"} if os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://") else {}
        return cls(from_url(url, client_options=options), None, ring)  # type: ignore[call-overload]

    async def put(self, key: str, content: bytes) -> None:
        """Durable when it returns (S3), or written whole under its name (folder)."""
        try:
            await obstore.put_async(self._store, key, content)
        except (BaseError, OSError) as error:
            raise EngineDownError("the blob store does not take objects; check its disk or its address") from error

    async def put_synced(self, key: str, content: bytes) -> None:
        """Durable when it returns, on a folder too: for what other objects cannot be read without."""
        if self.folder is None:
            await self.put(key, content)
            return
        try:
            await asyncio.to_thread(_write_synced, self.folder, key, content)
        except OSError as error:
            raise EngineDownError("the blob store does not take objects; check its disk") from error

    async def blank(self, key: str, start: int, length: int) -> None:
        """Overwrite a range of an object with zeros, for ever; the rest of it stays as it is. Durable when it returns.

        Raises:
            BlobMissingError: no such object.
        """
        if self.folder is None:
            content = await self.get(key)
            await self.put(key, content[:start] + bytes(length) + content[start + length :])
            return
        try:
            await asyncio.to_thread(_overwrite, self.folder / key, start, length)
        except FileNotFoundError as error:
            raise BlobMissingError(key) from error
        except OSError as error:
            raise EngineDownError("the blob store does not take changes; check its disk") from error

    async def shred(self, key: str) -> None:
        """Overwrite a small object, then delete it; one that is gone is gone. A disk that copies on write may keep the old bytes."""
        if self.folder is not None:
            path = self.folder / key
            try:
                size = path.stat().st_size
            except FileNotFoundError:
                return
            await asyncio.to_thread(_overwrite, path, 0, size)
        await self.delete([key])

    async def get_or_none(self, key: str) -> bytes | None:
        """The object, or None where there is none."""
        try:
            return await self.get(key)
        except BlobMissingError:
            return None

    async def get(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """The object, or a range of it.

        Raises:
            BlobMissingError: no such object.
        """
        try:
            if length is not None:
                return bytes(await obstore.get_range_async(self._store, key, start=start, length=length))
            return bytes(await (await obstore.get_async(self._store, key)).bytes_async())
        except (FileNotFoundError, obstore.exceptions.NotFoundError) as error:
            raise BlobMissingError(key) from error
        except (BaseError, OSError) as error:
            raise EngineDownError("the blob store does not answer; try again in a moment") from error

    async def keys(self, prefix: str) -> list[str]:
        """Every key under a prefix."""
        return [item["path"] async for page in obstore.list(self._store, prefix=prefix) for item in page]

    async def delete(self, keys: list[str]) -> None:
        if keys:
            await obstore.delete_async(self._store, keys)

    async def ping(self) -> None:
        """Raises `EngineDownError` unless an object can be written and read back."""
        await self.put("health/ping", b"ok")
        if await self.get("health/ping") != b"ok":
            raise EngineDownError("the blob store does not give back what it took")


def _write_synced(folder: Path, key: str, content: bytes) -> None:
    path = folder / key
    path.parent.mkdir(parents=True, exist_ok=True)
    # Digits after a hash are obstore's own mark of an unfinished object: it does not list them.
    temporary = path.with_name(f"{path.name}#{int.from_bytes(os.urandom(6))}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(handle, rest) :]
        os.fsync(handle)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    finally:
        os.close(handle)
    for parent in path.parents:  # a new name is durable when its folder is synced
        handle = os.open(parent, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)
        if parent == folder:
            break


def _overwrite(path: Path, start: int, length: int) -> None:
    handle = os.open(path, os.O_WRONLY)
    try:
        if start + length > os.fstat(handle).st_size:
            raise BlobMissingError(str(path))
        at = start
        while at < start + length:
            at += os.pwrite(handle, bytes(min(1 << 20, start + length - at)), at)
        os.fsync(handle)
    finally:
        os.close(handle)
