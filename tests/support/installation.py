"""The whole platform in processes of its own, met as an outsider meets it: the command line and the HTTP API."""

from __future__ import annotations

import json
import os
import signal
import string
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psutil

from bluelamp.app.engines.data_folder import free_port

BLUELAMP = (sys.executable, "-m", "bluelamp.app.cli")
REASON = {"purpose": "test", "reference": "synthetic"}


class Installation:
    """`bluelamp up` on a folder. `environment` may name engines by URL."""

    def __init__(self, data: Path, environment: Mapping[str, str] | None = None) -> None:
        self.data = data
        self.port = free_port()
        self.environment = {**os.environ, "BLUELAMP_DATA": str(data), **(environment or {})}
        self.url = f"http://127.0.0.1:{self.port}"
        self.http = httpx.Client(base_url=self.url, timeout=30)
        self.process: subprocess.Popen[str]

    def start(self) -> dict[str, Any]:
        """Start it and return what it told: url, data, pid, children."""
        log = (self.data.parent / f"{self.data.name}.up.log").open("a")
        argv = [*BLUELAMP, "up", "--port", str(self.port), "--no-browser", "--json"]
        self.process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=log, env=self.environment, text=True)
        assert self.process.stdout
        told = self.process.stdout.readline()
        assert told, (self.data.parent / f"{self.data.name}.up.log").read_text()
        return json.loads(told)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(90)

    def kill(self, name: str) -> None:
        """`kill -9`: a child by name, or the supervisor itself."""
        if name == "supervisor":
            os.kill(self.process.pid, signal.SIGKILL)
            self.process.wait()
            return
        for entry in json.loads((self.data / "run/children.json").read_text()):
            if entry["name"] == name:
                psutil.Process(entry["pid"]).kill()

    def command(self, *words: str) -> Any:
        """A command typed beside the platform; its JSON answer, or its text."""
        done = subprocess.run([*BLUELAMP, *words], env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if "--json" in words else done.stdout.strip()

    def add_camera(self, place: Path, name: str = "lane-1") -> str:
        """A native source with one camera; returns the source's key."""
        key = self.command("sources", "add", f"source of {name}", "--agency", "KEN", "--format", "native", "--json")["key"]
        table = place / "cameras.csv"
        header = "external_id,name,agency,source,latitude,longitude,road,bearing"
        table.write_text(f"{header}\n{name},Bridge,KEN,source of {name},54.4,-2.9,A591,90\n")
        assert self.command("cameras", "import", str(table), "--json")["imported"] == 1
        return str(key)

    def send(self, key: str, reads: list[dict[str, Any]]) -> httpx.Response:
        return self.http.post("/v1/anpr/intake/native", json=reads, headers={"Authorization": f"Bearer {key}"})

    def everything_seen(self, token: str, since: datetime) -> list[str]:
        """The plate of every read found since then, page by page."""
        headers = {"Authorization": f"Bearer {token}"}
        until = datetime.now(UTC) + timedelta(minutes=4)
        criteria = {"from": since.isoformat(), "to": until.isoformat(), "reason": REASON}
        answer = self.http.post("/v1/anpr/searches", json=criteria, headers=headers)
        assert answer.status_code in {200, 201}, answer.text
        page = answer.json()
        search, found = page["id"], [item["vrm"] for item in page["items"]]
        while page["next"]:
            answer = self.http.get(f"/v1/anpr/searches/{search}", params={"cursor": page["next"]}, headers=headers)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            found += [item["vrm"] for item in page["items"]]
        return found


@contextmanager
def installed(data: Path, environment: Mapping[str, str] | None = None) -> Iterator[Installation]:
    """A platform that is ready; ended with the block."""
    platform = Installation(data, environment)
    try:
        platform.start()
        yield platform
    finally:
        platform.stop()
        platform.http.close()


def plate(number: int) -> str:
    """The n-th of a row of synthetic plates in the current format, each far from the next."""
    letters = string.ascii_uppercase.replace("I", "").replace("Q", "").replace("O", "").replace("Z", "")
    text, rest = "", number * 7919
    for _ in range(5):
        text += letters[rest % len(letters)]
        rest //= len(letters)
    return f"{text[:2]}{10 + number % 60:02d}{text[2:]}"


def read(number: int, camera: str = "lane-1", when: datetime | None = None) -> dict[str, Any]:
    """One native read."""
    moment = when or datetime.now(UTC)
    return {"camera": camera, "vrm": plate(number), "captured_at": moment.isoformat(timespec="milliseconds"), "confidence": 0.95}


def wait_for(condition: Callable[[], bool], seconds: float = 90) -> None:
    """Poll until the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.2)
