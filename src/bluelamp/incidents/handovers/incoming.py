"""Messages that come: kept first, then acted on, then answered with a receipt. The same again changes nothing and gets the same receipt."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any, NamedTuple

from bluelamp.incidents.gateways.message import CannotCarryError, HandoverMessage, NotThisFormatError
from bluelamp.incidents.gateways.registry import FORMATS
from bluelamp.incidents.handovers import applying, mending, partner_store, settling, store
from bluelamp.incidents.handovers.applying import Done
from bluelamp.incidents.handovers.partner_store import Partner
from bluelamp.incidents.handovers.store import Link, Outgoing, Transfer
from bluelamp.incidents.log.store import goes_on_in, moment
from bluelamp.kit.ids import new_id
from bluelamp.spine import audit
from bluelamp.spine.errors import BluelampError, TooManyError
from bluelamp.spine.module import Spine

UNREAD_MAX = 500
"""Messages of one partner that wait for a person; after that it is told to stop."""


LEASE = timedelta(seconds=60)
"""How long a message may be acted on before somebody else takes it up."""


class Reply(NamedTuple):
    """The receipt; empty where what came was one."""

    status: int
    body: bytes


async def receive(spine: Spine, partner: Partner, body: bytes) -> Reply:
    """Keep, act on and answer a message.

    Raises:
        NotThisFormatError: it is kept whole, for a person to read; the message names under which id.
        TooManyError: too many of this partner's wait for a person.
    """
    read = FORMATS[partner.format].read
    if read is None:
        raise NotThisFormatError(f"{partner.format} is sent only")
    try:
        message = read(body)
    except NotThisFormatError as error:
        kept = await _keep_unread(spine, partner, body, error.message)
        raise NotThisFormatError(f"{error.message} (kept as {kept})", transfer=kept) from None
    transfer = await _keep(spine, partner, message, body)
    if transfer.digest != hashlib.sha256(body).digest():
        note = "another message bears this id: give each message its own"
        return Reply(422, _receipt(spine, partner, message, new_id(), Done("refused", note)))
    if transfer.state in {"received", "refused"}:
        return Reply(200 if transfer.state == "received" else 422, transfer.answer or b"")
    return await act(spine, partner, message, transfer)


async def _keep_unread(spine: Spine, partner: Partner, body: bytes, reason: str) -> str:
    """Whole, among the dead letters, once; its id."""
    digest, now, transfer = hashlib.sha256(body).digest(), moment(spine.clock()), new_id()
    async with spine.db.transaction() as connection:
        if (known := await store.unread(connection, partner.id, digest)) is not None:
            return known.id
        if await store.dead_count(connection, partner.id) >= UNREAD_MAX:
            raise TooManyError(f"{UNREAD_MAX} of your messages wait for a person here: ask that control room", retry_after_s=600)
        values = {
            "id": transfer, "partner": partner.id, "kind": "", "message_id": "", "state": "dead", "next_at": now, "body": body,
            "digest": digest, "reason": reason[:500], "created_at": now,
        }  # fmt: skip
        await store.take_in(connection, values)
        actor = settling.author_for(partner).actor
        detail = {"partner": partner.id, "unread": reason[:200]}
        await audit.record(connection, actor, "refusal", settling.RECEIVE, subjects=(f"transfer:{transfer}",), detail=detail)
    return transfer


async def _keep(spine: Spine, partner: Partner, message: HandoverMessage, body: bytes) -> Transfer:
    now = moment(spine.clock())
    async with spine.db.transaction() as connection:
        values = {
            "id": new_id(), "partner": partner.id, "kind": message.kind, "message_id": message.id, "shared": message.incident,
            "state": "reading", "next_at": now + LEASE, "body": body, "digest": hashlib.sha256(body).digest(), "created_at": now,
        }  # fmt: skip
        await store.take_in(connection, values)
        found = await store.by_message(connection, partner.id, "in", message.id)
        assert found is not None  # noqa: S101 - added just now, or known
    return found


async def act(spine: Spine, partner: Partner, message: HandoverMessage, transfer: Transfer) -> Reply:
    """Do what the message asks for, and answer."""
    if message.is_receipt:
        done = await _take_receipt(spine, partner, message, transfer)
        await _finish(spine, partner, message, transfer, None, done, b"")
        return Reply(200 if done.outcome == "received" else 422, b"")
    link = None
    try:
        link, done = await _apply(spine, partner, message, transfer)
    except BluelampError as error:
        if error.status >= 500:
            raise
        done = Done("refused", error.message)
    answer = _receipt(spine, partner, message, transfer.id, done)
    kept = await _finish(spine, partner, message, transfer, link, done, answer)
    return Reply(200 if done.outcome == "received" else 422, kept)


async def take_up(spine: Spine) -> int:
    """Act on what came and was left unfinished, and send its receipt; how many."""
    done = 0
    while (transfer := await store.claim_unfinished(spine.db, moment(spine.clock()), LEASE)) is not None:
        partner = await partner_store.by_id(spine.db, transfer.partner)
        if partner is None:
            continue
        try:
            message = mending.incoming_message(partner, transfer)
        except NotThisFormatError as error:
            await store.change(spine.db, transfer.id, {"state": "dead", "reason": error.message[:500]})
            continue
        reply = await act(spine, partner, message, transfer)
        if reply.body and partner.url:
            async with spine.db.transaction() as connection:
                out = Outgoing(new_id(), partner.id, "receipt", None, message.incident, f"{transfer.id}{new_id()}", [], reply.body)
                await store.queue(connection, out, moment(spine.clock()))
        done += 1
    return done


async def _apply(spine: Spine, partner: Partner, message: HandoverMessage, transfer: Transfer) -> tuple[Link | None, Done]:
    if message.status == "test":
        return None, Done("received", "A test: nothing was opened")
    if not message.incident:
        return None, Done("refused", "the message names no incident: give the id that both sides know it by")
    known = await store.link_of(spine.db, partner.id, message.incident)
    if known is not None and (survivor := await goes_on_in(spine.db, known.incident)) != known.incident:
        # Theirs was merged into another of ours, which is not theirs to amend: what they say is written into its log.
        known = known._replace(incident=survivor, theirs=False)
    opened = known is not None and await spine.db.fetchval("SELECT true FROM incidents WHERE id = $1", known.incident)
    if message.kind == "close":
        if known is None or not opened:
            return None, Done("refused", "no incident was handed over under this id: nothing is closed")
        return known, await applying.end(spine, partner, known, message, transfer.id)
    # A message that was cut off after it had opened its incident begins once more: what it did is known by its ids.
    cut_off = opened and await spine.db.fetchval("SELECT true FROM incident_events WHERE id = $1", f"{transfer.id}open")
    if known is None or not opened or cut_off:
        # An update of what we never heard of is heard now rather than lost. The link stands first, so that nobody tells them of it.
        incident = known.incident if known else applying.derived(partner.id, message.incident)
        async with spine.db.transaction() as connection:
            known = await store.link(connection, partner.id, message.incident, incident, theirs=True)
        return known, await applying.begin(spine, partner, known, message, transfer.id)
    return known, await applying.go_on(spine, partner, known, message, transfer.id)


async def _take_receipt(spine: Spine, partner: Partner, message: HandoverMessage, transfer: Transfer) -> Done:
    ours = await store.by_message(spine.db, partner.id, "out", message.answers) if message.answers else None
    if ours is None and not message.answers:
        ours = await store.awaiting(spine.db, partner.id, message.incident)
    if ours is None:
        return Done("refused", "the receipt is for no message of ours")
    await settling.receipt(spine, partner, ours, message, transfer.body or b"")
    return Done("received")


def _receipt(spine: Spine, partner: Partner, message: HandoverMessage, receipt_id: str, done: Done) -> bytes:
    if message.id.startswith(mending.BY_HAND):
        return b""  # theirs could not be read, so there is no id that a receipt could name
    told = HandoverMessage(
        id=receipt_id, kind="receipt", sender=message.receiver or partner.ours, receiver=message.sender or partner.theirs,
        at=spine.clock() // 1000 * 1000, incident=message.incident, reference=done.number, answers=message.id, answers_at=message.at,
        outcome="refused" if done.outcome == "refused" else "received", note=done.note,
    )  # fmt: skip
    try:
        return FORMATS[partner.format].write(told)
    except CannotCarryError:
        return b""  # their id is none that the format's receipts can name; the status still tells


async def _finish(
    spine: Spine, partner: Partner, message: HandoverMessage, transfer: Transfer, link: Link | None, done: Done, answer: bytes
) -> bytes:
    """Keep the receipt; the one that is kept, where two came at once."""
    async with spine.db.transaction() as connection:
        held = await store.by_id(connection, transfer.id, lock=True)
        if held is not None and held.state in {"received", "refused"}:
            return held.answer or b""
        told = done.unclear if done.outcome == "received" else done.note
        values: dict[str, Any] = {"state": done.outcome, "answer": answer, "reason": told[:500]}
        values |= {"settled_at": moment(spine.clock()), "incident": link.incident if link else None}
        await store.change(connection, transfer.id, values)
        if link is not None and done.outcome == "received":
            await store.heard(connection, partner.id, link.shared, message.model_dump(mode="json"))
        detail = {"partner": partner.id, "kind": message.kind, "outcome": done.outcome, "transfer": transfer.id}
        subjects = (link.incident if link else f"transfer:{transfer.id}",)
        actor = settling.author_for(partner).actor
        kind: audit.Kind = "refusal" if done.outcome == "refused" else "collection"
        await audit.record(connection, actor, kind, settling.RECEIVE, subjects=subjects, detail=detail)
    return answer
