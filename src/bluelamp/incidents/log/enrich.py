"""What the platform adds to an event before it is kept: names that it knows, codes in common words, numbers of linked incidents."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from bluelamp.incidents.checklists import TEMPLATES
from bluelamp.incidents.domain.rules import Author, New
from bluelamp.incidents.domain.state import IncidentState
from bluelamp.incidents.errors import NoSuchIncidentError, NoSuchThingError
from bluelamp.incidents.log import store
from bluelamp.incidents.resources import store as resources
from bluelamp.incidents.terms.store import meaning_of, word_of
from bluelamp.spine.errors import ConflictError, InvalidError
from bluelamp.spine.relational import Connection

Data = dict[str, Any]


async def _amended(connection: Connection, _state: IncidentState, author: Author, data: Data) -> Data:
    for kind in ("type", "grade"):
        if kind in data:
            data[kind] = await meaning_of(connection, author.agency, kind, data[kind])
    return data


async def _joined(connection: Connection, state: IncidentState, _author: Author, data: Data) -> Data:
    if not await connection.fetchval("SELECT true FROM agencies WHERE code = $1", data["agency"]):
        raise InvalidError(f"there is no agency with the code {data['agency']}")
    data["type"] = await word_of(connection, data["agency"], "type", state.type)
    data["grade"] = await word_of(connection, data["agency"], "grade", state.grade)
    return data


async def _lead(_connection: Connection, state: IncidentState, _author: Author, data: Data) -> Data:
    if data["agency"] not in state.agencies:
        raise InvalidError(f"{data['agency']} is not part of the incident: share it with them first")
    return data


async def _acknowledged(_connection: Connection, _state: IncidentState, author: Author, data: Data) -> Data:
    return {**data, "agency": author.agency}


async def _linked(connection: Connection, state: IncidentState, author: Author, data: Data) -> Data:
    if data["incident"] == state.id:
        raise InvalidError("an incident is not linked with itself")
    if not await store.head(connection, data["incident"], author.agency, author.roles):
        raise NoSuchIncidentError
    return {**data, "number": await store.number_of(connection, data["incident"])}


async def _assigned(connection: Connection, state: IncidentState, author: Author, data: Data) -> Data:
    resource = await resources.by_id(connection, data["resource"], lock=True)
    if resource is None or resource.agency != author.agency or resource.closed:
        raise NoSuchThingError("your agency has no such resource")
    if resource.incident and resource.incident != state.id:
        raise ConflictError(f"{resource.call_sign} is on another incident: release it there first")
    return {
        **data, "call_sign": resource.call_sign, "agency": resource.agency, "resource_type": resource.type, "code": resource.code,
        "status": resource.status,
    }  # fmt: skip


async def _status(connection: Connection, _state: IncidentState, author: Author, data: Data) -> Data:
    return {**data, "status": await meaning_of(connection, author.agency, "status", data["code"])}


async def _report(_connection: Connection, _state: IncidentState, author: Author, data: Data) -> Data:
    return {**data, "call_sign": author.call_sign}


async def _checklist(_connection: Connection, _state: IncidentState, _author: Author, data: Data) -> Data:
    template = TEMPLATES.get(data["template"])
    if template is None:
        raise NoSuchThingError(f"there is no checklist {data['template']!r}: there are {', '.join(TEMPLATES)}")
    return {**data, "title": template.title, "items": list(template.items)}


_ADDED: dict[str, Callable[[Connection, IncidentState, Author, Data], Awaitable[Data]]] = {
    "incident.amended": _amended,
    "incident.linked": _linked,
    "agency.joined": _joined,
    "agency.acknowledged": _acknowledged,
    "lead.passed": _lead,
    "resource.assigned": _assigned,
    "resource.status": _status,
    "report.sent": _report,
    "checklist.started": _checklist,
}


async def enriched(connection: Connection, state: IncidentState, author: Author, new: New) -> Data:
    """The event's data as it is kept.

    Raises:
        BluelampError: it speaks of what there is not, or of what is another's.
    """
    add = _ADDED.get(new.kind)
    return dict(new.data) if add is None else await add(connection, state, author, dict(new.data))


async def follow_up(connection: Connection, new: New, data: Data, incident: str, happened_at: int) -> None:
    """What a kept event means for the records of resources, in the same transaction."""
    if new.kind == "resource.assigned":
        await resources.put_on(connection, data["resource"], incident)
    elif new.kind == "resource.released":
        await resources.take_off(connection, [data["resource"]], incident)
    elif new.kind == "resource.status":
        await resources.set_status(connection, data["resource"], data["code"], data["status"], happened_at)
    elif new.kind in {"incident.closed", "incident.merged"} and data.get("direction") != "from":
        await resources.take_off(connection, None, incident)
    elif new.kind == "agency.left":
        await resources.take_off_agency(connection, data["agency"], incident)
