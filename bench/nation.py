"""A platform of its own for a bench: started on an empty folder, with sources, cameras and a VOI list put in by the CLI."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

CAMERAS = 1_000
AGENCY = "KEN"


@dataclass
class Nation:
    """A running platform and what a client needs of it."""

    data: Path
    port: int

    def cli(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "bluelamp.app.cli", "--data", str(self.data), *words], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"bluelamp {' '.join(words)}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def token(self, user: str) -> str:
        return self.cli("token", user).strip()

    def source(self, name: str, format_name: str) -> str:
        """A source with its cameras `cam-0`…; returns its key."""
        key: str = json.loads(self.cli("sources", "add", name, "--agency", AGENCY, "--format", format_name, "--json"))["key"]
        path = self.data.parent / f"{name}.csv"
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["external_id", "name", "agency", "source", "latitude", "longitude", "road", "bearing"])
            for number in range(CAMERAS):
                place = (51 + number // 40 * 0.1, -3 + number % 40 * 0.1)
                writer.writerow([f"cam-{number}", f"{name} {number}", AGENCY, name, f"{place[0]:.4f}", f"{place[1]:.4f}", "A1", 90])
        self.cli("cameras", "import", str(path), "--json")
        return key

    def voi_list(self, name: str, vrms: list[str]) -> None:
        path = self.data.parent / f"{name}.csv"
        with path.open("w") as file:
            file.write("vrm,reason,priority,starts,expires,marker,instruction\n")
            file.writelines(f"{vrm},bench,low,,,,\n" for vrm in vrms)
        self.cli("lists", "import", name, str(path), "--json")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


KEPT = os.environ.get("BENCH_KEEP", "")
"""A folder for the platform's data that outlives the bench, so that a year which took half an hour to fill is asked again."""


@contextlib.contextmanager
def nation() -> Iterator[Nation]:
    """Raises RuntimeError where the platform does not come up; what it printed is in the message."""
    root = Path(KEPT or tempfile.mkdtemp(prefix="bl-"))
    root.mkdir(exist_ok=True)
    root.chmod(0o711)
    found = Nation(root / "data", free_port())
    log = (root / "up.log").open("w+")
    command = [sys.executable, "-m", "bluelamp.app.cli", "--data", str(found.data), "up", "--port", str(found.port), "--no-browser"]
    process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        _await_ready(found.port, process, root / "up.log")
        yield found
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
        process.kill()
        log.close()
        if not KEPT:
            shutil.rmtree(root, ignore_errors=True)


def _await_ready(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError, urllib.error.HTTPError), urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz") as answer:
            if answer.status == 200:
                return
        time.sleep(0.2)
    raise RuntimeError(f"the platform did not come up: {log.read_text()[-2000:]}")


_LETTERS = np.array(list("ABCDEFGHJKLMNOPRSTUVWXY"))


def plates(rng: np.random.Generator, count: int) -> list[str]:
    """Current-style marks, drawn evenly; with repeats as chance has it."""
    letters = _LETTERS[rng.integers(0, len(_LETTERS), (count, 5))]
    years = rng.integers(2, 75, count)
    years += years == 50
    return [f"{a}{b}{year:02d}{c}{d}{e}" for (a, b, c, d, e), year in zip(letters, years, strict=True)]
