"""Doors of units and posts: joiners, movers, leavers, people on loan, and the post that one acts in."""

from __future__ import annotations

import io
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from bluelamp.spine import audit
from bluelamp.spine.errors import InvalidError, NotFoundError, TooLargeError
from bluelamp.spine.http import Caller, Id, get_spine, permit
from bluelamp.spine.identity.access import ACCOUNT_USE, USERS_MANAGE, USERS_MANAGE_NATIONAL
from bluelamp.spine.identity.actions import Authority
from bluelamp.spine.module import Spine
from bluelamp.spine.wire import AgencyRef, Page

from . import people, people_import, people_schemas, units
from . import people_store as store
from .access import UNITS_MANAGE, UNITS_VIEW
from .agencies import all_agencies
from .people_store import Membership
from .ranks import ranks_of

router = APIRouter(tags=["people"])

Spined = Annotated[Spine, Depends(get_spine)]
Administrator = Annotated[Caller, permit(USERS_MANAGE)]
UnitKeeper = Annotated[Caller, permit(UNITS_MANAGE)]

IMPORT_BYTES_MAX = 64 << 20
CSV_BODY: dict[str, Any] = {"requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}}


def _authority(caller: Caller) -> Authority:
    return Authority(caller.actor, "" if caller.may(USERS_MANAGE_NATIONAL) else caller.agency)


def _forget(request: Request, person: str) -> None:
    """This process forgets now what the others forget on notification."""
    request.app.state.identify.forget(person)


@router.get("/units")
async def list_units(spine: Spined, caller: Annotated[Caller, permit(UNITS_VIEW)]) -> people_schemas.UnitsAnswer:
    """The units of your agency, and the ranks that a post may have."""
    look = await audit.intend(spine.db, caller.actor, "organisations.units.view", subjects=(caller.agency,))
    found = await units.units_of(spine.db, caller.agency)
    await audit.conclude(spine.db, look, "answered", len(found))
    return people_schemas.UnitsAnswer(items=[_unit(unit) for unit in found], ranks=list(ranks_of(spine.settings)))


def _unit(unit: units.Unit) -> people_schemas.UnitItem:
    return people_schemas.UnitItem(id=unit.id, code=unit.code, name=unit.name, parent=unit.parent, people=unit.people)


@router.post("/units", status_code=201)
async def add_unit(question: people_schemas.UnitQuestion, spine: Spined, caller: UnitKeeper) -> people_schemas.UnitItem:
    """Add a unit to your agency."""
    async with spine.db.transaction() as connection:
        made = await units.add_unit(connection, caller.actor, caller.agency, question.code, question.name, question.parent)
    return _unit(made)


@router.patch("/units/{unit}", status_code=204)
async def change_unit(unit: Id, question: people_schemas.UnitChange, spine: Spined, caller: UnitKeeper) -> None:
    """Rename a unit, or move it with all below it."""
    async with spine.db.transaction() as connection:
        held = await units.held_unit(connection, unit, caller.agency)
        await units.change_unit(connection, caller.actor, held, question.name, question.parent)


@router.delete("/units/{unit}", status_code=204)
async def close_unit(unit: Id, spine: Spined, caller: UnitKeeper) -> None:
    """Close a unit that nobody works in."""
    async with spine.db.transaction() as connection:
        await units.close_unit(connection, caller.actor, await units.held_unit(connection, unit, caller.agency))


async def _shown(spine: Spine, found: list[Membership]) -> Page[people_schemas.MembershipItem]:
    names = {agency.code: agency.name for agency in await all_agencies(spine.db)}
    items = [
        people_schemas.MembershipItem(
            **m._asdict() | {"agency": AgencyRef(code=m.agency, name=names[m.agency]), "roles": sorted(m.roles)},
            starts=m.starts_at,
            ends=m.ends_at,
            accepted=m.accepted_at is not None,
        )
        for m in found
    ]
    return Page(items=items, next=None)


@router.get("/users/{user}/posts")
async def list_posts(user: Id, spine: Spined, caller: Administrator) -> Page[people_schemas.MembershipItem]:
    """Every post of somebody of your agency, the latest first: past ones stay, so that it can be told who could see what, when."""
    authority = _authority(caller)
    look = await audit.intend(spine.db, caller.actor, "organisations.people.posts", subjects=(user,))
    found = await store.memberships_of(spine.db, user)
    mine = [m for m in found if not authority.agency or authority.agency in (m.home, m.agency)]
    await audit.conclude(spine.db, look, "answered", len(mine))
    if not mine:
        raise NotFoundError("no such account in your agency")
    return await _shown(spine, mine)


@router.post("/users/{user}/posts", status_code=201)
async def move_person(
    user: Id, question: people_schemas.PostQuestion, request: Request, spine: Spined, caller: Administrator
) -> people_schemas.MembershipItem:
    """A new home post, now or from a date on. The present one ends at that moment, with everything that belonged to it."""
    async with spine.db.transaction() as connection:
        post = await people.move(spine, connection, _authority(caller), user, question.terms(caller.agency))
    _forget(request, user)
    return await _one(spine, post)


async def _one(spine: Spine, post: str) -> people_schemas.MembershipItem:
    held = await store.membership(spine.db, post)
    if held is None:
        raise people.NoSuchPostError("the post is gone")
    return (await _shown(spine, [held])).items[0]


@router.patch("/users/{user}/posts/{post}")
async def change_post(
    user: Id, post: Id, question: people_schemas.PostChange, request: Request, spine: Spined, caller: Administrator
) -> people_schemas.MembershipItem:
    """Change manager, shift pattern or planned end. Another unit, rank or role is another post: POST it."""
    reopen = "ends" in question.model_fields_set and question.ends is None
    wanted = people.Amendment(question.manager, question.shift_pattern, question.ends, reopen)
    async with spine.db.transaction() as connection:
        await people.amend(connection, _authority(caller), user, post, wanted)
    _forget(request, user)
    return await _one(spine, post)


@router.post("/users/{user}/leave")
async def let_leave(
    user: Id, question: people_schemas.LeaveQuestion, request: Request, spine: Spined, caller: Administrator
) -> people_schemas.LeaveAnswer:
    """A leaver: now, every post, session, token and live stream ends everywhere; or on a date, by itself."""
    async with spine.db.transaction() as connection:
        ended = await people.leave(connection, _authority(caller), user, question.at)
    _forget(request, user)
    return people_schemas.LeaveAnswer(sessions_ended=ended)


@router.post("/users/{user}/secondments", status_code=201)
async def offer_secondment(
    user: Id, question: people_schemas.SecondmentQuestion, spine: Spined, caller: Administrator
) -> people_schemas.MembershipItem:
    """Offer somebody of yours to another agency for a while. They may do nothing there until it accepts."""
    async with spine.db.transaction() as connection:
        post = await people.offer_secondment(connection, _authority(caller), user, question.agency, question.starts, question.ends)
    return await _one(spine, post)


@router.get("/secondments")
async def list_secondments(spine: Spined, caller: Administrator) -> Page[people_schemas.MembershipItem]:
    """People on loan to your agency or from it, and offers that wait."""
    look = await audit.intend(spine.db, caller.actor, "organisations.people.secondments", subjects=(caller.agency,))
    found = await store.secondments(spine.db, _authority(caller).agency or None)
    await audit.conclude(spine.db, look, "answered", len(found))
    return await _shown(spine, found)


@router.post("/secondments/{post}/accept")
async def accept_secondment(
    post: Id, question: people_schemas.AcceptQuestion, request: Request, spine: Spined, caller: Administrator
) -> people_schemas.MembershipItem:
    """Take somebody in: say as what they work here. They then choose for whom they act."""
    async with spine.db.transaction() as connection:
        await people.accept_secondment(spine, connection, _authority(caller), post, question.terms())
    made = await _one(spine, post)
    _forget(request, made.person)
    return made


@router.post("/secondments/{post}/end", status_code=204)
async def end_secondment(post: Id, request: Request, spine: Spined, caller: Administrator) -> None:
    """End a loan or an offer, from either side, at once."""
    async with spine.db.transaction() as connection:
        await people.end_secondment(connection, _authority(caller), post)
    _forget(request, (await _one(spine, post)).person)


@router.put("/me/acting", status_code=204)
async def act_in(
    question: people_schemas.ActingQuestion, request: Request, spine: Spined, caller: Annotated[Caller, permit(ACCOUNT_USE)]
) -> None:
    """Choose for whom you act in this session, where you hold several posts. Your agency, roles, unit and rank follow."""
    async with spine.db.transaction() as connection:
        await people.act_in(connection, caller.actor, caller.session, caller.id, question.post)
    _forget(request, caller.id)


@router.post("/people/import", openapi_extra=CSV_BODY)
async def import_people(request: Request, spine: Spined, caller: Administrator) -> people_schemas.PeopleImportAnswer:
    """People and posts of your agency from CSV (docs/people.md); bad rows are told by line, good ones count."""
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > IMPORT_BYTES_MAX:
            raise TooLargeError(f"the file has more than {IMPORT_BYTES_MAX} bytes")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidError("the file is not UTF-8") from None
    done = await people_import.import_people(spine, _authority(caller), io.StringIO(text, newline=""))
    request.app.state.identify.forget()
    return people_schemas.PeopleImportAnswer(**done._asdict() | {"rejected": [one._asdict() for one in done.rejected]})
