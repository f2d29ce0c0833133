"""Who may say what of an incident. Pure: given the state, the author and what they say; a failure says what to do instead."""

from __future__ import annotations

from typing import Any, NamedTuple

from bluelamp.incidents.access import INCIDENTS_COMMAND, RESOURCES_DISPATCH
from bluelamp.incidents.domain.events import PLATFORM_ONLY
from bluelamp.incidents.domain.state import IncidentState
from bluelamp.incidents.errors import IncidentClosedError, NoSuchThingError, NotTheLeadError, NotYoursError
from bluelamp.kit.clock import from_rfc3339
from bluelamp.spine.audit import Actor
from bluelamp.spine.errors import ForbiddenError, InvalidError


class Author(NamedTuple):
    """Who speaks: a person in a post, or the platform for somebody."""

    actor: Actor
    name: str
    agency: str
    roles: frozenset[str]
    permissions: frozenset[str]
    call_sign: str = ""
    device: str = ""
    platform: bool = False
    """The platform's own doors: they check for themselves."""


class New(NamedTuple):
    """An event that somebody wants kept."""

    id: str
    kind: str
    happened_at: int
    """Epoch milliseconds, corrected for the device's clock."""
    data: dict[str, Any]
    audience: tuple[str, ...] = ()


BY_LEAD = frozenset(
    {
        "incident.amended", "incident.closed", "incident.reopened", "incident.linked", "incident.merged", "agency.joined", "agency.left",
        "lead.passed",
    }
)  # fmt: skip
"""What only the control room of the agency that leads may say, but for the exceptions in `_command`."""
ON_SCENE = frozenset({"place", "description", "title"})
"""What anybody of the lead's may put right: they see it with their own eyes."""
STAYS = BY_LEAD | {"handover.sent"}
"""What is said of an ended incident itself, and does not go on with what it was merged into."""
AFTER_CLOSING = frozenset(
    {
        "incident.reopened", "incident.linked", "agency.left", "log.written", "media.added", "media.hidden", "handover.sent",
        "emergency.cancelled", "emergency.closed",
    }
)  # fmt: skip
THINGS = {
    "feature.removed": ("features", "feature", "drawing"),
    "media.hidden": ("media", "media", "picture"),
    "checklist.ticked": ("checklists", "checklist", "checklist"),
    "resource.status": ("resources", "resource", "resource"),
    "resource.released": ("resources", "resource", "resource"),
    "casualty.struck": ("casualties", "casualty", "casualty"),
}


def check(state: IncidentState, author: Author, new: New) -> None:
    """Nothing where it may be said.

    Raises:
        ForbiddenError, NotTheLeadError, NotYoursError: it is somebody else's to say.
        IncidentClosedError: it happened after the incident was closed.
        NoSuchThingError: it is about something that the incident does not have.
        InvalidError: an audience that the incident does not have.
    """
    _fits(state, author, new)
    if author.platform:
        return
    if new.kind in PLATFORM_ONLY:
        raise ForbiddenError(f"{new.kind} is not sent to the log: it has a door of its own")
    if new.kind in BY_LEAD:
        _command(state, author, new)
    elif new.kind == "agency.acknowledged":
        _demand(author, INCIDENTS_COMMAND, "acknowledge for your agency")
    elif new.kind in {"resource.assigned", "resource.released"}:
        _demand(author, RESOURCES_DISPATCH, "send and release resources")
    if new.kind == "media.hidden":
        _hide(state, author, new)
    if new.kind in {"resource.status", "resource.released"} and state.resources[new.data["resource"]].agency != author.agency:
        raise NotYoursError("resources are moved by their own agency: ask its control room")


def _fits(state: IncidentState, author: Author, new: New) -> None:
    """Whether there is what it speaks of, whoever says it."""
    if state.status != "open" and new.kind not in AFTER_CLOSING and not _before_closing(state, new):
        if state.merged_into:
            raise IncidentClosedError(f"the incident goes on as {_survivor(state)}: say it there, or have this one opened again")
        raise IncidentClosedError("the incident is closed: have it opened again, or write a log entry")
    if new.audience and (author.agency not in new.audience or not state.agencies.keys() >= set(new.audience)):
        raise InvalidError("an audience names your own agency and others that see the incident")
    if new.kind in THINGS:
        place, key, word = THINGS[new.kind]
        if new.data[key] not in getattr(state, place):
            raise NoSuchThingError(f"the incident has no such {word}")


def _before_closing(state: IncidentState, new: New) -> bool:
    """What a phone without signal saw before the end still belongs to the incident."""
    return bool(state.closed_at) and new.happened_at <= from_rfc3339(state.closed_at) and new.kind not in BY_LEAD


def _survivor(state: IncidentState) -> str:
    """The number of the one that it was merged into."""
    return next((link.number for link in reversed(state.links) if link.incident == state.merged_into), state.merged_into)


def _hide(state: IncidentState, author: Author, new: New) -> None:
    by_lead = author.agency == state.lead and INCIDENTS_COMMAND in author.permissions
    if not by_lead and author.agency != state.media[new.data["media"]].agency:
        raise NotYoursError("it is hidden by the agency that sent it, or by the control room of the agency that leads")


def _demand(author: Author, permission: str, what: str) -> None:
    if permission not in author.permissions:
        raise ForbiddenError(f"your roles do not let you {what} ({permission}): ask your control room", permission=permission)


def _command(state: IncidentState, author: Author, new: New) -> None:
    leads = author.agency == state.lead
    if leads and new.kind == "incident.amended" and new.data.keys() <= ON_SCENE:
        return
    _demand(author, INCIDENTS_COMMAND, "run an incident")
    if new.kind == "agency.left" and new.data["agency"] == author.agency and not leads:
        return
    if new.kind == "agency.joined" and new.data["agency"] == author.agency:
        return  # an agency says itself which of its roles see what is shared with it
    if not leads:
        raise NotTheLeadError(f"{state.lead} leads this incident: ask its control room")
    if new.kind == "agency.left" and new.data["agency"] == state.lead:
        raise InvalidError("the agency that leads passes the lead on before it leaves")
