"""Looking something up for a person: what an incident asks when somebody records a vehicle. Each source fills the port in wiring."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from bluelamp.spine.module import Spine

PORT = "vehicle_lookups"


class Wanted(NamedTuple):
    """Who asks, for what. The answer is for the agency in which they ask, and on record as their look."""

    person: str
    """Account id."""
    agency: str
    vrm: str
    purpose: str
    """One of the configured purposes, by the type of the incident."""
    reference: str
    """Number of the incident."""


class VehicleLookups(Protocol):
    """What knows of vehicles."""

    async def look_up(self, wanted: Wanted) -> dict[str, Any] | None:
        """What this person may see of it: small JSON values with `why` where it is refused; None: they may not ask at all."""


def vehicle_lookups(spine: Spine) -> dict[str, VehicleLookups]:
    """The sources that there are, by name."""
    found: VehicleLookups | None = spine.ports.get(PORT)
    return {} if found is None else {"anpr": found}
