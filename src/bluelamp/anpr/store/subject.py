"""What the platform holds on one vehicle beside its reads: hits, list entries, and who looked, without naming officers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from bluelamp.kit.clock import to_ms, to_rfc3339
from bluelamp.spine.columnar import Columnar
from bluelamp.spine.relational import Database

ROWS_MAX = 10_000


async def hits(columnar: Columnar, vrm: str, start: int, end: int) -> list[Any]:
    """Hits of the plate as they stand, oldest first, without the list's instructions to officers."""
    rows = await columnar.query(
        "SELECT body FROM hits FINAL WHERE vrm = {vrm:String} AND captured_at >= fromUnixTimestamp64Milli({start:Int64}, 'UTC')"
        " AND captured_at < fromUnixTimestamp64Milli({end:Int64}, 'UTC') ORDER BY captured_at LIMIT {limit:UInt32}",
        {"vrm": vrm, "start": start, "end": end, "limit": ROWS_MAX},
    )
    return [msgspec.json.decode(row["body"]) for row in rows]


async def entries(db: Database, vrm: str) -> list[dict[str, Any]]:
    """Entries of lists about the plate, also those removed and not yet deleted."""
    rows = await db.fetch(
        "SELECT l.agency, l.name AS list, e.reason, e.priority, e.marker, e.created_at, e.starts_at, e.expires_at, e.removed_at"
        " FROM voi_entries e JOIN voi_lists l ON l.id = e.list WHERE e.vrm = $1 ORDER BY e.number LIMIT $2",
        vrm, ROWS_MAX,
    )  # fmt: skip
    return [{name: _told(value) for name, value in row.items()} for row in rows]


async def consultations(db: Database, vrm: str, start: datetime, end: datetime, withheld: list[str]) -> tuple[list[dict[str, Any]], int]:
    """Who looked at the plate: when, which agency, why; and how many looks are withheld by their purpose. Officers are not named."""
    rows = await db.fetch(
        "SELECT e.at, e.agency, e.kind, e.action, e.purpose, o.outcome, o.count FROM audit_entries e"
        " LEFT JOIN audit_outcomes o ON o.entry = e.id WHERE e.subjects @> ARRAY[$1] AND e.at >= $2 AND e.at < $3"
        " ORDER BY e.number LIMIT $4",
        vrm, start, end, ROWS_MAX,
    )  # fmt: skip
    told = [{name: _told(value) for name, value in row.items()} for row in rows if row["purpose"] not in withheld]
    return told, len(rows) - len(told)


def _told(value: Any) -> Any:
    return to_rfc3339(to_ms(value)) if isinstance(value, datetime) else value
