"""Doors of hand-overs for people: partners, messages and what waits to be mended. Control rooms themselves come through `door.py`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from bluelamp.incidents.access import HANDOVERS_MEND, HANDOVERS_VIEW, INCIDENTS_COMMAND, PARTNERS_MANAGE, PARTNERS_VIEW
from bluelamp.incidents.errors import NoSuchPartnerError, NoSuchTransferError
from bluelamp.incidents.handovers import partner_store, reading, store
from bluelamp.incidents.handovers.actions import mending, partners, transfers
from bluelamp.incidents.handovers.schemas import (
    DropQuestion,
    HandoverQuestion,
    HandoverQueued,
    KeyIssued,
    MendQuestion,
    PartnerChange,
    PartnerQuestion,
    PartnerShown,
    State,
    TransferRow,
    TransferShown,
)
from bluelamp.incidents.handovers.store import Wanted
from bluelamp.incidents.log.queries import head_of
from bluelamp.spine import audit
from bluelamp.spine.errors import InvalidError
from bluelamp.spine.http import Caller, Id, SpineHere, permit
from bluelamp.spine.module import Spine
from bluelamp.spine.wire import Page

router = APIRouter(tags=["incidents"], prefix="/incidents")

PARTNERS_MAX = 500
Viewer = Annotated[Caller, permit(PARTNERS_VIEW)]
Administrator = Annotated[Caller, permit(PARTNERS_MANAGE)]
Reader = Annotated[Caller, permit(HANDOVERS_VIEW)]
Mender = Annotated[Caller, permit(HANDOVERS_MEND)]
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str, Query(max_length=36, pattern=r"^[0-9A-Za-z]*$")]


async def _partner(spine: Spine, caller: Caller, partner: str) -> PartnerShown:
    found = await partner_store.by_id(spine.db, partner, caller.agency)
    if found is None:
        raise NoSuchPartnerError("your agency has no such partner")
    lines = await partner_store.lines(spine.db, caller.agency)
    return PartnerShown.of(found, await partner_store.live_keys(spine.db, partner), lines[partner])


@router.get("/partners")
async def list_partners(spine: SpineHere, caller: Viewer) -> Page[PartnerShown]:
    """Control rooms that your agency hands incidents over to, and takes them from, and how the line to each stands."""
    intent = await audit.intend(spine.db, caller.actor, PARTNERS_VIEW)
    found = await partner_store.of_owner(spine.db, caller.agency, PARTNERS_MAX)
    lines = await partner_store.lines(spine.db, caller.agency)
    items = [PartnerShown.of(one, await partner_store.live_keys(spine.db, one.id), lines[one.id]) for one in found if one.id in lines]
    await audit.conclude(spine.db, intent, "answered", len(items))
    return Page(items=items, next=None)


@router.post("/partners", status_code=201)
async def add_partner(question: PartnerQuestion, spine: SpineHere, caller: Administrator) -> KeyIssued:
    """Connect another control room. The answer holds the key that they call us with, shown this once."""
    made = await partners.add_partner(spine, caller, question.model_dump())
    return KeyIssued(id=made.partner, key_id=made.key_id, key=made.key)


@router.get("/partners/{partner}")
async def read_partner(partner: Id, spine: SpineHere, caller: Viewer) -> PartnerShown:
    """One of them."""
    intent = await audit.intend(spine.db, caller.actor, PARTNERS_VIEW, subjects=(f"partner:{partner}",))
    shown = await _partner(spine, caller, partner)
    await audit.conclude(spine.db, intent, "answered", 1)
    return shown


@router.patch("/partners/{partner}")
async def change_partner(partner: Id, change: PartnerChange, spine: SpineHere, caller: Administrator) -> PartnerShown:
    """Change what is given. Messages that wait for a person go the new way once they are sent again."""
    values: dict[str, Any] = change.model_dump(exclude_unset=True)
    if nulls := [name for name, value in values.items() if value is None]:
        raise InvalidError(f"{', '.join(nulls)} cannot be null")
    await partners.change_partner(spine, caller, partner, values)
    return await _partner(spine, caller, partner)


@router.post("/partners/{partner}/keys", status_code=201)
async def issue_partner_key(partner: Id, spine: SpineHere, caller: Administrator) -> KeyIssued:
    """One more key beside the live ones. Give it to them, then revoke the old one."""
    made = await partners.issue_key(spine, caller, partner)
    return KeyIssued(id=made.partner, key_id=made.key_id, key=made.key)


@router.delete("/partners/{partner}/keys/{key}", status_code=204)
async def revoke_partner_key(partner: Id, key: Id, spine: SpineHere, caller: Administrator) -> None:
    """Revoke a key at once."""
    await partners.revoke_key(spine, caller, partner, key)


@router.post("/{incident}/handovers", status_code=201)
async def hand_incident_over(
    incident: Id, question: HandoverQuestion, spine: SpineHere, caller: Annotated[Caller, permit(INCIDENTS_COMMAND)]
) -> HandoverQueued:
    """Hand an incident over to another control room, or tell it how it stands. Sharing it with a partner's agency does so by itself.

    For an alert (CAP) `note` is what the public reads, and each one is somebody's decision; closing the incident cancels it.
    """
    return HandoverQueued(id=await transfers.hand_over(spine, caller, incident, question.partner, question.note))


@router.get("/{incident}/handovers")
async def list_handovers(incident: Id, spine: SpineHere, caller: Reader, cursor: Cursor = "", limit: Limit = 50) -> Page[TransferRow]:
    """Your agency's messages about an incident, the newest first."""
    await head_of(spine, caller, incident)
    return await _listed(spine, caller, Wanted(incident=incident), cursor, limit)


@router.get("/transfers")
async def list_transfers(
    spine: SpineHere,
    caller: Reader,
    state: Annotated[list[State] | None, Query()] = None,
    direction: Literal["", "in", "out"] = "",
    partner: Annotated[str, Query(max_length=36, pattern=r"^[0-9A-Za-z]*$")] = "",
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Page[TransferRow]:
    """Messages to and from other control rooms, the newest first. `state=dead` is what waits for a person, with the reason."""
    return await _listed(spine, caller, Wanted("", partner, direction, tuple(state or ())), cursor, limit)


async def _listed(spine: Spine, caller: Caller, wanted: Wanted, cursor: str, limit: int) -> Page[TransferRow]:
    subjects = (wanted.incident,) if wanted.incident else ()
    detail = {"states": list(wanted.states), **({"partner": wanted.partner} if wanted.partner else {})}
    intent = await audit.intend(spine.db, caller.actor, HANDOVERS_VIEW, subjects=subjects, detail=detail)
    rows = await store.listed(spine.db, caller.agency, caller.roles, wanted, cursor, limit + 1)
    await audit.conclude(spine.db, intent, "answered", len(rows[:limit]))
    return Page(items=[TransferRow.of(row) for row in rows[:limit]], next=rows[limit - 1]["id"] if len(rows) > limit else None)


@router.get("/transfers/{transfer}")
async def read_transfer(transfer: Id, spine: SpineHere, caller: Reader) -> TransferShown:
    """A message, whole, and the answer to it; what it says as far as it can be read, with what was put right."""
    intent = await audit.intend(spine.db, caller.actor, HANDOVERS_VIEW, subjects=(f"transfer:{transfer}",))
    found = await store.by_id(spine.db, transfer, caller.agency)
    await audit.conclude(spine.db, intent, "answered" if found else "refused", int(found is not None))
    if found is None:
        raise NoSuchTransferError("your agency has no such message")
    mendable = found.state in transfers.WAITING[found.direction] and found.kind != "receipt"
    return TransferShown.of(found, await reading.says(spine, found), mendable=mendable)


@router.post("/transfers/{transfer}/repeat", status_code=204)
async def repeat_transfer(transfer: Id, spine: SpineHere, caller: Mender) -> None:
    """Send a message again that a person had to see, or read one again that could not be read."""
    found = await store.by_id(spine.db, transfer, caller.agency)
    if found is None or found.direction == "out":
        await transfers.send_again(spine, caller, transfer)
    else:
        await transfers.read_again(spine, caller, transfer)


@router.post("/transfers/{transfer}/mend", status_code=204)
async def mend_transfer(transfer: Id, question: MendQuestion, spine: SpineHere, caller: Mender) -> None:
    """Put right what a message says, and have it sent, or acted on, again. Where nobody could read it, say what it is.

    What was sent first is kept; that and which fields a person put right is on record. `incident` names one of yours that a message
    belongs to. A message of yours is made anew of how the incident stands, with these fields over it, under a new id.
    """
    fields = question.model_dump(mode="json", exclude={"incident"}, exclude_none=True)
    await mending.mend(spine, caller, transfer, fields, question.incident or "")


@router.post("/transfers/{transfer}/drop", status_code=204)
async def drop_transfer(transfer: Id, question: DropQuestion, spine: SpineHere, caller: Mender) -> None:
    """Do nothing more about a message. It is kept, with the reason; later messages about the incident go out again."""
    await transfers.drop(spine, caller, transfer, question.reason)
