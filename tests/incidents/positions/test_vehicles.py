"""Devices in vehicles: what they send, who may connect, what each may say. Against a real NATS with its MQTT listener."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import nats as nats_client
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluelamp.app.engines import nats
from bluelamp.app.engines.errors import EngineStartError
from bluelamp.incidents.positions import parts
from bluelamp.incidents.positions.service import PositionService
from bluelamp.incidents.positions.vehicles import consumer
from bluelamp.incidents.positions.vehicles.actions import NewSource, add_source, revoke_source
from bluelamp.incidents.positions.vehicles.nmea import NmeaError, parse_sentence, read_reports
from bluelamp.incidents.positions.vehicles.payloads import read_payload
from bluelamp.kit.clock import from_rfc3339, now_ms, to_rfc3339
from bluelamp.kit.ids import new_id
from bluelamp.spine import callout
from bluelamp.spine.audit import Actor
from bluelamp.spine.bus import Bus
from bluelamp.spine.config import PlatformSettings
from tests.incidents.conftest import IncidentRoom
from tests.incidents.positions.test_door import until

RMC = "$GPRMC,123519,A,5419.6800,N,00244.7780,W,022.4,084.4,230926,003.1,W*"
GGA = "$GPGGA,123519,5419.6800,N,00244.7780,W,1,08,0.9,45.4,M,46.9,M,,*"
NOON = from_rfc3339("2026-09-23T12:35:19Z")


def signed(sentence: str) -> str:
    total = 0
    for letter in sentence.strip("$*"):
        total ^= ord(letter)
    return f"${sentence.strip('$*')}*{total:02X}"


def test_a_published_sentence_has_its_checksum():
    """The example that receivers' manuals print."""
    assert parse_sentence("$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47").kind == "GGA"
    with pytest.raises(NmeaError, match="damaged"):
        parse_sentence("$GPGGA,123519,4807.039,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47")


def test_sentences_of_one_moment_are_one_position():
    reports, faults = read_reports(f"{signed(RMC)}\r\n{signed(GGA)}\r\n{signed('$GPGSV,1,1,00')}\r\n", NOON)
    assert faults == []
    [report] = reports
    assert (report.at, report.altitude_m, report.course_deg, report.accuracy_m) == (NOON, 45.4, 84.4, 4.5)
    assert (report.latitude, report.longitude) == pytest.approx((54.328, -2.7463), abs=1e-6)
    assert report.speed_mps == pytest.approx(11.5, abs=0.05)


def test_a_time_without_a_date_is_the_nearest():
    late = signed(GGA.replace("123519", "235959"))
    [report], _ = read_reports(late, from_rfc3339("2026-09-24T00:00:02Z"))
    assert report.at == from_rfc3339("2026-09-23T23:59:59Z")


@pytest.mark.parametrize(
    "line",
    [
        RMC + "00", RMC[:-1], signed(RMC.replace(",A,", ",V,")), signed(GGA.replace(",1,08", ",0,08")), signed("$GPRMC,1"), "$", "$*00",
        signed(RMC.replace("5419", "xx19")), signed(RMC.replace("230926", "310226")), "$GPRMC,é*00", "$" + "A" * 200,
        signed(RMC.replace("N", "Q")),
    ],
)  # fmt: skip
def test_damaged_and_empty_sentences_give_no_position(line):
    reports, faults = read_reports(line, NOON)
    assert reports == []
    assert len(faults) == 1


def test_json_of_one_of_several_and_with_the_time_of_sending():
    one = {"at": NOON, "latitude": 54.3, "longitude": -2.7, "speed_mps": 3, "battery": 80}
    assert [r.latitude for r in read_payload(json.dumps(one).encode(), NOON).reports] == [54.3]
    assert len(read_payload(json.dumps([one, one]).encode(), NOON).reports) == 2
    batch = read_payload(json.dumps({"positions": [one | {"at": to_rfc3339(NOON)}], "sent_at": NOON + 5}).encode(), NOON)
    assert (batch.reports[0].at, batch.sent_at) == (NOON, NOON + 5)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_without_an_error(data):
    payload = read_payload(data, NOON)
    assert payload.reports or payload.faults or not data.strip() or data.lstrip()[:1] in b"$[{"


# --- a real listener


def text(value: str) -> bytes:
    data = value.encode()
    return struct.pack(">H", len(data)) + data


def packet(first: int, body: bytes) -> bytes:
    length, size = len(body), bytearray()
    while True:
        length, digit = divmod(length, 128)
        size.append(digit | (128 if length else 0))
        if not length:
            return bytes([first]) + bytes(size) + body


class MqttDevice:
    """As much of MQTT 3.1.1 as a tracker speaks: connect, publish at least once."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer, self._number = reader, writer, 0

    @classmethod
    async def connect(cls, port: int, user: str, password: str) -> MqttDevice | None:
        """None where the server refuses."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        body = text("MQTT") + bytes([4, 0xC2]) + struct.pack(">H", 60) + text(f"device-{new_id()}") + text(user) + text(password)
        writer.write(packet(0x10, body))
        answer = await asyncio.wait_for(reader.readexactly(4), 10)
        return cls(reader, writer) if answer[3] == 0 else None

    async def publish(self, topic: str, payload: bytes) -> None:
        self._number += 1
        self._writer.write(packet(0x32, text(topic) + struct.pack(">H", self._number) + payload))
        answer = await asyncio.wait_for(self._reader.readexactly(4), 10)
        assert answer == b"\x40\x02" + struct.pack(">H", self._number)

    async def subscribe(self, topic: str) -> int:
        self._writer.write(packet(0x82, struct.pack(">H", 99) + text(topic) + b"\x00"))
        return (await asyncio.wait_for(self._reader.readexactly(5), 10))[4]


@dataclass
class Garage:
    room: IncidentRoom
    port: int
    url: str
    service: PositionService
    bus: Bus

    async def device(self, unit: dict) -> NewSource:
        async with self.room.platform.spine.db.transaction() as connection:
            return await add_source(connection, Actor("test", "test", ""), f"device {new_id()}", "KEN", unit["call_sign"])

    async def unit(self, code: str = "2") -> dict:
        unit = await self.room.resource()
        await self.room.ask("control", "POST", f"/resources/{unit['id']}/status", json={"code": code})
        return unit


def free_ports() -> tuple[int, int]:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        return one.getsockname()[1], two.getsockname()[1]


@pytest.fixture(scope="module")
async def mqtt_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[str, int]]:
    place: Path = tmp_path_factory.mktemp("nats")
    port, mqtt_port = free_ports()
    mqtt = nats.Mqtt(f"127.0.0.1:{mqtt_port}")
    config = place / "nats.conf"
    config.write_text(nats.configuration(port, "the-platforms-token", place / "store", mqtt))
    command = [nats.binary(), "--config", str(config)]
    with (place / "log").open("wb") as log, subprocess.Popen(command, stderr=log) as server:  # noqa: ASYNC220 - starts in a moment
        for _ in range(200):
            if nats.answers("127.0.0.1", port):
                break
            await asyncio.sleep(0.05)
        yield nats.address(port, "the-platforms-token", mqtt), mqtt_port
        server.terminate()


@pytest.fixture
async def garage(room: IncidentRoom, mqtt_server: tuple[str, int]) -> AsyncIterator[Garage]:
    url, port = mqtt_server
    bus = await Bus.open(url)
    for stream in parts.STREAMS:
        await bus.ensure(stream)
    spine = room.platform.spine
    spine = replace(spine, bus=bus, settings=spine.settings.model_copy(update={"nats_url": url}))
    service = PositionService(spine)
    await service.start()
    work = [asyncio.create_task(consumer.run(spine)), asyncio.create_task(consumer.answer_sign_ins(spine))]
    await asyncio.sleep(0.2)
    yield Garage(room, port, url, service, bus)
    for task in work:
        task.cancel()
    await asyncio.gather(*work, return_exceptions=True)
    await service.close()
    await bus.close()


async def test_a_vehicle_is_on_the_map(garage: Garage) -> None:
    unit = await garage.unit()
    made = await garage.device(unit)
    device = await MqttDevice.connect(garage.port, made.id, made.key)
    assert device is not None
    told = {"at": now_ms(), "latitude": 54.31, "longitude": -2.71, "speed_mps": 20}
    await device.publish(f"vehicles/{made.id}", json.dumps(told).encode())
    await until(lambda: garage.service.book.latest(unit["id"]) is not None, "JSON comes through")
    known = garage.service.book.latest(unit["id"])
    assert known is not None
    assert (known.source, known.call_sign, known.speed_mps) == ("vehicle", unit["call_sign"], 20)
    now = to_rfc3339(now_ms() + 1000)
    clock, day = now[11:19].replace(":", ""), f"{now[8:10]}{now[5:7]}{now[2:4]}"
    await device.publish(f"vehicles/{made.id}", signed(RMC.replace("123519", clock).replace("230926", day)).encode())
    await until(lambda: abs(garage.service.book.latest(unit["id"]).latitude - 54.328) < 1e-6, "NMEA comes through")
    await device.publish(f"vehicles/{made.id}", b"garbage")


async def test_a_device_speaks_for_itself_only(garage: Garage) -> None:
    unit, other = await garage.unit(), await garage.unit()
    made, victim = await garage.device(unit), await garage.device(other)
    assert await MqttDevice.connect(garage.port, made.id, "wrong") is None
    assert await MqttDevice.connect(garage.port, "nobody", made.key) is None
    assert await MqttDevice.connect(garage.port, "bluelamp", made.key) is None
    device = await MqttDevice.connect(garage.port, made.id, made.key)
    assert device is not None
    told = {"at": now_ms(), "latitude": 54.31, "longitude": -2.71}
    await device.publish(f"vehicles/{victim.id}", json.dumps(told).encode())
    await device.publish("positions/batches", b"\x90")
    await device.publish(f"vehicles/{made.id}", json.dumps(told).encode())
    await until(lambda: garage.service.book.latest(unit["id"]) is not None, "its own comes through")
    assert garage.service.book.latest(other["id"]) is None
    assert await device.subscribe("vehicles/#") == 0x80
    with pytest.raises(nats_client.errors.Error):
        await nats_client.connect(
            garage.url.split("@")[1], user=made.id, password=made.key, allow_reconnect=False, max_reconnect_attempts=0, connect_timeout=2
        )


async def test_a_revoked_key_and_a_resource_off_duty_are_dropped_at_once(garage: Garage) -> None:
    unit = await garage.unit()
    made = await garage.device(unit)
    device = await MqttDevice.connect(garage.port, made.id, made.key)
    assert device is not None
    await device.publish(f"vehicles/{made.id}", json.dumps({"at": now_ms(), "latitude": 54.31, "longitude": -2.71}).encode())
    await until(lambda: garage.service.book.latest(unit["id"]) is not None, "on duty it is shown")
    async with garage.room.platform.spine.db.transaction() as connection:
        await revoke_source(connection, Actor("test", "test", ""), made.id)
    await device.publish(f"vehicles/{made.id}", json.dumps({"at": now_ms(), "latitude": 55.0, "longitude": -2.71}).encode())
    assert await MqttDevice.connect(garage.port, made.id, made.key) is None
    off = await garage.unit(code="11")
    hidden = await garage.device(off)
    quiet = await MqttDevice.connect(garage.port, hidden.id, hidden.key)
    assert quiet is not None
    await quiet.publish(f"vehicles/{hidden.id}", json.dumps({"at": now_ms(), "latitude": 54.31, "longitude": -2.71}).encode())
    on = await garage.unit()
    marker = await garage.device(on)
    last = await MqttDevice.connect(garage.port, marker.id, marker.key)
    assert last is not None
    await last.publish(f"vehicles/{marker.id}", json.dumps({"at": now_ms(), "latitude": 54.31, "longitude": -2.71}).encode())
    await until(lambda: garage.service.book.latest(on["id"]) is not None, "what came later is through")
    assert garage.service.book.latest(off["id"]) is None
    assert garage.service.book.latest(unit["id"]).latitude == 54.31


def test_mqtt_beyond_this_machine_needs_tls() -> None:
    assert nats.Mqtt.of(PlatformSettings(mqtt_listen="")) is None
    assert nats.Mqtt.of(PlatformSettings(mqtt_listen="127.0.0.1:1883")) is not None
    with pytest.raises(EngineStartError, match="in clear"):
        nats.Mqtt.of(PlatformSettings(mqtt_listen="0.0.0.0:8883"))
    with pytest.raises(EngineStartError, match="host:port"):
        nats.Mqtt.of(PlatformSettings(mqtt_listen="8883"))
    tls = nats.Mqtt.of(PlatformSettings(mqtt_listen="0.0.0.0:8883", tls_cert="/c.pem", tls_key="/k.pem"))
    assert tls is not None
    assert "cert_file" in tls.written()


def test_the_issuer_follows_from_the_secret() -> None:
    one = callout.issuer_of("nats://bluelamp:secret@127.0.0.1:4222")
    assert one.name == callout.issuer_of("nats://secret@127.0.0.1:4222,nats://other@10.0.0.1:4222").name
    assert one.name.startswith("A")
    assert len(one.name) == 56
    assert one.name != callout.issuer_of("nats://another@127.0.0.1:4222").name
    with pytest.raises(ValueError, match="neither"):
        callout.issuer_of("nats://127.0.0.1:4222")
    with pytest.raises(callout.CalloutError):
        callout.read_request(b"garbage")
