"""Pictures, exports, documents: a local folder or any S3, through one interface (obstore)."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote, urlparse

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from bluelamp.spine.errors import EngineDownError


class BlobMissingError(Exception):
    """No such object: deleted by retention, or never written."""


class Blobs:
    """The blob store. Keys are paths such as `pictures/2026-03-02/01J…`."""

    def __init__(self, store: ObjectStore, folder: Path | None) -> None:
        self._store = store
        self.folder = folder
        """Where the objects are, if they are on this machine's own disk; else None."""

    @classmethod
    def open(cls, url: str) -> Blobs:
        """`file:///folder` or `s3://bucket/prefix?…` (credentials and endpoint from AWS_* in the environment)."""
        parts = urlparse(url)
        if parts.scheme == "file":
            folder = Path(unquote(parts.path))
            folder.mkdir(parents=True, exist_ok=True)
            return cls(LocalStore(folder), folder)
        options = {"allow_http": "true"} if os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://") else {}
        return cls(from_url(url, client_options=options), None)  # type: ignore[call-overload]

    async def put(self, key: str, content: bytes) -> None:
        """Durable when it returns (S3), or written whole under its name (folder)."""
        try:
            await obstore.put_async(self._store, key, content)
        except (BaseError, OSError) as error:
            raise EngineDownError("the blob store does not take objects; check its disk or its address") from error

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
