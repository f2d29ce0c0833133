"""Groups: what a client may see, and whom what it sends goes to. The names are the gateway's own and never leave it.

- `KEN`: everybody of an agency
- `KEN/control`: its control room, which alone sees covert resources
- `incident:ID`: everybody whose agency answers the incident, limited to the roles that it is shared with
- `incident:ID/KEN`: of those, one agency's, for what is for some agencies only
"""

from __future__ import annotations

from collections.abc import Iterable

CONTROL_ROLES = frozenset({"control", "supervisor", "dispatcher"})


def of_person(agency: str, roles: frozenset[str], incidents: Iterable[str]) -> frozenset[str]:
    """What somebody in this post may see; `incidents` are those that their agency and role see now."""
    found = {agency}
    if not roles.isdisjoint(CONTROL_ROLES):
        found.add(f"{agency}/control")
    for incident in incidents:
        found |= {of_incident(incident), f"{of_incident(incident)}/{agency}"}
    return frozenset(found)


def of_incident(incident: str) -> str:
    return f"incident:{incident}"


def of_told(incident: str, audience: Iterable[str]) -> frozenset[str]:
    """Who an event of an incident goes to; `audience`: agencies, none for all of it."""
    group = of_incident(incident)
    return frozenset(f"{group}/{agency}" for agency in audience) or frozenset({group})


def is_limited(audience: frozenset[str]) -> bool:
    """Whether it is for some agencies of an incident only."""
    return all(group.startswith("incident:") and "/" in group for group in audience)


def of_resource(agency: str, incident: str, *, covert: bool) -> frozenset[str]:
    """Who sees where a resource is: its agency, and all who answer the incident that it is on."""
    if covert:
        return frozenset({f"{agency}/control"})
    return frozenset({agency, of_incident(incident)}) if incident else frozenset({agency})
