"""Doors of resources: the agency's own, and what somebody crews."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from bluelamp.incidents.access import (
    CONTROL_ROOM,
    INCIDENTS_CONTRIBUTE,
    INCIDENTS_VIEW,
    RESOURCES_MANAGE,
    RESOURCES_VIEW,
)
from bluelamp.incidents.authors import author_of
from bluelamp.incidents.domain.rules import New
from bluelamp.incidents.errors import UnknownTermError
from bluelamp.incidents.log import store as log_store
from bluelamp.incidents.log.actions import append
from bluelamp.incidents.resources import actions, queries, store
from bluelamp.incidents.resources.schemas import (
    BookOnQuestion,
    MineShown,
    ResourceChange,
    ResourceQuestion,
    ResourceShown,
    StatusQuestion,
)
from bluelamp.kit.clock import to_ms
from bluelamp.kit.ids import new_id
from bluelamp.kit.paging import decode_cursor, encode_cursor
from bluelamp.spine import audit
from bluelamp.spine.errors import InvalidError
from bluelamp.spine.http import Caller, Id, SpineHere, permit
from bluelamp.spine.wire import Page

router = APIRouter(tags=["incidents"], prefix="/incidents")

OPEN = ["open"]
MINE_MAX = 100


@router.get("/me")
async def read_mine(spine: SpineHere, caller: Annotated[Caller, permit(INCIDENTS_VIEW)]) -> MineShown:
    """What you crew, the incident you are assigned to, and the open incidents that you see, the newest first."""
    crewed = await store.of_person(spine.db, caller.id)
    intent = await audit.intend(spine.db, caller.actor, INCIDENTS_VIEW, detail={"mine": True})
    rows = await log_store.listed(spine.db, caller.agency, caller.roles, OPEN, None, MINE_MAX)
    await audit.conclude(spine.db, intent, "answered", len(rows))
    return MineShown.of(crewed, rows)


@router.put("/me/resource")
async def book_on(question: BookOnQuestion, spine: SpineHere, caller: Annotated[Caller, permit(INCIDENTS_CONTRIBUTE)]) -> ResourceShown:
    """Crew a resource of your agency: what you say and where you are is then told under its call sign."""
    return ResourceShown.of(await actions.book_on(spine, caller, question.resource))


@router.delete("/me/resource", status_code=204)
async def book_off(spine: SpineHere, caller: Annotated[Caller, permit(INCIDENTS_CONTRIBUTE)]) -> None:
    """Crew nothing any more; you are no longer tracked."""
    await actions.book_off(spine, caller)


@router.get("/resources")
async def list_resources(
    spine: SpineHere,
    caller: Annotated[Caller, permit(RESOURCES_VIEW)],
    cursor: Annotated[str, Query(max_length=200)] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 200,
) -> Page[ResourceShown]:
    """Your agency's resources by call sign, with their crews. Covert ones are shown to the control room only."""
    after = ""
    if cursor:
        try:
            after = str(decode_cursor(cursor, str)[0]).replace("\0", "")
        except ValueError as error:
            raise InvalidError("not a cursor of this list") from error
    intent = await audit.intend(spine.db, caller.actor, RESOURCES_VIEW)
    covert = not caller.roles.isdisjoint(CONTROL_ROOM)
    found = await store.of_agency(spine.db, caller.agency, covert=covert, after=after, limit=limit + 1)
    crews: dict[str, list[str]] = {}
    for row in await store.crews_of(spine.db, [one.id for one in found[:limit]]):
        crews.setdefault(row["resource"], []).append(row["name"])
    await audit.conclude(spine.db, intent, "answered", len(found[:limit]))
    more = encode_cursor(found[limit - 1].call_sign) if len(found) > limit else None
    return Page(items=[ResourceShown.of(one, crews.get(one.id, [])) for one in found[:limit]], next=more)


@router.post("/resources", status_code=201)
async def add_resource(question: ResourceQuestion, spine: SpineHere, caller: Annotated[Caller, permit(RESOURCES_MANAGE)]) -> ResourceShown:
    """A new call sign of your agency, off duty until it says otherwise."""
    made = await actions.add(spine, caller, question.call_sign, question.type, tuple(question.skills), covert=question.covert)
    return ResourceShown.of(made)


@router.patch("/resources/{resource}")
async def change_resource(
    resource: Id, question: ResourceChange, spine: SpineHere, caller: Annotated[Caller, permit(RESOURCES_MANAGE)]
) -> ResourceShown:
    """Change what is given; `closed` takes it out of use for good."""
    wanted = question.model_dump(exclude_none=True)
    if "skills" in wanted:
        wanted["skills"] = tuple(wanted["skills"])
    return ResourceShown.of(await actions.change(spine, caller, resource, wanted))


@router.post("/resources/{resource}/status")
async def say_status(
    resource: Id, question: StatusQuestion, spine: SpineHere, caller: Annotated[Caller, permit(INCIDENTS_CONTRIBUTE)]
) -> ResourceShown:
    """Say where a resource stands, in your agency's own status code. On an incident it joins the incident's log."""
    happened = to_ms(question.happened_at) if question.happened_at else spine.clock()
    known = await queries.moved_by(spine, caller, resource)
    if known.incident:
        new = New(new_id(), "resource.status", happened, {"resource": resource, "code": question.code})
        [result] = await append(spine, await author_of(spine, caller), known.incident, [new])
        if result.state == "refused":
            raise UnknownTermError(result.message)
    else:
        await actions.set_status(spine, caller, resource, question.code, happened)
    return ResourceShown.of(await queries.moved_by(spine, caller, resource))
