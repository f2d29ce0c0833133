"""Every engine replaced by a URL: a NATS cluster of three, PostgreSQL over TCP, S3, a columnar store elsewhere."""

from __future__ import annotations

import asyncio
import base64
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import nats
import pytest

from bluelamp.app.engines import columnar
from bluelamp.app.engines.data_folder import DataFolder
from bluelamp.app.engines.processes import Child, Program
from tests.support.installation import BLUELAMP, REASON, Installation, plate, read, wait_for
from tests.support.outside import nats_cluster, postgres_over_tcp, s3

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(400)]

JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")


@pytest.fixture
def place() -> Iterator[Path]:
    root = Path(tempfile.mkdtemp(prefix="bl-"))
    root.chmod(0o711)
    yield root
    shutil.rmtree(root, ignore_errors=True)


@contextmanager
def columnar_elsewhere(place: Path) -> Iterator[str]:
    program, url = columnar.prepare(DataFolder.open(place / "outside-columnar"))
    child = Child(program)
    child.start()
    try:
        child.wait_ready()
        yield url
    finally:
        child.stop()


@contextmanager
def roles(installation: Installation, place: Path) -> Iterator[None]:
    """`bluelamp serve api` and `serve worker`, which know their engines by URL alone."""
    ready = place / "worker.ready"
    environment = {**installation.environment, "BLUELAMP_PORT": str(installation.port), "BLUELAMP_READY_FILE": str(ready)}

    def alive() -> bool:
        try:
            return installation.http.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    with ExitStack() as stack:
        children = [
            Child(Program(role, [*BLUELAMP, "serve", role], place / f"{role}.log", check, environment, ready_seconds_max=120))
            for role, check in (("api", alive), ("worker", ready.exists))
        ]
        for child in children:
            child.start()
            stack.callback(child.stop)
        for child in children:
            child.wait_ready()
        yield


async def replicas(url: str) -> dict[str, int]:
    """How many servers keep each stream."""
    client = await nats.connect(url.split(","))
    try:
        streams = await client.jetstream().streams_info()
        return {stream.config.name: stream.config.num_replicas for stream in streams}
    finally:
        await client.close()


def test_the_platform_runs_on_engines_it_does_not_own_and_survives_the_loss_of_a_nats_server(place: Path) -> None:
    since = datetime.now(UTC) - timedelta(minutes=1)
    with ExitStack() as stack:
        nats_url, servers = stack.enter_context(nats_cluster(place))
        environment = stack.enter_context(s3(place, "bluelamp"))
        environment |= {
            "BLUELAMP_NATS_URL": nats_url,
            "BLUELAMP_NATS_REPLICAS": "3",
            "BLUELAMP_DATABASE_URL": stack.enter_context(postgres_over_tcp(place)),
            "BLUELAMP_COLUMNAR_URL": stack.enter_context(columnar_elsewhere(place)),
            "BLUELAMP_AUDIT_KEY": base64.b64encode(bytes(range(32))).decode(),
            "BLUELAMP_AUDIT_CHECKPOINTS_URL": (place / "second-place").as_uri(),
        }
        installation = Installation(place / "no-folder", environment)
        stack.enter_context(roles(installation, place))
        assert set(asyncio.run(replicas(nats_url)).values()) == {3}

        token = installation.command("token", "analyst")
        key = installation.add_camera(place)
        picture = base64.b64encode(JPEG).decode()
        sent = installation.send(key, [read(n) | {"plate_image": picture} for n in range(20)])
        assert sent.status_code == 202, sent.text
        assert sent.json()["accepted"] == 20
        wait_for(lambda: sorted(installation.everything_seen(token, since)) == sorted(plate(n) for n in range(20)))

        headers = {"Authorization": f"Bearer {token}"}
        criteria = {"vrm": plate(3), "from": since.isoformat(), "to": datetime.now(UTC).isoformat(), "reason": REASON}
        item = installation.http.post("/v1/anpr/searches", json=criteria, headers=headers).json()["items"][0]
        shown = installation.http.get(item["images"][0]["href"], headers=headers)
        assert shown.content == JPEG

        servers[0].stop()

        def taken(number: int) -> bool:
            answer = installation.send(key, [read(number)])
            assert answer.status_code in {202, 429, 503}, answer.text
            return answer.status_code == 202

        for number in range(20, 25):
            wait_for(lambda number=number: taken(number))
        wait_for(lambda: sorted(installation.everything_seen(token, since)) == sorted(plate(n) for n in range(25)))
        assert not (place / "no-folder").exists()
