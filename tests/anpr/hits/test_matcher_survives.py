"""The matcher is killed with -9 again and again while reads come in: every hit is published exactly once all the same."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pytest

from bluelamp.anpr.matching.hits import Hit, decode_hits
from bluelamp.anpr.tables import HITS_STREAM, READS, READS_STREAM, READS_SUBJECT
from bluelamp.app.engines.group import EngineUrls, running_engines
from bluelamp.app.wiring import open_spine, prepare
from bluelamp.kit.clock import now_ms
from bluelamp.spine.bus import Message
from bluelamp.spine.config import PlatformSettings
from bluelamp.spine.module import Spine

MATCHER = """
import asyncio
from bluelamp.anpr.consumers import matcher
from bluelamp.app.wiring import open_spine
from bluelamp.spine.config import PlatformSettings

async def main():
    async with open_spine(PlatformSettings()) as spine:
        await matcher.run(spine)

asyncio.run(main())
"""
MESSAGES = 60
LISTED = 40


@pytest.fixture
def own_engines() -> Iterator[tuple[EngineUrls, Path]]:
    """Engines of this test alone: the session's have a matcher already."""
    root = Path(tempfile.mkdtemp(prefix="bl-"))
    root.chmod(0o711)
    try:
        with running_engines(root / "data") as running:
            yield running.urls, root
    finally:
        shutil.rmtree(root, ignore_errors=True)


def mark(number: int) -> str:
    return f"WX34{'ACEFHJKMN'[number % 9]}{'ACEFHJKMN'[number // 9 % 9]}K"


def message(number: int, start: int) -> bytes:
    """Three reads: two of listed vehicles, of which one passes the same camera again and again, and an innocent one."""
    rows = [
        {"camera": 1 + number, "captured_at": start + number * 10, "vrm": mark(number % LISTED)},
        {"camera": 1, "captured_at": start + number * 10 + 1, "vrm": mark(LISTED)},
        {"camera": 1, "captured_at": start + number * 10 + 2, "vrm": "ZZ99PPP"},
    ]
    blank = {
        "received_at": start, "seen_as": "", "confidence": 900, "direction": "", "lane": 0, "make": "", "model": "",
        "colour": "", "vehicle_class": "", "first_key": 0, "version": 0, "replaces": "", "car": "", "characters": b"",
        "variant_vrms": [], "variant_confidences": [], "plate_picture": None, "overview_picture": None,
    }  # fmt: skip
    full = [blank | row | {"event_key": number * 3 + place} for place, row in enumerate(rows)]
    table = pa.Table.from_pylist([{name: row[name] for name in READS.names} for row in full], READS)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, READS) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


async def start_matcher(urls: EngineUrls, root: Path) -> asyncio.subprocess.Process:
    environment = {**os.environ, **urls.environment(), "BLUELAMP_DATA": str(root / "own")}
    return await asyncio.create_subprocess_exec(sys.executable, "-c", MATCHER, env=environment)


async def hits_published(spine: Spine, wanted: int) -> dict[str, list[Hit]]:
    """All versions of all hits, once the stream tells of `wanted` reads; and whatever comes in the second after."""
    found: dict[str, list[Hit]] = {}
    enough = asyncio.Event()

    async def take(raw: Message) -> None:
        for hit in decode_hits(raw.payload):
            found.setdefault(hit.id, []).append(hit)
        if sum(1 + versions[-1].repeats for versions in found.values()) >= wanted:
            enough.set()

    replay = asyncio.create_task(spine.bus.replay(HITS_STREAM, 0, take))
    try:
        async with asyncio.timeout(120):
            await enough.wait()
        await asyncio.sleep(1)
    finally:
        replay.cancel()
    return found


async def until_beyond(spine: Spine, sequence: int) -> None:
    """Waits until the matcher has published something more."""
    async with asyncio.timeout(90):
        while await spine.bus.last_sequence(HITS_STREAM) <= sequence:  # noqa: ASYNC110 - asked of another process
            await asyncio.sleep(0.01)


@pytest.mark.heavy
@pytest.mark.timeout(480)
async def test_every_hit_is_published_exactly_once(own_engines: tuple[EngineUrls, Path]) -> None:
    urls, root = own_engines
    start = now_ms()
    async with open_spine(PlatformSettings(**asdict(urls))) as spine:
        await prepare(spine)
        await spine.db.execute("INSERT INTO voi_lists (id, agency, name, created_by) VALUES ('L', 'KEN', 'stolen', 'test')")
        async with spine.db.transaction() as connection:
            revision = await connection.fetchval("SELECT next_voi_revision()")
            await connection.executemany(
                "INSERT INTO voi_entries (list, vrm, reason, priority, revision, created_by) VALUES ('L', $1, '', 1, $2, 'test')",
                [(mark(number), revision) for number in range(LISTED + 1)],
            )
        running = await start_matcher(urls, root)
        try:
            for first in range(0, MESSAGES, 20):
                told = await spine.bus.last_sequence(HITS_STREAM)
                for number in range(first, first + 20):
                    await spine.bus.publish(READS_SUBJECT, message(number, start))
                await until_beyond(spine, told)
                running.send_signal(signal.SIGKILL)  # in the middle of its work
                await running.wait()
                running = await start_matcher(urls, root)
            assert await spine.bus.last_sequence(READS_STREAM) == MESSAGES
            found = await hits_published(spine, 2 * MESSAGES)
        finally:
            running.kill()
            await running.wait()
    for versions in found.values():
        assert [hit.version for hit in versions] == sorted({hit.version for hit in versions}), "a version came twice"
    assert len(found) == MESSAGES + 1
    repeated = [versions[-1] for versions in found.values() if versions[-1].camera.number == 1 and versions[-1].vrm == mark(LISTED)]
    assert [hit.repeats for hit in repeated] == [MESSAGES - 1]
