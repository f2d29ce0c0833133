"""Engines as a deployment would run them itself: a NATS cluster of three, PostgreSQL over TCP, an S3 store."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import asyncpg
import httpx

from bluelamp.app.engines import nats, postgres
from bluelamp.app.engines.data_folder import DataFolder, free_port, port_is_free, write_private
from bluelamp.app.engines.processes import Child, Program


@contextmanager
def nats_cluster(place: Path) -> Iterator[tuple[str, list[Child]]]:
    """URL of a cluster of three servers, and the servers."""
    token = secrets.token_hex(8)
    ports, routes = [free_port() for _ in range(3)], [free_port() for _ in range(3)]
    with ExitStack() as stack:
        children = []
        for n, port in enumerate(ports):
            config = place / f"nats-{n}.conf"
            peers = ", ".join(f'"nats://127.0.0.1:{route}"' for route in routes)
            single = nats.configuration(port, token, place / f"nats-{n}").replace("server_name: bluelamp", f"server_name: n{n}")
            write_private(config, f'{single}\ncluster {{ name: nation, listen: "127.0.0.1:{routes[n]}", routes: [{peers}] }}\n')
            log = place / f"nats-{n}.log"
            ready = lambda port=port: nats.answers("127.0.0.1", port)  # noqa: E731
            children.append(Child(Program(f"nats-{n}", [nats.binary(), "--config", str(config)], log, ready)))
            children[-1].start()
            stack.callback(children[-1].stop)
        for child in children:
            child.wait_ready()
        yield ",".join(f"nats://{token}@127.0.0.1:{port}" for port in ports), children


@contextmanager
def postgres_over_tcp(place: Path) -> Iterator[str]:
    """URL of a PostgreSQL that listens on TCP and knows nothing of Bluelamp but an empty database."""
    folder = DataFolder.open(place / "outside-postgres")
    program, _ = postgres.prepare(folder)
    port = free_port()
    argv = [*program.argv, "-c", "listen_addresses=127.0.0.1", "-c", f"port={port}"]

    def ready() -> bool:
        argv = [str(postgres.binary("pg_isready")), "-q", "-h", "127.0.0.1", "-p", str(port)]
        return subprocess.run(argv, check=False).returncode == 0

    child = Child(replace(program, argv=argv, ready=ready))
    child.start()
    try:
        child.wait_ready()
        password = folder.secret("postgres")
        asyncio.run(_make_database(f"postgresql://bluelamp:{password}@127.0.0.1:{port}/postgres"))
        yield f"postgresql://bluelamp:{password}@127.0.0.1:{port}/bluelamp"
    finally:
        child.stop()


async def _make_database(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE DATABASE bluelamp")
    await connection.close()


def _port_pair() -> int:
    """A free port whose neighbour 10,000 above, which weed takes for gRPC, is free too."""
    while True:
        port = 20_000 + secrets.randbelow(20_000)
        if port_is_free("127.0.0.1", port) and port_is_free("127.0.0.1", port + 10_000):
            return port


@contextmanager
def s3(place: Path, bucket: str) -> Iterator[dict[str, str]]:
    """Environment with which the platform uses an S3 store that has the bucket."""
    key, secret = secrets.token_hex(8), secrets.token_hex(16)
    config = place / "s3.json"
    identity = {"name": "bluelamp", "credentials": [{"accessKey": key, "secretKey": secret}], "actions": ["Admin", "Read", "Write", "List"]}
    config.write_text(json.dumps({"identities": [identity]}))
    (place / "weed").mkdir()
    door = _port_pair()
    argv = [
        *(nats.binary("weed"), "server", f"-dir={place / 'weed'}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-master.telemetry=false"),
        *(f"-master.port={_port_pair()}", f"-volume.port={_port_pair()}", f"-filer.port={_port_pair()}", "-filer", "-s3"),
        *(f"-s3.port={door}", f"-s3.config={config}", "-volume.max=4", "-master.volumeSizeLimitMB=64"),
    ]
    environment = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{door}",
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_REGION": "us-east-1",
        "BLUELAMP_BLOBS_URL": f"s3://{bucket}/",
    }

    def ready() -> bool:
        with suppress(httpx.HTTPError):
            return httpx.get(f"http://127.0.0.1:{door}/healthz", timeout=2).status_code < 500
        return False

    child = Child(Program("weed", argv, place / "weed.log", ready, {"HOME": os.environ.get("HOME", "/tmp")}))
    child.start()
    try:
        child.wait_ready()
        yield environment
    finally:
        child.stop()
