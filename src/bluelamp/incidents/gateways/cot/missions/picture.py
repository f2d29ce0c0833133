"""Everything of an incident that has a place, as events for a map. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from bluelamp.incidents.domain.state import IncidentState
from bluelamp.incidents.gateways.cot.joining import writing
from bluelamp.incidents.gateways.cot.missions.store import Alias
from bluelamp.incidents.gateways.cot.wire.event import CotEvent


class Shown(NamedTuple):
    """`at`: RFC 3339, when it last changed; `audience`: the only agencies that see it, none: all of the incident."""

    event: CotEvent
    at: str
    by: str
    audience: list[str]

    def seen_by(self, agency: str) -> bool:
        return not self.audience or agency in self.audience


def events_of(state: IncidentState, aliases: Mapping[str, Alias], now: int) -> Iterator[Shown]:
    """Scene, drawings and casualties."""
    if state.place.point is not None:
        scene = writing.scene(state.id, state.number, state.title, state.place.model_dump(), now, now)
        yield Shown(scene, state.opened_at, state.opened_by, [])
    for feature in state.features.values():
        data = {"feature": feature.id, **feature.model_dump(include={"type", "geometry", "label", "note"})}
        drawing = named(writing.drawing(data, now, now), aliases.get(feature.id))
        yield Shown(drawing, feature.at, feature.by, feature.audience)
    for casualty in state.casualties.values():
        if casualty.place is not None and casualty.place.point is not None and not casualty.struck:
            event = writing.casualty(casualty.id, casualty.model_dump(), now, now)
            yield Shown(event, casualty.at, casualty.by, casualty.audience)


def named(event: CotEvent, alias: Alias | None) -> CotEvent:
    """The event under the name and type that the device which drew it gave; a marker never becomes a line by that."""
    if alias is not None:
        event.uid = alias.uid
        if alias.type.startswith("u-d-") == event.type.startswith("u-d-"):
            event.type = alias.type
    return event


def uid_of(feature: str, aliases: Mapping[str, Alias]) -> str:
    """What devices call a drawing."""
    alias = aliases.get(feature)
    return alias.uid if alias is not None else writing.feature_uid(feature)
