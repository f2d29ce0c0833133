"""Who sees which incident now, and which resource is on which: in memory, for what is decided for every event and every device.

Read from the records at the start and kept by the stream's events, in the order of each incident's own log: an older word never
overrules a newer one, however they arrive.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple, Protocol

from bluelamp.incidents.live.happenings import Happening
from bluelamp.spine.module import Spine

KEPT_MAX = 200_000
"""Incidents; the one longest without a word goes first, and is asked for anew when somebody wants it."""


class Known(NamedTuple):
    """An incident as of an event of its log."""

    sequence: int
    agencies: dict[str, tuple[str, ...]]


class Standing(NamedTuple):
    """What the records say: incidents by id, and who is on which."""

    incidents: dict[str, Known]
    assigned: dict[str, tuple[str, str]]
    """Resource -> the incident that it is on, and its agency."""


class Records(Protocol):
    """Where the book begins."""

    async def standing(self) -> Standing:
        """All open incidents, those that changed lately, and who is on them. Raises `EngineDownError`."""

    async def incident(self, incident: str) -> Known | None:
        """One of them, whatever its age. Raises `EngineDownError`."""


class Book:
    """One per process."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._incidents: OrderedDict[str, Known] = OrderedDict()
        self.incident_of: dict[str, str] = {}
        """Resource -> incident."""
        self._resources: dict[str, set[str]] = {}
        self._agency_of: dict[str, str] = {}
        """Of each resource that is on an incident."""
        self.on_reassigned: Callable[[str], None] = _nobody
        """Told of each resource that is on another incident now, or on none."""

    async def load(self) -> None:
        standing = await self._records.standing()
        for incident, known in standing.incidents.items():
            self._learn(incident, known)
        for resource, (incident, agency) in standing.assigned.items():
            self._assign(resource, incident, agency)

    async def look_up(self, incident: str) -> None:
        """Ask the records for an incident that the book does not hold."""
        if incident not in self._incidents and (known := await self._records.incident(incident)) is not None:
            self._learn(incident, known)

    def sees(self, incident: str, agency: str, roles: frozenset[str]) -> bool:
        """Whether somebody of this agency with these roles sees the incident now."""
        known = self._incidents.get(incident)
        limited = known.agencies.get(agency) if known is not None else None
        return limited is not None and (not limited or not roles.isdisjoint(limited))

    def resources_on(self, incident: str) -> frozenset[str]:
        return frozenset(self._resources.get(incident, ()))

    def apply(self, happening: Happening) -> None:
        """What an event says of who sees the incident, and of who is on it."""
        if not happening.incident:
            return
        if happening.kind == "resource.assigned":
            self._assign(happening.named.resource, happening.incident, happening.named.agency)
        elif happening.kind == "resource.released":
            self._release(happening.named.resource, happening.incident)
        elif happening.kind == "incident.closed" or (happening.kind == "incident.merged" and happening.named.direction != "from"):
            for resource in self.resources_on(happening.incident):
                self._release(resource, happening.incident)
        agencies = happening.agencies
        if happening.kind == "agency.left":
            for resource in self.resources_on(happening.incident):
                if self._agency_of.get(resource) == happening.named.agency:
                    self._release(resource, happening.incident)
            # It was told to those who saw it before, and after.
            agencies = {agency: roles for agency, roles in agencies.items() if agency != happening.named.agency}
        self._learn(happening.incident, Known(happening.sequence, agencies))

    def _learn(self, incident: str, known: Known) -> None:
        before = self._incidents.get(incident)
        if before is not None and before.sequence >= known.sequence:
            return
        self._incidents[incident] = known
        self._incidents.move_to_end(incident)
        if len(self._incidents) > KEPT_MAX:
            self._incidents.popitem(last=False)

    def _assign(self, resource: str, incident: str, agency: str) -> None:
        self._release(resource, self.incident_of.get(resource, ""))
        self.incident_of[resource] = incident
        self._agency_of[resource] = agency
        self._resources.setdefault(incident, set()).add(resource)
        self.on_reassigned(resource)

    def _release(self, resource: str, incident: str) -> None:
        if self.incident_of.get(resource) != incident:
            return
        del self.incident_of[resource]
        self._agency_of.pop(resource, None)
        there = self._resources[incident]
        there.discard(resource)
        if not there:
            del self._resources[incident]
        self.on_reassigned(resource)


def _nobody(_resource: str) -> None:
    pass


class RecordsOfSpine:
    """The records as PostgreSQL keeps them."""

    def __init__(self, spine: Spine) -> None:
        self._db = spine.db

    async def standing(self) -> Standing:
        rows = await self._db.fetch(
            "SELECT i.id, i.sequence, a.agency, a.roles FROM incidents i JOIN incident_agencies a ON a.incident = i.id"
            " WHERE i.status = 'open' OR i.updated_at > now() - interval '2 days' ORDER BY i.updated_at DESC LIMIT $1",
            KEPT_MAX,
        )
        incidents: dict[str, Known] = {}
        for row in reversed(rows):
            incidents.setdefault(row["id"], Known(row["sequence"], {})).agencies[row["agency"]] = tuple(row["roles"])
        rows = await self._db.fetch(
            "SELECT id, incident, agency FROM resources WHERE incident IS NOT NULL"
            " UNION ALL SELECT resource, incident, agency FROM resources_elsewhere"
        )
        return Standing(incidents, {row["id"]: (row["incident"], row["agency"]) for row in rows})

    async def incident(self, incident: str) -> Known | None:
        rows = await self._db.fetch(
            "SELECT i.sequence, a.agency, a.roles FROM incidents i LEFT JOIN incident_agencies a ON a.incident = i.id WHERE i.id = $1",
            incident,
        )
        agencies = {row["agency"]: tuple(row["roles"]) for row in rows if row["agency"] is not None}
        return Known(rows[0]["sequence"], agencies) if rows else None
