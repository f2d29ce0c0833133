"""What an ended incident knew and the one that goes on has to know: which of its events are said again there, and as what. Pure.

They keep what was said, by whom and when it happened, who may see it, and name their source; what was decided about the ended incident
itself (its title, its lead, who sees it) stays with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable

from bluelamp.incidents.domain.fold import Carried, Event
from bluelamp.incidents.domain.rules import STAYS
from bluelamp.incidents.domain.state import IncidentState
from bluelamp.kit.ids import encode_base32

_NOT_CARRIED = STAYS - {"incident.linked"} | {"incident.opened"}
"""A link that the ended one has to a third is worth knowing in the other; a new one is not said of it any more."""


def chosen(ending: IncidentState, log: Iterable[Event], into: IncidentState) -> list[Event]:
    """The events of `ending` that are carried into `into`, in order. Call it before either has heard of the merging."""
    moving = {one.id for one in ending.resources.values() if not one.released_at}
    here = {one.id for one in into.resources.values() if not one.released_at}
    kept = [e for e in log if _goes_on(e, into) and (not e.kind.startswith("resource.") or e.data["resource"] in moving - here)]
    # Of a resource that came, went and came again only the last stay goes on.
    began = {event.data["resource"]: event.sequence for event in kept if event.kind == "resource.assigned"}
    return [e for e in kept if not e.kind.startswith("resource.") or e.sequence >= began.get(e.data["resource"], 0)]


def chosen_late(events: Iterable[Event], into: IncidentState) -> list[Event]:
    """Of what was said of an ended incident before its speaker could know of the merging, what goes on in `into`."""
    here = {one.id for one in into.resources.values() if not one.released_at}
    kept: list[Event] = []
    for event in events:
        if not _goes_on(event, into):
            continue
        if event.kind == "resource.assigned":
            here.add(event.data["resource"])
        elif event.kind.startswith("resource.") and event.data["resource"] not in here:
            continue
        kept.append(event)
    return kept


def _goes_on(event: Event, into: IncidentState) -> bool:
    """Whether it is news in `into` at all; of resources more is asked."""
    if event.kind == "agency.acknowledged":
        member = into.agencies.get(event.data.get("agency") or event.agency)
        return member is None or not member.acknowledged_at
    return event.kind not in _NOT_CARRIED and not (event.kind == "incident.linked" and event.data["incident"] == into.id)


def source_of(event: Event, number: str) -> Carried:
    """Where it was said first; `number` is that of the incident whose log it is from."""
    return event.carried or Carried(event.incident, number, event.id)


def id_in(incident: str, source: str) -> str:
    """The id of what is said again in an incident: it follows from the source's, so that saying it again makes nothing new."""
    digest = hashlib.sha256(f"{incident}\0{source}".encode()).digest()
    return encode_base32(int.from_bytes(digest[:16], "big"), 26)


def said_again(event: Event, source: Carried, incident: str, sequence: int, at: int) -> Event:
    """The event as the log of `incident` keeps it. Its device says no more which region it came from: this log is ours."""
    return event._replace(
        incident=incident, sequence=sequence, id=id_in(incident, source.id), at=at, device="" if event.region else event.device,
        carried=source,
    )  # fmt: skip


def roles_in_both(one: Collection[str], other: Collection[str]) -> list[str]:
    """Roles of an agency that saw both: nobody who worked on either loses sight of it. None: all who respond."""
    return sorted({*one, *other}) if one and other else []
