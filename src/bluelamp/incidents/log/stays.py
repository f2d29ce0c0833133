"""Who was on an incident when, folded from its events. Pure."""

from __future__ import annotations

from typing import NamedTuple

from bluelamp.incidents.domain.fold import Event

KINDS = ("resource.assigned", "resource.released", "agency.left", "incident.closed", "incident.merged")
STAYS_MAX = 5_000


class Stay(NamedTuple):
    """A resource on the incident, from when until when. Epoch milliseconds."""

    resource: str
    call_sign: str
    agency: str
    start: int
    end: int


class Stays:
    """Folds who was on the incident when."""

    def __init__(self) -> None:
        self._open: dict[str, Stay] = {}
        self._ended: list[Stay] = []

    def see(self, event: Event) -> None:
        data = event.data
        if event.kind == "resource.assigned":
            if data["resource"] not in self._open:
                self._open[data["resource"]] = Stay(data["resource"], data["call_sign"], data["agency"], event.happened_at, 0)
        elif event.kind == "resource.released":
            self._end([data["resource"]], event.happened_at)
        elif event.kind == "agency.left":
            self._end([one.resource for one in self._open.values() if one.agency == data["agency"]], event.at)
        elif event.kind in {"incident.closed", "incident.merged"} and data.get("direction") != "from":
            self._end(list(self._open), event.at)

    def _end(self, resources: list[str], at: int) -> None:
        for resource in resources:
            if stay := self._open.pop(resource, None):
                self._ended.append(stay._replace(end=max(at, stay.start)))

    def until(self, now: int) -> list[Stay]:
        """All of them, those still on it until now; at most `STAYS_MAX`."""
        return [*self._ended, *(stay._replace(end=now) for stay in self._open.values())][:STAYS_MAX]
