"""Shapes of the audit on the wire."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from bluelamp.spine.audit import Kind
from bluelamp.spine.audit.proofs import EntryProof, Inclusion
from bluelamp.spine.relational import Record
from bluelamp.spine.wire import Instant


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
    kind: Kind
    action: str
    subjects: list[str]
    purpose: str
    reference: str
    detail: dict[str, Any]
    outcome: AuditOutcome | None

    @classmethod
    def of(cls, row: Record, concluded: Record | None) -> AuditItem:
        outcome = None
        if concluded is not None:
            outcome = AuditOutcome(outcome=concluded["outcome"], count=concluded["count"], at=concluded["at"])
        return cls(
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


class CheckpointItem(BaseModel):
    """A signed check-point. `note` is the whole text with its signatures; docs/audit.md tells how to check it."""

    number: int
    size: int
    root: str = Field(description="Root of the tree, 64 hexadecimal digits.")
    at: Instant
    note: str
    delivered_at: Instant | None = None

    @classmethod
    def of(cls, row: Record) -> CheckpointItem:
        delivered = row.get("delivered_at")
        return cls(number=row["number"], size=row["size"], root=row["root"].hex(), at=row["at"], note=row["note"], delivered_at=delivered)


class InclusionItem(BaseModel):
    """A leaf: the text that is hashed after a zero byte, and the hashes from there to the root."""

    index: int
    leaf: str
    path: list[str]

    @classmethod
    def of(cls, proven: Inclusion) -> InclusionItem:
        return cls(index=proven.leaf, leaf=proven.data.decode(), path=[one.hex() for one in proven.path])


class ProofAnswer(BaseModel):
    """Proof that an entry, and its outcome where there is one, is in the tree of the check-point (RFC 6962 section 2.1.1)."""

    entry: InclusionItem
    outcome: InclusionItem | None
    checkpoint: CheckpointItem
    keys: list[str]

    @classmethod
    def of(cls, proven: EntryProof, keys: list[str]) -> ProofAnswer:
        return cls(
            entry=InclusionItem.of(proven.entry),
            outcome=InclusionItem.of(proven.outcome) if proven.outcome else None,
            checkpoint=CheckpointItem.of(proven.checkpoint),
            keys=keys,
        )


class ConsistencyAnswer(BaseModel):
    """Proof that the tree of the first check-point is the beginning of the second's (RFC 6962 section 2.1.2)."""

    first: CheckpointItem
    second: CheckpointItem
    path: list[str]


class KeysAnswer(BaseModel):
    """The name of this platform's tree and the public keys that sign it, oldest first."""

    origin: str
    keys: list[str]
