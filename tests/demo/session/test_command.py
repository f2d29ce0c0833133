"""`bluelamp demo` as a newcomer runs it: alive, hits within the first minutes, Ctrl-C, and on with the same nation."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(400)]

SMALL = ["--cameras", "800", "--rate", "12", "--history", "4000", "--history-days", "4", "--no-browser"]


class Running:
    """The command, its output as it comes, and a client."""

    def __init__(self, data: Path, *options: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [sys.executable, "-u", "-m", "bluelamp.app.cli", "demo", "--data", str(data), "--port", str(port), *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.output = ""
        threading.Thread(target=self._listen, daemon=True).start()
        self.client = httpx.Client(base_url=f"http://localhost:{port}", headers={"X-Bluelamp": "1"}, timeout=30)

    def _listen(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.output += line

    def until(self, done: Callable[[], object], seconds: float) -> None:
        """Waits for a condition; fails with the output when it does not come about."""
        deadline = time.monotonic() + seconds
        while not done():
            assert self.process.poll() is None, self.output
            assert time.monotonic() < deadline, self.output
            time.sleep(0.2)

    def sign_in(self, username: str) -> None:
        found = re.search(rf"^  {username} +(\S+)$", self.output, re.MULTILINE)
        assert found, self.output
        assert self.client.post("/v1/session", json={"username": username, "password": found[1]}).status_code == 200

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(90)


@pytest.fixture
def data() -> Iterator[Path]:
    # Not pytest's tmp_path: its parents are closed to the user that PostgreSQL runs as, and its paths are long.
    root = Path(tempfile.mkdtemp(prefix="bl-"))
    root.chmod(0o711)
    yield root / "data"
    shutil.rmtree(root, ignore_errors=True)


def test_a_newcomer_sees_hits_and_a_second_start_goes_on(data: Path) -> None:
    first = Running(data, *SMALL)
    try:
        first.until(lambda: "What to try" in first.output, 170)
        first.sign_in("control")
        first.until(lambda: "The past holds" in first.output, 120)
        first.until(lambda: first.client.get("/v1/anpr/hits?limit=50").json()["items"], 60)

        def alerted() -> bool:
            return any(hit["alert"] and hit["read"]["images"] for hit in first.client.get("/v1/anpr/hits?limit=200").json()["items"])

        first.until(alerted, 120)
        first.until(lambda: first.client.get("/v1/incidents").json()["items"], 120)
        cameras = first.client.get("/v1/anpr/cameras/map").json()["cameras"]
        assert len(cameras) >= 798
        assert first.interrupt() == 0
    finally:
        first.process.kill()
    assert (data / "demo" / "nation.json").stat().st_mode & 0o777 == 0o600

    second = Running(data, *SMALL)
    try:
        second.until(lambda: "What to try" in second.output, 170)
        assert "registering" not in second.output
        second.sign_in("control")
        assert len(second.client.get("/v1/anpr/cameras/map").json()["cameras"]) == len(cameras)
        newest = second.client.get("/v1/anpr/hits?limit=1").json()["items"][0]["found_at"]
        second.until(lambda: second.client.get("/v1/anpr/hits?limit=1").json()["items"][0]["found_at"] > newest, 120)
        assert second.interrupt() == 0
    finally:
        second.process.kill()
    assert "Filling the past" not in second.output
