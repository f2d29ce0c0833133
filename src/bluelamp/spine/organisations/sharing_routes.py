"""Doors of the sharing between agencies: both sides see a rule, either ends it at once."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AwareDatetime, BaseModel, Field

from bluelamp.kit.paging import decode_cursor, encode_cursor
from bluelamp.spine import audit, sharing
from bluelamp.spine.errors import InvalidError
from bluelamp.spine.http import Caller, Id, get_spine, permit
from bluelamp.spine.module import Spine
from bluelamp.spine.sharing import Rule, Shareable, Terms
from bluelamp.spine.wire import AgencyRef, Instant, Page, Question

from .access import SHARING_MANAGE, SHARING_VIEW
from .agencies import all_agencies

router = APIRouter(prefix="/sharing", tags=["sharing"])

Spined = Annotated[Spine, Depends(get_spine)]
Viewer = Annotated[Caller, permit(SHARING_VIEW)]
Keeper = Annotated[Caller, permit(SHARING_MANAGE)]


class SharingQuestion(Question):
    """`item`: id of one list; left out, everything of the kind. `ends` left out: until somebody ends it."""

    kind: Literal["lists", "hits"]
    agency: str = Field(max_length=8, description="Code of the agency that shall see it.", examples=["IRW"])
    item: str = Field("", max_length=36)
    reason: str = Field(max_length=500)
    starts: AwareDatetime | None = None
    ends: AwareDatetime | None = None


class SharingRule(BaseModel):
    """`owner` lets `receiver` see its things. `item` null: all of the kind."""

    id: str
    kind: str
    description: str
    owner: AgencyRef
    receiver: AgencyRef
    item: str | None
    item_name: str
    reason: str
    starts: Instant
    ends: Instant | None
    made_by: str
    made_at: Instant
    revoked_at: Instant | None
    revoked_by: str
    revoked_by_agency: str


def _shareables(request: Request) -> dict[str, Shareable]:
    return {shareable.kind: shareable for module in request.app.modules for shareable in module.shares}


async def _shown(request: Request, spine: Spine, rules: list[Rule]) -> list[SharingRule]:
    names = {agency.code: agency.name for agency in await all_agencies(spine.db)}
    kinds = _shareables(request)
    return [
        SharingRule(
            id=rule.id,
            kind=rule.kind,
            description=kinds[rule.kind].description if rule.kind in kinds else rule.kind,
            owner=AgencyRef(code=rule.owner, name=names[rule.owner]),
            receiver=AgencyRef(code=rule.receiver, name=names[rule.receiver]),
            item=rule.item,
            item_name=rule.item_name,
            reason=rule.reason,
            starts=rule.starts_at,
            ends=rule.ends_at,
            made_by=rule.made_by_name,
            made_at=rule.made_at,
            revoked_at=rule.revoked_at,
            revoked_by=rule.revoked_by_name,
            revoked_by_agency=rule.revoked_by_agency,
        )
        for rule in rules
    ]


@router.get("")
async def list_sharing(
    request: Request,
    spine: Spined,
    caller: Viewer,
    direction: Annotated[Literal["given", "received"], Query(description="What you share, or what is shared with you.")] = "given",
    cursor: Annotated[str, Query(max_length=100, pattern=r"^[0-9A-Za-z_-]*$")] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Page[SharingRule]:
    """Your agency's sharing rules, the latest first; ended ones too."""
    try:
        before = str(decode_cursor(cursor, str)[0]) if cursor else ""
    except ValueError as error:
        raise InvalidError(str(error)) from None
    if "\0" in before:
        raise InvalidError("not a cursor of this list")
    look = await audit.intend(spine.db, caller.actor, "organisations.sharing.list", subjects=(caller.agency,))
    found = await sharing.rules_of(spine.db, caller.agency, given=direction == "given", before=before, count=limit + 1)
    await audit.conclude(spine.db, look, "answered", len(found[:limit]))
    more = encode_cursor(found[limit - 1].id) if len(found) > limit else None
    return Page(items=await _shown(request, spine, found[:limit]), next=more)


@router.post("", status_code=201)
async def share(question: SharingQuestion, request: Request, spine: Spined, caller: Keeper) -> SharingRule:
    """Let another agency see something of yours. It holds from now or `starts` on, until `ends` or until it is ended."""
    terms = Terms(question.agency, question.item, question.reason, question.starts, question.ends)
    async with spine.db.transaction() as connection:
        made = await sharing.share(connection, caller.actor, _shareables(request)[question.kind], terms)
    return (await _shown(request, spine, [made]))[0]


@router.get("/{rule}")
async def show_sharing(rule: Id, request: Request, spine: Spined, caller: Viewer) -> SharingRule:
    """One rule that your agency made or that was made for it."""
    look = await audit.intend(spine.db, caller.actor, "organisations.sharing.view", subjects=(rule,))
    held = await sharing.rule_of(spine.db, rule, caller.agency)
    await audit.conclude(spine.db, look, "answered", 1)
    return (await _shown(request, spine, [held]))[0]


@router.post("/{rule}/end")
async def end_sharing(rule: Id, request: Request, spine: Spined, caller: Keeper) -> SharingRule:
    """End a rule at once: the next question and the next live event know it no more."""
    async with spine.db.transaction() as connection:
        ended = await sharing.revoke(connection, caller.actor, rule)
    return (await _shown(request, spine, [ended]))[0]
