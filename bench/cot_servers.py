"""What the CoT bench runs against: our gateway alone on its plain door, and the least that a relay can be. `python -m bench.cot_servers WHICH PORT`."""

from __future__ import annotations

import asyncio
import gc
import sys
from typing import ClassVar

import uvloop

from bluelamp.incidents.gateways.cot.gateway import Gateway
from bluelamp.incidents.gateways.cot.plain import listen
from bluelamp.incidents.gateways.cot.settings import CotSettings


class Relay(asyncio.Protocol):
    """Whatever comes from one goes to all others as it came: no parsing, no bounds, no order, nobody's rights."""

    here: ClassVar[set[asyncio.Transport]] = set()

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self.here.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self.here.discard(self.transport)

    def data_received(self, data: bytes) -> None:
        for other in self.here:
            if other is not self.transport:
                other.write(data)


async def main(which: str, port: int) -> None:
    if which == "relay":
        server = await asyncio.get_running_loop().create_server(Relay, "127.0.0.1", port)
    else:
        gateway = Gateway(CotSettings(events_per_second_max=100_000, connections_max=5_000))
        server = await listen(gateway, port, "KEN")
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)  # as `bluelamp serve` does
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2])))
