"""An event of the stream as the live view keeps it: who may see it, whether it goes first, and its JSON, made once."""

from __future__ import annotations

import logging

import msgspec

from bluelamp.incidents.domain.fold import Carried
from bluelamp.kit.clock import to_rfc3339
from bluelamp.spine.bus import Message

log = logging.getLogger(__name__)


class _Told(msgspec.Struct, frozen=True):
    """The envelope (incidents/told.py), as far as it is needed here."""

    incident: str
    sequence: int
    id: str
    kind: str
    at: int
    happened_at: int
    name: str
    agency: str
    call_sign: str
    audience: tuple[str, ...]
    agencies: dict[str, tuple[str, ...]]
    data: msgspec.Raw
    carried: Carried | None = None


class _Shown(msgspec.Struct, frozen=True):
    """An event as `GET /v1/incidents/{incident}/events` shows it, with its incident."""

    incident: str
    sequence: int
    id: str
    kind: str
    at: str
    happened_at: str
    name: str
    agency: str
    call_sign: str
    audience: tuple[str, ...]
    data: msgspec.Raw
    carried: Carried | None


class Named(msgspec.Struct, frozen=True):
    """What some kinds of events name: members that a kind lacks are empty."""

    agency: str = ""
    resource: str = ""
    direction: str = ""


class Happening(msgspec.Struct, frozen=True, gc=False):
    """`number` is its place in the stream; `sequence` its place in the incident, 0 where it belongs to none."""

    number: int
    incident: str
    sequence: int
    kind: str
    agencies: dict[str, tuple[str, ...]]
    """Agency -> the roles that see it; none: all who may see incidents."""
    audience: tuple[str, ...]
    urgent: bool
    named: Named
    shown: bytes

    def told_to(self, agency: str, roles: frozenset[str]) -> bool:
        """Whether it was told to them when it happened; whether they may still see it, the book knows."""
        limited = self.agencies.get(agency)
        if limited is None or (self.audience and agency not in self.audience):
            return False
        return not limited or not roles.isdisjoint(limited)


_decode = msgspec.json.Decoder(_Told).decode
_named = msgspec.json.Decoder(Named).decode
_encode = msgspec.json.Encoder().encode
_NAMING = frozenset({"agency.joined", "agency.left", "resource.assigned", "resource.released", "incident.merged"})
_NOTHING = Named()
URGENT = "emergency."


def happening_of(message: Message) -> Happening | None:
    """None for a message that is no event: whatever it is, it must not stop the stream."""
    try:
        told = _decode(message.payload)
        named = _named(told.data) if told.kind in _NAMING else _NOTHING
    except msgspec.MsgspecError:
        log.warning("message %d of the stream of incidents is no event; passed over", message.sequence)
        return None
    shown = _encode(
        _Shown(
            told.incident, told.sequence, told.id, told.kind, to_rfc3339(told.at), to_rfc3339(told.happened_at), told.name, told.agency,
            told.call_sign, told.audience, told.data, told.carried,
        )
    )  # fmt: skip
    urgent = told.kind.startswith(URGENT) and told.carried is None
    return Happening(message.sequence, told.incident, told.sequence, told.kind, told.agencies, told.audience, urgent, named, shown)
