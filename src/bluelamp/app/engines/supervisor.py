"""Runs the platform as one group of processes: starts them in order, brings back what falls, ends all in order."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import psutil

from bluelamp.app.engines import growth
from bluelamp.app.engines.data_folder import DataFolder, free_bytes_min, port_is_free, write_private
from bluelamp.app.engines.errors import EngineStartError, PortTakenError
from bluelamp.app.engines.group import EngineUrls, record_urls, start_engines
from bluelamp.app.engines.nats import Mqtt
from bluelamp.app.engines.processes import Child, Program, rotate, started_at, tail

log = logging.getLogger(__name__)

BACK_OFF_SECONDS_MIN = 0.2
BACK_OFF_SECONDS_MAX = 30.0
COMMAND = (sys.executable, "-m", "bluelamp.app.cli")
# A process that ran this long was healthy: its next fall starts the back-off anew.
HEALTHY_SECONDS = 60.0
LOOK_SECONDS = 0.1
HOUSEKEEPING_SECONDS = 10.0
# Whoever writes ends before what it writes to.
ROLES = ("api", "worker")
STOP_ORDER = ("cot", "api", "worker", "nats", "columnar", "postgres")


@dataclass
class Watch:
    """One child and the memory of its falls."""

    child: Child
    back_off: float = BACK_OFF_SECONDS_MIN
    started: float = field(default_factory=time.monotonic)
    due: float | None = None
    falls: int = 0
    stuck: bool = False


@dataclass(frozen=True)
class Address:
    """Where the platform listens."""

    host: str
    port: int
    tls_cert: str = ""
    tls_key: str = ""
    mqtt: Mqtt | None = None

    @property
    def scheme(self) -> str:
        return "https" if self.tls_cert else "http"

    @property
    def url(self) -> str:
        # Passkeys need a name: a loopback address is told as localhost.
        name = "localhost" if self.host in {"127.0.0.1", "::1", "0.0.0.0"} else self.host  # noqa: S104 - compared, not bound
        return f"{self.scheme}://{f'[{name}]' if ':' in name else name}:{self.port}"


class Supervisor:
    """Use `running()`; everything happens in the main thread, since the kernel ties children to the thread that made them."""

    def __init__(
        self,
        folder: DataFolder,
        address: Address,
        given: EngineUrls,
        command: Sequence[str] = COMMAND,
        roles: Sequence[str] = ROLES,
    ) -> None:
        """`given` are the engines that run elsewhere; `command` is how to call `bluelamp` for the `roles`."""
        self.folder = folder
        self.address = address
        self.urls = given
        self._command = tuple(command)
        self._roles = tuple(roles)
        self._watches: dict[str, Watch] = {}
        self._stopping = threading.Event()
        self._log = folder.logs / "supervisor.log"

    @contextlib.contextmanager
    def running(self) -> Iterator[Supervisor]:
        """The whole platform, ready to be used; ended when the block ends.

        Raises:
            EngineError: it could not start; whatever had started was ended, nothing was harmed.
        """
        self._check_port()
        with self.folder.hold():
            self._reap()
            try:
                self._start()
                yield self
            finally:
                self.stop()

    def request_stop(self) -> None:
        """Let `watch` return. Safe in a signal handler."""
        self._stopping.set()

    def watch(self) -> None:
        """Bring back what falls until `request_stop`."""
        tidy = time.monotonic()
        while not self._stopping.wait(LOOK_SECONDS):
            for name, watch in self._watches.items():
                self._look_after(name, watch)
            if time.monotonic() - tidy > HOUSEKEEPING_SECONDS:
                tidy = time.monotonic()
                self._keep_house()

    def stop(self) -> None:
        """End what this supervisor started, in order; nothing else."""
        for name in sorted(self._watches, key=STOP_ORDER.index):
            self._watches.pop(name).child.stop()
            self._record()
        self.folder.engines_file.unlink(missing_ok=True)

    @property
    def children(self) -> dict[str, int]:
        """Process ids by name."""
        return {name: watch.child.pid for name, watch in self._watches.items() if watch.child.pid and watch.child.running}

    def _start(self) -> None:
        engines = start_engines(self.folder, self.urls, self.address.mqtt)
        self.urls = engines.urls
        for name, child in engines.children.items():
            self._watches[name] = Watch(child)
        self._record()
        record_urls(self.folder, self.urls, self.address.url)
        self._migrate()
        for program in (self._program(role) for role in self._roles):
            watch = Watch(Child(program))
            self._watches[program.name] = watch
            watch.child.start()
            self._record()
        for name in self._roles:
            self._watches[name].child.wait_ready()

    def _environment(self) -> dict[str, str]:
        # Children must not inherit a choice made for the group: they get every URL.
        return {
            **self.urls.environment(),
            "BLUELAMP_DATA": str(self.folder.root),
            "BLUELAMP_HOST": self.address.host,
            "BLUELAMP_PORT": str(self.address.port),
            "BLUELAMP_TLS_CERT": self.address.tls_cert,
            "BLUELAMP_TLS_KEY": self.address.tls_key,
        }

    def _program(self, role: str) -> Program:
        ready_file = self.folder.run / f"{role}.ready"
        ready_file.unlink(missing_ok=True)
        host = "127.0.0.1" if self.address.host == "0.0.0.0" else self.address.host  # noqa: S104 - compared, not bound
        health = f"{self.address.scheme}://{f'[{host}]' if ':' in host else host}:{self.address.port}/healthz"
        return Program(
            name=role,
            argv=[*self._command, "serve", role],
            environment={**self._environment(), "BLUELAMP_READY_FILE": str(ready_file)},
            log=self.folder.logs / f"{role}.log",
            ready=(lambda: _answers(health)) if role == "api" else ready_file.exists,
        )

    def _migrate(self) -> None:
        log_file = self.folder.logs / "migrate.log"
        rotate(log_file)
        with log_file.open("ab") as output:
            done = subprocess.run(  # noqa: S603 - our own command, no shell
                [*self._command, "migrate"],
                env={**os.environ, **self._environment()},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if done.returncode:
            raise EngineStartError(
                f"The stores could not be brought up to date.\n{tail(log_file)}",
                f"Nothing else was started. The whole account: {log_file}.",
            )

    def _look_after(self, name: str, watch: Watch) -> None:
        now = time.monotonic()
        if watch.due is not None:
            if now >= watch.due:
                watch.due, watch.started = None, now
                watch.child.start()
                self._note(f"{name} started again (process {watch.child.pid})")
                self._record()
            return
        if watch.child.running:
            return
        if now - watch.started > HEALTHY_SECONDS:
            watch.back_off = BACK_OFF_SECONDS_MIN
        watch.due = now + watch.back_off
        watch.falls += 1
        self._note(f"{name} ended (exit code {watch.child.exit_code}); starting it again in {watch.back_off:.1f} s")
        watch.back_off = min(watch.back_off * 2, BACK_OFF_SECONDS_MAX)

    def _keep_house(self) -> None:
        for watch in self._watches.values():
            watch.stuck = watch.child.program.stuck() or watch.stuck
            with contextlib.suppress(OSError):
                rotate(watch.child.program.log)
        with contextlib.suppress(OSError):
            growth.note(self.folder)
        free = shutil.disk_usage(self.folder.root).free
        if free < free_bytes_min():
            self._note(f"only {free >> 20} MB are free on the disk: intake will soon refuse reads; `bluelamp doctor` says what to do")
            return
        for name, watch in self._watches.items():
            if watch.stuck and watch.child.running:
                self._note(f"{name} could not write to the disk; there is room again, so it is started anew")
                watch.stuck = False
                watch.child.stop()

    def _note(self, text: str) -> None:
        log.warning(text)
        # Whoever supervises must not fall for want of room to say so.
        with contextlib.suppress(OSError):
            rotate(self._log)
            with self._log.open("a") as file:
                file.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {text}\n")

    def _record(self) -> None:
        found = [{"name": name, "pid": pid, "started": started_at(pid)} for name, pid in self.children.items()]
        try:
            write_private(self.folder.run / "children.json", json.dumps(found))
        except OSError as error:
            log.warning("the processes could not be recorded: %s", error)

    def _reap(self) -> None:
        """End what an earlier supervisor on this folder left behind, known by process id and start time."""
        record = self.folder.run / "children.json"
        if not record.exists():
            return
        left = [entry for entry in json.loads(record.read_text()) if started_at(entry["pid"]) == entry["started"]]
        for entry in sorted(left, key=lambda entry: STOP_ORDER.index(entry["name"])):
            self._note(f"ending {entry['name']} (process {entry['pid']}), left by a supervisor that was killed")
            with contextlib.suppress(psutil.NoSuchProcess):
                process = psutil.Process(entry["pid"])
                process.send_signal(signal.SIGINT if entry["name"] == "postgres" else signal.SIGTERM)
                try:
                    process.wait(30)
                except psutil.TimeoutExpired:
                    process.kill()
                    process.wait(10)
        record.unlink()

    def _check_port(self) -> None:
        host, port = self.address.host, self.address.port
        if port_is_free(host, port):
            return
        holder = _listener(port)
        raise PortTakenError(
            f"Port {port} of {host} is taken{f' by {holder}' if holder else ''}.",
            f"Stop that program, or choose another port: --port {port + 1}.",
        )


def _listener(port: int) -> str:
    """Name and process id of who listens on a port, if we may know."""
    with contextlib.suppress(psutil.Error, OSError):
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and tuple(connection.laddr)[1:2] == (port,) and connection.pid:
                return f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
    return ""


def _answers(url: str) -> bool:
    # Whether our own process answers at our own address: its certificate names another host, or is not ours to judge.
    trusting = ssl._create_unverified_context() if url.startswith("https:") else None  # noqa: SLF001, S323
    try:
        with urllib.request.urlopen(url, timeout=2, context=trusting) as response:  # noqa: S310 - our own address
            return bool(response.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def notify_systemd(state: str) -> None:
    """Tell systemd, if it started us (Type=notify); see sd_notify(3)."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel, contextlib.suppress(OSError):
        channel.connect("\0" + address[1:] if address.startswith("@") else address)
        channel.send(state.encode())
