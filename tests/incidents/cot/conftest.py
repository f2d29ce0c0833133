from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest

from bluelamp.incidents.gateways.cot.gateway import Gateway
from bluelamp.incidents.gateways.cot.plain import PlainKeeper
from bluelamp.incidents.gateways.cot.settings import CotSettings
from tests.incidents.cot.tak import tak  # noqa: F401


class Open(NamedTuple):
    gateway: Gateway
    ports: dict[str, int]


@pytest.fixture
async def open_gateway() -> AsyncIterator[Open]:
    """A gateway with a door for each of two agencies, without TLS."""
    gateway = Gateway(CotSettings(event_bytes_max=64 << 10, events_per_second_max=2_000, connections_max=1_200))
    ports, doors = {}, []
    for agency in ("KEN", "KFR"):
        keeper = PlainKeeper(agency)
        door = await asyncio.get_running_loop().create_server(lambda keeper=keeper: gateway.door(keeper), "127.0.0.1", 0, backlog=2048)
        ports[agency] = door.sockets[0].getsockname()[1]
        doors.append(door)
    yield Open(gateway, ports)
    for door in doors:
        door.close()
    gateway.close()
    await asyncio.sleep(0)
