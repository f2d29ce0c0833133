"""Folders that PostgreSQL's user can reach, and platforms in processes of their own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from bluelamp.app.engines.data_folder import free_port


@pytest.fixture
def place() -> Iterator[Path]:
    """An empty folder with a short path; pytest's own are closed to other users, and long."""
    root = Path(tempfile.mkdtemp(prefix="bl-"))
    root.chmod(0o711)
    yield root
    shutil.rmtree(root, ignore_errors=True)


class Platform:
    """A supervisor with stand-ins for the roles, in a process of its own."""

    def __init__(self, data: Path, port: int) -> None:
        self.data = data
        self.port = port
        script = Path(__file__).with_name("platform_process.py")
        self.process = subprocess.Popen(
            [sys.executable, str(script), str(data), str(port)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert self.process.stdout
        self.said = self.process.stdout.readline()

    @property
    def ready(self) -> bool:
        return self.said == "ready\n"

    def child(self, name: str) -> psutil.Process | None:
        """The running child of that name, as the platform recorded it."""
        for entry in json.loads((self.data / "run/children.json").read_text()):
            if entry["name"] == name and psutil.pid_exists(entry["pid"]):
                return psutil.Process(entry["pid"])
        return None

    def stop(self) -> str:
        self.process.terminate()
        return self.process.communicate(timeout=60)[0]


@pytest.fixture
def platform_on(place: Path) -> Iterator[Callable[..., Platform]]:
    started: list[Platform] = []

    def start(data: Path | None = None, port: int | None = None) -> Platform:
        started.append(Platform(data or place / "data", port or free_port()))
        return started[-1]

    yield start
    for platform in started:
        if platform.process.poll() is None:
            platform.stop()


def wait_until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Poll until the condition holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.02)
