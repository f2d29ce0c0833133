"""The three embedded engines as one group: started together, URLs told, stopped in the reverse order."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from bluelamp.app.engines import columnar, nats, postgres
from bluelamp.app.engines.data_folder import DataFolder, write_private
from bluelamp.app.engines.processes import Child


@dataclass(frozen=True)
class EngineUrls:
    """Where the engines answer; a deployment gives its own in BLUELAMP_DATABASE_URL and so on."""

    database_url: str
    nats_url: str
    columnar_url: str
    blobs_url: str

    def environment(self) -> dict[str, str]:
        """The same as environment variables for a child process."""
        return {f"BLUELAMP_{name.upper()}": url for name, url in asdict(self).items()}


@dataclass(frozen=True)
class Engines:
    """Running engines: their URLs and processes, by name."""

    urls: EngineUrls
    children: dict[str, Child]

    def stop(self) -> None:
        """End them; whoever writes to them has been ended before."""
        for child in reversed(self.children.values()):
            child.stop()


def start_engines(folder: DataFolder) -> Engines:
    """Start NATS, PostgreSQL and the columnar store at once, and wait until all answer.

    Raises:
        EngineError: one did not start; the others were stopped again.
    """
    prepared = {"nats": nats.prepare(folder), "columnar": columnar.prepare(folder), "postgres": postgres.prepare(folder)}
    children: dict[str, Child] = {}
    try:
        for name, (program, _) in prepared.items():
            children[name] = Child(program)
            children[name].start()
        for child in children.values():
            child.wait_ready()
        database_url = prepared["postgres"][1]
        postgres.ensure_database(Path(database_url.partition("?host=")[2]), folder.secret("postgres"))
    except BaseException:
        for child in children.values():
            child.stop()
        raise
    urls = EngineUrls(
        database_url=database_url,
        nats_url=prepared["nats"][1],
        columnar_url=prepared["columnar"][1],
        blobs_url=folder.blobs.as_uri(),
    )
    return Engines(urls, children)


@contextlib.contextmanager
def running_engines(root: Path) -> Iterator[Engines]:
    """Engines on a folder for as long as the block runs (tests, offline commands)."""
    folder = DataFolder.open(root)
    with folder.hold():
        engines = start_engines(folder)
        try:
            yield engines
        finally:
            engines.stop()


def record_urls(folder: DataFolder, urls: EngineUrls) -> None:
    """Tell commands typed beside the platform where the engines are."""
    write_private(folder.engines_file, json.dumps(asdict(urls)))


def recorded_urls(root: Path) -> EngineUrls | None:
    """Where the engines of a running platform are; None if none runs on the folder."""
    folder = DataFolder(root.expanduser().resolve())
    if not folder.engines_file.exists() or not folder.is_held():
        return None
    return EngineUrls(**json.loads(folder.engines_file.read_text()))
