"""The data folder: whose it is, who holds it, its version, and the secrets and ports kept in it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bluelamp.app.engines.errors import DiskFullError, FolderInUseError, ForeignFolderError, NewerFolderError

MARKER = "bluelamp.json"
FORMAT = 1
# Below this, PostgreSQL and the columnar store may stop in the middle of a write; so nothing is started.
FREE_BYTES_MIN = 512 << 20


UPGRADES: dict[int, Callable[[DataFolder], None]] = {}
"""Format -> what brings a folder from it to the next. A step may be repeated: it is recorded only when it is done."""


class DataFolder:
    """Paths inside the folder; opening it checks that it is ours and of a version that this program knows."""

    def __init__(self, root: Path) -> None:
        self.root = root

    # Rooms. Each engine owns its own; nobody else writes there.
    @property
    def nats(self) -> Path:
        return self.root / "nats"

    @property
    def postgres(self) -> Path:
        return self.root / "postgres"

    @property
    def columnar(self) -> Path:
        return self.root / "columnar"

    @property
    def blobs(self) -> Path:
        return self.root / "blobs"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def engines_file(self) -> Path:
        """URLs of the running engines, for commands typed beside them."""
        return self.run / "engines.json"

    @classmethod
    def open(cls, root: Path) -> DataFolder:
        """Open or create the folder.

        Raises:
            ForeignFolderError: it holds something else.
            NewerFolderError: a later Bluelamp wrote it.
            DiskFullError: too little room to run safely.
        """
        folder = cls(root.expanduser().resolve())
        if folder.root.exists():
            folder._check()
        else:
            folder._check_room(folder.root.parent)
        # As root, PostgreSQL runs as another user and must pass through; its own room is closed to all others.
        folder.root.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
        marker = folder.root / MARKER
        if not marker.exists():
            write_private(marker, json.dumps({"product": "bluelamp", "format": FORMAT, "id": secrets.token_hex(8)}))
        for room in (folder.nats, folder.columnar, folder.blobs, folder.logs, folder.root / "secrets"):
            room.mkdir(mode=0o700, exist_ok=True)
        folder.run.mkdir(mode=0o711, exist_ok=True)
        return folder

    def describe(self) -> dict[str, Any]:
        """The marker's content: product, format, id."""
        content: dict[str, Any] = json.loads((self.root / MARKER).read_text())
        return content

    def _upgrade(self) -> None:
        """Bring an older layout to this version's."""
        for number in range(int(self.describe()["format"]), FORMAT):
            UPGRADES[number](self)
            write_private(self.root / MARKER, json.dumps({**self.describe(), "format": number + 1}))

    def _check(self) -> None:
        if not self.root.is_dir():
            raise ForeignFolderError(f"{self.root} is not a folder.", "Name a folder with --data.")
        marker = self.root / MARKER
        if not marker.exists():
            if any(self.root.iterdir()):
                raise ForeignFolderError(
                    f"{self.root} holds something that is not Bluelamp's; it was left as it is.",
                    "Name an empty or new folder with --data.",
                )
            self._check_room(self.root)
            return
        try:
            found = self.describe()
            number = int(found["format"])
            ours = found["product"] == "bluelamp"
        except (ValueError, KeyError, TypeError):
            ours, number = False, 0
        if not ours:
            raise ForeignFolderError(
                f"{marker} is not one that Bluelamp wrote; the folder was left as it is.",
                "Name another folder with --data, or restore this one from a backup (bluelamp restore).",
            )
        if number > FORMAT:
            raise NewerFolderError(
                f"{self.root} was written by a newer Bluelamp (folder format {number}; this one knows {FORMAT}).",
                "Start the newer Bluelamp, or restore a backup made by this version into another folder.",
            )
        self._check_room(self.root)

    def _check_room(self, where: Path) -> None:
        while not where.exists():
            where = where.parent
        free = shutil.disk_usage(where).free
        floor = free_bytes_min()
        if free < floor:
            raise DiskFullError(
                f"Only {free >> 20} MB are free on the disk of {self.root}; at least {floor >> 20} MB are needed to write safely.",
                "Free some room, shorten the retention, or move the folder to a larger disk (bluelamp backup, restore).",
            )

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Hold the folder for this process alone, in this version's layout; the hold ends with the process, however it ends.

        Raises:
            FolderInUseError: another platform runs on it.
        """
        handle = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.pread(handle, 32, 0).decode("ascii", "replace").strip() or "unknown"
                raise FolderInUseError(
                    f"Another Bluelamp (process {holder}) runs on {self.root}.",
                    "Use that one, stop it first, or name another folder with --data.",
                ) from None
            os.ftruncate(handle, 0)
            os.pwrite(handle, str(os.getpid()).encode(), 0)
            self._upgrade()
            yield
        finally:
            os.close(handle)

    def secret(self, name: str) -> str:
        """A random password, made at first use and kept in a file only the owner reads."""
        path = self.root / "secrets" / name
        if not path.exists():
            write_private(path, secrets.token_urlsafe(24))
        return path.read_text()

    def port(self, name: str) -> int:
        """A loopback port for an engine, kept from run to run while it is free."""
        path = self.root / "ports.json"
        known: dict[str, int] = json.loads(path.read_text()) if path.exists() else {}
        if name not in known or not port_is_free("127.0.0.1", known[name]):
            known[name] = free_port()
            write_private(path, json.dumps(known))
        return known[name]


def free_bytes_min() -> int:
    """Room that must be free before anything is started; BLUELAMP_DISK_FREE_MIN (bytes) changes it."""
    return int(os.environ.get("BLUELAMP_DISK_FREE_MIN", FREE_BYTES_MIN))


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step, readable by its owner only."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{time.monotonic_ns()}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, text.encode())
        os.fsync(handle)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    finally:
        os.close(handle)
    temporary.replace(path)


def free_port() -> int:
    """A TCP port of the loopback address that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def port_is_free(host: str, port: int) -> bool:
    """Whether a server could listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
