"""What people do about messages: hand an incident over by hand, send again, read again, drop."""

from __future__ import annotations

from bluelamp.incidents.access import HANDOVERS_MEND, INCIDENTS_COMMAND
from bluelamp.incidents.authors import author_of
from bluelamp.incidents.domain.events import AgencyJoined, plain
from bluelamp.incidents.domain.rules import New
from bluelamp.incidents.errors import NoSuchIncidentError, NoSuchPartnerError, NoSuchTransferError, NotOpenedError, NotWaitingError
from bluelamp.incidents.gateways.registry import FORMATS
from bluelamp.incidents.handovers import outgoing, partner_store, store
from bluelamp.incidents.handovers.mending import incoming_message
from bluelamp.incidents.handovers.partner_store import Partner
from bluelamp.incidents.handovers.store import Transfer
from bluelamp.incidents.log.actions import keep
from bluelamp.incidents.log.states import states_of
from bluelamp.incidents.log.store import head, moment
from bluelamp.kit.ids import new_id
from bluelamp.spine import audit
from bluelamp.spine.errors import InvalidError
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Connection

WAITING = {"out": frozenset({"dead", "refused"}), "in": frozenset({"dead", "refused"})}
"""States in which a person may try again."""


async def hand_over(spine: Spine, caller: Caller, incident: str, partner_id: str, note: str) -> str:
    """Tell a partner of an incident, or how it stands; id of the transfer.

    Raises:
        NoSuchIncidentError, NoSuchPartnerError: not the caller's.
        NotOpenedError: it cannot be shared with their agency.
        InvalidError: the partner only sends; an alert without words for the public.
    """
    author = await author_of(spine, caller)
    states = states_of(spine.db)
    async with states.changing(spine.db, incident) as connection:
        found = await head(connection, incident, caller.agency, caller.roles, lock=True)
        if found is None:
            raise NoSuchIncidentError
        partner = await partner_store.by_id(connection, partner_id, caller.agency)
        if partner is None or not partner.active:
            raise NoSuchPartnerError("your agency has no such partner")
        kind = FORMATS[partner.format]
        if not partner.url:
            raise InvalidError(f"{partner.name} only sends: give the partner a url first")
        if partner.format == "cap" and not note.strip():
            raise InvalidError("write what the public shall read: an alert says nothing else of the incident but its type and place")
        state = await states.as_of(connection, incident, found.sequence)
        if kind.joins and partner.agency not in state.agencies:
            joined = New(new_id(), "agency.joined", spine.clock(), plain(AgencyJoined(agency=partner.agency, reason=note[:200])))
            results, _ = await keep(connection, spine, states, author, incident, [joined])
            if results[0].state == "refused":
                raise NotOpenedError(results[0].message)
        links = {one.partner: one for one in await store.links_of(connection, incident)}
        link = links.get(partner.id) or await store.link(connection, partner.id, incident, incident, theirs=False)
        await store.turn_to(connection, link, state.sequence)  # what happened so far is in the message itself
        transfer = await outgoing.begin(connection, spine, link, new_id(), note)
        detail = {"partner": partner.id, "agency": partner.agency, "format": partner.format, "transfer": transfer}
        await audit.record(connection, caller.actor, "disclosure", INCIDENTS_COMMAND, subjects=(incident,), detail=detail)
    return transfer


async def send_again(spine: Spine, caller: Caller, transfer: str) -> None:
    """Send a message again that a person had to see.

    Raises:
        NoSuchTransferError: none of the caller's agency.
        NotWaitingError: it is done, or under way.
    """
    async with spine.db.transaction() as connection:
        found, partner = await held(connection, caller, transfer)
        now = moment(spine.clock())
        values = {"state": "queued", "tries": 0, "next_at": now, "settled_at": None, "settled_by": ""}
        if found.kind != "receipt" and (found.state == "refused" or partner.changed_at > (found.settled_at or found.created_at)):
            # It is made anew, of how things stand now: another message, which needs an id of its own.
            values |= {"body": None, "message_id": new_id(), "sent_at": None}
        await store.change(connection, found.id, values)
        await connection.execute("SELECT pg_notify($1, '')", store.CHANNEL)
        detail = {"sent_again": True, "was": found.state}
        await audit.record(connection, caller.actor, "alteration", HANDOVERS_MEND, subjects=(f"transfer:{found.id}",), detail=detail)


async def read_again(spine: Spine, caller: Caller, transfer: str) -> None:
    """Read a message again that could not be read; a worker then acts on it, and sends the receipt.

    Raises:
        NoSuchTransferError, NotWaitingError.
        NotThisFormatError: it still cannot be read, and why.
    """
    async with spine.db.transaction() as connection:
        found, partner = await held(connection, caller, transfer)
        message, now = incoming_message(partner, found), moment(spine.clock())
        twin = await store.by_message(connection, partner.id, "in", message.id)
        if twin is not None and twin.id != found.id:
            told = f"it came again and was read as {twin.id}"
            values = {"state": "dropped", "reason": told, "settled_at": now, "settled_by": caller.name}
        else:
            values = {"state": "reading", "kind": message.kind, "message_id": message.id, "shared": message.incident, "next_at": now}
        await store.change(connection, found.id, values)
        await connection.execute("SELECT pg_notify($1, '')", store.CHANNEL)
        detail = {"read_again": True, "was": found.state}
        await audit.record(connection, caller.actor, "alteration", HANDOVERS_MEND, subjects=(f"transfer:{found.id}",), detail=detail)


async def drop(spine: Spine, caller: Caller, transfer: str, reason: str) -> None:
    """Nothing more is done about a message. It is kept, with who decided it and why."""
    async with spine.db.transaction() as connection:
        found = await store.by_id(connection, transfer, caller.agency, lock=True)
        if found is None:
            raise NoSuchTransferError("your agency has no such message")
        if found.state not in WAITING[found.direction] | {"queued", "sent"}:
            raise NotWaitingError("it is done already: there is nothing to drop")
        values = {"state": "dropped", "reason": reason, "settled_at": moment(spine.clock()), "settled_by": caller.name}
        await store.change(connection, transfer, values)
        detail = {"dropped": reason, "was": found.state}
        await audit.record(connection, caller.actor, "alteration", HANDOVERS_MEND, subjects=(f"transfer:{transfer}",), detail=detail)


async def held(connection: Connection, caller: Caller, transfer: str) -> tuple[Transfer, Partner]:
    """The message, locked, where there is something to mend about it."""
    found = await store.by_id(connection, transfer, caller.agency, lock=True)
    partner = await partner_store.by_id(connection, found.partner, caller.agency) if found else None
    if found is None or partner is None:
        raise NoSuchTransferError("your agency has no such message")
    if found.state not in WAITING[found.direction]:
        raise NotWaitingError("it is done, or still under way: there is nothing to mend")
    return found, partner
