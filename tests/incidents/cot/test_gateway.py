"""The gateway on real sockets: who gets what, what a client that misbehaves can do to others, and what it cannot."""

from __future__ import annotations

import asyncio
import re
import socket
from contextlib import AsyncExitStack, suppress

import pytest

from bluelamp.incidents.gateways.cot import negotiation
from bluelamp.incidents.gateways.cot.fanout import hub
from bluelamp.incidents.gateways.cot.fanout.client import KEPT_BYTES_MAX, Client
from bluelamp.incidents.gateways.cot.fanout.parcel import Parcel
from bluelamp.incidents.gateways.cot.wire import protobuf, xml
from bluelamp.kit.clock import now_ms
from tests.incidents.cot.conftest import Open
from tests.incidents.cot.device import Device, ping
from tests.incidents.cot.examples import chat, emergency, position


async def test_a_position_reaches_everybody_of_the_agency_in_their_own_form(open_gateway: Open) -> None:
    port = open_gateway.ports["KEN"]
    async with Device.at(port) as one, Device.at(port) as two, Device.at(port) as three:
        await two.protobuf()
        one.send(position("A-1", "KILO 1"))
        for other in (two, three):
            (event,) = await other.wait("a-f", uid="A-1")
            assert (event.latitude, event.call_sign) == (54.3, "KILO 1")
        two_says = position("A-2", "KILO 2")
        two.send(protobuf.write(xml.parse(two_says)))
        await one.wait("a-f", uid="A-2")
        assert not [event for event in one.events if event.uid == "A-1"], "nobody hears themselves"


async def test_another_agency_gets_nothing(open_gateway: Open) -> None:
    async with Device.at(open_gateway.ports["KEN"]) as police, Device.at(open_gateway.ports["KFR"]) as fire:
        police.send(position("A-1"), chat("A-1", "KILO 1", "hello"), emergency("A-1", "KILO 1"))
        await police.settled()
        await fire.settled()
        assert {event.type for event in fire.events} == {"t-x-takp-v", "t-x-c-t-r"}


async def test_who_joins_has_the_last_position_of_all_and_no_chat(open_gateway: Open) -> None:
    port = open_gateway.ports["KEN"]
    async with Device.at(port) as one:
        one.send(position("A-1", lat=54.1), chat("A-1", "KILO 1", "before"), position("A-1", lat=54.2))
        await one.settled()
        async with Device.at(port) as late:
            (event,) = await late.wait("a-f")
            await late.settled()
            assert event.latitude == 54.2
            assert not [event for event in late.events if event.type.startswith("b-t")]


async def test_who_leaves_leaves_the_map(open_gateway: Open) -> None:
    port = open_gateway.ports["KEN"]
    async with Device.at(port) as stays:
        async with Device.at(port) as goes:
            goes.send(position("A-1"))
            await stays.wait("a-f", uid="A-1")
        (gone,) = await stays.wait("t-x-d-d")
        link = gone.detail.find("link")
        assert link is not None
        assert link.get("uid") == "A-1"
    assert open_gateway.gateway.hub.contacts == 0


async def test_a_message_to_one_goes_to_one(open_gateway: Open) -> None:
    port = open_gateway.ports["KEN"]
    async with Device.at(port) as one, Device.at(port) as two, Device.at(port) as three:
        two.send(position("A-2", "KILO 2"))
        three.send(position("A-3", "KILO 3"))
        await one.wait("a-f", count=2)
        one.send(chat("A-1", "KILO 1", "for you", "KILO 2", to="KILO 2"))
        await two.wait("b-t-f")
        await three.settled(one)
        assert not [event for event in three.events if event.type == "b-t-f"]


async def test_another_agencys_marker_of_the_same_name_takes_no_markers_place(open_gateway: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "SNAPSHOT_KEPT_S", 0)
    ours, theirs = position("m-1").replace(b"m-g", b"h-e"), position("m-1", lat=51.0).replace(b"m-g", b"h-e")
    async with Device.at(open_gateway.ports["KEN"]) as police, Device.at(open_gateway.ports["KFR"]) as fire:
        police.send(ours)
        await police.settled()
        fire.send(theirs)
        await fire.settled()
        async with Device.at(open_gateway.ports["KEN"]) as late:
            (event,) = await late.wait("a-f", uid="m-1")
            assert event.latitude == 54.3


async def test_a_clock_an_hour_off_is_corrected(open_gateway: Open) -> None:
    port = open_gateway.ports["KEN"]
    async with Device.at(port) as one, Device.at(port) as other:
        one.send(position("A-slow", off_s=-3600), position("A-fast", off_s=3600))
        for event in await other.wait("a-f", count=2):
            assert abs(event.time - now_ms()) < 30_000
            assert event.stale - event.time == 120_000


@pytest.mark.parametrize(
    ("time", "start"), [("1970-01-01T00:00:00Z", "9997-01-01T00:00:00Z"), ("9997-01-01T00:00:00Z", "1970-01-01T00:00:00Z")]
)
async def test_times_that_no_clock_shows_keep_nobody_out(open_gateway: Open, time: str, start: str) -> None:
    port, marker = open_gateway.ports["KEN"], position("A-times").replace(b"m-g", b"h-e")
    marker = re.sub(rb'time="[^"]*" start="[^"]*"', f'time="{time}" start="{start}"'.encode(), marker)
    async with Device.at(port) as one:
        one.send(marker, position("A-1"))
        await one.settled()
        async with Device.at(port) as late, Device.at(port) as other:
            await other.protobuf()
            for device in (late, other):
                await device.wait("a-f", uid="A-1")
            one.send(position("A-2"))
            for device in (late, other):
                await device.wait("a-f", uid="A-2")


@pytest.mark.parametrize(
    "sent",
    [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x00\xff" * 50, b"<event>" + b"x" * (1 << 20), b"<event></event>" * 200, b"\xbf\xff" * 40],
    ids=["http", "tls", "without end", "without sense", "protobuf unasked"],
)
async def test_one_who_sends_garbage_is_let_go_and_nobody_else_notices(open_gateway: Open, sent: bytes) -> None:
    port = open_gateway.ports["KEN"]
    async with Device.at(port) as one, Device.at(port) as other, Device.at(port) as bad:
        bad.send(sent)
        async with asyncio.timeout(10):
            await bad.closed.wait()
        one.send(position("A-1"))
        await other.wait("a-f", uid="A-1")


async def test_an_event_of_50_megabytes_is_cut_off_early(open_gateway: Open) -> None:
    async with Device.at(open_gateway.ports["KEN"]) as bad:
        sent = 0
        with suppress(OSError):
            bad.writer.write(b'<event version="2.0" uid="big" type="a-f-G">')
            while sent < 50 << 20:
                bad.writer.write(b"x" * (1 << 16))
                sent += 1 << 16
                await asyncio.wait_for(bad.writer.drain(), 5)
        async with asyncio.timeout(10):
            await bad.closed.wait()
        assert sent < 25 << 20


async def test_half_an_event_and_gone(open_gateway: Open) -> None:
    port = open_gateway.ports["KEN"]
    async with Device.at(port) as one, Device.at(port) as other:
        async with Device.at(port) as bad:
            bad.send(position("A-9")[:100])
            await asyncio.sleep(0.05)
        one.send(position("A-1"))
        await other.wait("a-f", uid="A-1")
        assert not [event for event in other.events if event.uid == "A-9"]


async def test_one_bad_event_costs_itself_only(open_gateway: Open) -> None:
    port = open_gateway.ports["KEN"]
    async with Device.at(port) as one, Device.at(port) as other:
        one.send(position("A-1").replace(b'lat="54.3"', b'lat="far"'), position("A-2"))
        await other.wait("a-f", uid="A-2")
        assert not [event for event in other.events if event.uid == "A-1"]
        assert open_gateway.gateway.unusable == 1


async def test_one_who_floods_waits_and_others_do_not(open_gateway: Open) -> None:
    open_gateway.gateway.settings = open_gateway.gateway.settings.model_copy(update={"events_per_second_max": 1})
    port = open_gateway.ports["KEN"]
    async with Device.at(port) as one, Device.at(port) as other, Device.at(port) as flood:
        flood.send(*(position(f"F-{n}") for n in range(1_000)))
        one.send(position("A-1"))
        await other.wait("a-f", uid="A-1")
        await other.settled()
        assert 1 <= len([event for event in other.events if event.uid.startswith("F-")]) <= 150


class Taken:
    """A pipe that takes everything."""

    def __init__(self) -> None:
        self.bytes = b""

    def write(self, data: bytes) -> None:
        self.bytes += data

    def get_write_buffer_size(self) -> int:
        return 0

    def abort(self) -> None: ...

    def is_closing(self) -> bool:
        return False


def test_what_is_gone_does_not_come_after_its_own_end() -> None:
    """To one that was slow: ends are kept and go first, while what they end waits among the positions."""
    pipe, everybody = Taken(), frozenset({"KEN"})
    marker, other = (Parcel(xml.parse(position(uid)), everybody, uid) for uid in ("m-1", "m-2"))
    client = Client(pipe, everybody)
    client.hold([marker, other, Parcel(negotiation.gone("m-1", "a-f-G", now_ms()), everybody)])
    while not client.drain(now_ms()):
        pass
    assert b'uid="m-2"' in pipe.bytes
    assert b'<event version="2.0" uid="m-1"' not in pipe.bytes
    client.hold([Parcel(negotiation.gone("m-2", "a-f-G", now_ms()), everybody), marker])
    while not client.drain(now_ms()):
        pass
    assert pipe.bytes.endswith(marker.bytes_in("xml")), "drawn anew it is there again"


class TestSlow:
    """One that does not read."""

    def silent(self, port: int) -> socket.socket:
        quiet = socket.socket()
        quiet.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        quiet.connect(("127.0.0.1", port))
        return quiet

    async def test_of_positions_it_gets_the_newest(self, open_gateway: Open) -> None:
        port = open_gateway.ports["KEN"]
        with self.silent(port) as quiet:
            async with Device.at(port) as one, Device.at(port) as other:
                for n in range(40):
                    one.send(*(position(f"A-{at}", lat=50 + n / 100) for at in range(50)))
                    await one.settled()
                await other.wait("a-f", count=50, like=lambda event: event.latitude == 50.39)
                assert open_gateway.gateway.hub.counts().superseded > 500
                quiet.setblocking(False)
                heard = await self.read_until(quiet, b'lat="50.39"', 50)
        last = {at: heard.rfind(b'uid="A-%d"' % at) for at in range(50)}
        assert all(b'lat="50.39"' in heard[found : found + 300] for found in last.values())
        assert heard.count(b"<event") < 2_000

    async def read_until(self, quiet: socket.socket, text: bytes, count: int) -> bytes:
        heard = b""
        async with asyncio.timeout(10):
            while heard.count(text) < count or not heard.rstrip().endswith(b"</event>"):
                heard += await asyncio.get_running_loop().sock_recv(quiet, 65536)
        return heard

    async def test_no_chat_and_no_emergency_is_dropped_and_they_come_first(self, open_gateway: Open) -> None:
        port = open_gateway.ports["KEN"]
        with self.silent(port) as quiet:
            async with Device.at(port) as one, Device.at(port) as other:
                one.send(*(position(f"A-{at}") for at in range(1500)))
                await one.settled()
                await other.wait("a-f", count=1500)
                one.send(*(chat("A-1", "KILO 1", f"text {n}", number=f"m-{n}") for n in range(100)), emergency("A-1", "KILO 1"))
                await one.settled()
                await other.wait("b-t-f", count=100)
                quiet.setblocking(False)
                heard = await self.read_until(quiet, b"b-t-f", 100)
        assert heard.index(b"b-a-o-tbl") < heard.index(b"text 99")
        assert all(b">text %d<" % n in heard for n in range(100))

    async def test_with_too_much_that_must_not_be_dropped_it_is_let_go(self, open_gateway: Open) -> None:
        port = open_gateway.ports["KEN"]
        text = "x" * 30_000
        with self.silent(port):
            async with Device.at(port) as one, Device.at(port) as other:
                count = 2 * KEPT_BYTES_MAX // len(text)
                for n in range(count):
                    one.send(chat("A-1", "KILO 1", text, number=f"m-{n}"))
                    await one.settled()
                await other.wait("b-t-f", count=count)
                assert open_gateway.gateway.hub.counts().let_go == 1


async def test_a_thousand_join_at_once(open_gateway: Open) -> None:
    port = open_gateway.ports["KEN"]
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(Device.at(port))
        one.send(*(position(f"A-{n}") for n in range(20)))
        await one.settled()
        devices = [Device.at(port) for _ in range(1_000)]
        await asyncio.gather(*(stack.enter_async_context(device) for device in devices))
        await asyncio.gather(*(device.wait("a-f", count=20) for device in devices))
        one.send(position("B-1"))
        await asyncio.gather(*(device.wait("a-f", uid="B-1") for device in devices))


async def test_no_more_are_let_in_than_may(open_gateway: Open) -> None:
    open_gateway.gateway.settings = open_gateway.gateway.settings.model_copy(update={"connections_max": 1})
    port = open_gateway.ports["KEN"]
    async with Device.at(port) as one:
        await one.wait("t-x-takp-v")
        async with Device.at(port) as two:
            async with asyncio.timeout(5):
                await two.closed.wait()
        one.send(ping())
        await one.wait("t-x-c-t-r")


async def test_a_client_whose_socket_fails_costs_the_others_nothing(open_gateway: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the other side has gone and nobody has told us yet."""
    port = open_gateway.ports["KEN"]
    async with Device.at(port) as sender, Device.at(port) as broken, Device.at(port) as well:
        for device, uid in ((sender, "S"), (broken, "B"), (well, "W")):
            device.send(position(uid, uid))
        await well.wait("a-f", uid="B")
        gone = next(client for client in open_gateway.gateway.hub.clients if client.uid == "B")
        write = Client.write

        def failing(self: Client, data: bytes) -> None:
            if self is gone:
                raise ValueError("negative file descriptor")
            write(self, data)

        monkeypatch.setattr(Client, "write", failing)
        sender.send(chat("S", "S", "still here?"), emergency("S", "S"))
        await well.wait("b-t-f")
        await well.wait("b-a-o")
        await broken.closed.wait()
