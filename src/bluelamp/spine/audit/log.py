"""The section 62 log of a period, printed: who did what, when and why, with which outcome. Printing it is itself an entry."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Literal

import msgspec

from bluelamp.kit.clock import to_ms, to_rfc3339
from bluelamp.spine import audit
from bluelamp.spine.audit import entries
from bluelamp.spine.audit.errors import LogTooLongError
from bluelamp.spine.audit.settings import audit_settings
from bluelamp.spine.errors import InvalidError
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Record

Output = Literal["csv", "json", "pdf"]
MEDIA_TYPES = {"csv": "text/csv", "json": "application/x-ndjson", "pdf": "application/pdf"}
SUFFIXES = {"csv": "csv", "json": "ndjson", "pdf": "pdf"}
COLUMNS = (
    "at", "person", "person_id", "agency", "operation", "action", "subjects", "purpose", "reference", "outcome", "count", "entry",
)  # fmt: skip
DAYS_MAX = 366
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def _line(row: Record, concluded: Record | None) -> dict[str, Any]:
    return {
        "at": to_rfc3339(to_ms(row["at"])),
        "person": row["actor_name"],
        "person_id": row["actor"],
        "agency": row["agency"],
        "operation": row["kind"],
        "action": row["action"],
        "subjects": row["subjects"],
        "purpose": row["purpose"],
        "reference": row["reference"],
        "outcome": concluded["outcome"] if concluded else "",
        "count": concluded["count"] if concluded else None,
        "entry": row["id"],
    }


def _cell(value: Any) -> str:
    """What a spreadsheet takes for text: a reference that begins like a formula must not run as one."""
    text = " ".join(value) if isinstance(value, list) else "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _as_csv(lines: list[dict[str, Any]], *, first: bool) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    if first:
        writer.writerow(COLUMNS)
    writer.writerows([_cell(line[name]) for name in COLUMNS] for line in lines)
    return out.getvalue().encode()


def _as_json(lines: list[dict[str, Any]]) -> bytes:
    return b"".join(msgspec.json.encode(line) + b"\n" for line in lines)


async def print_log(
    spine: Spine, actor: audit.Actor, since: datetime, until: datetime, agency: str, output: Output
) -> AsyncIterator[bytes]:
    """The log as pieces of a file. The disclosure is on record, with its count, before the first piece.

    Raises:
        InvalidError: no period, or one of over a year.
        LogTooLongError: more entries than one print may hold.
    """
    if not 0 < (until - since).total_seconds() <= DAYS_MAX * 86_400:
        raise InvalidError(f"'from' must be before 'to', and at most {DAYS_MAX} days before it")
    settings = audit_settings()
    wanted = entries.Wanted(agency=agency, since=since, until=until)
    most = settings.audit_log_pdf_entries_max if output == "pdf" else settings.audit_log_entries_max
    found = await entries.count(spine.db, entries.Scope(), wanted)
    if found > most:
        raise LogTooLongError(f"the period has {found} entries, one {output} file holds {most}: take a shorter one", entries_max=most)
    period = {"from": to_rfc3339(to_ms(since)), "to": to_rfc3339(to_ms(until)), "agency": agency, "format": output}
    async with spine.db.connection() as connection:
        entry = await audit.record(connection, actor, "disclosure", "audit.log.print", detail={**period, "entries": found})
    await audit.conclude(spine.db, entry, "answered", found)
    if output == "pdf":
        from bluelamp.spine.audit.log_pdf import to_pdf  # noqa: PLC0415 - reportlab loads slowly, and this is seldom

        lines = [line async for page in _pages(spine, wanted) for line in page]
        about = {"Period": f"{period['from']} to {period['to']}", "Agency": agency or "all", "Entries": str(len(lines))}
        about |= {"Printed by": f"{actor.name}, {actor.agency or 'command line'}", "Printed at": to_rfc3339(spine.clock())}
        return _whole(await asyncio.to_thread(to_pdf, lines, about | {"This print": f"entry {entry}"}))
    return _pieces(spine, wanted, output)


async def _whole(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def _pages(spine: Spine, wanted: entries.Wanted) -> AsyncIterator[list[dict[str, Any]]]:
    async for rows, outcomes in entries.oldest_first(spine.db, entries.Scope(), wanted):
        yield [_line(row, outcomes.get(row["id"])) for row in rows]


async def _pieces(spine: Spine, wanted: entries.Wanted, output: Output) -> AsyncIterator[bytes]:
    first = True
    async for lines in _pages(spine, wanted):
        yield _as_csv(lines, first=first) if output == "csv" else _as_json(lines)
        first = False
    if first and output == "csv":
        yield _as_csv([], first=True)
