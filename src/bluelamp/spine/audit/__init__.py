"""Every look and every change leaves an entry (Data Protection Act 2018, s.62): who, when, what, why, with which outcome.

A change and its entry commit in one transaction. A question leaves an intent before it runs and an outcome before the
first byte of the answer, so that a crash in between still shows that somebody asked. Entries are never changed, and a
Merkle tree proves it: README.md of this package.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from bluelamp.kit.ids import new_id
from bluelamp.spine.relational import Connection, Database

Kind = Literal["collection", "alteration", "consultation", "disclosure", "combination", "erasure", "refusal"]
"""The six operations that section 62(1) names, and the refusal of any of them."""


class Actor(NamedTuple):
    """Who acts: a person with an account, a source with a key, or the platform itself."""

    id: str
    name: str
    agency: str
    place: str = ""
    """The network they call from; empty for what does not come over HTTP."""
    device: str = ""
    """Their address there and their browser by name."""


SYSTEM = Actor("system", "system", "")


class Purpose(NamedTuple):
    """Why somebody looks: a purpose from the configured list and the reference of the case, incident or operation."""

    purpose: str = ""
    reference: str = ""


NO_PURPOSE = Purpose()

# An entry and the word that it is still to be put into the tree are one statement: neither is ever there without the other.
_RECORD = (
    "WITH made AS (INSERT INTO audit_entries (id, actor, actor_name, agency, kind, action, subjects, purpose, reference, detail)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING number, at)"
    " INSERT INTO audit_pending SELECT number, at, false FROM made"
)
_CONCLUDE = (
    "WITH made AS (INSERT INTO audit_outcomes (entry, outcome, count) VALUES ($1, $2, $3) RETURNING number, at)"
    " INSERT INTO audit_pending SELECT number, at, true FROM made"
)


async def record(
    connection: Connection,
    actor: Actor,
    kind: Kind,
    action: str,
    *,
    subjects: tuple[str, ...] = (),
    why: Purpose = NO_PURPOSE,
    detail: dict[str, Any] | None = None,
) -> str:
    """Write one entry inside the caller's transaction; returns its id.

    `action` is the named permission or verb (`anpr.searches.run`); `subjects` are plates, people or records looked at,
    normalised, so that "who looked at this?" finds them; `detail` is small JSON without secrets or pictures.
    """
    entry = new_id()
    if actor.device and kind in ("consultation", "disclosure", "refusal"):
        # What the same account does at two places at once, two people do; and who tried and failed is asked for by where.
        detail = {**(detail or {}), "place": actor.place, "device": actor.device}
    await connection.execute(
        _RECORD,
        entry, actor.id, actor.name, actor.agency, kind, action, list(subjects), why.purpose, why.reference, detail or {},
    )  # fmt: skip
    return entry


async def intend(
    database: Database,
    actor: Actor,
    action: str,
    *,
    subjects: tuple[str, ...] = (),
    why: Purpose = NO_PURPOSE,
    detail: dict[str, Any] | None = None,
) -> str:
    """The intent of a consultation, committed before the question runs: one statement, so one wait for the disk."""
    async with database.connection() as connection:
        return await record(connection, actor, "consultation", action, subjects=subjects, why=why, detail=detail)


async def conclude(database: Database, intent: str, outcome: str, count: int) -> None:
    """The outcome of an intent: `answered`, `refused` or `failed`, and how many records were shown."""
    await database.execute(_CONCLUDE, intent, outcome, count)
