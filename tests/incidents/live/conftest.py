from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bluelamp.app.engines.group import EngineUrls
from bluelamp.spine.bus import Bus, Stream
from tests.incidents.live.scene import Scene

STREAM = Stream("TEST_INCIDENTS", ("test.incidents.>",), days_max=1, bytes_max=64 << 20)


@pytest.fixture
async def bus(engines: EngineUrls) -> AsyncIterator[Bus]:
    bus = await Bus.open(engines.nats_url)
    await bus.ensure(STREAM)
    await bus.empty(STREAM.name)
    yield bus
    await bus.close()


@pytest.fixture
async def scene(bus: Bus) -> AsyncIterator[Scene]:
    made = Scene(bus, STREAM.name, "test.incidents")
    await made.hub.start()
    yield made
    await made.hub.close()
