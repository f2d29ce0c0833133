"""The embedded engines as one group: started together, their URLs told, ended in the reverse order."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from bluelamp.app.engines import columnar, nats, postgres
from bluelamp.app.engines.data_folder import DataFolder, write_private
from bluelamp.app.engines.errors import NotRunningError
from bluelamp.app.engines.processes import Child, started_at
from bluelamp.spine.config import PlatformSettings


@dataclass(frozen=True)
class EngineUrls:
    """Where the engines answer. An empty one means: embedded."""

    database_url: str = ""
    nats_url: str = ""
    columnar_url: str = ""
    blobs_url: str = ""

    @classmethod
    def given(cls, settings: PlatformSettings) -> EngineUrls:
        """Those that the deployment names itself."""
        return cls(settings.database_url, settings.nats_url, settings.columnar_url, settings.blobs_url)

    @property
    def complete(self) -> bool:
        return all(asdict(self).values())

    def environment(self) -> dict[str, str]:
        """The same as environment variables for a child process."""
        return {f"BLUELAMP_{name.upper()}": url for name, url in asdict(self).items()}


@dataclass(frozen=True)
class Engines:
    """Running engines: all URLs, and the processes of the embedded ones by name."""

    urls: EngineUrls
    children: dict[str, Child]

    def stop(self) -> None:
        """End them; whoever writes to them has been ended before."""
        for child in reversed(self.children.values()):
            child.stop()


def start_engines(folder: DataFolder, given: EngineUrls | None = None, mqtt: nats.Mqtt | None = None) -> Engines:
    """Start at once whichever of NATS, PostgreSQL and the columnar store is not `given` by URL; wait until all answer.

    Raises:
        EngineError: one did not start; the others were stopped again.
    """
    urls = given or EngineUrls()
    prepared = {}
    if not urls.nats_url:
        prepared["nats"], url = nats.prepare(folder, mqtt)
        urls = replace(urls, nats_url=url)
    if not urls.columnar_url:
        prepared["columnar"], url = columnar.prepare(folder)
        urls = replace(urls, columnar_url=url)
    if not urls.database_url:
        prepared["postgres"], url = postgres.prepare(folder)
        urls = replace(urls, database_url=url)
    if not urls.blobs_url:
        urls = replace(urls, blobs_url=folder.blobs.as_uri())
    children = {name: Child(program) for name, program in prepared.items()}
    try:
        for child in children.values():
            child.start()
        for child in children.values():
            child.wait_ready()
        if "postgres" in children:
            postgres.ensure_database(urls.database_url, folder.secret("postgres"))
    except BaseException:
        for child in children.values():
            child.stop()
        raise
    return Engines(urls, children)


@contextlib.contextmanager
def running_engines(root: Path, given: EngineUrls | None = None) -> Iterator[Engines]:
    """Engines on a folder for as long as the block runs (tests, commands typed while no platform runs)."""
    folder = DataFolder.open(root)
    with folder.hold():
        engines = start_engines(folder, given)
        try:
            yield engines
        finally:
            engines.stop()


def record_urls(folder: DataFolder, urls: EngineUrls, address: str = "") -> None:
    """Tell commands typed beside the platform where its engines are."""
    pid = os.getpid()
    content = {"pid": pid, "started": started_at(pid), "address": address, "urls": asdict(urls)}
    write_private(folder.engines_file, json.dumps(content))


def recorded_urls(root: Path) -> EngineUrls | None:
    """Where the engines of the platform that runs on the folder are; None if none runs."""
    try:
        content = json.loads(DataFolder(root.expanduser().resolve()).engines_file.read_text())
    except FileNotFoundError:
        return None
    if started_at(content["pid"]) != content["started"]:
        return None
    return EngineUrls(**content["urls"])


def urls_beside(settings: PlatformSettings) -> EngineUrls:
    """The engines for a command typed beside a running platform: those named by the deployment, or the platform's own.

    Raises:
        NotRunningError: no platform runs on the folder, and the deployment does not name all engines itself.
    """
    given = EngineUrls.given(settings)
    if given.complete:
        return given
    recorded = recorded_urls(settings.data)
    if recorded is None:
        raise NotRunningError(
            f"No Bluelamp runs on {settings.data}.",
            "Start it with `bluelamp up`, or name its folder with --data (or BLUELAMP_DATA).",
        )
    return EngineUrls(**{**asdict(recorded), **{name: url for name, url in asdict(given).items() if url}})
