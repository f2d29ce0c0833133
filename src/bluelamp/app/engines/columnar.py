"""The columnar store: chDB behind ClickHouse's HTTP interface, in a process of its own."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request

from bluelamp.app.engines.data_folder import DataFolder
from bluelamp.app.engines.processes import Program


def prepare(folder: DataFolder) -> tuple[Program, str]:
    """The program and its URL."""
    port = folder.port("columnar")
    password = folder.secret("columnar")
    program = Program(
        name="columnar",
        argv=[
            sys.executable,
            "-m",
            "bluelamp.app.engines.columnar_server",
            "--data",
            str(folder.columnar / "db"),
            "--port",
            str(port),
        ],
        environment={"BLUELAMP_COLUMNAR_PASSWORD": password},
        log=folder.logs / "columnar.log",
        ready=lambda: answers(f"http://127.0.0.1:{port}"),
        # Opening a folder with many parts takes time after a crash.
        ready_seconds_max=300,
    )
    return program, f"http://bluelamp:{password}@127.0.0.1:{port}"


def answers(url: str) -> bool:
    """Whether the HTTP interface is open."""
    try:
        with urllib.request.urlopen(f"{url}/ping", timeout=2) as response:  # noqa: S310 - our own loopback URL
            return bool(response.status == 200)
    except (OSError, urllib.error.URLError):
        return False
