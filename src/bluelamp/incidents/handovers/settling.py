"""What became of a message to a partner: kept with it, and written into the incident's log."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bluelamp.incidents.domain.events import HandoverSent, plain
from bluelamp.incidents.domain.rules import Author, New
from bluelamp.incidents.gateways.message import HandoverMessage
from bluelamp.incidents.handovers import store
from bluelamp.incidents.handovers.partner_store import Partner
from bluelamp.incidents.handovers.store import Transfer
from bluelamp.incidents.log.actions import changing_survivor, keep, within
from bluelamp.incidents.log.states import states_of
from bluelamp.incidents.log.store import head_of_any, moment
from bluelamp.spine import audit
from bluelamp.spine.audit import Actor
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Connection

SEND = "incidents.handovers.send"
RECEIVE = "incidents.handovers.receive"
EVENTS = {"sent": "sent", "received": "received", "refused": "refused", "dead": "failed"}
"""State of a transfer -> what the log says of it."""


def platform_for(partner: Partner) -> Author:
    return Author(audit.SYSTEM, "Bluelamp", partner.owner, frozenset(), frozenset(), platform=True)


def author_for(partner: Partner) -> Author:
    """The other control room speaks."""
    actor = Actor(f"partner:{partner.id}", partner.name, partner.agency)
    return Author(actor, partner.name, partner.agency, frozenset(), frozenset(), platform=True)


async def settle(spine: Spine, partner: Partner, transfer: Transfer, state: str, reason: str = "", **more: Any) -> None:
    """Change a message's state and tell the incident of it, in one transaction; nothing where it was settled meanwhile."""
    incident = transfer.incident or ""
    async with states_of(spine.db).changing(spine.db, incident) as connection:
        held = await store.by_id(connection, transfer.id, lock=True)
        if held is None or held.state in {"received", "refused", "dropped"}:
            return
        if held.state == "dead" and state == "sent":
            return
        done = {"settled_at": moment(spine.clock())} if state in {"received", "refused", "dead"} else {}
        await store.change(connection, transfer.id, {"state": state, "reason": reason[:500], **done, **more})
        await _note(connection, spine, partner, held, state, reason)


async def _note(connection: Connection, spine: Spine, partner: Partner, transfer: Transfer, state: str, reason: str) -> None:
    detail = {"partner": partner.id, "agency": partner.agency, "kind": transfer.kind, "state": state, "tries": transfer.tries}
    subjects = (transfer.incident or f"partner:{partner.id}",)
    if state == "sent" and transfer.sent_at is not None:
        return  # sent again: it is known
    if transfer.incident and transfer.kind != "receipt" and await head_of_any(connection, transfer.incident) is not None:
        data = HandoverSent(
            handover=transfer.id,
            agency=partner.agency,
            format=partner.format,
            state=EVENTS[state],
            note=reason[:200],
        )
        # The same step of the same try is one event, however often it is taken.
        new = New(f"{transfer.id}{state[:2]}{transfer.tries}", "handover.sent", spine.clock(), plain(data))
        await keep(connection, spine, states_of(spine.db), platform_for(partner), transfer.incident, [new])
    await audit.record(connection, audit.SYSTEM, "disclosure", SEND, subjects=subjects, detail=detail)


async def receipt(spine: Spine, partner: Partner, transfer: Transfer, told: HandoverMessage, body: bytes) -> None:
    """A partner's receipt for one of our messages."""
    refused = told.outcome == "refused"
    reason = (told.note or "refused without a reason") if refused else ""
    await settle(spine, partner, transfer, "refused" if refused else "received", reason, answer=body)
    if refused or not transfer.incident or transfer.kind == "receipt":
        return
    if transfer.kind == "create" or told.reference:
        await acknowledge(spine, partner, transfer.incident, told.reference, told.note, f"{transfer.id}ack")


async def acknowledge(spine: Spine, partner: Partner, incident: str, reference: str, note: str, event: str) -> None:
    """Their control room has it, under their own number."""
    async with changing_survivor(spine, incident) as (connection, going_on):
        head = await head_of_any(connection, going_on, lock=True)
        if head is None:
            return
        state = await states_of(spine.db).as_of(connection, going_on, head.sequence)
        member = state.agencies.get(partner.agency)
        if state.status != "open" or member is None or (member.acknowledged_at and member.reference == reference):
            return
        new = New(event, "agency.acknowledged", spine.clock(), {"reference": reference[:200], "note": note[:200]})
        await within(connection, spine, states_of(spine.db), author_for(partner), going_on, [new], RECEIVE)


def pause(tries: int, base_s: float) -> timedelta:
    """Doubles each time, up to five minutes."""
    return timedelta(seconds=min(base_s * 2 ** max(0, tries - 1), 300))
