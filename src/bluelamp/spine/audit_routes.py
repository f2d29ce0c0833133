"""The door to the audit: one's own looks, one's agency's for supervisors, all for auditors. Reading it is a look too."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel

from bluelamp.kit.paging import decode_cursor, encode_cursor
from bluelamp.spine import audit
from bluelamp.spine.errors import InvalidError
from bluelamp.spine.http import Caller, get_spine, permit
from bluelamp.spine.identity.access import AUDIT_AGENCY, AUDIT_ALL, AUDIT_OWN
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Database, Record
from bluelamp.spine.wire import Instant, Page

router = APIRouter(tags=["audit"])

Text = Annotated[str, Query(max_length=200)]


class AuditPerson(BaseModel):
    id: str
    username: str


class AuditOutcome(BaseModel):
    """How a look ended and how many records it showed."""

    outcome: str
    count: int
    at: Instant


class AuditItem(BaseModel):
    """One entry. `kind` is an operation of section 62 of the Data Protection Act 2018, or a refusal."""

    id: str
    at: Instant
    person: AuditPerson
    agency: str
    kind: str
    action: str
    subjects: list[str]
    purpose: str
    reference: str
    detail: dict[str, Any]
    outcome: AuditOutcome | None


class AuditFilter(BaseModel):
    """What a reader asks for. `person` is a user id or username; `subject` a plate or id that was looked at."""

    person: str = ""
    subject: str = ""
    action: str = ""
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


def _item(row: Record) -> AuditItem:
    outcome = None
    if row["outcome"]:
        outcome = AuditOutcome(outcome=row["outcome"], count=row["count"], at=row["outcome_at"])
    return AuditItem(
        id=row["id"],
        at=row["at"],
        person=AuditPerson(id=row["actor"], username=row["actor_name"]),
        agency=row["agency"],
        kind=row["kind"],
        action=row["action"],
        subjects=row["subjects"],
        purpose=row["purpose"],
        reference=row["reference"],
        detail=row["detail"],
        outcome=outcome,
    )


def _scope(caller: Caller) -> tuple[str, str]:
    """Condition and value that bound what the caller may see."""
    if caller.may(AUDIT_ALL):
        return "$1 <> ''", "all"
    if caller.may(AUDIT_AGENCY):
        return "e.agency = $1", caller.agency
    return "e.actor = $1", caller.id


async def _read(db: Database, caller: Caller, wanted: AuditFilter, before: int, count: int) -> list[Record]:
    condition, value = _scope(caller)
    subjects = [wanted.subject, "".join(c for c in wanted.subject.upper() if c.isalnum())] if wanted.subject else []
    return await db.fetch(
        "SELECT e.*, o.outcome, o.count, o.at AS outcome_at FROM audit_entries e LEFT JOIN audit_outcomes o ON o.entry = e.id"
        f" WHERE {condition} AND e.number < $2 AND ($3 = '' OR e.actor = $3 OR e.actor_name = $3)"
        " AND (cardinality($4::text[]) = 0 OR e.subjects && $4) AND ($5 = '' OR e.action = $5 OR starts_with(e.action, $5 || '.'))"
        " AND ($6::timestamptz IS NULL OR e.at >= $6) AND ($7::timestamptz IS NULL OR e.at < $7)"
        " ORDER BY e.number DESC LIMIT $8",
        value, before, wanted.person, subjects, wanted.action, wanted.since, wanted.until, count,
    )  # fmt: skip


@router.get("/audit")
async def read_audit(
    spine: Annotated[Spine, Depends(get_spine)],
    caller: Annotated[Caller, permit(AUDIT_OWN)],
    person: Text = "",
    subject: Text = "",
    action: Text = "",
    since: Annotated[AwareDatetime | None, Query(alias="from")] = None,
    until: Annotated[AwareDatetime | None, Query(alias="to")] = None,
    cursor: Annotated[str, Query(max_length=100)] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Page[AuditItem]:
    """Entries, newest first: your own; your agency's for a supervisor; all for an auditor. `action` may be a prefix such as `identity`."""
    wanted = AuditFilter(person=person, subject=subject, action=action, since=since, until=until)
    before = 2**62
    if cursor:
        try:
            before = int(decode_cursor(cursor, int)[0])
        except ValueError as error:
            raise InvalidError(str(error)) from error
    asked = wanted.model_dump(mode="json", exclude_defaults=True)
    intent = await audit.intend(
        spine.db, caller.actor, "audit.entries.read", subjects=tuple(s for s in (person, subject) if s), detail={"asked": asked}
    )
    rows = await _read(spine.db, caller, wanted, before, limit + 1)
    shown = rows[:limit]
    await audit.conclude(spine.db, intent, "answered", len(shown))
    more = encode_cursor(shown[-1]["number"]) if len(rows) > limit else None
    return Page(items=[_item(row) for row in shown], next=more)
