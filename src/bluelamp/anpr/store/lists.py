"""VOI lists and entries in PostgreSQL: the only SQL about them."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.csv

from bluelamp.anpr.matching.conditions import Conditions
from bluelamp.anpr.matching.hits import Entry
from bluelamp.kit.clock import to_ms
from bluelamp.spine.relational import Connection, Database, Record

CHANNEL = "voi"
"""NOTIFY on this channel, in the transaction that changes an entry or a mute."""

IMPORT_COLUMNS = ("line", "vrm", "reason", "priority", "starts_at", "expires_at", "marker", "instruction")
_PAGE = 500_000

_ENTRY = (
    "e.number, e.list, l.name AS list_name, l.agency, e.vrm, e.reason, e.priority, e.marker, e.instruction, e.starts_at,"
    " e.expires_at, e.conditions, e.created_at, e.created_by, e.reviewed_at, e.removed_at"
)


async def next_revision(connection: Connection) -> int:
    """Take the next revision; holds every other change back until this transaction ends, so take it last."""
    revision: int = await connection.fetchval("SELECT next_voi_revision()")
    return revision


async def insert_list(connection: Connection, row: dict[str, Any]) -> None:
    await connection.execute(
        "INSERT INTO voi_lists (id, agency, name, description, created_by) VALUES ($1, $2, $3, $4, $5)",
        row["id"], row["agency"], row["name"], row["description"], row["created_by"],
    )  # fmt: skip


async def find_list(connection: Connection, list_id: str, agency: str) -> Record | None:
    """The list, locked against removal, if it is this agency's and stands."""
    return await connection.fetchrow(
        "SELECT * FROM voi_lists WHERE id = $1 AND agency = $2 AND removed_at IS NULL FOR SHARE", list_id, agency
    )


async def find_list_by_name(connection: Connection, name: str, agency: str) -> Record | None:
    return await connection.fetchrow(
        "SELECT * FROM voi_lists WHERE name = $1 AND agency = $2 AND removed_at IS NULL FOR SHARE", name, agency
    )


async def update_list(connection: Connection, list_id: str, name: str, description: str) -> None:
    await connection.execute("UPDATE voi_lists SET name = $2, description = $3 WHERE id = $1", list_id, name, description)


async def touch_entries(connection: Connection, list_id: str) -> None:
    """Mark a list's entries as changed, so that hits show its new name."""
    revision = await next_revision(connection)
    await connection.execute("UPDATE voi_entries SET revision = $2 WHERE list = $1 AND removed_at IS NULL", list_id, revision)


async def remove_list(connection: Connection, list_id: str) -> int:
    """Remove a list and its entries; returns how many entries that were."""
    await connection.execute("UPDATE voi_lists SET removed_at = now() WHERE id = $1", list_id)
    revision = await next_revision(connection)
    done = await connection.execute(
        "UPDATE voi_entries SET removed_at = now(), revision = $2 WHERE list = $1 AND removed_at IS NULL", list_id, revision
    )
    return int(done.split()[-1])


def _seen_by(place: str) -> str:
    """Condition on a list `l`: it is the agency's at `place`, or a sharing rule that stands now lets that agency see it."""
    return (
        f"(l.agency = {place} OR EXISTS (SELECT FROM shared_with({place}, 'lists') r"
        " WHERE r.owner = l.agency AND (r.item IS NULL OR r.item = l.id)))"
    )


async def list_name(connection: Connection, list_id: str, agency: str) -> str | None:
    """The name of one of the agency's lists; None where there is none."""
    name: str | None = await connection.fetchval(
        "SELECT name FROM voi_lists WHERE id = $1 AND agency = $2 AND removed_at IS NULL", list_id, agency
    )
    return name


async def lists_of(database: Database, agency: str, after: str, limit: int) -> list[Record]:
    """The lists that an agency sees, its own and those shared with it, by id, with how many entries stand on each."""
    return await database.fetch(
        "SELECT l.*, (SELECT count(*) FROM voi_entries e WHERE e.list = l.id AND e.removed_at IS NULL) AS entries"
        f" FROM voi_lists l WHERE {_seen_by('$1')} AND l.removed_at IS NULL AND l.id > $2 ORDER BY l.id LIMIT $3",
        agency, after, limit,
    )  # fmt: skip


async def list_of(database: Database, list_id: str, agency: str) -> Record | None:
    return await database.fetchrow(
        "SELECT l.*, (SELECT count(*) FROM voi_entries e WHERE e.list = l.id AND e.removed_at IS NULL) AS entries"
        f" FROM voi_lists l WHERE l.id = $1 AND {_seen_by('$2')} AND l.removed_at IS NULL",
        list_id, agency,
    )  # fmt: skip


async def entries_of(database: Database, list_id: str, vrm: str, after: int, limit: int) -> list[Record]:
    """A list's standing entries by number; `vrm` narrows to marks that begin with it."""
    return await database.fetch(
        f"SELECT {_ENTRY} FROM voi_entries e JOIN voi_lists l ON l.id = e.list"
        " WHERE e.list = $1 AND e.removed_at IS NULL AND e.number > $3 AND starts_with(e.vrm, $2)"
        " ORDER BY e.number LIMIT $4",
        list_id, vrm, after, limit,
    )  # fmt: skip


async def entry_of(connection: Connection | Database, number: int, agency: str) -> Record | None:
    """A standing entry of one of the agency's lists."""
    return await connection.fetchrow(
        f"SELECT {_ENTRY} FROM voi_entries e JOIN voi_lists l ON l.id = e.list"
        " WHERE e.number = $1 AND l.agency = $2 AND e.removed_at IS NULL",
        number, agency,
    )  # fmt: skip


async def visible_entry(database: Database, number: int, agency: str) -> Record | None:
    """A standing entry of a list that the agency sees."""
    return await database.fetchrow(
        f"SELECT {_ENTRY} FROM voi_entries e JOIN voi_lists l ON l.id = e.list"
        f" WHERE e.number = $1 AND {_seen_by('$2')} AND e.removed_at IS NULL",
        number, agency,
    )  # fmt: skip


async def entries_in_force(database: Database, vrm: str, agency: str) -> list[Record]:
    """What the lists that an agency sees say of a mark now, the gravest first."""
    return await database.fetch(
        f"SELECT {_ENTRY} FROM voi_entries e JOIN voi_lists l ON l.id = e.list"
        f" WHERE e.vrm = $1 AND {_seen_by('$2')} AND e.removed_at IS NULL"
        " AND l.removed_at IS NULL AND (e.starts_at IS NULL OR e.starts_at <= now()) AND (e.expires_at IS NULL OR e.expires_at > now())"
        " ORDER BY e.priority, e.number LIMIT 20",
        vrm, agency,
    )  # fmt: skip


async def insert_entry(connection: Connection, list_id: str, by: str, fields: dict[str, Any]) -> int:
    """Add an entry; returns its number. asyncpg.UniqueViolationError where the mark stands on the list already."""
    revision = await next_revision(connection)
    number: int = await connection.fetchval(
        "INSERT INTO voi_entries (list, vrm, reason, priority, marker, instruction, starts_at, expires_at, conditions,"
        " revision, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING number",
        list_id, fields["vrm"], fields["reason"], fields["priority"], fields["marker"], fields["instruction"],
        fields["starts_at"], fields["expires_at"], fields["conditions"], revision, by,
    )  # fmt: skip
    return number


async def update_entry(connection: Connection, number: int, fields: dict[str, Any]) -> None:
    """Set the fields; a change is a review too."""
    revision = await next_revision(connection)
    await connection.execute(
        "UPDATE voi_entries SET reason = $2, priority = $3, marker = $4, instruction = $5, starts_at = $6, expires_at = $7,"
        " conditions = $8, revision = $9, reviewed_at = now(), reminded_at = NULL WHERE number = $1",
        number, fields["reason"], fields["priority"], fields["marker"], fields["instruction"], fields["starts_at"],
        fields["expires_at"], fields["conditions"], revision,
    )  # fmt: skip


async def remove_entry(connection: Connection, number: int) -> None:
    revision = await next_revision(connection)
    await connection.execute("UPDATE voi_entries SET removed_at = now(), revision = $2 WHERE number = $1", number, revision)


async def upsert_entries(connection: Connection, list_id: str, by: str, rows: Sequence[tuple[Any, ...]]) -> tuple[int, int]:
    """Add or update entries by mark; rows as `IMPORT_COLUMNS`, of two with one mark the later stands.

    Returns (added, updated). COPY into a table of this transaction, then one statement.
    """
    await connection.execute(
        "CREATE TEMP TABLE incoming (line int, vrm text, reason text, priority smallint, starts_at timestamptz,"
        " expires_at timestamptz, marker text, instruction text) ON COMMIT DROP"
    )
    await connection.copy_records_to_table("incoming", records=rows, columns=IMPORT_COLUMNS)
    revision = await next_revision(connection)
    done = await connection.fetchrow(
        "WITH last AS (SELECT DISTINCT ON (vrm) * FROM incoming ORDER BY vrm, line DESC),"
        " put AS (INSERT INTO voi_entries (list, vrm, reason, priority, marker, instruction, starts_at, expires_at, revision,"
        " created_by) SELECT $1, vrm, reason, priority, marker, instruction, starts_at, expires_at, $2, $3 FROM last"
        " ON CONFLICT (list, vrm) WHERE removed_at IS NULL DO UPDATE SET reason = excluded.reason,"
        " priority = excluded.priority, marker = excluded.marker, instruction = excluded.instruction,"
        " starts_at = excluded.starts_at, expires_at = excluded.expires_at, revision = excluded.revision,"
        " reviewed_at = now(), reminded_at = NULL RETURNING xmax = 0 AS added)"
        " SELECT count(*) FILTER (WHERE added) AS added, count(*) FILTER (WHERE NOT added) AS updated FROM put",
        list_id, revision, by,
    )  # fmt: skip
    return done["added"], done["updated"]


async def review_of(
    database: Database, agency: str, stale_before: datetime, expires_before: datetime, after: int, limit: int
) -> list[Record]:
    """Standing entries that were not looked at since, or that expire soon, by number."""
    return await database.fetch(
        f"SELECT {_ENTRY}, coalesce(e.expires_at < $3, false) AS expiring, e.reviewed_at < $2 AS stale"
        " FROM voi_entries e JOIN voi_lists l ON l.id = e.list"
        " WHERE l.agency = $1 AND e.removed_at IS NULL AND (e.reviewed_at < $2 OR e.expires_at < $3) AND e.number > $4"
        " ORDER BY e.number LIMIT $5",
        agency, stale_before, expires_before, after, limit,
    )  # fmt: skip


async def mark_reviewed(connection: Connection, number: int) -> None:
    await connection.execute("UPDATE voi_entries SET reviewed_at = now() WHERE number = $1", number)


async def take_reminders(connection: Connection, expires_before: datetime, limit: int) -> list[Record]:
    """Entries that expire soon and of which nobody was reminded; marks them as reminded."""
    return await connection.fetch(  # type: ignore[no-any-return]
        "WITH due AS (SELECT number FROM voi_entries WHERE removed_at IS NULL AND reminded_at IS NULL AND expires_at < $1"
        " AND expires_at > now() ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED),"
        " put AS (UPDATE voi_entries e SET reminded_at = now() FROM due WHERE e.number = due.number RETURNING e.*)"
        " SELECT put.number, put.vrm, put.expires_at, put.list, l.name AS list_name, l.agency"
        " FROM put JOIN voi_lists l ON l.id = put.list ORDER BY put.expires_at",
        expires_before, limit,
    )  # fmt: skip


async def revision_now(database: Database) -> int:
    revision: int = await database.fetchval("SELECT value FROM voi_revision")
    return revision


async def standing_entries(database: Database) -> AsyncIterator[pa.Table]:
    """All standing entries by the page: `number`, `vrm`, `priority`. COPY, so a million take about a second."""
    after = 0
    while True:
        page = await _copy(
            database,
            "SELECT number, vrm, priority FROM voi_entries WHERE number > $1 AND removed_at IS NULL ORDER BY number LIMIT $2",
            after, _PAGE,
        )  # fmt: skip
        if not len(page):
            return
        yield page
        after = page.column("number")[-1].as_py()


async def changed_entries(database: Database, after: int, upto: int) -> pa.Table:
    """Entries changed in the revisions after `after` up to `upto`: `number`, `vrm`, `priority` (128: removed)."""
    return await _copy(
        database,
        "SELECT number, vrm, CASE WHEN removed_at IS NULL THEN priority ELSE 128 END FROM voi_entries"
        " WHERE revision > $1 AND revision <= $2 ORDER BY number",
        after, upto,
    )  # fmt: skip


async def _copy(database: Database, sql: str, *values: int) -> pa.Table:
    sink = io.BytesIO()
    async with database.connection() as connection:
        await connection.copy_from_query(sql, *values, output=sink, format="csv")
    types = {"number": pa.uint32(), "vrm": pa.string(), "priority": pa.uint8()}
    if not sink.tell():
        return pa.table({name: pa.array([], kind) for name, kind in types.items()})
    return pa.csv.read_csv(
        pa.py_buffer(sink.getbuffer()),
        read_options=pa.csv.ReadOptions(column_names=list(types)),
        convert_options=pa.csv.ConvertOptions(column_types=types, strings_can_be_null=False),
    )


async def entries_by_number(database: Database, numbers: list[int]) -> list[Entry]:
    """What the entries say, for hits; those removed meanwhile are missing."""
    rows = await database.fetch(
        f"SELECT {_ENTRY} FROM voi_entries e JOIN voi_lists l ON l.id = e.list"
        " WHERE e.number = ANY($1) AND e.removed_at IS NULL",
        numbers,
    )  # fmt: skip
    return [as_entry(row) for row in rows]


def as_entry(row: Record) -> Entry:
    """A row of `_ENTRY` as the domain's entry."""
    conditions = row["conditions"]
    return Entry(
        number=row["number"],
        list_id=row["list"],
        list_name=row["list_name"],
        agency=row["agency"],
        reason=row["reason"],
        priority=row["priority"],
        marker=row["marker"],
        instruction=row["instruction"],
        starts_at=_ms(row["starts_at"]),
        expires_at=_ms(row["expires_at"]),
        conditions=None if conditions is None else msgspec.convert(conditions, Conditions),
    )


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else to_ms(moment.astimezone(UTC))
