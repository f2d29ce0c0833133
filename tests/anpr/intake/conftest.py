"""An intake on a real event log and a real picture folder; sources and cameras are given, not stored."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bluelamp.anpr.domain import SourceTerms
from bluelamp.anpr.intake.commit import GroupCommit
from bluelamp.anpr.intake.intake import Intake, RejectedItem
from bluelamp.anpr.intake.register import SourceEntry
from bluelamp.anpr.intake.rows import Row, from_message, to_rows
from bluelamp.anpr.store.pictures import PictureStore
from bluelamp.anpr.tables import READS_STREAM, READS_SUBJECT
from bluelamp.app.engines.group import EngineUrls
from bluelamp.kit.clock import now_ms
from bluelamp.spine.blobs import Blobs
from bluelamp.spine.bus import Bus, Message, Stream


def source(format_name: str = "native", cameras: tuple[str, ...] = ("cam-1", "cam-2"), **changes: object) -> SourceEntry:
    values: dict[str, object] = {
        "id": 1,
        "name": "test source",
        "agency": "KEN",
        "format": format_name,
        "terms": SourceTerms(ZoneInfo("UTC")),
        "body_bytes_max": 8 << 20,
        "picture_bytes_max": 100_000,
        "items_per_minute_max": 1_000_000,
        "cameras": {name: number for number, name in enumerate(cameras, 1)},
    }
    return SourceEntry(**(values | changes))  # type: ignore[arg-type]


@dataclass
class Bench:
    """An intake and everything it wrote."""

    intake: Intake
    commit: GroupCommit
    bus: Bus
    pictures: PictureStore
    rejects: list[RejectedItem] = field(default_factory=list)

    async def stored(self) -> list[Row]:
        """Every row in the stream, in order."""
        rows: list[Row] = []

        async def collect(message: Message) -> None:
            rows.extend(to_rows(from_message(message.payload)))

        await self.bus.recall(READS_STREAM, 0, collect)
        return rows


async def open_bench(bus: Bus, folder: Path) -> Bench:
    pictures = PictureStore(Blobs.open(folder.as_uri()))
    commit = GroupCommit(bus, pictures, now_ms, repeat_capacity=1 << 10)
    rejects: list[RejectedItem] = []

    async def keep(_source: int, items: list[RejectedItem]) -> None:
        rejects.extend(items)

    await commit.start()
    return Bench(Intake(commit, keep, now_ms, keep_days=365), commit, bus, pictures, rejects)


@pytest.fixture
async def bus(engines: EngineUrls) -> AsyncIterator[Bus]:
    """A bus whose reads stream is empty."""
    bus = await Bus.open(engines.nats_url)
    stream = Stream(READS_STREAM, (READS_SUBJECT,), days_max=2, bytes_max=1 << 30)
    await bus.ensure(stream)
    await bus.empty(READS_STREAM)
    yield bus
    await bus.close()


@pytest.fixture
async def bench(bus: Bus, tmp_path: Path) -> AsyncIterator[Bench]:
    bench = await open_bench(bus, tmp_path)
    yield bench
    await bench.commit.close()
    await bench.pictures.close()
