"""What is handed to clients: an event's bytes in both forms, made when the first client needs them, and who may have it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from bluelamp.incidents.gateways.cot.joining.reading import DELETE, deleted
from bluelamp.incidents.gateways.cot.wire import protobuf, splitting, xml
from bluelamp.incidents.gateways.cot.wire.event import CotEvent

if TYPE_CHECKING:
    from bluelamp.incidents.gateways.cot.fanout.client import Client

Form = Literal["xml", "protobuf"]


class Parcel:
    """`key`: newer ones of the same key take its place where a client is slow; empty: it is never dropped.

    `ends`: keys of what it takes off maps.
    """

    __slots__ = ("_event", "_protobuf", "_xml", "audience", "ends", "key", "sender", "stale", "urgent")

    def __init__(
        self, event: CotEvent, audience: frozenset[str], key: str = "", sender: Client | None = None, *, urgent: bool = False
    ) -> None:
        self._event: CotEvent | None = event
        self._xml = b""
        self._protobuf = b""
        self.audience = audience
        self.key = key
        self.ends = tuple(deleted(event)) if event.type == DELETE else ()
        self.sender = sender
        self.stale = event.stale
        self.urgent = urgent

    def bytes_in(self, form: Form) -> bytes:
        """As it stands on a stream of this form; made once."""
        if form == "xml":
            if not self._xml:
                self._xml = xml.write(self.event())
            return self._xml
        if not self._protobuf:
            self._protobuf = protobuf.write(self.event())
        return self._protobuf

    def settle(self) -> None:
        """Let go of the parsed event where its bytes can stand for it: what is remembered for hours is kept small."""
        if self._xml or self._protobuf:
            self._event = None

    def event(self) -> CotEvent:
        """The event itself, read again where only its bytes were kept."""
        if self._event is not None:
            return self._event
        if self._xml:
            return xml.parse(self._xml.rstrip())
        splitter = splitting.ProtobufSplitter(len(self._protobuf))
        splitter.feed(self._protobuf)
        event = protobuf.parse(splitter.take() or b"")
        assert event is not None  # noqa: S101 - written by ourselves
        return event
