"""What gateway and client tell each other about the connection itself: the protocol's version, and that they are still there.

TAK protocol version 1, streaming: the server offers (`t-x-takp-v`), the client asks (`t-x-takp-q`), the server agrees (`t-x-takp-r`),
and from then on both send protobuf.
"""

from __future__ import annotations

from xml.etree.ElementTree import SubElement

from bluelamp.incidents.gateways.cot.wire.event import UNKNOWN_M, CotEvent

OFFER, REQUEST, RESPONSE = "t-x-takp-v", "t-x-takp-q", "t-x-takp-r"
PING, PONG = "t-x-c-t", "t-x-c-t-r"
DISAPPEARED = "t-x-d-d"
VERSION = "1"
LASTS_MS = 60_000


def _about(kind: str, uid: str, now: int) -> CotEvent:
    return CotEvent(uid, kind, "m-g", now, now, now + LASTS_MS, ce=UNKNOWN_M, le=UNKNOWN_M)


def offer(now: int) -> CotEvent:
    """We speak XML and version 1."""
    event = _about(OFFER, "protouid", now)
    SubElement(SubElement(event.detail, "TakControl"), "TakProtocolSupport", version=VERSION)
    return event


def asks_for(event: CotEvent) -> str:
    """The version that a request names; empty: none."""
    request = event.detail.find("TakControl/TakRequest")
    return "" if request is None else request.get("version", "")


def response(now: int, *, agreed: bool) -> CotEvent:
    event = _about(RESPONSE, "protouid", now)
    SubElement(SubElement(event.detail, "TakControl"), "TakResponse", status="true" if agreed else "false")
    return event


def pong(now: int) -> CotEvent:
    return _about(PONG, "takPong", now)


def gone(uid: str, kind: str, now: int) -> CotEvent:
    """Tell clients to take something off their map: a contact that disconnected, a drawing that was removed."""
    event = _about(DISAPPEARED, f"gone-{uid}"[:200], now)
    SubElement(event.detail, "link", relation="p-p", uid=uid, type=kind)
    return event
