"""A CSV of vehicles of interest onto a list: streamed, a million rows and more, the bad ones told one by one."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from bluelamp.anpr.actions.lists import held_list
from bluelamp.anpr.errors import CsvHeaderError
from bluelamp.anpr.matching.tolerance import PRIORITIES
from bluelamp.anpr.store import lists as store
from bluelamp.kit.vrm import VrmError, normalise
from bluelamp.spine import audit
from bluelamp.spine.audit import Actor
from bluelamp.spine.errors import TooLargeError
from bluelamp.spine.relational import Database

COLUMNS: Final = ("vrm", "reason", "priority", "starts", "expires", "marker", "instruction")
_ROWS_A_TRANSACTION: Final = 20_000
_BLOCK_BYTES: Final = 1 << 20
_RECORD_BYTES_MAX: Final = 4 << 20
_TOLD_MAX: Final = 10_000
_LENGTHS: Final = {"reason": 500, "marker": 120, "instruction": 1000}
_LONDON: Final = ZoneInfo("Europe/London")

Row = tuple[int, str, str, int, datetime | None, datetime | None, str, str]


@dataclass
class ImportResult:
    """What became of a file. `rejected` names the first 10,000 bad rows; `rejected_total` counts them all."""

    imported: int = 0
    updated: int = 0
    rejected_total: int = 0
    rejected: list[dict[str, Any]] = field(default_factory=list)

    def refuse(self, line: int, code: str, message: str) -> None:
        """Note a bad row."""
        self.rejected_total += 1
        if len(self.rejected) < _TOLD_MAX:
            self.rejected.append({"line": line, "code": code, "message": message})


class RowError(ValueError):
    """One row that cannot be imported."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


async def import_entries(database: Database, actor: Actor, list_id: str, content: AsyncIterable[bytes]) -> ImportResult:
    """Add or update the entries of a list from a CSV with a header line.

    20,000 rows a transaction, each with its audit entry; a file that was cut short can be sent again, since a mark that
    is on the list already is updated.

    Raises:
        NoSuchListError. CsvHeaderError: unknown or missing columns; nothing was imported.
        TooLargeError: one record is larger than any can be.
    """
    async with database.connection() as connection:
        await held_list(connection, actor, list_id)
    result = ImportResult()
    waiting: list[Row] = []
    async for rows in _rows(content, result):
        waiting += rows
        while len(waiting) >= _ROWS_A_TRANSACTION:
            await _put(database, actor, list_id, waiting[:_ROWS_A_TRANSACTION], result)
            del waiting[:_ROWS_A_TRANSACTION]
    if waiting:
        await _put(database, actor, list_id, waiting, result)
    return result


async def _put(database: Database, actor: Actor, list_id: str, rows: list[Row], result: ImportResult) -> None:
    async with database.transaction() as connection:
        await held_list(connection, actor, list_id)
        detail = {"rows": len(rows), "first_line": rows[0][0], "last_line": rows[-1][0]}
        await audit.record(connection, actor, "collection", "anpr.lists.import", subjects=(list_id,), detail=detail)
        added, updated = await store.upsert_entries(connection, list_id, actor.id, rows)
    result.imported += added
    result.updated += updated


async def _rows(content: AsyncIterable[bytes], result: ImportResult) -> AsyncIterator[list[Row]]:
    """The good rows, a block at a time; the bad ones are noted."""
    header: list[str] | None = None
    line = 1
    async for block in _whole_records(content):
        if header is None:
            text = block.decode("utf-8-sig", errors="replace")
            header, text = _header(text)
            line = 2
        else:
            text = block.decode("utf-8", errors="replace")
        rows, line = await asyncio.to_thread(_parse, text, header, line, result)
        yield rows
    if header is None:
        raise CsvHeaderError(f"the file is empty; its first line names the columns: {','.join(COLUMNS)}")


async def _whole_records(content: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Blocks of about a megabyte that end where a record ends: after a line end outside quotes."""
    held = bytearray()
    async for chunk in content:
        held += chunk
        if len(held) < _BLOCK_BYTES:
            continue
        cut = held.rfind(b"\n") + 1
        while cut and held.count(b'"', 0, cut) % 2:
            cut = held.rfind(b"\n", 0, cut - 1) + 1
        if cut:
            yield bytes(held[:cut])
            del held[:cut]
        elif len(held) > _RECORD_BYTES_MAX:
            raise TooLargeError("a record of the file does not end; is a quotation mark left open?")
    if held:
        yield bytes(held)


def _header(text: str) -> tuple[list[str], str]:
    first, _, rest = text.partition("\n")
    names = [name.strip().strip('"').lower() for name in first.rstrip("\r").split(",")]
    unknown = [name for name in names if name not in COLUMNS]
    if unknown or "vrm" not in names or len(set(names)) != len(names):
        wrong = f"unknown: {unknown[0][:40]!r}" if unknown else "vrm is missing or a column is named twice"
        raise CsvHeaderError(f"the first line names the columns, of {','.join(COLUMNS)}; {wrong}")
    return names, rest


def _parse(text: str, header: list[str], line: int, result: ImportResult) -> tuple[list[Row], int]:
    """The good rows of a block and the number of the line after it."""
    rows: list[Row] = []
    reader = csv.reader(io.StringIO(text, newline=""))
    for number, cells in _numbered(reader, line, result):
        if not any(cells):
            continue
        if len(cells) != len(header):
            result.refuse(number, "columns", f"the row has {len(cells)} cells, the header {len(header)}")
            continue
        try:
            rows.append(_row(number, dict(zip(header, cells, strict=True))))
        except RowError as error:
            result.refuse(number, error.code, str(error))
    return rows, line + reader.line_num


def _numbered(reader: Any, line: int, result: ImportResult) -> Iterator[tuple[int, list[str]]]:
    """Each record with the number of the line on which it starts."""
    while True:
        number = line + reader.line_num
        try:
            yield number, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            result.refuse(number, "csv", f"the row is not CSV: {error}")


def _row(line: int, cells: dict[str, str]) -> Row:
    for name, cell in cells.items():
        if "\ufffd" in cell:
            raise RowError("encoding", f"{name} is not UTF-8")
        if any(ord(c) < 32 and c not in "\n\t\r" for c in cell):
            raise RowError("control_character", f"{name} holds a control character")
        if len(cell) > _LENGTHS.get(name, 100):
            raise RowError("too_long", f"{name} has at most {_LENGTHS.get(name, 100)} characters")
    try:
        mark = normalise(cells["vrm"])
    except VrmError as error:
        raise RowError(error.code, str(error)) from None
    priority = cells.get("priority", "").strip().lower() or "medium"
    if priority not in PRIORITIES:
        raise RowError("priority", f"priority is one of {', '.join(PRIORITIES)}")
    starts, expires = _moment(cells, "starts"), _moment(cells, "expires")
    if starts is not None and expires is not None and expires <= starts:
        raise RowError("expires_before_start", "the entry expires before it starts")
    texts = [cells.get(name, "").strip() for name in ("reason", "marker", "instruction")]
    return line, mark, texts[0], PRIORITIES.index(priority), starts, expires, texts[1], texts[2]


def _moment(cells: dict[str, str], name: str) -> datetime | None:
    """A time with its zone, or a date, which begins at midnight in London. A time without a zone is refused."""
    text = cells.get(name, "").strip()
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise RowError("time", f"{name} is not a time such as 2026-03-02T10:17:00Z or a date such as 2026-03-02") from None
    if moment.tzinfo is None:
        if len(text) != len("2026-03-02"):
            raise RowError("time_without_zone", f"{name} has no zone: end it with Z or an offset such as +01:00")
        moment = moment.replace(tzinfo=_LONDON)
    try:
        return moment.astimezone(UTC)
    except (OverflowError, ValueError):
        raise RowError("time", f"{name} is out of range") from None
