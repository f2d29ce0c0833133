"""What regions send each other, kept until the other side has it: events of an incident in order, and receipts."""

from __future__ import annotations

import msgspec

from bluelamp.incidents.federation.link import Link, subject
from bluelamp.incidents.told import Told


class ReceiptTold(msgspec.Struct, frozen=True):
    """How far somebody has come: region -> id of the last of its events that they have received, and read."""

    person: str
    name: str
    agency: str
    delivered: dict[str, str]
    read: dict[str, str]


class Parcel(msgspec.Struct, frozen=True):
    """Events of one incident, in order, and receipts of it."""

    incident: str
    lead: str
    events: tuple[Told, ...]
    receipts: tuple[ReceiptTold, ...] = ()


decode = msgspec.json.Decoder(Parcel).decode
_encode = msgspec.json.Encoder().encode


async def send(link: Link, region: str, parcel: Parcel, message_id: str) -> None:
    """Raises EngineDownError: it is not known to be kept, send it again."""
    await link.bus.publish(subject(link.settings.region, region, parcel.incident), _encode(parcel), message_id)
