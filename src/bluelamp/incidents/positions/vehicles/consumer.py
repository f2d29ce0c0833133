"""Vehicles by MQTT: who may connect is answered here, and what they publish comes in by the door.

NATS's MQTT listener turns the topic `vehicles/ID` into the subject `vehicles.ID`, which a stream keeps, so that a worker that is away
for a moment loses nothing. A device may publish its own topic only; that it is its own is therefore known from the subject.
"""

from __future__ import annotations

import asyncio
import hmac
import logging

from prometheus_client import Counter

from bluelamp.incidents.positions.door import PositionDoor
from bluelamp.incidents.positions.settings import position_settings
from bluelamp.incidents.positions.vehicles import store
from bluelamp.incidents.positions.vehicles.actions import hash_of
from bluelamp.incidents.positions.vehicles.payloads import read_payload
from bluelamp.spine import callout
from bluelamp.spine.bus import Message
from bluelamp.spine.module import Spine

log = logging.getLogger(__name__)

VEHICLES_STREAM = "VEHICLES"
VEHICLES_SUBJECTS = "vehicles.>"
TOPICS = "vehicles"
STREAM_DAYS = 1 / 24
STREAM_BYTES_MAX = 1 << 30
DURABLE = "vehicles"
SIGN_IN = "vehicle-sign-in"
TAKEN = Counter("bluelamp_vehicle_messages", "Messages of devices in vehicles, by what became of them.", ["outcome"])


async def run(spine: Spine) -> None:
    """Take what vehicles say, for ever."""
    door = PositionDoor(spine, position_settings(), lambda _resource: None)
    door.start()

    async def take(messages: list[Message]) -> None:
        await asyncio.gather(*(_take(spine, door, message) for message in messages))

    try:
        await spine.bus.consume(VEHICLES_STREAM, DURABLE, take, batch_max=500)
    finally:
        await door.close()


async def _take(spine: Spine, door: PositionDoor, message: Message) -> None:
    source = await store.working(spine.db, message.subject.partition(".")[2])
    if source is None:
        TAKEN.labels(outcome="unknown").inc()
        return
    payload = read_payload(message.payload, spine.clock())
    if payload.faults:
        TAKEN.labels(outcome="faulty").inc()
        log.debug("device %s: %s", source.id, payload.faults[0])
    if payload.reports:
        account = await door.of_resource(source.resource, payload.reports, source="vehicle", sent_at=payload.sent_at)
        TAKEN.labels(outcome="accepted" if account.accepted else "dropped").inc()


async def answer_sign_ins(spine: Spine) -> None:
    """Say who may connect, for ever. Where the server asks nobody (no MQTT), nothing comes."""
    try:
        issuer = callout.issuer_of(spine.settings.nats_url)
    except ValueError as error:
        log.warning("devices cannot sign in by MQTT: %s", error)
        await asyncio.Event().wait()
        raise

    async def judge(payload: bytes) -> bytes:
        request = callout.read_request(payload)
        source = await store.working(spine.db, request.username) if request.kind == "mqtt" and request.username else None
        if source is None or not hmac.compare_digest(source.key_hash, hash_of(request.password)):
            return issuer.refuse(request, "unknown device or key")
        return issuer.allow(request, source.id, [f"{TOPICS}.{source.id}"], "MQTT")

    await spine.bus.answer(callout.SUBJECT, SIGN_IN, judge)
    await asyncio.Event().wait()
