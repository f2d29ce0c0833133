"""Erasing reads out of their turn: the only SQL that deletes single reads from the history and from what was made of them.

Deleting is a mutation that writes the touched parts anew, not a mask over rows that stay (measured: docs/decisions/0113). Its
text is kept by ClickHouse for a while, so it names cameras and moments, and of plates a keyed hash; never a plate.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bluelamp.anpr.domain import Read
from bluelamp.anpr.store.evidence import key_of
from bluelamp.anpr.store.retention import DAYS, MONTHS
from bluelamp.spine.columnar import Columnar
from bluelamp.spine.relational import Connection

READS = tuple(table for table in (*MONTHS, *DAYS) if table != "hits")


def _at(ms: int) -> str:
    return f"fromUnixTimestamp64Milli({int(ms)},'UTC')"


def _keys(reads: list[Read]) -> str:
    """The reads without their plates: camera, moment and the hash that tells two plates of one moment apart."""
    tuples = ",".join(f"({int(r.camera)},{_at(r.captured_at)},{int(key_of(r).first_key)})" for r in reads)
    cameras = ",".join(sorted({str(int(r.camera)) for r in reads}))
    times = [r.captured_at for r in reads]
    return (
        f"captured_at >= {_at(min(times))} AND captured_at <= {_at(max(times))} AND camera IN ({cameras})"
        f" AND (camera, captured_at, if(first_key = 0, CRC32(vrm), first_key)) IN ({tuples})"
    )


async def count_in(columnar: Columnar, table: str, reads: list[Read]) -> int:
    """Rows of these reads, all versions."""
    rows = await columnar.query(f"SELECT count() AS count FROM {table} WHERE {_keys(reads)}", max_query_size=4 << 20)
    return int(rows[0]["count"])


async def delete_from(columnar: Columnar, table: str, reads: list[Read]) -> int:
    """Delete these reads from a table of the history; how many rows that was."""
    count = await count_in(columnar, table, reads)
    if count:
        await columnar.mutate(table, f"DELETE WHERE {_keys(reads)}", max_query_size=4 << 20)
    return count


async def delete_hits(columnar: Columnar, reads: list[Read]) -> list[str]:
    """Delete the hits of these reads; their ids."""
    times = ",".join(_at(r.captured_at) for r in reads)
    cameras = ",".join(sorted({str(int(r.camera)) for r in reads}))
    where = f"camera IN ({cameras}) AND captured_at IN ({times})"
    sql = f"SELECT DISTINCT id, JSONExtractString(body, 'read', 'id') AS read FROM hits WHERE {where}"
    rows = await columnar.query(sql, max_query_size=4 << 20)
    wanted = {read.id for read in reads}
    hits = [row["id"] for row in rows if row["read"] in wanted]
    if hits:
        listed = ",".join(f"'{hit}'" for hit in hits if hit.isalnum())
        await columnar.mutate("hits", f"DELETE WHERE {where} AND id IN ({listed})", max_query_size=4 << 20)
    return hits


async def delete_records(connection: Connection, vrm: str, reads: list[str], hits: list[str]) -> dict[str, int]:
    """What PostgreSQL keeps of these reads: findings, notices, decisions about their hits, rejects that name the plate."""
    done = {
        "search_findings": await connection.execute("DELETE FROM search_findings WHERE read = ANY($1)", reads),
        "search_notices": await connection.execute("DELETE FROM search_notices WHERE newest_read = ANY($1)", reads),
        "hit_states": await connection.execute("DELETE FROM hit_states WHERE hit = ANY($1)", hits),
        "anpr_rejects": await connection.execute("DELETE FROM anpr_rejects WHERE position(convert_to($1, 'UTF8') IN raw) > 0", vrm),
    }
    return {table: int(text.split()[-1]) for table, text in done.items()}


async def exports_of(connection: Connection, before: datetime) -> list[Any]:
    """Exports made since a moment, with the criteria of the search they were made of."""
    rows: list[Any] = await connection.fetch(
        "SELECT e.id, s.criteria FROM exports e LEFT JOIN searches s ON s.id = e.search WHERE e.created_at >= $1 ORDER BY e.id", before
    )
    return rows


async def held_copies(connection: Connection, reads: list[str]) -> tuple[list[str], list[str]]:
    """Of these reads, those that a case keeps, and those among them under a legal hold."""
    rows = await connection.fetch(
        "SELECT h.read, bool_or(p.held_at IS NOT NULL) AS held FROM preservation_reads h JOIN preservations p ON p.id = h.preservation"
        " WHERE h.read = ANY($1) GROUP BY h.read",
        reads,
    )
    return [row["read"] for row in rows], [row["read"] for row in rows if row["held"]]


async def drop_copies(connection: Connection, reads: list[str]) -> None:
    """Take these reads from every case that keeps them."""
    await connection.execute("DELETE FROM preservation_reads WHERE read = ANY($1)", reads)
