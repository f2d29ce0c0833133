"""The process of the CoT gateway: its doors, and the house-keeping beside them."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from functools import partial
from typing import Any

import uvicorn

from bluelamp.incidents.gateways.cot import plain
from bluelamp.incidents.gateways.cot.gateway import Gateway
from bluelamp.incidents.gateways.cot.joining.incoming import Incoming
from bluelamp.incidents.gateways.cot.joining.origins import Origins
from bluelamp.incidents.gateways.cot.joining.outgoing import Outgoing
from bluelamp.incidents.gateways.cot.marti.enrolling import Enrolling
from bluelamp.incidents.gateways.cot.settings import CotSettings, cot_settings
from bluelamp.incidents.gateways.cot.trust.authority import Authority
from bluelamp.incidents.gateways.cot.trust.keeper import CertificateKeeper
from bluelamp.incidents.positions.service import PositionService
from bluelamp.spine.module import Spine
from bluelamp.spine.steady import start_steadily

log = logging.getLogger(__name__)

TIDY_S = 10.0
HANDSHAKE_S_MAX = 20.0


class Doors:
    """The gateway and where its doors are; a port that was asked for as 0 is the system's choice."""

    def __init__(self, gateway: Gateway, keeper: CertificateKeeper, authority: Authority) -> None:
        self.gateway = gateway
        self.keeper = keeper
        self.authority = authority
        self.ports: dict[str, int] = {}


@asynccontextmanager
async def running(spine: Spine, settings: CotSettings | None = None) -> AsyncIterator[Doors]:
    """The gateway with the doors that the settings open, for as long as the block runs."""
    settings = settings or cot_settings()
    gateway = Gateway(settings, spine.clock)
    authority = Authority.load(spine.settings.data, settings.authority.get_secret_value())
    keeper = CertificateKeeper(spine, gateway)
    doors = Doors(gateway, keeper, authority)
    names = list(dict.fromkeys([settings.public_host, "localhost", "127.0.0.1"]))
    async with AsyncExitStack() as stack:
        await keeper.start()
        stack.push_async_callback(keeper.close)
        await _join(spine, doors, stack)
        tidying = start_steadily("cot-tidy", partial(_tidy, gateway))
        stack.push_async_callback(_ended, tidying)
        if settings.plain_port:
            await _open_plain(doors, settings, stack)
        door = await asyncio.get_running_loop().create_server(
            lambda: gateway.door(keeper), settings.host, settings.port, backlog=2048,
            ssl=authority.server_context(names, clients=True), ssl_handshake_timeout=HANDSHAKE_S_MAX,
        )  # fmt: skip
        stack.callback(door.close)
        doors.ports["tls"] = door.sockets[0].getsockname()[1]
        enrolling = Enrolling(spine, authority, settings)
        context = authority.server_context(names, clients=False)
        doors.ports["enrol"] = await stack.enter_async_context(_https(enrolling.app, settings.host, settings.enrol_port, context))
        stack.callback(gateway.close)
        yield doors


async def _join(spine: Spine, doors: Doors, stack: AsyncExitStack) -> None:
    """Join devices with incidents and positions, both ways."""
    positions, origins = PositionService(spine), Origins()
    stack.push_async_callback(positions.close)
    await positions.start()
    incoming = Incoming(spine, positions, origins)
    stack.push_async_callback(incoming.close)
    incoming.start()
    doors.keeper.listener = incoming.take
    outgoing = Outgoing(spine, doors.gateway, doors.keeper, positions, origins)
    stack.push_async_callback(outgoing.close)
    await outgoing.start()


async def _open_plain(doors: Doors, settings: CotSettings, stack: AsyncExitStack) -> None:
    door = await plain.listen(doors.gateway, settings.plain_port, settings.plain_agency)
    stack.callback(door.close)
    log.warning(
        "CoT without TLS is open on %s:%d: whoever is on this machine is of agency %s", plain.LOOPBACK, settings.plain_port,
        settings.plain_agency,
    )  # fmt: skip


@asynccontextmanager
async def _https(app: Any, host: str, port: int, context: ssl.SSLContext) -> AsyncIterator[int]:
    """An application behind HTTPS; its port."""
    config = uvicorn.Config(
        app, host=host, port=port, access_log=False, log_config=None, lifespan="off", server_header=False, proxy_headers=False,
        limit_concurrency=200, timeout_keep_alive=5, h11_max_incomplete_event_size=32 << 10,
    )  # fmt: skip
    config.load()
    config.ssl = context
    server = _Quiet(config)
    serving = asyncio.create_task(server.serve(), name="cot-https")
    try:
        while not server.started:
            if serving.done():
                serving.result()
                raise OSError(f"port {port} of {host} cannot be listened on")
            await asyncio.sleep(0.02)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await serving


class _Quiet(uvicorn.Server):
    """Leaves signals to the process."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _tidy(gateway: Gateway) -> None:
    while True:
        await asyncio.sleep(TIDY_S)
        gateway.hub.tidy()


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
