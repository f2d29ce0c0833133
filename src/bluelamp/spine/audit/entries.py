"""The SQL that finds entries: who looked at this, at what did they look, under which case. Newest first, with their outcomes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from bluelamp.spine.audit.leaf import ENTRY_COLUMNS, OUTCOME_COLUMNS
from bluelamp.spine.relational import Connection, Database, Record

OUTCOME_WITHIN = timedelta(days=2)
"""An outcome follows its entry within seconds; two days bound the months that are looked through for it."""
REACHES = (timedelta(days=35), timedelta(days=190), timedelta(days=40_000))
"""How far back to look at a time: what was looked at often is found in the newest months, without sorting years of looks."""
FUTURE = timedelta(days=1)
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class Scope(NamedTuple):
    """Whose entries may be seen: all (both empty), an agency's, or one person's."""

    agency: str = ""
    actor: str = ""


class Wanted(NamedTuple):
    """What to look for; what is empty is not asked. `subjects` is any of them, `actors` too; `action` may be a prefix at a dot."""

    subjects: tuple[str, ...] = ()
    actors: tuple[str, ...] = ()
    action: str = ""
    reference: str = ""
    agency: str = ""
    kinds: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


def _conditions(scope: Scope, wanted: Wanted) -> tuple[list[str], list[Any]]:
    """Only what is asked stands in the statement, so that PostgreSQL plans for just that."""
    conditions, values = [], []

    def add(condition: str, value: Any) -> None:
        values.append(value)
        conditions.append(condition.replace("?", f"${len(values)}"))

    if scope.agency:
        add("agency = ?", scope.agency)
    if scope.actor:
        add("actor = ?", scope.actor)
    if wanted.subjects:
        add("subjects && ?::text[]", list(wanted.subjects))
    if wanted.actors:
        add("actor = ANY(?::text[])", list(wanted.actors))
    if wanted.reference:
        add("reference = ?", wanted.reference)
        conditions.append("reference <> ''")
    if wanted.agency:
        add("agency = ?", wanted.agency)
    if wanted.kinds:
        add("kind = ANY(?::text[])", list(wanted.kinds))
    if wanted.action:
        add("(action = ? OR starts_with(action, ? || '.'))", wanted.action)
    return conditions, values


def _found(where: str, wanted: Wanted) -> str:
    """The statement up to its order. With subjects, first all that are of them, then in order.

    PostgreSQL takes a plate for a hundred times commoner than it is; left to itself it walks along the numbers and looks into
    every entry on the way (2.6 s instead of 12 ms among ten million).
    """
    if not wanted.subjects:
        return f"SELECT * FROM audit_entries WHERE {where}"
    return f"WITH found AS MATERIALIZED (SELECT * FROM audit_entries WHERE {where}) SELECT * FROM found"


async def actors_named(database: Database, person: str) -> tuple[str, ...]:
    """The ids that a name stands for: an account's, or itself (an id, `source:7`, `system`)."""
    rows = await database.fetch("SELECT id FROM users WHERE username = $1", person)
    return (person, *(row["id"] for row in rows))


async def newest(database: Database, scope: Scope, wanted: Wanted, before: int, count: int) -> list[Record]:
    """Up to `count` entries with numbers below `before`, newest first."""
    conditions, values = _conditions(scope, wanted)
    top = min(wanted.until or datetime.max.replace(tzinfo=UTC), datetime.now(UTC) + FUTURE)
    bottom = max(wanted.since or BEGINNING, BEGINNING)
    found: list[Record] = []
    for reach in REACHES:
        low = max(bottom, BEGINNING if top - BEGINNING <= reach else top - reach)
        at = len(values)
        where = " AND ".join([*conditions, f"number < ${at + 1}", f"at >= ${at + 2}", f"at < ${at + 3}"])
        found += await database.fetch(
            f"{_found(where, wanted)} ORDER BY number DESC LIMIT ${at + 4}",
            *values, before, low, top, count - len(found),
        )  # fmt: skip
        if len(found) >= count or low <= bottom:
            break
        top = low
    return found


async def outcomes_of(database: Database, rows: Iterable[Record]) -> dict[str, Record]:
    """The outcome of each entry that has one."""
    found = list(rows)
    if not found:
        return {}
    times = [row["at"] for row in found]
    outcomes = await database.fetch(
        f"SELECT {OUTCOME_COLUMNS} FROM audit_outcomes WHERE entry = ANY($1) AND at >= $2 AND at < $3 ORDER BY number DESC",
        [row["id"] for row in found], min(times), max(times) + OUTCOME_WITHIN,
    )  # fmt: skip
    return {row["entry"]: row for row in outcomes}


async def oldest_first(
    database: Database, scope: Scope, wanted: Wanted, page: int = 2000
) -> AsyncIterator[tuple[list[Record], dict[str, Record]]]:
    """Every entry that is wanted, oldest first, in pages with their outcomes. `since` and `until` must be given."""
    assert wanted.since is not None  # noqa: S101 - the caller bounds what it prints
    assert wanted.until is not None  # noqa: S101
    conditions, values = _conditions(scope, wanted)
    after, at = 0, len(values)
    where = " AND ".join([*conditions, f"at >= ${at + 1}", f"at < ${at + 2}", f"number > ${at + 3}"])
    statement = f"{_found(where, wanted)} ORDER BY number LIMIT {page}"
    while rows := await database.fetch(statement, *values, wanted.since, wanted.until, after):
        yield rows, await outcomes_of(database, rows)
        after = rows[-1]["number"]
        if len(rows) < page:
            return


async def count(database: Database, scope: Scope, wanted: Wanted) -> int:
    """How many there are in the period."""
    conditions, values = _conditions(scope, wanted)
    at = len(values)
    where = " AND ".join([*conditions, f"at >= ${at + 1}", f"at < ${at + 2}"])
    return int(await database.fetchval(f"SELECT count(*) FROM audit_entries WHERE {where}", *values, wanted.since, wanted.until))


async def one(connection: Connection, scope: Scope, entry: str) -> Record | None:
    """An entry by its id, as its leaf needs it."""
    return await connection.fetchrow(
        f"SELECT {ENTRY_COLUMNS} FROM audit_entries WHERE id = $1 AND ($2 = '' OR agency = $2) AND ($3 = '' OR actor = $3)",
        entry, scope.agency, scope.actor,
    )  # fmt: skip


async def outcome_row(connection: Connection, entry: Record) -> Record | None:
    """The entry's outcome, as its leaf needs it."""
    return await connection.fetchrow(
        f"SELECT {OUTCOME_COLUMNS} FROM audit_outcomes WHERE entry = $1 AND at >= $2 AND at < $3 ORDER BY number LIMIT 1",
        entry["id"], entry["at"], entry["at"] + OUTCOME_WITHIN,
    )  # fmt: skip


async def checkpoint(connection: Connection, number: int) -> Record | None:
    return await connection.fetchrow("SELECT * FROM audit_checkpoints WHERE number = $1", number)
