"""Children of the supervisor: started so that none outlives it, stopped in the way each understands."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bluelamp.app.engines.errors import EngineStartError

_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER = 0x10000000
_LIBC = ctypes.CDLL(None, use_errno=True)
LOG_BYTES_MAX = 20 << 20
LOGS_KEPT = 3


@dataclass(frozen=True)
class Identity:
    """As whom a child runs: another user, or another name for the same one in a user namespace of its own."""

    uid: int
    gid: int
    namespace: bool = False


@dataclass(frozen=True)
class Program:
    """How to start one child, to know that it is ready, and to end it."""

    name: str
    argv: Sequence[str]
    log: Path
    ready: Callable[[], bool]
    environment: Mapping[str, str] = field(default_factory=dict)
    stuck: Callable[[], bool] = lambda: False
    """Asked now and then while it runs: whether only a new start helps."""
    identity: Identity | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    ready_seconds_max: float = 60.0
    stop_seconds_max: float = 30.0


class Child:
    """One running program. Start it from the main thread: the kernel ends it with the thread that started it."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        return self._process.poll() if self._process else None

    def start(self) -> None:
        """Start without waiting for readiness."""
        program = self.program
        with contextlib.suppress(OSError):
            rotate(program.log)
        identity = program.identity
        with program.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own engines, no shell
                list(program.argv),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **program.environment},
                cwd="/",
                # Ctrl-C at the terminal reaches the supervisor alone, which ends the others in order.
                start_new_session=True,
                user=identity.uid if identity and not identity.namespace else None,
                group=identity.gid if identity and not identity.namespace else None,
                extra_groups=[] if identity and not identity.namespace else None,
                preexec_fn=before_exec(program.stop_signal, identity),  # noqa: PLW1509 - single-threaded supervisor
            )

    def wait_ready(self) -> None:
        """Wait until the program answers.

        Raises:
            EngineStartError: it ended or took too long; the message quotes its log.
        """
        deadline = time.monotonic() + self.program.ready_seconds_max
        while time.monotonic() < deadline:
            if not self.running:
                raise EngineStartError(
                    f"{self.program.name} ended at once (exit code {self.exit_code}).\n{tail(self.program.log)}",
                    f"Its whole log: {self.program.log}. `bluelamp doctor` may know the cause.",
                )
            if self.program.ready():
                return
            time.sleep(0.02)
        self.stop()
        raise EngineStartError(
            f"{self.program.name} did not answer within {self.program.ready_seconds_max:.0f} s.\n{tail(self.program.log)}",
            f"Its whole log: {self.program.log}.",
        )

    def stop(self) -> None:
        """Ask it to end, wait, and kill it if it does not."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.send_signal(self.program.stop_signal)
        try:
            process.wait(self.program.stop_seconds_max)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def before_exec(death_signal: signal.Signals, identity: Identity | None) -> Callable[[], None]:
    parent = os.getpid()

    def prepare() -> None:
        if identity and identity.namespace:
            _enter_namespace(identity)
        # The kernel sends it when the supervisor dies, even by kill -9: no orphan keeps the data open.
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != parent:
            os._exit(1)

    return prepare


def _enter_namespace(identity: Identity) -> None:
    """Become `identity` in a user namespace whose only user is the present one: PostgreSQL refuses to be root."""
    uid, gid = os.geteuid(), os.getegid()
    if _LIBC.unshare(_CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{identity.uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{identity.gid} {gid} 1")


def can_enter_namespace(identity: Identity) -> bool:
    """Whether this machine lets us make a user namespace (containers often do not)."""
    child = os.fork()
    if child == 0:
        try:
            _enter_namespace(identity)
        except BaseException:  # noqa: BLE001 - a forked child may only exit
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


def rotate(log: Path) -> None:
    """Keep a log below LOG_BYTES_MAX: copied aside and cut short, for its writer holds it open to append."""
    if not log.exists() or log.stat().st_size < LOG_BYTES_MAX:
        return
    for number in range(LOGS_KEPT - 1, 0, -1):
        with contextlib.suppress(FileNotFoundError):
            log.with_suffix(f".log.{number}").replace(log.with_suffix(f".log.{number + 1}"))
    shutil.copyfile(log, log.with_suffix(".log.1"))
    os.truncate(log, 0)


def tail(log: Path, lines: int = 12) -> str:
    """The last lines of a log, indented."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 8192))
            text = file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:])


def started_at(pid: int) -> float | None:
    """When a living process began, seconds since 1970; None if there is none. Tells it from a later one of its number."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return float(process.create_time())
    except psutil.NoSuchProcess:
        return None
