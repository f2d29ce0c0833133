"""The audit: what an entry costs, how fast it is sequenced, proven and searched. `python -m bench audit --size S`.

Size 1 grows a tree of 10 million leaves for the proof and 100 million entries for "who looked at this plate"; the entries are
made by SQL in the form that the platform writes, and every one is hashed and placed by the platform's own code for the proof.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import uvloop

from bench.intake import NDJSON, PATH, Maker
from bench.load import Outcome, pace, request
from bench.nation import Nation, nation
from bench.table import Row, percentile
from bluelamp.anpr.domain import SourceTerms
from bluelamp.anpr.gateways.native_arrow import parse_arrow
from bluelamp.anpr.intake.collected import Collection
from bluelamp.anpr.intake.tally import SourceTally, Tally
from bluelamp.app.engines import postgres
from bluelamp.app.engines.data_folder import DataFolder
from bluelamp.app.engines.group import recorded_urls
from bluelamp.app.engines.processes import Child
from bluelamp.app.wiring import MODULES, migrations_of
from bluelamp.spine import audit, relational
from bluelamp.spine.audit import entries, store
from bluelamp.spine.audit.checkpoints import Checkpointer, place_url
from bluelamp.spine.audit.sequencer import Sequencer
from bluelamp.spine.audit.settings import AuditSettings
from bluelamp.spine.audit.verifying import verify
from bluelamp.spine.config import PlatformSettings
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Database

PROVEN = 10_000_000
SEARCHED = 100_000_000
SECONDS = 20
WRITERS = 6
OFFICER = audit.Actor("u7", "officer7", "KEN")

FILL = """
INSERT INTO audit_entries (id, at, actor, actor_name, agency, kind, action, subjects, purpose, reference, detail)
SELECT upper(lpad(to_hex(n), 26, '0')), $1::timestamptz + (n - $6::bigint) * $2::interval, 'u' || (n * 7919) % 50000, 'officer' || (n * 7919) % 50000,
  'AG' || n % 60, 'consultation', 'anpr.searches.run',
  ARRAY['P' || upper(to_hex(((n % 1000000007) * 2654435761) % $5::bigint))], 'crime', 'CRIME/' || (n * 31) % 2000000, '{"tolerance": "likely", "from": "2026-03-01T00:00:00.000Z"}'
FROM generate_series($3::bigint, $4::bigint) AS n
"""
WAIT = "INSERT INTO audit_pending SELECT number, at, false FROM audit_entries WHERE number > $1"


@contextmanager
def server() -> Iterator[tuple[Path, str]]:
    """A PostgreSQL with the audit's tables and nothing else."""
    root = Path(tempfile.mkdtemp(prefix="bl-"))
    root.chmod(0o711)
    folder = DataFolder.open(root / "data")
    program, url = postgres.prepare(folder)
    child = Child(program)
    child.start()
    try:
        child.wait_ready()
        postgres.ensure_database(url, folder.secret("postgres"))
        yield folder.root, url
    finally:
        child.stop()
        shutil.rmtree(root, ignore_errors=True)


def run(size: float) -> list[Row]:
    with server() as (data, url):
        rows = asyncio.run(_costs(data, url, max(2.0, SECONDS * min(1.0, size * 4))))
        leaves = int(PROVEN * size)
        placed = asyncio.run(_grow(data, url, leaves))
        rows.append(
            Row(
                "entries placed in the tree by one sequencer, a backlog",
                f"{placed:,.0f}/s",
                "1,000/s asked",
                f"{placed / 1000:.1f}",
                "1,000/s",
                placed >= 1000,
            )
        )
        rows.append(_proof(data, url))
        rows += asyncio.run(_searches(url, int(SEARCHED * size)))
    return [*rows, _collection(max(10, round(1000 * size))), _beside(max(4.0, SECONDS * min(1.0, size * 4)))]


async def _costs(data: Path, url: str, seconds: float) -> list[Row]:
    db = await Database.open(url, 12)
    await relational.migrate(db, migrations_of((MODULES[0],), "postgres"))
    nothing: Any = None
    spine = Spine(PlatformSettings(data=data), db, nothing, nothing, nothing, nothing)
    await db.execute("CREATE TABLE bare (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text)")
    looks = [await _timed(_look(db)) for _ in range(300)][50:]
    floor = [await _timed(_two_commits(db)) for _ in range(300)][50:]
    await Sequencer().drain(db)
    look, two = percentile(looks, 0.5), percentile(floor, 0.5)
    rows = [
        Row(
            "intent and outcome of a look, p50", f"{look:.2f} ms", f"two bare commits {two:.2f} ms", f"{look / two:.2f}", "2 ms", look <= 2
        ),
        Row("the same, p95", f"{percentile(looks, 0.95):.2f} ms", f"two bare commits {percentile(floor, 0.95):.2f} ms", ""),
    ]
    return [*rows, await _sustained(db, spine, seconds)]


async def _look(db: Database) -> None:
    entry = await audit.intend(db, OFFICER, "anpr.searches.run", subjects=("AB12CDE",), why=audit.Purpose("crime", "C/1"), detail={"a": 1})
    await audit.conclude(db, entry, "answered", 3)


async def _two_commits(db: Database) -> None:
    for _ in range(2):
        await db.execute("INSERT INTO bare (body) VALUES ('a look')")


async def _timed(work: Any) -> float:
    began = time.perf_counter()
    await work
    return (time.perf_counter() - began) * 1000


async def _sustained(db: Database, spine: Spine, seconds: float) -> Row:
    """Entries with outcomes, written and sequenced at the same time; what counts is what has its place at the end."""
    sequencer, done = Sequencer(), False
    before = await db.fetchval("SELECT count(*) FROM audit_leaves")

    async def write() -> None:
        while not done:
            await _look(db)

    async def sequence() -> None:
        while not done:
            if await sequencer.step(db) < 500:
                await asyncio.sleep(0.2)

    began = time.perf_counter()
    tasks = [asyncio.create_task(sequence()), *(asyncio.create_task(write()) for _ in range(WRITERS))]
    await asyncio.sleep(seconds)
    done = True
    await asyncio.gather(*tasks)
    await sequencer.drain(db)
    taken = time.perf_counter() - began
    rate = (await db.fetchval("SELECT count(*) FROM audit_leaves") - before) / taken
    await Checkpointer(spine, AuditSettings()).make()
    return Row(
        f"entries and outcomes written and sequenced together, {seconds:.0f} s",
        f"{rate:,.0f}/s",
        "1,000/s asked",
        f"{rate / 1000:.2f}",
        "1,000/s",
        rate >= 1000,
    )


def _collection(batches: int) -> Row:
    """What the minute's entry for a source costs a read, against the least that an intake does with it: reading an Arrow batch."""
    bodies = [Maker(["ZZ99ZZZ"]).arrow(1000) for _ in range(20)]
    keys = [np.random.default_rng(n).integers(0, 2**63, 1000).astype(np.uint64) for n in range(batches)]
    began = time.process_time()
    for number in range(batches):
        parse_arrow(bodies[number % len(bodies)], SourceTerms(UTC))
    parsing = (time.process_time() - began) / batches
    tally, collection = Tally(), Collection()
    began = time.process_time()
    for some in keys:
        tally.events(1, [some])
        collection.add({1: SourceTally(accepted=1000)}, tally.take_events())
    digests = [found.digest for found in collection.take().values()]
    collecting = (time.process_time() - began) / batches
    assert digests
    ratio = collecting / parsing
    return Row(
        "intake: count and hash of what a source sent, a read", f"{collecting * 1e6:.0f} ns", f"reading it from Arrow {parsing * 1e6:.0f} ns",
        f"{ratio:.3f}", "0.10", ratio <= 0.1,
    )  # fmt: skip


def _beside(seconds: float) -> Row:
    """Looks written as fast as a few people's worth of connections can, while the platform takes 3,500 reads a second."""
    with nation() as place:
        key = place.source("bench", "native")
        bodies = [request(PATH, key, NDJSON, Maker(["ZZ99ZZZ"], seed).ndjson(100)) for seed in range(round(35 * seconds))]
        outcome, placed = uvloop.run(_looks_beside(place, bodies, seconds))
    assert set(outcome.statuses) == {202}, outcome
    rate = placed / seconds
    return Row(
        f"entries and outcomes placed in the tree beside 3,500 reads/s, {seconds:.0f} s", f"{rate:,.0f}/s",
        f"reads answered p99 {percentile(outcome.latencies_ms, 0.99):.0f} ms", f"{rate / 1000:.2f}", "1,000/s", rate >= 1000,
    )  # fmt: skip


async def _looks_beside(place: Nation, bodies: list[bytes], seconds: float) -> tuple[Outcome, int]:
    urls = recorded_urls(place.data)
    assert urls is not None
    db = await Database.open(urls.database_url, WRITERS + 1)
    before = await db.fetchval("SELECT count(*) FROM audit_leaves")
    until = time.monotonic() + seconds

    async def write() -> None:
        while time.monotonic() < until:
            await _look(db)

    outcome, *_ = await asyncio.gather(pace(place.port, bodies, len(bodies) / seconds, 16), *(write() for _ in range(WRITERS)))
    # What has its place when the time is over; the backlog, if any, does not count.
    placed = await db.fetchval("SELECT count(*) FROM audit_leaves") - before
    await db.close()
    return outcome, placed


async def _fill(db: Database, first: int, count: int, months: int, plates: int) -> None:
    async with db.connection() as connection:
        now = datetime.now(UTC)
        start = now - timedelta(days=30 * months)
        for back in range(months + 1):
            await store.make_months(connection, start + timedelta(days=30 * back), 1)
        step = (now - start) / max(1, count)
        for low in range(first, first + count, 500_000):
            high = min(low + 500_000, first + count) - 1
            await connection.execute(FILL, start, step, low, high, plates, first, timeout=3600)


async def _grow(data: Path, url: str, leaves: int) -> float:
    """A backlog, placed by the platform's own sequencer; places a second."""
    db = await Database.open(url)
    nothing: Any = None
    before = await db.fetchval("SELECT max(number) FROM audit_entries")
    await _fill(db, 1, leaves, 12, 1_000_000)
    async with db.connection() as connection:
        await connection.execute(WAIT, before, timeout=3600)
        await connection.execute("VACUUM ANALYZE audit_pending")
    began = time.perf_counter()
    placed = await Sequencer().drain(db)
    taken = time.perf_counter() - began
    await Checkpointer(Spine(PlatformSettings(data=data), db, nothing, nothing, nothing, nothing), AuditSettings()).make()
    await db.close()
    return placed / taken


def _proof(data: Path, url: str) -> Row:
    report = verify(url, place_url(data, AuditSettings()))
    if not report.whole:
        raise RuntimeError(f"the bench's own tree is not whole: {report.findings[:3]}")
    asked = report.size / PROVEN * 300
    return Row(
        f"proof of {report.size:,} leaves, {os.cpu_count()} processes", f"{report.seconds:.1f} s, {report.size / report.seconds:,.0f}/s",
        f"10 million in 300 s: {asked:.1f} s", f"{report.seconds / asked:.2f}", f"{asked:.1f} s", report.seconds <= asked,
    )  # fmt: skip


async def _searches(url: str, wanted: int) -> list[Row]:
    """Who looked at this plate, among so many entries over seven years; each plate is looked at some 20 times."""
    db = await Database.open(url)
    there = await db.fetchval("SELECT count(*) FROM audit_entries")
    plates = max(1000, wanted // 20)
    if wanted > there:
        await _fill(db, 100_000_000_000, wanted - there, 84, plates)
        async with db.connection() as connection:
            await connection.execute("VACUUM ANALYZE audit_entries", timeout=3600)
    total = await db.fetchval("SELECT count(*) FROM audit_entries")
    chance, taken, found = random.Random(5), [], 0
    for _ in range(200):
        plate = f"P{chance.randrange(plates):X}"
        began = time.perf_counter()
        rows = await entries.newest(db, entries.Scope(), entries.Wanted(subjects=(plate,)), 2**62, 101)
        await entries.outcomes_of(db, rows)
        taken.append((time.perf_counter() - began) * 1000)
        found += len(rows)
    by_case = []
    for _ in range(100):
        began = time.perf_counter()
        await entries.newest(db, entries.Scope(), entries.Wanted(reference=f"CRIME/{chance.randrange(2_000_000)}"), 2**62, 101)
        by_case.append((time.perf_counter() - began) * 1000)
    bytes_each = (
        await db.fetchval("SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = 'audit_entries'::regclass")
    ) / total
    await db.close()
    p95 = percentile(taken, 0.95)
    return [
        Row(
            f"who looked at this plate, {total:,} entries, {found / 200:.0f} found",
            f"p50 {percentile(taken, 0.5):.1f} ms, p95 {p95:.1f} ms",
            "",
            "",
            "p95 200 ms",
            p95 <= 200,
        ),
        Row("under which case", f"p50 {percentile(by_case, 0.5):.1f} ms, p95 {percentile(by_case, 0.95):.1f} ms", "", ""),
        Row("bytes of an entry on disk, its indexes too", f"{bytes_each:.0f}", "", ""),
    ]
