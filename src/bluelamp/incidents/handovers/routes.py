"""Doors of hand-overs for people: partners, messages and what waits to be mended. Control rooms themselves come through `door.py`."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from bluelamp.incidents.access import HANDOVERS_MEND, HANDOVERS_VIEW, INCIDENTS_COMMAND, PARTNERS_MANAGE, PARTNERS_VIEW
from bluelamp.incidents.errors import NoSuchPartnerError, NoSuchTransferError
from bluelamp.incidents.handovers import partner_store, store
from bluelamp.incidents.handovers.actions import partners, transfers
from bluelamp.incidents.handovers.schemas import (
    DropQuestion,
    HandoverQuestion,
    HandoverQueued,
    KeyIssued,
    PartnerChange,
    PartnerQuestion,
    PartnerShown,
    State,
    TransferRow,
    TransferShown,
)
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
    return PartnerShown.of(found, await partner_store.live_keys(spine.db, partner))


@router.get("/partners")
async def list_partners(spine: SpineHere, caller: Viewer) -> Page[PartnerShown]:
    """Control rooms that your agency hands incidents over to, and takes them from."""
    intent = await audit.intend(spine.db, caller.actor, PARTNERS_VIEW)
    found = await partner_store.of_owner(spine.db, caller.agency, PARTNERS_MAX)
    items = [PartnerShown.of(one, await partner_store.live_keys(spine.db, one.id)) for one in found]
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
    return await _listed(spine, caller, incident, [], cursor, limit)


@router.get("/transfers")
async def list_transfers(
    spine: SpineHere, caller: Reader, state: Annotated[list[State] | None, Query()] = None, cursor: Cursor = "", limit: Limit = 50
) -> Page[TransferRow]:
    """Messages to and from other control rooms, the newest first. `state=dead` is what waits for a person, with the reason."""
    return await _listed(spine, caller, "", list(state or ()), cursor, limit)


async def _listed(spine: Spine, caller: Caller, incident: str, states: list[str], cursor: str, limit: int) -> Page[TransferRow]:
    intent = await audit.intend(spine.db, caller.actor, HANDOVERS_VIEW, subjects=(incident,) if incident else (), detail={"states": states})
    rows = await store.listed(spine.db, caller.agency, incident, states, cursor, limit + 1)
    await audit.conclude(spine.db, intent, "answered", len(rows[:limit]))
    return Page(items=[TransferRow.of(row) for row in rows[:limit]], next=rows[limit - 1]["id"] if len(rows) > limit else None)


@router.get("/transfers/{transfer}")
async def read_transfer(transfer: Id, spine: SpineHere, caller: Reader) -> TransferShown:
    """A message, whole, and the answer to it."""
    intent = await audit.intend(spine.db, caller.actor, HANDOVERS_VIEW, subjects=(f"transfer:{transfer}",))
    found = await store.by_id(spine.db, transfer, caller.agency)
    await audit.conclude(spine.db, intent, "answered" if found else "refused", int(found is not None))
    if found is None:
        raise NoSuchTransferError("your agency has no such message")
    return TransferShown.of(found)


@router.post("/transfers/{transfer}/repeat", status_code=204)
async def repeat_transfer(transfer: Id, spine: SpineHere, caller: Mender) -> None:
    """Send a message again that a person had to see, or read one again that could not be read."""
    found = await store.by_id(spine.db, transfer, caller.agency)
    if found is None or found.direction == "out":
        await transfers.send_again(spine, caller, transfer)
    else:
        await transfers.read_again(spine, caller, transfer)


@router.post("/transfers/{transfer}/drop", status_code=204)
async def drop_transfer(transfer: Id, question: DropQuestion, spine: SpineHere, caller: Mender) -> None:
    """Do nothing more about a message. It is kept, with the reason; later messages about the incident go out again."""
    await transfers.drop(spine, caller, transfer, question.reason)
