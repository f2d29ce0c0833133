"""The doors to the audit: one's own looks, one's agency's for supervisors, all for auditors; proofs; the section 62 log."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime

from bluelamp.kit.clock import to_ms, to_rfc3339
from bluelamp.kit.paging import decode_cursor, encode_cursor
from bluelamp.spine import audit
from bluelamp.spine.audit import entries, log, proofs, store
from bluelamp.spine.audit.access import AUDIT_LOG, AUDIT_TREE
from bluelamp.spine.audit.schemas import AuditItem, CheckpointItem, ConsistencyAnswer, KeysAnswer, ProofAnswer
from bluelamp.spine.errors import InvalidError
from bluelamp.spine.http import Caller, SpineHere, permit
from bluelamp.spine.identity.access import AUDIT_AGENCY, AUDIT_ALL, AUDIT_OWN
from bluelamp.spine.wire import Page

router = APIRouter(tags=["audit"])

Text = Annotated[str, Query(max_length=200, pattern="^[^\\x00]*$")]
Cursor = Annotated[str, Query(max_length=100)]
FIRST = 2**62


def _scope(caller: Caller) -> entries.Scope:
    """What bounds the caller's sight."""
    if caller.may(AUDIT_ALL):
        return entries.Scope()
    if caller.may(AUDIT_AGENCY):
        return entries.Scope(agency=caller.agency)
    return entries.Scope(actor=caller.id)


def _before(cursor: str) -> int:
    if not cursor:
        return FIRST
    try:
        return min(int(decode_cursor(cursor, int)[0]), FIRST)
    except ValueError as error:
        raise InvalidError(str(error)) from error


def _spellings(subject: str) -> tuple[str, ...]:
    """A subject as it was typed, and as a plate is kept."""
    return tuple(dict.fromkeys((subject, "".join(c for c in subject.upper() if c.isalnum())))) if subject else ()


@router.get("/audit")
async def read_audit(
    spine: SpineHere,
    caller: Annotated[Caller, permit(AUDIT_OWN)],
    person: Text = "",
    subject: Text = "",
    reference: Text = "",
    action: Text = "",
    kind: Annotated[list[audit.Kind] | None, Query(max_length=7)] = None,
    since: Annotated[AwareDatetime | None, Query(alias="from")] = None,
    until: Annotated[AwareDatetime | None, Query(alias="to")] = None,
    cursor: Cursor = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Page[AuditItem]:
    """Entries, newest first: your own; your agency's for a supervisor; all for an auditor.

    `subject` is a plate or an id that was looked at, `reference` a case, incident or operation, `action` may be a prefix such
    as `identity`.
    """
    before = _before(cursor)
    told = {
        "person": person,
        "subject": subject,
        "reference": reference,
        "action": action,
        "kind": kind,
        "from": to_rfc3339(to_ms(since)) if since else "",
        "to": to_rfc3339(to_ms(until)) if until else "",
    }
    detail = {"asked": {name: value for name, value in told.items() if value}}
    intent = await audit.intend(
        spine.db, caller.actor, "audit.entries.read", subjects=tuple(s for s in (person, subject, reference) if s), detail=detail
    )
    wanted = entries.Wanted(
        subjects=_spellings(subject),
        actors=await entries.actors_named(spine.db, person) if person else (),
        action=action,
        reference=reference,
        kinds=tuple(kind or ()),
        since=since,
        until=until,
    )
    rows = await entries.newest(spine.db, _scope(caller), wanted, before, limit + 1)
    shown = rows[:limit]
    outcomes = await entries.outcomes_of(spine.db, shown)
    await audit.conclude(spine.db, intent, "answered", len(shown))
    more = encode_cursor(shown[-1]["number"]) if len(rows) > limit else None
    return Page(items=[AuditItem.of(row, outcomes.get(row["id"])) for row in shown], next=more)


@router.get("/audit/entries/{entry_id}/proof")
async def prove_entry(
    entry_id: Annotated[str, Path(max_length=36, pattern="^[0-9A-Za-z]+$")],
    spine: SpineHere,
    caller: Annotated[Caller, permit(AUDIT_OWN)],
) -> ProofAnswer:
    """Proof that an entry you may see is in the tree that a check-point signs. 409 until a check-point covers it."""
    intent = await audit.intend(spine.db, caller.actor, "audit.entries.prove", subjects=(entry_id,))
    try:
        proven = await proofs.prove_entry(spine, _scope(caller), entry_id)
    except Exception:
        await audit.conclude(spine.db, intent, "failed", 0)
        raise
    async with spine.db.connection() as connection:
        keys = await store.verify_keys(connection)
    await audit.conclude(spine.db, intent, "answered", 1)
    return ProofAnswer.of(proven, keys)


@router.get("/audit/checkpoints")
async def list_checkpoints(
    spine: SpineHere,
    caller: Annotated[Caller, permit(AUDIT_TREE)],
    cursor: Cursor = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Page[CheckpointItem]:
    """The signed check-points, newest first. They tell nothing of what was looked at, and pin it down: keep what you get."""
    before = _before(cursor)
    intent = await audit.intend(spine.db, caller.actor, "audit.checkpoints.list")
    async with spine.db.connection() as connection:
        rows = await store.checkpoints_before(connection, before, limit + 1)
    shown = rows[:limit]
    await audit.conclude(spine.db, intent, "answered", len(shown))
    more = encode_cursor(shown[-1]["number"]) if len(rows) > limit else None
    return Page(items=[CheckpointItem.of(row) for row in shown], next=more)


@router.get("/audit/consistency")
async def prove_consistency(
    spine: SpineHere,
    caller: Annotated[Caller, permit(AUDIT_TREE)],
    first: Annotated[int, Query(ge=1, le=FIRST, description="Number of the earlier check-point.")],
    second: Annotated[int, Query(ge=1, le=FIRST, description="Number of the later check-point.")],
) -> ConsistencyAnswer:
    """Proof that nothing before the first check-point was changed or removed until the second."""
    intent = await audit.intend(spine.db, caller.actor, "audit.checkpoints.prove", detail={"first": first, "second": second})
    try:
        one, two, path = await proofs.prove_consistency(spine, first, second)
    except Exception:
        await audit.conclude(spine.db, intent, "failed", 0)
        raise
    await audit.conclude(spine.db, intent, "answered", 2)
    return ConsistencyAnswer(first=CheckpointItem.of(one), second=CheckpointItem.of(two), path=[step.hex() for step in path])


@router.get("/audit/keys")
async def read_keys(spine: SpineHere, caller: Annotated[Caller, permit(AUDIT_TREE)]) -> KeysAnswer:
    """The public keys of the check-points, oldest first: write them down, and later ones cannot be swapped unseen."""
    intent = await audit.intend(spine.db, caller.actor, "audit.keys.read")
    async with spine.db.connection() as connection:
        answer = KeysAnswer(origin=await store.origin(connection), keys=await store.verify_keys(connection))
    await audit.conclude(spine.db, intent, "answered", len(answer.keys))
    return answer


@router.get(
    "/audit/log",
    response_class=StreamingResponse,
    responses={200: {"content": {media: {"schema": {"type": "string"}} for media in log.MEDIA_TYPES.values()}}},
)
async def print_log(
    spine: SpineHere,
    caller: Annotated[Caller, permit(AUDIT_LOG)],
    since: Annotated[AwareDatetime, Query(alias="from")],
    until: Annotated[AwareDatetime, Query(alias="to")],
    agency: Annotated[str, Query(max_length=8, pattern="^[A-Z0-9]*$")] = "",
    output: Annotated[Literal["csv", "json", "pdf"], Query(alias="format")] = "csv",
) -> StreamingResponse:
    """The section 62 log of a period, of one agency or of all: CSV, JSON lines or PDF."""
    printed = await log.print_log(spine, caller.actor, since, until, agency, output)
    name = f"section-62-log-{since:%Y%m%d}-{until:%Y%m%d}{f'-{agency}' if agency else ''}.{log.SUFFIXES[output]}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(printed, media_type=log.MEDIA_TYPES[output], headers=headers)
