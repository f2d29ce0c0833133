"""Where one event ends and the next begins in a stream of bytes, with a bound on what is held for an end that never comes."""

from __future__ import annotations

import re
from typing import Protocol

from bluelamp.incidents.gateways.cot.wire.errors import StreamError

_END = re.compile(rb"</event\s{0,16}>")
_BEFORE = re.compile(rb"(?:[\s\0]|<\?xml[^>]{0,200}\?>)*")
"""What may stand between events: space, and the declaration that many clients write before each. Never `\\xef\\xbb\\xbf`."""
_END_LENGTH_MAX = 25
MAGIC = 0xBF
"""Begins each message of TAK protocol version 1 on a stream; then the length as a varint, then the message."""
VARINT_BYTES_MAX = 5


class Splitter(Protocol):
    """Holds the beginning of an event until its end has come."""

    def feed(self, data: bytes) -> None:
        """Raises `StreamError`: nothing sensible can follow."""

    def take(self) -> bytes | None:
        """The next whole event; None until more is fed. Raises `StreamError`."""

    def rest(self) -> bytes:
        """What was fed and not taken, for whoever goes on in the other form."""


class XmlSplitter:
    """A stream of `<event …>…</event>`."""

    def __init__(self, event_bytes_max: int) -> None:
        self._held = bytearray()
        self._looked = 0
        self._begun = False
        self._max = event_bytes_max

    def feed(self, data: bytes) -> None:
        self._held += data

    def take(self) -> bytes | None:
        if not self._begun and not self._begin():
            return None
        found = _END.search(self._held, self._looked)
        if found is None:
            self._looked = max(0, len(self._held) - _END_LENGTH_MAX)
            if len(self._held) > self._max:
                raise StreamError(f"an event of more than {self._max} bytes")
            return None
        end = found.end()
        if end > self._max:
            raise StreamError(f"an event of more than {self._max} bytes")
        event = bytes(self._held[:end])
        del self._held[:end]
        self._looked, self._begun = 0, False
        return event

    def _begin(self) -> bool:
        """Go to where an event begins; False where only more bytes can tell."""
        before = _BEFORE.match(self._held)
        if before is not None and before.end():
            del self._held[: before.end()]
        held = self._held
        if held and not held.startswith(b"<event"[: len(held)]) and not (held.startswith(b"<?xml"[: len(held)]) and len(held) < 256):
            raise StreamError("what was sent is not a stream of events")
        self._begun = held.startswith(b"<event")
        return self._begun

    def rest(self) -> bytes:
        return bytes(self._held)


class ProtobufSplitter:
    """A stream of TAK protocol version 1 messages."""

    def __init__(self, event_bytes_max: int) -> None:
        self._held = bytearray()
        self._max = event_bytes_max

    def feed(self, data: bytes) -> None:
        self._held += data

    def take(self) -> bytes | None:
        held = self._held
        if not held:
            return None
        if held[0] != MAGIC:
            raise StreamError("a message does not begin with the protocol's magic byte")
        length, at, shift = 0, 1, 0
        while True:
            if at > VARINT_BYTES_MAX:
                raise StreamError("a message's length is not one")
            if at == len(held):
                return None
            byte = held[at]
            length |= (byte & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if byte < 0x80:
                break
        if length > self._max:
            raise StreamError(f"a message of more than {self._max} bytes")
        if len(held) < at + length:
            return None
        message = bytes(held[at : at + length])
        del held[: at + length]
        return message

    def rest(self) -> bytes:
        return bytes(self._held)
