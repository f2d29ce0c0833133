"""Verbs of devices: ask for an enrolment, have a request signed with its token, revoke."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import urlencode

import segno

from bluelamp.incidents.access import TAK_DEVICES_ENROL, TAK_DEVICES_MANAGE
from bluelamp.incidents.gateways.cot.settings import CotSettings
from bluelamp.incidents.gateways.cot.trust import store
from bluelamp.incidents.gateways.cot.trust.authority import Authority, Signed
from bluelamp.incidents.gateways.cot.trust.errors import EnrolmentRefusedError, NoSuchDeviceError
from bluelamp.kit.ids import new_id
from bluelamp.spine import audit
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Record

TOKEN_BYTES = 18
ENROLMENT_LIVES = timedelta(minutes=15)


class Enrolment(NamedTuple):
    """What is told once. `qr` is an SVG picture of `link`."""

    id: str
    username: str
    token: str
    host: str
    link: str
    qr: str
    row: Record


async def enrol(spine: Spine, caller: Caller, label: str, settings: CotSettings) -> Enrolment:
    """A one-time token with which one device of the caller's gets a certificate, for the post that they act in now."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    async with spine.db.transaction() as connection:
        row = await store.add_enrolment(connection, caller.id, caller.agency, label, token, ENROLMENT_LIVES)
        await audit.record(connection, caller.actor, "alteration", TAK_DEVICES_ENROL, subjects=(row["id"],), detail={"label": label})
    link = "tak://com.atakmap.app/enroll?" + urlencode({"host": settings.public_host, "username": caller.username, "token": token})
    picture = segno.make(link, error="m", micro=False).svg_inline(scale=4, border=4)
    return Enrolment(row["id"], caller.username, token, settings.public_host, link, picture, row)


async def sign(spine: Spine, authority: Authority, username: str, token: str, request: bytes, place: str, days: int) -> Signed:
    """A certificate for the device that holds the token; the token is used up.

    Raises:
        EnrolmentRefusedError: no such token, or not any more.
        RequestError: what is to be signed is no request; the token can be used again.
    """
    async with spine.db.transaction() as connection:
        enrolment = await store.open_enrolment(connection, username, token, lock=True)
        if enrolment is None:
            raise EnrolmentRefusedError("this enrolment is unknown, used or over: ask for a new one in Bluelamp")
        device = new_id()
        signed = authority.sign(request, enrolment["username"], enrolment["agency"], device, days)
        await store.add_device(connection, device, signed.serial, enrolment, signed.expires_at)
        await store.use_enrolment(connection, enrolment["id"], device)
        actor = audit.Actor(enrolment["person"], enrolment["username"], enrolment["agency"], place)
        detail = {"enrolment": enrolment["id"], "serial": signed.serial, "label": enrolment["label"]}
        await audit.record(connection, actor, "alteration", TAK_DEVICES_ENROL, subjects=(device,), detail=detail)
    return signed


async def revoke(spine: Spine, caller: Caller, device: str) -> None:
    """End a device of one's own, or of one's agency where one may: its connection is cut at once and never let in again.

    Raises:
        NoSuchDeviceError: none that the caller may end.
    """
    async with spine.db.transaction() as connection:
        found = await store.device_by_id(connection, device, lock=True)
        own = found is not None and found["person"] == caller.id
        if found is None or not (own or (caller.may(TAK_DEVICES_MANAGE) and found["agency"] == caller.agency)):
            raise NoSuchDeviceError("there is no such device of yours or your agency")
        await store.revoke(connection, device, caller.id)
        detail = {"person": found["person"], "label": found["label"]}
        await audit.record(connection, caller.actor, "alteration", TAK_DEVICES_MANAGE, subjects=(device,), detail=detail)
