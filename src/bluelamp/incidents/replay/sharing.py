"""When an agency was part of an incident, folded from its events; and the parts of stays that it may therefore see. Pure."""

from __future__ import annotations

from bluelamp.incidents.domain.fold import Event
from bluelamp.incidents.log.stays import Stay

KINDS = ("incident.opened", "agency.joined", "agency.left")


class Shared:
    """Give it the events in the order of the log."""

    def __init__(self, agency: str) -> None:
        self._agency = agency
        self._since = 0
        self._ended: list[tuple[int, int]] = []

    def see(self, event: Event) -> None:
        if event.kind == "incident.opened" and event.data["lead"] == self._agency:
            self._since = event.at
        elif event.kind == "agency.joined" and event.data["agency"] == self._agency:
            self._since = self._since or event.at
        elif event.kind == "agency.left" and event.data["agency"] == self._agency and self._since:
            self._ended.append((self._since, event.at))
            self._since = 0

    def spans(self, now: int) -> list[tuple[int, int]]:
        """From when until when, epoch milliseconds."""
        return [*self._ended, (self._since, now)] if self._since else self._ended

    def seen_of(self, stays: list[Stay], now: int) -> list[Stay]:
        """The agency's own resources while they were on the incident; others' only while it was shared with it, as live."""
        found = []
        for stay in stays:
            if stay.agency == self._agency:
                found.append(stay)
                continue
            for start, end in self.spans(now):
                clipped = stay._replace(start=max(stay.start, start), end=min(stay.end, end))
                if clipped.start < clipped.end:
                    found.append(clipped)
        return found
