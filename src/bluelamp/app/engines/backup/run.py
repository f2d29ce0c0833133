"""The order of a backup and of a restore. The order is what makes them right; see docs/decisions/0023-backup-order.md."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import asyncpg

from bluelamp.app.engines.backup import history, proof, records, streams
from bluelamp.app.engines.backup.archive import Reader, Writer, writing
from bluelamp.app.engines.errors import BackupError
from bluelamp.app.engines.group import EngineUrls, running_engines
from bluelamp.spine.audit.verifying import Report
from bluelamp.spine.blobs import Blobs

Progress = Callable[[str, float], None]
"""What is being done, and how much of it (0 to 1)."""


def back_up(urls: EngineUrls, target: Path, *, folder: bool, progress: Progress, data: Path | None = None) -> dict[str, Any]:
    """Back up everything that was acknowledged before now, while the platform runs; returns the manifest.

    `data` is the data folder, for the audit's check-points and key.

    Raises:
        BackupError: nothing is left at `target`.
    """
    with writing(target, folder=folder) as archive:
        facts: dict[str, Any] = {"version": version("bluelamp"), "created_at": datetime.now(UTC).isoformat(timespec="seconds")}
        facts["streams"] = asyncio.run(_snapshot_streams(urls.nats_url, archive, progress))
        progress("records", 0)
        before = asyncio.run(proof.names(data)) if data is not None else []
        with archive.part("records.pgdump") as file:
            records.dump(urls.database_url, file)
        facts["history"] = _export_history(urls.columnar_url, archive, progress)
        asyncio.run(_tail_streams(urls.nats_url, archive, facts["streams"], progress))
        asyncio.run(_copy_blobs(urls.blobs_url, archive, progress))
        if data is not None:
            asyncio.run(proof.copy(data, before, archive))
        return archive.finish(facts)


async def _snapshot_streams(url: str, archive: Writer, progress: Progress) -> dict[str, Any]:
    client = await streams.connect(url)
    try:
        found: dict[str, Any] = {}
        names = await streams.names(client)
        for done, name in enumerate(names):
            progress("event log", done / len(names))
            with archive.part(f"streams/{name}.snapshot") as file:
                found[name] = await streams.snapshot(client, name, file)
        return found
    finally:
        await client.close()


async def _tail_streams(url: str, archive: Writer, found: dict[str, Any], progress: Progress) -> None:
    client = await streams.connect(url)
    try:
        for done, (name, facts) in enumerate(found.items()):
            progress("events since", done / len(found))
            with archive.part(f"streams/{name}.tail") as file:
                await streams.tail(client, name, facts["state"]["last_seq"], file)
    finally:
        await client.close()


def _export_history(url: str, archive: Writer, progress: Progress) -> list[dict[str, Any]]:
    store = history.History(url)
    try:
        definitions = store.definitions()
        partitions = store.partitions([d["name"] for d in definitions if history.is_stored(d)])
        total, done = max(1, sum(int(p["rows"]) for p in partitions)), 0
        for partition in partitions:
            progress("history", done / total)
            with archive.part(f"history/{partition['table']}/{partition['partition']}.native.zst") as file:
                store.export(partition["table"], partition["partition"], file)
            done += int(partition["rows"])
        return definitions
    finally:
        store.close()


async def _copy_blobs(url: str, archive: Writer, progress: Progress) -> None:
    store = Blobs.open(url)
    keys = sorted(await store.keys(""))
    for done, key in enumerate(keys):
        progress("pictures and documents", done / len(keys))
        with archive.part(f"blobs/{key}") as file:
            file.write(await store.get(key))


def damages(source: Path, progress: Progress) -> list[str]:
    """What is wrong with a backup, in words; empty where it is whole.

    Raises:
        BackupError: it is not a backup at all.
    """
    reader = Reader(source)
    total = max(1, len(reader.manifest["parts"]))
    found = []
    for done, (name, wrong) in enumerate(reader.damaged()):
        progress("checking", done / total)
        if wrong:
            found.append(f"{name} {wrong}")
    return found


def restore(source: Path, data: Path, given: EngineUrls, progress: Progress) -> Report | None:
    """Restore a backup into a data folder that is empty or new, and into engines `given` by URL, which must be empty.

    Returns the proof of the restored audit; None where the backup is of a version that had none.

    The folder takes its name when everything is in it: a restore that fails leaves nothing behind.

    Raises:
        BackupError: the backup is damaged, or there is something where it would go.
    """
    if wrong := damages(source, progress):
        raise BackupError(f"The backup is damaged: {'; '.join(wrong[:5])}.", "Use another backup. Nothing was changed.")
    data = data.expanduser().resolve()
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise BackupError(f"{data} is not empty; a restore never overwrites.", "Name a new folder with --data, or move that one away.")
    reader = Reader(source)
    data.parent.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(data.parent).free
    if free < reader.size * 2:
        raise BackupError(
            f"The restore may need {reader.size * 2 >> 20} MB; {free >> 20} MB are free beside {data}.", "Name a folder on a larger disk."
        )
    building = data.with_name(f".{data.name}.restoring")
    if building.exists():
        shutil.rmtree(building)
    try:
        with running_engines(building, given) as engines:
            _load(reader, engines.urls, progress)
            asyncio.run(proof.load(reader, building, engines.urls.database_url))
            progress("proving the audit", 0)
            report = proof.prove(building, engines.urls.database_url)
        if data.exists():
            data.rmdir()
        building.rename(data)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    return report


def _load(reader: Reader, urls: EngineUrls, progress: Progress) -> None:
    asyncio.run(_refuse_unless_empty(urls))
    progress("records", 0)
    with reader.open("records.pgdump") as file:
        records.restore(urls.database_url, file)
    _load_history(reader, urls.columnar_url, progress)
    asyncio.run(_load_blobs(reader, urls.blobs_url, progress))
    # Last: a consumer that is awake could otherwise meet events before what they speak of.
    asyncio.run(_load_streams(reader, urls.nats_url, progress))


async def _refuse_unless_empty(urls: EngineUrls) -> None:
    connection = await asyncpg.connect(urls.database_url)
    tables = await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
    await connection.close()
    store = history.History(urls.columnar_url)
    tables += len(store.definitions())
    store.close()
    client = await streams.connect(urls.nats_url)
    found = await streams.names(client)
    await client.close()
    if tables or found:
        raise BackupError("The engines hold data already; a restore never overwrites.", "Give it empty ones.")


def _load_history(reader: Reader, url: str, progress: Progress) -> None:
    store = history.History(url)
    try:
        definitions = reader.manifest["history"]
        for definition in definitions:
            history.check(definition)
        for definition in definitions:
            if not history.is_view(definition):
                store.execute(definition["statement"])
        names = reader.names("history/")
        for done, name in enumerate(names):
            progress("history", done / len(names))
            with reader.open(name) as file:
                store.load(name.split("/")[1], file)
        for definition in definitions:
            if history.is_view(definition):
                store.execute(definition["statement"])
    finally:
        store.close()


async def _load_blobs(reader: Reader, url: str, progress: Progress) -> None:
    store = Blobs.open(url)
    names = reader.names("blobs/")
    for done, name in enumerate(names):
        progress("pictures and documents", done / len(names))
        with reader.open(name) as file:
            await store.put(name.removeprefix("blobs/"), file.read())


async def _load_streams(reader: Reader, url: str, progress: Progress) -> None:
    client = await streams.connect(url)
    try:
        found = reader.manifest["streams"]
        for done, (name, facts) in enumerate(found.items()):
            progress("event log", done / len(found))
            with reader.open(f"streams/{name}.snapshot") as file:
                await streams.restore(client, name, facts, file)
            with reader.open(f"streams/{name}.tail") as file:
                await streams.restore_tail(client, name, file)
    finally:
        await client.close()
