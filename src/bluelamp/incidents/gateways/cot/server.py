"""The process of the CoT gateway: its doors, and the house-keeping beside them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial

from starlette.applications import Starlette

from bluelamp.incidents.gateways.cot import plain
from bluelamp.incidents.gateways.cot.files.attaching import Attaching
from bluelamp.incidents.gateways.cot.files.sharing import Sharing
from bluelamp.incidents.gateways.cot.gateway import Gateway
from bluelamp.incidents.gateways.cot.joining.expected import Expected
from bluelamp.incidents.gateways.cot.joining.incoming import Incoming
from bluelamp.incidents.gateways.cot.joining.missed import Missed
from bluelamp.incidents.gateways.cot.joining.origins import Origins
from bluelamp.incidents.gateways.cot.joining.outgoing import Outgoing
from bluelamp.incidents.gateways.cot.marti.door import Frame, application
from bluelamp.incidents.gateways.cot.marti.enrolling import Enrolling
from bluelamp.incidents.gateways.cot.marti.files import Files
from bluelamp.incidents.gateways.cot.marti.missions import Missions
from bluelamp.incidents.gateways.cot.marti.people import People
from bluelamp.incidents.gateways.cot.marti.serving import https
from bluelamp.incidents.gateways.cot.missions.following import Following
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
        self.sharing: Sharing
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
        marti = await _join(spine, doors, settings, stack)
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
        doors.ports["enrol"] = await stack.enter_async_context(https(enrolling.app, settings.host, settings.enrol_port, context))
        known = authority.server_context(names, clients=True)
        doors.ports["marti"] = await stack.enter_async_context(https(marti, settings.host, settings.marti_port, known))
        doors.sharing.base = f"https://{settings.public_host}:{doors.ports['marti']}"
        stack.callback(gateway.close)
        yield doors


async def _join(spine: Spine, doors: Doors, settings: CotSettings, stack: AsyncExitStack) -> Starlette:
    """Join devices with incidents and positions, both ways; what they ask over HTTPS."""
    positions, origins, expected = PositionService(spine), Origins(), Expected(spine.clock)
    following = Following(spine, doors.gateway)
    await following.start()
    stack.push_async_callback(positions.close)
    await positions.start()
    incoming = Incoming(spine, positions, origins, expected)
    stack.push_async_callback(incoming.close)
    incoming.start()
    doors.keeper.listener = incoming.take
    outgoing = Outgoing(spine, doors.gateway, doors.keeper, positions, origins, following)
    stack.push_async_callback(outgoing.close)
    await outgoing.start()
    missed = Missed(spine, doors.gateway)
    stack.push_async_callback(missed.close)
    missed.start()
    frame, attaching, sharing = Frame(spine, doors.keeper), Attaching(spine, incoming.draw), Sharing(spine, doors.gateway)
    incoming.offer, doors.sharing = sharing.offer, sharing
    missions = Missions(frame, doors.gateway, following, expected, incoming.draw, attaching, settings.file_bytes_max)
    return application(frame, missions, People(frame, doors.gateway), Files(frame, attaching, sharing, settings))


async def _open_plain(doors: Doors, settings: CotSettings, stack: AsyncExitStack) -> None:
    door = await plain.listen(doors.gateway, settings.plain_port, settings.plain_agency)
    stack.callback(door.close)
    log.warning(
        "CoT without TLS is open on %s:%d: whoever is on this machine is of agency %s", plain.LOOPBACK, settings.plain_port,
        settings.plain_agency,
    )  # fmt: skip


async def _tidy(gateway: Gateway) -> None:
    while True:
        await asyncio.sleep(TIDY_S)
        gateway.hub.tidy()


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
