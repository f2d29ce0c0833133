"""Events as TAK protocol version 1: protocol buffers, of which only the few messages that it has are read and written here.

Elements of `detail` that the protocol has no place for, or that carry more than it has places for, go into `xmlDetail` as they are,
so that nothing is lost on the way from one form to the other.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement, tostring

from bluelamp.incidents.gateways.cot.wire.errors import EventError
from bluelamp.incidents.gateways.cot.wire.event import MS_MAX, CotEvent
from bluelamp.incidents.gateways.cot.wire.splitting import MAGIC
from bluelamp.incidents.gateways.cot.wire.xml import bound, fragment

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
COT_EVENT = 2
"""Field of TakMessage. The other one, takControl, says which versions a peer speaks and carries nothing for us."""

_TEXTS = {1: "type", 2: "access", 3: "qos", 4: "opex", 5: "uid", 9: "how"}
_TIMES = {6: "time", 7: "start", 8: "stale"}
_DOUBLES = {10: "latitude", 11: "longitude", 12: "hae", 13: "ce", 14: "le"}
DETAIL, XML_DETAIL = 15, 1

_TYPED: dict[int, tuple[str, tuple[str, ...], int]] = {
    2: ("contact", ("endpoint", "callsign"), LENGTH),
    3: ("__group", ("name", "role"), LENGTH),
    4: ("precisionlocation", ("geopointsrc", "altsrc"), LENGTH),
    5: ("status", ("battery",), VARINT),
    6: ("takv", ("device", "platform", "os", "version"), LENGTH),
    7: ("track", ("speed", "course"), FIXED64),
}
"""Field of Detail -> element, its attributes by field number from 1, and how they are written."""
_BY_ELEMENT = {element: (number, names, kind) for number, (element, names, kind) in _TYPED.items()}

Value = int | bytes
_NOT_XML = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\ufffe\\uffff]")


def varint(value: int) -> bytes:
    if value < 0x80:
        return bytes((value,))
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _chunk(number: int, content: bytes) -> bytes:
    return varint(number << 3 | LENGTH) + varint(len(content)) + content


def framed(message: bytes) -> bytes:
    """A message as it stands on a stream."""
    return bytes((MAGIC,)) + varint(len(message)) + message


def write(event: CotEvent) -> bytes:
    """A framed TakMessage."""
    parts = [_chunk(number, text.encode()) for number, name in _TEXTS.items() if (text := getattr(event, name))]
    parts += [varint(number << 3) + varint(getattr(event, name)) for number, name in _TIMES.items()]
    parts += [varint(number << 3 | FIXED64) + struct.pack("<d", getattr(event, name)) for number, name in _DOUBLES.items()]
    parts.append(_chunk(DETAIL, _write_detail(event.detail)))
    return framed(_chunk(COT_EVENT, b"".join(parts)))


def _write_detail(detail: Element) -> bytes:
    typed, rest, done = b"", [], set()
    for child in detail:
        written = _write_typed(child) if child.tag not in done else None
        if written is None:
            child.tail = None
            rest.append(tostring(child, "unicode"))
        else:
            done.add(child.tag)
            typed += written
    return (_chunk(XML_DETAIL, "".join(rest).encode()) if rest else b"") + typed


def _write_typed(element: Element) -> bytes | None:
    """None where the protocol cannot carry all of it."""
    number, names, kind = _BY_ELEMENT.get(str(element.tag), (0, (), 0))
    if not number or len(element) or (element.text or "").strip() or not set(element.keys()) <= set(names):
        return None
    out = b""
    for at, name in enumerate(names, 1):
        text = element.get(name)
        if text is None:
            continue
        if kind == LENGTH:
            out += _chunk(at, text.encode())
        elif kind == VARINT:
            if not text.isascii() or not text.isdigit() or len(text) > 9:
                return None
            out += varint(at << 3) + varint(int(text))
        else:
            try:
                out += varint(at << 3 | FIXED64) + struct.pack("<d", float(text))
            except ValueError:
                return None
    return _chunk(number, out)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise EventError("a number in the message has no end")
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def fields(data: bytes) -> Iterator[tuple[int, Value]]:
    """Field numbers and values of a message: integers, or bytes for everything that has a length or is fixed.

    Raises:
        EventError: the bytes are no message.
    """
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == VARINT:
            value, at = _varint(data, at)
            yield key >> 3, value
            continue
        if kind == LENGTH:
            length, at = _varint(data, at)
        elif kind in {FIXED64, FIXED32}:
            length = 8 if kind == FIXED64 else 4
        else:
            raise EventError("the message uses a wire type that this protocol does not have")
        if at + length > len(data):
            raise EventError("the message ends in the middle of a field")
        yield key >> 3, data[at : at + length]
        at += length


def _text(value: Value) -> str:
    if not isinstance(value, bytes):
        raise EventError("a text of the message is a number")
    try:
        text = value.decode()
    except UnicodeDecodeError:
        raise EventError("a text of the message is not UTF-8") from None
    if _NOT_XML.search(text):
        raise EventError("a text of the message holds characters that XML cannot")
    return text


def _double(value: Value) -> float:
    if not isinstance(value, bytes) or len(value) != 8:
        raise EventError("a number of the message is something else")
    return float(struct.unpack("<d", value)[0])


def _inside(value: Value) -> bytes:
    if not isinstance(value, bytes):
        raise EventError("a message within the message is a number")
    return value


def parse(message: bytes) -> CotEvent | None:
    """The event of a TakMessage without its frame; None for one that only speaks about the protocol.

    Raises:
        EventError: not a message, or with values that are none.
    """
    inner = b"".join(_inside(value) for number, value in fields(message) if number == COT_EVENT)
    if not inner:
        return None
    event = CotEvent("", "", "", 0, 0, 0, hae=0.0, ce=0.0, le=0.0)  # what is zero is not written
    for number, value in fields(inner):
        if number in _TEXTS:
            setattr(event, _TEXTS[number], _text(value))
        elif number in _TIMES:
            if not isinstance(value, int) or value >= MS_MAX:
                raise EventError("sendTime, startTime and staleTime are milliseconds between the years 1970 and 9998")
            setattr(event, _TIMES[number], value)
        elif number in _DOUBLES:
            setattr(event, _DOUBLES[number], _double(value))
        elif number == DETAIL:
            _read_detail(_inside(value), event.detail)
    whole = Element("event")
    whole.extend((Element("point"), event.detail))
    bound(whole)
    return event.check()


def _read_detail(data: bytes, detail: Element) -> None:
    for number, value in fields(data):
        if number == XML_DETAIL:
            detail.extend(fragment(_text(value)))
        elif number in _TYPED:
            name, attributes, kind = _TYPED[number]
            element = SubElement(detail, name)
            for at, inner in fields(_inside(value)):
                if 1 <= at <= len(attributes):
                    element.set(attributes[at - 1], _written(inner, kind))


def _written(value: Value, kind: int) -> str:
    if kind == VARINT:
        return str(value) if isinstance(value, int) else "0"
    if kind == FIXED64:
        number = _double(value)
        return repr(number) if math.isfinite(number) else "0.0"
    return _text(value)
