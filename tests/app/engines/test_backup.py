"""Backup while reads keep coming, restore elsewhere: everything acknowledged before it is found exactly once."""

from __future__ import annotations

import asyncio
import contextlib
import tarfile
from collections.abc import AsyncIterator

import asyncpg
import clickhouse_connect
import nats
import pytest
from nats.js.api import ConsumerConfig

from bluelamp.app.engines.backup import run
from bluelamp.app.engines.backup.archive import Reader
from bluelamp.app.engines.errors import BackupError
from bluelamp.app.engines.group import EngineUrls, running_engines

TABLES = (
    "CREATE TABLE seen_in (n UInt32, day Date) ENGINE = Null",
    "CREATE TABLE seen (n UInt32, day Date) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(day) ORDER BY n",
    "CREATE MATERIALIZED VIEW seen_view TO seen AS SELECT n, day FROM seen_in",
)


async def publish(js: nats.js.JetStreamContext, first: int, last: int) -> None:
    for n in range(first, last):
        await js.publish("reads", str(n).encode(), headers={"Nats-Msg-Id": f"id-{n}"})


async def consume(js: nats.js.JetStreamContext, store: object, wanted: int) -> None:
    """A writer as the platform's: stores, then acknowledges."""
    subscription = await js.pull_subscribe("", durable="writer", stream="READS", config=ConsumerConfig(ack_wait=5))
    done = 0
    while done < wanted:
        messages = await subscription.fetch(50, timeout=5)
        rows = [[int(m.data), f"2026-0{1 + int(m.data) % 3}-01"] for m in messages]
        store.command("INSERT INTO seen_in VALUES " + ",".join(f"({n}, '{day}')" for n, day in rows))
        for message in messages:
            await message.ack_sync()
        done += len(messages)


@contextlib.asynccontextmanager
async def connected(urls: EngineUrls) -> AsyncIterator[tuple[nats.js.JetStreamContext, object, asyncpg.Connection]]:
    client = await nats.connect(urls.nats_url)
    db = await asyncpg.connect(urls.database_url)
    store = clickhouse_connect.get_client(dsn=urls.columnar_url)
    yield client.jetstream(), store, db
    await client.close()
    await db.close()


async def fill(urls: EngineUrls) -> None:
    async with connected(urls) as (js, store, db):
        await db.execute("CREATE TABLE notes (id int PRIMARY KEY, body text)")
        await db.executemany("INSERT INTO notes VALUES ($1, $2)", [(n, f"note {n}") for n in range(100)])
        for statement in TABLES:
            store.command(statement)
        await js.add_stream(name="READS", subjects=["reads"])
        await publish(js, 0, 300)
        # 200 are stored and acknowledged, 100 wait in the stream.
        await consume(js, store, 200)


async def later(urls: EngineUrls) -> None:
    """What happens while the backup runs."""
    async with connected(urls) as (js, store, db):
        await publish(js, 300, 340)
        await consume(js, store, 50)
        await db.execute("INSERT INTO notes VALUES (1000, 'late')")


async def found(urls: EngineUrls) -> tuple[list[int], int, int]:
    """The reads found after a writer has caught up, notes, and the stream's last number."""
    async with connected(urls) as (js, store, db):
        info = await js.consumer_info("READS", "writer")
        await consume(js, store, info.num_pending)
        reads = [row[0] for row in store.query("SELECT n FROM seen FINAL ORDER BY n").result_rows]
        notes = await db.fetchval("SELECT count(*) FROM notes")
        return reads, notes, (await js.stream_info("READS")).state.last_seq


@pytest.mark.parametrize("name", ["copy", "copy.tar"])
def test_what_was_acknowledged_is_found_exactly_once_after_a_restore(place, name):
    target, steps = place / name, []
    with running_engines(place / "first") as engines:
        asyncio.run(fill(engines.urls))
        (place / "first/blobs/day").mkdir()
        (place / "first/blobs/day/pack").write_bytes(b"\xff\xd8 picture")

        def progress(step: str, _share: float) -> None:
            if step == "history" and "history" not in steps:
                asyncio.run(later(engines.urls))
            steps.append(step)

        run.back_up(engines.urls, target, folder=name == "copy", progress=progress)
    assert {"event log", "records", "history", "events since", "pictures and documents"} <= set(steps)
    assert run.damages(target, lambda *_: None) == []

    run.restore(target, place / "second", EngineUrls(), lambda *_: None)
    with running_engines(place / "second") as engines:
        reads, notes, last = asyncio.run(found(engines.urls))
    assert reads == list(range(340))
    assert notes == 100
    assert last == 340
    assert (place / "second/blobs/day/pack").read_bytes() == b"\xff\xd8 picture"


@pytest.fixture
def small_backup(place):
    with running_engines(place / "first") as engines:
        asyncio.run(fill(engines.urls))
        run.back_up(engines.urls, place / "copy", folder=True, progress=lambda *_: None)
        run.back_up(engines.urls, place / "copy.tar", folder=False, progress=lambda *_: None)
    return place


def test_a_damaged_backup_is_told_part_by_part_and_not_restored(small_backup):
    part = next((small_backup / "copy/history").rglob("*.zst"))
    content = bytearray(part.read_bytes())
    content[len(content) // 2] ^= 1
    part.write_bytes(content)
    (small_backup / "copy/records.pgdump").unlink()
    wrong = run.damages(small_backup / "copy", lambda *_: None)
    assert len(wrong) == 2
    assert any("is not what was written" in line for line in wrong)
    with pytest.raises(BackupError, match="damaged"):
        run.restore(small_backup / "copy", small_backup / "new", EngineUrls(), lambda *_: None)
    assert not (small_backup / "new").exists()


def test_a_restore_never_overwrites_and_a_backup_neither(small_backup):
    with pytest.raises(BackupError, match="is not empty"):
        run.restore(small_backup / "copy", small_backup / "first", EngineUrls(), lambda *_: None)
    with pytest.raises(BackupError, match="exists"):
        run.back_up(EngineUrls(), small_backup / "copy.tar", folder=False, progress=lambda *_: None)


def test_a_restore_that_fails_leaves_nothing_behind(small_backup, monkeypatch):
    def fail(*_: object) -> None:
        raise BackupError("the disk is gone", "mend it")

    monkeypatch.setattr(run, "_load_history", fail)
    before = sorted(small_backup.iterdir())
    with pytest.raises(BackupError, match="the disk is gone"):
        run.restore(small_backup / "copy.tar", small_backup / "new", EngineUrls(), lambda *_: None)
    assert sorted(small_backup.iterdir()) == before


def test_a_backup_that_fails_leaves_nothing_behind(place):
    with running_engines(place / "first") as engines:
        asyncio.run(fill(engines.urls))
        gone = EngineUrls(engines.urls.database_url, engines.urls.nats_url, engines.urls.columnar_url, "file:///proc/nowhere")
        for name in ("copy", "copy.tar"):
            with pytest.raises(OSError, match="nowhere"):
                run.back_up(gone, place / name, folder=name == "copy", progress=lambda *_: None)
    assert [path.name for path in place.iterdir()] == ["first"]


def test_what_is_no_backup_is_refused(place):
    (place / "x.tar").write_bytes(b"no tar")
    (place / "folder").mkdir()
    with tarfile.open(place / "empty.tar", "w"):
        pass
    for name in ("x.tar", "folder", "empty.tar"):
        with pytest.raises(BackupError, match="not a whole backup"):
            Reader(place / name)
