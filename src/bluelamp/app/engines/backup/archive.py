"""A backup on disk: a folder or one tar file of named parts, with a manifest of their sizes and SHA-256 hashes."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
import shutil
import stat
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any

from bluelamp.app.engines.errors import BackupError

MANIFEST = "manifest.json"
MANIFEST_BYTES_MAX = 256 << 20
FORMAT = 1
_PART = re.compile(r"records\.pgdump|(?:streams|history|blobs|audit)(?:/[A-Za-z0-9_@=+,.-]{1,200}){1,12}")
_PIECE = 1 << 20


def is_part(name: str) -> bool:
    """Whether a part may be called so: in one of the folders that a backup has, and nowhere above or beside them."""
    return bool(_PART.fullmatch(name)) and not {".", ".."} & set(name.split("/"))


class _Hashing(io.RawIOBase):
    """Counts and hashes what passes to another file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()
        self.bytes = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        self._file.write(view)
        self.digest.update(view)
        self.bytes += len(view)
        return len(view)


class Writer:
    """Use `writing()`. Parts are written one after another; the backup takes its name when it is complete."""

    def __init__(self, target: Path, partial: Path, tar: tarfile.TarFile | None) -> None:
        self._target = target
        self._partial = partial
        self._tar = tar
        self._parts: dict[str, dict[str, Any]] = {}

    @contextlib.contextmanager
    def part(self, name: str) -> Iterator[IO[bytes]]:
        """A file for one part's bytes."""
        if not is_part(name):
            raise ValueError(f"no reader would take a part called {name!r}")
        if self._tar is None:
            path = self._partial / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                yield from self._hashed(name, file)
                file.flush()
                os.fsync(file.fileno())
            return
        # A tar's header tells the size before the bytes: the part waits beside until it is whole.
        with tempfile.TemporaryFile(dir=self._target.parent) as file:
            yield from self._hashed(name, file)
            self._add(name, file, file.tell())

    def _hashed(self, name: str, file: IO[bytes]) -> Iterator[IO[bytes]]:
        hashing = _Hashing(file)
        yield hashing  # type: ignore[misc]
        self._parts[name] = {"bytes": hashing.bytes, "sha256": hashing.digest.hexdigest()}

    def _add(self, name: str, file: IO[bytes], size: int) -> None:
        assert self._tar is not None  # noqa: S101 - tells the type checker
        file.seek(0)
        entry = tarfile.TarInfo(name)
        entry.size = size
        entry.mode = 0o600
        self._tar.addfile(entry, file)

    def finish(self, facts: dict[str, Any]) -> dict[str, Any]:
        """Write the manifest; returns it."""
        manifest = {"product": "bluelamp", "format": FORMAT, **facts, "parts": self._parts}
        content = json.dumps(manifest, indent=1).encode()
        if self._tar is None:
            (self._partial / MANIFEST).write_bytes(content)
        else:
            self._add(MANIFEST, io.BytesIO(content), len(content))
        return manifest


@contextlib.contextmanager
def writing(target: Path, *, folder: bool) -> Iterator[Writer]:
    """A backup under construction, beside `target` until the block ends well; removed otherwise.

    Raises:
        BackupError: something lies at `target` already.
    """
    if target.exists() and not (folder and target.is_dir() and not any(target.iterdir())):
        raise BackupError(f"{target} exists; no backup is ever overwritten.", "Name another file or an empty folder.")
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}.partial-{os.getpid()}")
    try:
        if folder:
            partial.mkdir(mode=0o700)
            yield Writer(target, partial, None)
            if target.exists():
                target.rmdir()
        else:
            handle = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w+b") as file:
                with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
                    yield Writer(target, partial, tar)
                file.flush()
                os.fsync(file.fileno())
        partial.replace(target)
    except BaseException:
        if partial.is_dir():
            shutil.rmtree(partial, ignore_errors=True)
        partial.unlink(missing_ok=True)
        raise


class Reader:
    """A finished backup."""

    def __init__(self, source: Path) -> None:
        """Raises `BackupError` where there is none, or one of a later format."""
        self.source = source
        self._tar: tarfile.TarFile | None = None
        try:
            if not source.is_dir():
                self._tar = tarfile.open(source, "r:")  # noqa: SIM115 - open as long as the reader
            with self._open(MANIFEST) as file:
                content = file.read(MANIFEST_BYTES_MAX + 1)
            if len(content) > MANIFEST_BYTES_MAX:
                raise ValueError("its manifest is too large")  # noqa: TRY301 - told as every other damage
            self.manifest: dict[str, Any] = json.loads(content)
            known = self.manifest["product"] == "bluelamp"
            number = int(self.manifest["format"])
        except (OSError, KeyError, ValueError, TypeError, tarfile.TarError) as error:
            raise BackupError(f"{source} is not a whole backup of Bluelamp ({error}).", "Name another, or make one again.") from error
        if not known or number > FORMAT:
            raise BackupError(f"{source} was made by a newer Bluelamp or another program.", "Restore it with the program that made it.")

    def names(self, prefix: str) -> list[str]:
        """Parts whose names begin so, in the order they were written."""
        return [name for name in self.manifest["parts"] if name.startswith(prefix)]

    @property
    def size(self) -> int:
        """Bytes of all parts."""
        return sum(int(part["bytes"]) for part in self.manifest["parts"].values())

    def open(self, name: str) -> IO[bytes]:
        """A part's bytes."""
        if name not in self.manifest["parts"] or not is_part(name):
            raise BackupError(f"The backup has no part {name[:100]!r}.", "It may be damaged: `bluelamp verify` tells.")
        return self._open(name)

    def _open(self, name: str) -> IO[bytes]:
        """Plain files only: a link could lead out of the backup, a device or a pipe never ends."""
        if self._tar is None:
            path = self.source / name
            if any(step.is_symlink() for step in (path, *path.parents[: len(PurePosixPath(name).parts) - 1])):
                raise BackupError(f"{name} is a link.", "A backup holds plain files only; this one was changed.")
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                os.close(handle)
                raise BackupError(f"{name} is not a plain file.", "A backup holds plain files only; this one was changed.")
            return os.fdopen(handle, "rb")
        entry = self._tar.getmember(name)
        if not entry.isreg() or entry.issparse():
            raise BackupError(f"{name} is not a plain file.", "A backup holds plain files only; this one was changed.")
        file = self._tar.extractfile(entry)
        if file is None:
            raise KeyError(name)
        return file

    def damaged(self) -> Iterator[tuple[str, str]]:
        """Every part with what is wrong with it, empty where nothing is: reads and hashes the whole backup."""
        for name, told in self.manifest["parts"].items():
            digest, size = hashlib.sha256(), 0
            try:
                with self.open(name) as file:
                    while size <= told["bytes"] and (piece := file.read(_PIECE)):
                        digest.update(piece)
                        size += len(piece)
            except (OSError, KeyError, TypeError, tarfile.TarError, BackupError) as error:
                yield name, f"cannot be read: {error}"
                continue
            whole = size == told["bytes"] and digest.hexdigest() == told["sha256"]
            yield name, "" if whole else f"is not what was written ({size} bytes, {told['bytes']} expected)"
