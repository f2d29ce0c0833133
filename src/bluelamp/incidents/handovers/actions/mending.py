"""A person puts right what kept a message from being understood, here or there, and it goes on its way again."""

from __future__ import annotations

from typing import Any

from bluelamp.incidents.access import HANDOVERS_MEND
from bluelamp.incidents.errors import NoSuchIncidentError
from bluelamp.incidents.gateways.message import HandoverMessage
from bluelamp.incidents.handovers import store
from bluelamp.incidents.handovers.actions.transfers import held
from bluelamp.incidents.handovers.mending import BY_HAND, corrected, incoming_message
from bluelamp.incidents.handovers.partner_store import Partner
from bluelamp.incidents.handovers.store import Transfer
from bluelamp.incidents.log.store import head, moment
from bluelamp.kit.ids import new_id
from bluelamp.spine import audit
from bluelamp.spine.errors import InvalidError
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Connection


async def mend(spine: Spine, caller: Caller, transfer: str, fields: dict[str, Any], incident: str) -> None:
    """Say what a message should say, and send it or act on it again. What was sent first is kept beside it.

    `fields`: of a message; what is absent stays. `incident`: of ours, that a message that came belongs to.

    Raises:
        NoSuchTransferError, NotWaitingError: none of the caller's agency; done, or under way.
        NoSuchIncidentError: the caller does not see that incident.
        InvalidError: nothing that may be put right, or it does not hold together.
    """
    now = moment(spine.clock())
    async with spine.db.transaction() as connection:
        found, partner = await held(connection, caller, transfer)
        if not fields and not incident:
            raise InvalidError("say what is to be put right; to send it as it is, use repeat")
        values: dict[str, Any] = {"mended": fields, "mended_by": caller.name, "next_at": now, "settled_at": None, "settled_by": ""}
        if found.direction == "out":
            values |= _out(found, fields, incident)
        else:
            values |= await _in(connection, caller, partner, found._replace(mended=fields), incident)
        await store.change(connection, found.id, values)
        await connection.execute("SELECT pg_notify($1, '')", store.CHANNEL)
        detail = {"mended": sorted(fields), "was": found.state}
        subjects = tuple(one for one in (f"transfer:{found.id}", incident or found.incident) if one)
        await audit.record(connection, caller.actor, "alteration", HANDOVERS_MEND, subjects=subjects, detail=detail)


def _out(found: Transfer, fields: dict[str, Any], incident: str) -> dict[str, Any]:
    if found.kind == "receipt":
        raise InvalidError("a receipt says what became of their message: send it again as it is, or let it go")
    if incident or "kind" in fields:
        raise InvalidError("which incident a message of ours is about, and what it does, stays: hand over the other incident instead")
    # Each field is sound by its type; that they hold together is seen here rather than by the worker.
    corrected(HandoverMessage(id=found.id, kind="update"), fields)
    return {"state": "queued", "tries": 0, "body": None, "message_id": new_id(), "sent_at": None}


async def _in(connection: Connection, caller: Caller, partner: Partner, found: Transfer, incident: str) -> dict[str, Any]:
    message = incoming_message(partner, found)
    if message.is_receipt:
        raise InvalidError("a receipt of theirs is read as it is: read it again, or let it go")
    if not message.incident:
        message = message.model_copy(update={"incident": f"{BY_HAND}{found.id}"})
    if incident:
        if await head(connection, incident, caller.agency, caller.roles) is None:
            raise NoSuchIncidentError
        link = await store.link(connection, partner.id, message.incident, incident, theirs=False)
        if link.incident != incident:
            raise InvalidError("what they speak of is another incident of yours already: let this one go and write it into the right log")
    twin = await store.by_message(connection, partner.id, "in", message.id)
    if twin is not None and twin.id != found.id:
        raise InvalidError(f"it came again and was read as {twin.id}: let this one go")
    return {"state": "reading", "kind": message.kind, "message_id": message.id, "shared": message.incident}
