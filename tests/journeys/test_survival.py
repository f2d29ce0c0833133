"""kill -9 of every part in turn, under load: every acknowledged read is found exactly once afterwards."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tests.support.installation import Installation, installed, read, wait_for

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(600)]

BATCH = 20


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    root = Path(tempfile.mkdtemp(prefix="bl-"))
    root.chmod(0o711)
    yield root
    shutil.rmtree(root, ignore_errors=True)


class Camera(threading.Thread):
    """Sends without pause; repeats what was not acknowledged, as a camera does."""

    def __init__(self, platform: Installation, key: str, first: int) -> None:
        super().__init__(daemon=True)
        self.platform = platform
        self.key = key
        self.number = first
        self.acknowledged: list[str] = []
        self.refused = 0
        self.wrong: list[str] = []
        self.ending = threading.Event()

    def run(self) -> None:
        headers = {"Authorization": f"Bearer {self.key}"}
        with httpx.Client(base_url=self.platform.url, timeout=20) as http:
            while not self.ending.is_set():
                batch = [read(n) for n in range(self.number, self.number + BATCH)]
                while not self.ending.is_set():
                    try:
                        answer = http.post("/v1/anpr/intake/native", json=batch, headers=headers)
                    except httpx.TransportError:
                        self.refused += 1
                        self.ending.wait(0.1)
                        continue
                    if answer.status_code == 202:
                        told = answer.json()
                        if told["accepted"] + told["duplicates"] != BATCH or told["rejected"]:
                            self.wrong.append(answer.text)
                        self.acknowledged += [item["vrm"] for item in batch]
                        break
                    if answer.status_code not in {429, 503}:
                        self.wrong.append(f"{answer.status_code} {answer.text[:300]}")
                    self.refused += 1
                    self.ending.wait(0.1)
                self.number += BATCH

    def end(self) -> None:
        self.ending.set()
        self.join()


def test_no_acknowledged_read_is_lost_or_doubled_whatever_is_killed(place: Path) -> None:
    since = datetime.now(UTC) - timedelta(minutes=1)
    with installed(place / "data") as platform:
        token = platform.command("token", "analyst")
        key = platform.add_camera(place)
        acknowledged: list[str] = []
        for turn, victim in enumerate(("api", "worker", "nats", "postgres", "columnar", "supervisor")):
            camera = Camera(platform, key, 1_000_000 * turn)
            camera.start()
            wait_for(lambda camera=camera: len(camera.acknowledged) >= 10 * BATCH)
            platform.kill(victim)
            if victim == "supervisor":
                platform.start()
            before = len(camera.acknowledged)
            wait_for(lambda camera=camera, before=before: len(camera.acknowledged) >= before + 10 * BATCH)
            camera.end()
            assert not camera.wrong, (victim, camera.wrong[:3])
            acknowledged += camera.acknowledged
        wait_for(lambda: _ready(platform))
        wanted = set(acknowledged)
        assert len(wanted) == len(acknowledged)

        found: list[str] = []

        def all_found() -> bool:
            found[:] = platform.everything_seen(token, since)
            return wanted <= set(found)

        wait_for(all_found)
        assert [vrm for vrm, count in Counter(found).items() if count > 1] == []


def _ready(platform: Installation) -> bool:
    try:
        return platform.http.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False
