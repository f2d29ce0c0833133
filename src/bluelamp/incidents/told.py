"""What is told of an event on the stream: to screens, devices, gateways and other regions."""

from __future__ import annotations

from typing import Any

import msgspec

from bluelamp.incidents.domain.fold import Carried, Event


class Told(msgspec.Struct, frozen=True):
    """An event and who may see it at that moment. Times are epoch milliseconds."""

    incident: str
    """Empty: an emergency that belongs to no incident."""
    sequence: int
    id: str
    kind: str
    at: int
    happened_at: int
    person: str
    name: str
    agency: str
    call_sign: str
    audience: tuple[str, ...]
    agencies: dict[str, tuple[str, ...]]
    """Agency -> the roles that see it; none: all who may see incidents."""
    data: dict[str, Any]
    region: str = ""
    """The other region that it came from; empty: it was said here."""
    carried: Carried | None = None
    """Where it was said first, if not of this incident: whoever acts on events has acted on it there."""

    def seen_by(self, agency: str, roles: frozenset[str]) -> bool:
        limited = self.agencies.get(agency)
        if limited is None or (self.audience and agency not in self.audience):
            return False
        return not limited or not roles.isdisjoint(limited)


def told_of(event: Event, agencies: dict[str, tuple[str, ...]]) -> Told:
    return Told(
        event.incident, event.sequence, event.id, event.kind, event.at, event.happened_at, event.person, event.name, event.agency,
        event.call_sign, event.audience, agencies, event.data, event.region, event.carried,
    )  # fmt: skip


encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Told).decode
