"""Doors of authorisations and deputies."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from bluelamp.accountability.access import (
    AUTHORISATIONS_ASK,
    AUTHORISATIONS_DECIDE,
    AUTHORISATIONS_OVERRIDE,
    AUTHORISATIONS_REVOKE,
)
from bluelamp.accountability.authorisations import actions, deputies, store
from bluelamp.accountability.authorisations.circumstances import moment, with_deputy
from bluelamp.accountability.authorisations.domain import Authorisation
from bluelamp.accountability.authorisations.errors import NoSuchAuthorisationError
from bluelamp.accountability.authorisations.schemas import (
    AskQuestion,
    AuthorisationShown,
    DeciderShown,
    DecisionQuestion,
    DeputyQuestion,
    DeputyShown,
    ReasonQuestion,
    ScopeQuestion,
    shown,
)
from bluelamp.accountability.authorisations.scope import scope_of
from bluelamp.contracts.authorities import authorities_of
from bluelamp.kit.clock import to_ms, to_rfc3339
from bluelamp.kit.paging import decode_cursor, encode_cursor
from bluelamp.spine import audit, purposes
from bluelamp.spine.errors import InvalidError
from bluelamp.spine.http import Caller, Id, SpineHere, permit, stepped_up
from bluelamp.spine.module import Spine
from bluelamp.spine.wire import Page

router = APIRouter(prefix="/accountability", tags=["accountability"])

Asker = Annotated[Caller, permit(AUTHORISATIONS_ASK)]
Decider = Annotated[Caller, permit(AUTHORISATIONS_DECIDE)]
Cursor = Annotated[str, Query(max_length=200, pattern=r"^[0-9A-Za-z_-]*$")]


async def _item(spine: Spine, caller: Caller, held: Authorisation) -> AuthorisationShown:
    return _shown(spine, caller, held, deputy=await authorities_of(spine).deputises(caller.id))


def _shown(spine: Spine, caller: Caller, held: Authorisation, *, deputy: bool) -> AuthorisationShown:
    decision = spine.policy.decide(with_deputy(caller, held, AUTHORISATIONS_DECIDE, deputy=deputy))
    waits = held.state == "asked" and to_ms(held.expires_at) > spine.clock()
    why_not = "" if decision.allowed else " ".join(decision.why)
    name = spine.policy.rules.terms.purpose(held.purpose).name
    return shown(held, caller.id, name, can_decide=waits and decision.allowed, why_not=why_not)


@router.post("/authorisations", status_code=201)
async def ask_for_authority(question: AskQuestion, spine: SpineHere, caller: Asker) -> AuthorisationShown:
    """Ask for authority to look at older reads: for one case, named vehicles or a place, and a period."""
    why = purposes.check(spine.settings, question.purpose.strip(), question.reference)
    scope = scope_of(question, spine.clock())
    return await _item(spine, caller, await actions.ask(spine, caller, why, scope, question.grounds.strip(), question.hours))


@router.post("/overrides", status_code=201)
async def override(
    question: ScopeQuestion, spine: SpineHere, caller: Annotated[Caller, stepped_up(AUTHORISATIONS_OVERRIDE)]
) -> AuthorisationShown:
    """Where life is in danger and authority cannot wait: in force at once, for minutes, for one case. Every use is reviewed.

    Who sits at a browser proves again who they are first: a touch, so that nobody takes it with a screen left open.
    """
    why = purposes.check(spine.settings, question.purpose.strip(), question.reference)
    scope = scope_of(question, spine.clock())
    return await _item(spine, caller, await actions.override(spine, caller, why, scope, question.grounds.strip()))


@router.get("/authorisations")
async def list_authorisations(
    spine: SpineHere,
    caller: Asker,
    whose: Annotated[Literal["mine", "agency"], Query(description="`agency`: for who decides")] = "mine",
    state: Annotated[list[Literal["asked", "granted", "refused", "revoked", "expired"]] | None, Query(max_length=5)] = None,
    cursor: Cursor = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[AuthorisationShown]:
    """Your own, or with the permission to decide those of your agency; newest first."""
    before = ""
    if cursor:
        try:
            before = str(decode_cursor(cursor, str)[0])
        except ValueError as error:
            raise InvalidError(str(error)) from None
    person = caller.id if whose == "mine" or not caller.may(AUTHORISATIONS_DECIDE) else ""
    intent = await audit.intend(spine.db, caller.actor, "accountability.authorisations.list", detail={"whose": whose})
    found = await store.listed(
        spine.db, person=person, agency=caller.agency, states=list(state or []), before=before.replace("\0", ""), count=limit + 1
    )
    deputy = await authorities_of(spine).deputises(caller.id)
    items = [_shown(spine, caller, held, deputy=deputy) for held in found[:limit]]
    await audit.conclude(spine.db, intent, "answered", len(items))
    return Page(items=items, next=encode_cursor(found[limit - 1].id) if len(found) > limit else None)


@router.get("/authorisations/{authorisation}")
async def read_authorisation(authorisation: Id, spine: SpineHere, caller: Asker) -> AuthorisationShown:
    """One of your own, or with the permission to decide one of your agency."""
    held = await store.by_id(spine.db, authorisation)
    if held is None or held.agency != caller.agency or (held.person != caller.id and not caller.may(AUTHORISATIONS_DECIDE)):
        raise NoSuchAuthorisationError("there is no such authorisation")
    intent = await audit.intend(
        spine.db, caller.actor, "accountability.authorisations.view", subjects=(held.id,), why=held.why
    )  # fmt: skip
    item = await _item(spine, caller, held)
    await audit.conclude(spine.db, intent, "answered", 1)
    return item


@router.post("/authorisations/{authorisation}/decision")
async def decide(authorisation: Id, question: DecisionQuestion, spine: SpineHere, caller: Decider) -> AuthorisationShown:
    """Give the authority, or refuse it; with the reason either way."""
    decided = await actions.decide(
        spine, caller, authorisation, grant=question.grant, reason=question.reason.strip(), hours=question.hours
    )  # fmt: skip
    return await _item(spine, caller, decided)


@router.post("/authorisations/{authorisation}/revocation")
async def revoke(
    authorisation: Id, question: ReasonQuestion, spine: SpineHere, caller: Annotated[Caller, permit(AUTHORISATIONS_REVOKE)]
) -> AuthorisationShown:
    """End an authority of your agency, or give up your own. It opens nothing from now on."""
    return await _item(spine, caller, await actions.revoke(spine, caller, authorisation, question.reason.strip()))


@router.get("/deciders")
async def list_deciders(spine: SpineHere, caller: Asker) -> Page[DeciderShown]:
    """Who may give you authority now: whom to ring where it is urgent."""
    terms = spine.policy.rules.terms
    ranks = [rank for rank in terms.ranks if terms.gives_authority(rank)]
    roles = sorted(spine.policy.permissions[AUTHORISATIONS_DECIDE].roles)
    intent = await audit.intend(spine.db, caller.actor, "accountability.deciders.list")
    rows = await store.deciders(spine.db, caller.agency, roles, ranks, moment(spine))
    items = [
        DeciderShown(username=row["username"], name=row["name"], rank=row["rank"], stands_in_for=row["stands_in_for"])
        for row in rows
        if row["id"] != caller.id
    ]
    await audit.conclude(spine.db, intent, "answered", len(items))
    return Page(items=items, next=None)


@router.get("/deputies")
async def list_deputies(spine: SpineHere, caller: Decider) -> Page[DeputyShown]:
    """Who stands in for whom in your agency, now and to come."""
    intent = await audit.intend(spine.db, caller.actor, "accountability.deputies.list")
    rows = await store.deputies(spine.db, caller.agency, moment(spine))
    items = [
        DeputyShown(
            id=row["id"],
            principal=row["principal_name"],
            deputy=row["deputy_name"],
            start=to_rfc3339(to_ms(row["starts_at"])),
            end=to_rfc3339(to_ms(row["ends_at"])),
            mine=row["principal"] == caller.id,
        )
        for row in rows
    ]
    await audit.conclude(spine.db, intent, "answered", len(items))
    return Page(items=items, next=None)


@router.post("/deputies", status_code=201)
async def name_deputy(question: DeputyQuestion, spine: SpineHere, caller: Decider) -> DeputyShown:
    """Somebody decides in your place while you are off duty."""
    username = question.username.strip().lower()
    made = await deputies.name_deputy(spine, caller, username, question.start, question.end)
    return DeputyShown(
        id=made,
        principal=caller.name,
        deputy=username,
        start=to_rfc3339(to_ms(question.start)),
        end=to_rfc3339(to_ms(question.end)),
        mine=True,
    )


@router.delete("/deputies/{deputy}", status_code=204)
async def end_deputy(deputy: Id, spine: SpineHere, caller: Decider) -> None:
    """Your deputy stands in no longer."""
    await deputies.end_deputy(spine, caller, deputy)
