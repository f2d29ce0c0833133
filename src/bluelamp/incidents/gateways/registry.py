"""The formats in which hand-overs travel, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from bluelamp.incidents.gateways import cap, eido, mait, sitrep, ucri2
from bluelamp.incidents.gateways.message import RECEIPT, HandoverMessage


class Format(NamedTuple):
    """`read` and `write` are pure, and raise `NotThisFormatError` and `CannotCarryError`."""

    name: str
    title: str
    content_type: str
    write: Callable[[HandoverMessage], bytes]
    read: Callable[[bytes], HandoverMessage] | None
    """None: sent only."""
    carries: frozenset[str]
    closing: frozenset[str]
    """What a close carries."""
    receipt: frozenset[str]
    joins: bool
    """Whether who receives works on the incident with us and is told how it goes on; otherwise each message is somebody's decision."""

    def carried(self, message: HandoverMessage) -> HandoverMessage:
        """What of a message arrives at the other end."""
        return message.carried({"receipt": self.receipt, "close": self.closing}.get(message.kind, self.carries))


_CAP_RECEIPT = RECEIPT - {"receiver", "reference"}
_ALL = frozenset(HandoverMessage.model_fields)

FORMATS: dict[str, Format] = {
    one.name: one
    for one in (
        Format("mait", "MAIT-style XML", "application/xml", mait.write, mait.read, mait.CARRIES, mait.CARRIES, RECEIPT, joins=True),
        Format("eido", "NENA EIDO", "application/json", eido.write, eido.read, eido.CARRIES, eido.CARRIES, RECEIPT, joins=True),
        Format("ucri2", "UCRI2", "application/json", ucri2.write, ucri2.read, ucri2.CARRIES, ucri2.CARRIES_CLOSING, RECEIPT, joins=True),
        Format("cap", "CAP 1.2", "application/cap+xml", cap.write, cap.read, cap.CARRIES, cap.CARRIES, _CAP_RECEIPT, joins=False),
        Format("sitrep", "EDXL-SitRep 1.0", "application/xml", sitrep.write, None, _ALL, _ALL, frozenset(), joins=False),
    )
}
INCOMING = tuple(name for name, one in FORMATS.items() if one.read is not None)
