"""SQL of files on their way, and of attachments by hash."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from bluelamp.incidents.log.store import moment
from bluelamp.kit.clock import to_ms
from bluelamp.spine.relational import Connection, Database, Record

_FILE = "f.id, f.sha256, f.bytes, f.name, f.content_type, f.tool, f.keywords, f.person, f.username, f.agency, f.device, f.at"


class File(NamedTuple):
    """`at` is epoch milliseconds."""

    id: str
    sha256: str
    bytes: int
    name: str
    content_type: str
    tool: str
    keywords: tuple[str, ...]
    person: str
    username: str
    agency: str
    device: str
    at: int


def file_of(row: Record) -> File:
    return File(**{**dict(row), "keywords": tuple(row["keywords"]), "at": to_ms(row["at"])})


async def load_of(db: Database, person: str) -> tuple[int, int]:
    """Files and bytes that a person has on their way."""
    row = await db.fetchrow("SELECT count(*) AS files, coalesce(sum(bytes), 0)::bigint AS bytes FROM cot_files WHERE person = $1", person)
    return (row["files"], row["bytes"]) if row else (0, 0)


async def keep(connection: Connection, file: File, expires_at: int) -> tuple[File, bool]:
    """The file as it is kept, and whether it is new: who sends the same again keeps the first for longer."""
    row = await connection.fetchrow(
        "INSERT INTO cot_files AS f (id, sha256, bytes, name, content_type, tool, keywords, person, username, agency, device, at,"
        " expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
        f" ON CONFLICT (sha256, person, agency) DO UPDATE SET expires_at = excluded.expires_at RETURNING {_FILE}",
        *file[:6], list(file.keywords), *file[7:11], moment(file.at), moment(expires_at),
    )  # fmt: skip
    assert row is not None  # noqa: S101 - inserted or updated
    return file_of(row), row["id"] == file.id


_SEEN = (
    "f.expires_at > now() AND (f.person = $1 AND f.agency = $2 OR EXISTS"
    " (SELECT FROM cot_file_readers r WHERE r.file = f.id AND r.reader = ANY($3)))"
)


async def find(db: Database, person: str, agency: str, readers: Iterable[str], sha256: str) -> File | None:
    """A file of this hash that somebody may have, their own first."""
    row = await db.fetchrow(
        f"SELECT {_FILE} FROM cot_files f WHERE {_SEEN} AND f.sha256 = $4 ORDER BY f.person = $1 DESC, f.at LIMIT 1",
        person, agency, list(readers), sha256,
    )  # fmt: skip
    return file_of(row) if row else None


async def listed(db: Database, person: str, agency: str, readers: Iterable[str], limit: int) -> list[File]:
    """The latest first."""
    rows = await db.fetch(
        f"SELECT {_FILE} FROM cot_files f WHERE {_SEEN} ORDER BY f.at DESC LIMIT $4", person, agency, list(readers), limit
    )
    return [file_of(row) for row in rows]


async def let_read(connection: Connection, file: str, readers: Iterable[str]) -> None:
    await connection.executemany(
        "INSERT INTO cot_file_readers (file, reader) VALUES ($1, $2) ON CONFLICT DO NOTHING", [(file, reader) for reader in readers]
    )


async def keep_from(connection: Connection, file: str, reader: str) -> None:
    await connection.execute("DELETE FROM cot_file_readers WHERE file = $1 AND reader = $2", file, reader)


async def set_tool(connection: Connection, file: str, tool: str) -> None:
    await connection.execute("UPDATE cot_files SET tool = $2 WHERE id = $1", file, tool)


async def remove(connection: Connection, file: str, *, over: datetime | None = None) -> bool:
    """Whether it is removed; with `over` only if its time is over by then: it may have been sent again meanwhile."""
    done = await connection.fetchval(
        "DELETE FROM cot_files WHERE id = $1 AND ($2::timestamptz IS NULL OR expires_at <= $2) RETURNING true", file, over
    )
    return bool(done)


async def over(db: Database, now: datetime, limit: int) -> list[str]:
    """Files whose time is over."""
    return [row["id"] for row in await db.fetch("SELECT id FROM cot_files WHERE expires_at <= $1 LIMIT $2", now, limit)]


async def known(db: Database, files: list[str]) -> set[str]:
    return {row["id"] for row in await db.fetch("SELECT id FROM cot_files WHERE id = ANY($1)", files)}


async def media_by_hash(db: Database, sha256: str, agency: str, roles: Iterable[str]) -> list[Record]:
    """Pictures, films and documents of incidents that this agency and role see."""
    return await db.fetch(
        "SELECT m.id, m.incident FROM incident_media m JOIN incident_agencies a ON a.incident = m.incident AND a.agency = $2"
        " WHERE m.sha256 = $1 AND m.state = 'kept' AND (a.roles = '{}' OR a.roles && $3::text[])"
        " AND (m.audience = '{}' OR $2 = ANY(m.audience)) ORDER BY m.id LIMIT 10",
        sha256, agency, list(roles),
    )  # fmt: skip
