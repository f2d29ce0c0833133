"""Sends what is queued to partners: by POST, within bounds, again until there is a receipt, and to a person when all tries are used up.

The only place of incidents that opens a connection. Addresses are checked once more as they are used; nothing redirects.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import NamedTuple

import httpx

from bluelamp.incidents.errors import NoSuchIncidentError
from bluelamp.incidents.gateways.message import BODY_BYTES_MAX, HandoverMessage
from bluelamp.incidents.gateways.registry import FORMATS, Format
from bluelamp.incidents.handovers import incoming, partner_store, settling, store
from bluelamp.incidents.handovers.addresses import checked_url
from bluelamp.incidents.handovers.mending import corrected
from bluelamp.incidents.handovers.outgoing import message_of
from bluelamp.incidents.handovers.partner_store import Partner
from bluelamp.incidents.handovers.store import Transfer
from bluelamp.incidents.log.queries import state_now
from bluelamp.incidents.log.store import moment
from bluelamp.incidents.settings import incident_settings
from bluelamp.spine.errors import BluelampError, EngineDownError, InvalidError
from bluelamp.spine.module import Spine
from bluelamp.spine.steady import steadily

log = logging.getLogger(__name__)

AT_ONCE_MAX = 8
LOOKS_EVERY_S = 1.0
HOPELESS = frozenset({300, 301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 406, 410, 411, 413, 414, 415, 422, 501})
"""Answers that another try does not change; a person sees them at once."""


class Answer(NamedTuple):
    status: int
    body: bytes


def client() -> httpx.AsyncClient:
    """No redirects, no proxies of the environment, no cookies kept."""
    return httpx.AsyncClient(follow_redirects=False, trust_env=False, limits=httpx.Limits(max_connections=AT_ONCE_MAX * 2))


async def post(http: httpx.AsyncClient, partner: Partner, kind: Format, transfer: Transfer, body: bytes) -> Answer:
    """Raises `httpx.HTTPError`, `TimeoutError`, `AddressError`."""
    headers = {"Content-Type": kind.content_type, "Accept": kind.content_type, "Idempotency-Key": transfer.message_id}
    if partner.their_key:
        headers["Authorization"] = f"Bearer {partner.their_key}"
    timeout = incident_settings().handover_timeout_s
    async with (
        asyncio.timeout(timeout),
        http.stream("POST", checked_url(partner.url), content=body, headers=headers, timeout=timeout) as answer,
    ):
        read = b""
        async for part in answer.aiter_bytes():
            read += part
            if len(read) > BODY_BYTES_MAX:
                break
        http.cookies.clear()
        return Answer(answer.status_code, read)


async def send(spine: Spine, http: httpx.AsyncClient, transfer: Transfer) -> None:
    """One try of one message that was claimed."""
    settings = incident_settings()
    partner = await partner_store.by_id(spine.db, transfer.partner)
    if partner is None:
        return
    kind = FORMATS[partner.format]
    if transfer.tries > settings.handover_tries_max:
        told = transfer.reason or "no receipt came"
        await settling.settle(spine, partner, transfer, "dead", f"given up after {transfer.tries - 1} tries: {told}")
        return
    try:
        body = transfer.body if transfer.body is not None else await _make(spine, partner, kind, transfer)
        answer = await post(http, partner, kind, transfer, body)
    except (InvalidError, NoSuchIncidentError) as error:
        await settling.settle(spine, partner, transfer, "dead", error.message)
    except (httpx.HTTPError, TimeoutError, httpx.InvalidURL) as error:
        late = isinstance(error, TimeoutError | httpx.TimeoutException)
        await _again(spine, partner, transfer, "no answer in time" if late else f"no connection: {type(error).__name__}")
    else:
        await _answered(spine, partner, kind, transfer, answer)


async def _make(spine: Spine, partner: Partner, kind: Format, transfer: Transfer) -> bytes:
    """The message, kept, so that each try sends the same."""
    state = await state_now(spine, transfer.incident or "")
    async with spine.db.transaction() as connection:
        held = await store.by_id(connection, transfer.id, lock=True)  # notes may have joined it since it was claimed
        message = await message_of(connection, partner, held or transfer, state, spine.clock())
        body = kind.write(corrected(message, transfer.mended))
        await store.change(connection, transfer.id, {"body": body})
    return body


async def _again(spine: Spine, partner: Partner, transfer: Transfer, reason: str) -> None:
    settings = incident_settings()
    if transfer.tries >= settings.handover_tries_max:
        await settling.settle(spine, partner, transfer, "dead", f"given up after {transfer.tries} tries: {reason}")
        return
    next_at = moment(spine.clock()) + settling.pause(transfer.tries, settings.handover_backoff_s)
    await store.postpone(spine.db, transfer.id, next_at, reason)


async def _answered(spine: Spine, partner: Partner, kind: Format, transfer: Transfer, answer: Answer) -> None:
    told = receipt_in(kind, transfer, answer.body)
    if told is not None:
        await settling.receipt(spine, partner, transfer, told, answer.body)
        return
    if not 200 <= answer.status < 300:
        reason = f"{partner.name} answers {answer.status}"
        if answer.status in HOPELESS:
            await settling.settle(spine, partner, transfer, "dead", reason)
        else:
            await _again(spine, partner, transfer, reason)
        return
    now = moment(spine.clock())
    if not kind.receipt or transfer.kind == "receipt":
        await settling.settle(spine, partner, transfer, "received", "", sent_at=now)
        return
    nonsense = "the answer was no receipt" if answer.body.strip() else ""
    due = (
        now
        + timedelta(seconds=incident_settings().handover_receipt_s)
        + settling.pause(transfer.tries, incident_settings().handover_backoff_s)
    )
    await settling.settle(spine, partner, transfer, "sent", nonsense, sent_at=transfer.sent_at or now, next_at=due)


def receipt_in(kind: Format, transfer: Transfer, body: bytes) -> HandoverMessage | None:
    """The receipt for this message, where the answer is one."""
    if kind.read is None or not body.strip():
        return None
    try:
        told = kind.read(body)
    except BluelampError:
        return None
    named = told.answers == transfer.message_id or (not told.answers and told.incident == transfer.shared)
    return told if told.is_receipt and named else None


async def send_due(spine: Spine, http: httpx.AsyncClient) -> int:
    """Everything whose turn it is, several at once; how many."""
    settings = incident_settings()
    lease = timedelta(seconds=settings.handover_timeout_s + 5)
    sent = 0
    running: set[asyncio.Task[None]] = set()
    try:
        while True:
            transfer = await store.claim(spine.db, moment(spine.clock()), lease)
            if transfer is not None:
                sent += 1
                running.add(asyncio.create_task(_guarded(spine, http, transfer)))
            if not running:
                return sent
            if transfer is None or len(running) >= AT_ONCE_MAX:
                _, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _guarded(spine: Spine, http: httpx.AsyncClient, transfer: Transfer) -> None:
    try:
        await send(spine, http, transfer)
    except EngineDownError as error:
        log.warning("a hand-over waits: %s", error.message)
    except Exception:
        log.exception("a hand-over failed")  # without its body; its lease runs out and it is tried again


async def run(spine: Spine) -> None:
    """For ever. What a process that died had under way is taken up when its lease runs out."""
    wake = asyncio.Event()
    spine.db.listen(store.CHANNEL, wake.set)
    async with client() as http:
        await steadily("handovers", partial(_keep_sending, spine, http, wake))


async def _keep_sending(spine: Spine, http: httpx.AsyncClient, wake: asyncio.Event) -> None:
    while True:
        wake.clear()
        try:
            await incoming.take_up(spine)
            await send_due(spine, http)
        except EngineDownError as error:
            log.warning("hand-overs wait: %s", error.message)
        with suppress(TimeoutError):
            await asyncio.wait_for(wake.wait(), LOOKS_EVERY_S)
