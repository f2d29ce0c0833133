"""The looks that the audit holds, as reviews need them: the only place where reviews read the audit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from bluelamp.accountability.reviews.domain import LOOK_KINDS, is_look
from bluelamp.spine.audit import entries
from bluelamp.spine.audit.entries import Scope, Wanted
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Record

NEWEST = 2**62
SUBJECTS_MAX = 20
ENTRIES_MAX = 50


class Look(NamedTuple):
    """One look, with what it showed. `outcome` is empty where none is known."""

    entry: str
    at: datetime
    person: str
    username: str
    action: str
    subjects: tuple[str, ...]
    purpose: str
    reference: str
    outcome: str
    results: int


def _look(row: Record, outcome: Record | None) -> Look:
    told = (outcome["outcome"], outcome["count"]) if outcome else ("", 0)
    return Look(
        row["id"],
        row["at"],
        row["actor"],
        row["actor_name"],
        row["action"],
        tuple(row["subjects"]),
        row["purpose"],
        row["reference"],
        *told,
    )


def bounds(day: date) -> tuple[datetime, datetime]:
    """The day in UTC."""
    start = datetime.combine(day, time(), UTC)
    return start, start + timedelta(days=1)


async def of_day(spine: Spine, agency: str, day: date) -> AsyncIterator[list[Record]]:
    """All looks of the agency's people on a day, in pages."""
    since, until = bounds(day)
    wanted = Wanted(kinds=LOOK_KINDS, since=since, until=until)
    async for page, _ in entries.oldest_first(spine.db, Scope(agency=agency), wanted):
        yield [row for row in page if is_look(row["action"])]


async def of_entries(spine: Spine, agency: str, numbers: Iterable[str]) -> list[Look]:
    """These entries, the latest first; at most `ENTRIES_MAX` of them."""
    async with spine.db.connection() as connection:
        rows = [await entries.one(connection, Scope(agency=agency), number) for number in list(numbers)[-ENTRIES_MAX:]]
    found = [row for row in rows if row is not None]
    return await _with_outcomes(spine, sorted(found, key=lambda row: row["at"], reverse=True))


async def newest(spine: Spine, agency: str, wanted: Wanted, count: int, without: frozenset[str] = frozenset()) -> list[Look]:
    """The newest that are wanted, leaving out what is shown elsewhere."""
    wanted = wanted._replace(kinds=LOOK_KINDS, subjects=wanted.subjects[:SUBJECTS_MAX])
    # Some of what the audit finds are no looks at a vehicle (lists, reviews): a little more is asked for than is shown.
    rows = await entries.newest(spine.db, Scope(agency=agency), wanted, NEWEST, 4 * count + len(without))
    kept = [row for row in rows if is_look(row["action"]) and row["id"] not in without][:count]
    return await _with_outcomes(spine, kept)


async def _with_outcomes(spine: Spine, rows: list[Record]) -> list[Look]:
    outcomes = await entries.outcomes_of(spine.db, rows)
    return [_look(row, outcomes.get(row["id"])) for row in rows]
