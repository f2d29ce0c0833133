"""How long things took, folded from the events that an agency sees. Pure.

Opened, joined, acknowledged and closed are by the platform's clock; assigned and at the scene by the device's, corrected, as crews
without signal say it later.
"""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel

from bluelamp.incidents.domain.fold import Event
from bluelamp.kit.clock import to_rfc3339

KINDS = (
    "incident.opened", "incident.closed", "incident.merged", "incident.reopened", "agency.joined", "agency.acknowledged", "agency.left",
    "resource.assigned", "resource.status", "resource.released", "emergency.raised", "emergency.acknowledged", "emergency.escalated",
    "emergency.closed",
)  # fmt: skip
"""All that is needed of the log."""


class AgencyTimes(BaseModel):
    """One agency's part. Times are RFC 3339, empty where it did not happen; seconds are null there."""

    agency: str
    joined_at: str = ""
    acknowledged_at: str = ""
    first_assigned_at: str = ""
    first_at_scene_at: str = ""
    left_at: str = ""
    joined_to_acknowledged_s: float | None = None
    joined_to_assigned_s: float | None = None
    assigned_to_at_scene_s: float | None = None
    resources: int = 0
    """How many of its resources were ever assigned."""


class EmergencyTimes(BaseModel):
    emergency: str
    raised_at: str
    acknowledged_at: str = ""
    raised_to_acknowledged_s: float | None = None
    level: int = 0
    """How often it was told again, wider."""


class Times(BaseModel):
    """Of an incident, as one agency may see it."""

    opened_at: str = ""
    first_assigned_at: str = ""
    first_at_scene_at: str = ""
    closed_at: str = ""
    """Of the last time that it was closed; empty while it is open."""
    opened_to_assigned_s: float | None = None
    opened_to_at_scene_s: float | None = None
    opened_to_closed_s: float | None = None
    agencies: list[AgencyTimes] = []
    emergencies: list[EmergencyTimes] = []


class _Agency:
    def __init__(self) -> None:
        self.joined = self.acknowledged = self.assigned = self.at_scene = self.left = 0
        self.resources: set[str] = set()


class Stopwatch:
    """Give it the events in the order of the log; then ask for the times."""

    def __init__(self) -> None:
        self._opened = self._closed = 0
        self._agencies: dict[str, _Agency] = {}
        self._of_resource: dict[str, str] = {}
        self._emergencies: dict[str, list[int]] = {}

    def see(self, event: Event) -> None:
        """What is of no kind in `KINDS` changes nothing."""
        data, at = event.data, event.heard_at
        if event.kind == "incident.opened":
            self._opened = at
            self._agency(data["lead"]).joined = at
        elif event.kind in {"incident.closed", "incident.merged"} and data.get("direction") != "from":
            self._closed = at
        elif event.kind == "incident.reopened":
            self._closed = 0
        elif event.kind.startswith("agency."):
            self._membership(event)
        elif event.kind.startswith("resource."):
            self._resource(event)
        elif event.kind.startswith("emergency."):
            self._emergency(event)

    def _agency(self, code: str) -> _Agency:
        return self._agencies.setdefault(code, _Agency())

    def _membership(self, event: Event) -> None:
        one = self._agency(event.data.get("agency") or event.agency)
        if event.kind == "agency.joined":
            one.joined, one.left = one.joined or event.heard_at, 0
        elif event.kind == "agency.acknowledged":
            one.acknowledged = one.acknowledged or event.heard_at
        else:
            one.left = event.at

    def _resource(self, event: Event) -> None:
        data = event.data
        if event.kind == "resource.assigned":
            one = self._agency(self._of_resource.setdefault(data["resource"], data["agency"]))
            one.resources.add(data["resource"])
            one.assigned = _first(one.assigned, event.happened_at)
        if data.get("status") == "at_scene" and data["resource"] in self._of_resource:
            one = self._agency(self._of_resource[data["resource"]])
            one.at_scene = _first(one.at_scene, event.happened_at)

    def _emergency(self, event: Event) -> None:
        known = self._emergencies.setdefault(event.data["emergency"], [0, 0, 0])
        if event.kind == "emergency.raised":
            known[0] = event.heard_at
        elif event.kind == "emergency.escalated":
            known[2] = max(known[2], event.data["level"])
        elif event.kind != "emergency.cancelled" and not known[1]:
            known[1] = event.heard_at

    def times(self) -> Times:
        assigned = _least(one.assigned for one in self._agencies.values())
        at_scene = _least(one.at_scene for one in self._agencies.values())
        return Times(
            opened_at=_told(self._opened), first_assigned_at=_told(assigned), first_at_scene_at=_told(at_scene),
            closed_at=_told(self._closed), opened_to_assigned_s=_seconds(self._opened, assigned),
            opened_to_at_scene_s=_seconds(self._opened, at_scene),
            opened_to_closed_s=_seconds(self._opened, self._closed),
            agencies=[_of_agency(code, one) for code, one in sorted(self._agencies.items())],
            emergencies=[
                EmergencyTimes(
                    emergency=emergency, raised_at=_told(raised), acknowledged_at=_told(answered),
                    raised_to_acknowledged_s=_seconds(raised, answered), level=level,
                )
                for emergency, (raised, answered, level) in self._emergencies.items()
            ],
        )  # fmt: skip


def times_of(events: Iterable[Event]) -> Times:
    watch = Stopwatch()
    for event in events:
        watch.see(event)
    return watch.times()


def _of_agency(code: str, one: _Agency) -> AgencyTimes:
    return AgencyTimes(
        agency=code, joined_at=_told(one.joined), acknowledged_at=_told(one.acknowledged), first_assigned_at=_told(one.assigned),
        first_at_scene_at=_told(one.at_scene), left_at=_told(one.left), joined_to_acknowledged_s=_seconds(one.joined, one.acknowledged),
        joined_to_assigned_s=_seconds(one.joined, one.assigned), assigned_to_at_scene_s=_seconds(one.assigned, one.at_scene),
        resources=len(one.resources),
    )  # fmt: skip


def _first(known: int, at: int) -> int:
    return min(known, at) if known else at


def _least(times: Iterable[int]) -> int:
    return min((at for at in times if at), default=0)


def _told(at: int) -> str:
    return to_rfc3339(at) if at else ""


def _seconds(start: int, end: int) -> float | None:
    """Never negative: a crew that says it was there before the call was taken was there at once."""
    return max(0, end - start) / 1000 if start and end else None
