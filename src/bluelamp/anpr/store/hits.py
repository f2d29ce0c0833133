"""Hits in the columnar store, and what people decided about them in PostgreSQL: the only SQL about them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa

from bluelamp.anpr.matching.hits import Camera, Hit, captured_at_of, decode_hit, first_id_at
from bluelamp.kit.clock import to_rfc3339
from bluelamp.spine.columnar import Columnar
from bluelamp.spine.relational import Connection, Database, Record
from bluelamp.spine.sharing import Share, shared_with

_MS = pa.timestamp("ms", "UTC")
_SCHEMA = pa.schema(
    [
        ("captured_at", _MS),
        ("id", pa.string()),
        ("version", pa.uint32()),
        ("position", pa.uint64()),
        ("found_at", _MS),
        ("agencies", pa.list_(pa.string())),
        ("entry", pa.uint32()),
        ("camera", pa.uint32()),
        ("vrm", pa.string()),
        ("body", pa.string()),
    ]
)

# The newest page is looked for in these many last days in turn: most pages are found in the first.
_REACHES_DAYS = (1, 30, 366)


class Scope(NamedTuple):
    """Whose hits somebody sees: those at their agency's cameras and on its lists, and those shared with it."""

    agency: str
    shared: tuple[Share, ...] = ()

    def owns(self, hit: Hit) -> bool:
        """Whether it is the agency's own; what is shared is only to be looked at."""
        return self.agency in hit.agencies

    def condition(self) -> tuple[str, dict[str, Any]]:
        """What holds of a hit in the scope, and its parameters. Shares cost nothing where there are none."""
        own = "has(agencies, {agency:String})"
        if not self.shared:
            return own, {"agency": self.agency}
        entry = "JSONExtractString(body, 'entry', '{}')".format
        shared = (
            "hasAny(agencies, {owners:Array(String)}) AND (has({whole:Array(String)}, " + entry("agency") + ")"
            " OR has({lists:Array(String)}, " + entry("list_id") + "))"
        )
        return f"({own} OR ({shared}))", {
            "agency": self.agency,
            "owners": sorted({share.owner for share in self.shared}),
            "whole": sorted({share.owner for share in self.shared if share.item is None}),
            "lists": sorted({share.item for share in self.shared if share.item is not None}),
        }


async def scope_of(database: Database, agency: str) -> Scope:
    """As the sharing rules stand now."""
    return Scope(agency, await shared_with(database, agency, "hits"))


async def insert_hits(columnar: Columnar, hits: list[tuple[int, Hit]]) -> None:
    """Store hits with their positions in the stream. Storing the same again changes nothing that is shown."""
    if not hits:
        return
    rows = [
        {
            "captured_at": hit.captured_at,
            "id": hit.id,
            "version": hit.version,
            "position": position,
            "found_at": hit.found_at,
            "agencies": list(hit.agencies),
            "entry": hit.entry.number,
            "camera": hit.camera.number,
            "vrm": hit.vrm,
            "body": msgspec.json.encode(hit).decode(),
        }
        for position, hit in hits
    ]
    await columnar.insert("hits", pa.Table.from_pylist(rows, _SCHEMA))


async def hit_by_id(columnar: Columnar, hit: str, scope: Scope) -> Hit | None:
    """The hit as it stands, if this agency may see it."""
    try:
        captured_at = captured_at_of(hit)
    except ValueError:
        return None
    seen, values = scope.condition()
    rows = await columnar.query(
        "SELECT body FROM hits WHERE captured_at = fromUnixTimestamp64Milli({captured:Int64}, 'UTC') AND id = {id:String}"
        f" AND {seen} ORDER BY version DESC LIMIT 1",
        {"captured": captured_at, "id": hit, **values},
    )
    return decode_hit(rows[0]["body"]) if rows else None


async def newest_hits(columnar: Columnar, scope: Scope, before: tuple[int, str], now: int, limit: int) -> list[Hit]:
    """Hits that the agency may see, captured before (milliseconds, id), newest first."""
    captured, last = before
    seen, values = scope.condition()
    rows: list[dict[str, Any]] = []
    for days in _REACHES_DAYS:
        rows = await columnar.query(
            f"SELECT body FROM hits FINAL WHERE {seen}"
            " AND captured_at >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')"
            " AND captured_at <= fromUnixTimestamp64Milli({captured:Int64}, 'UTC')"
            " AND (toUnixTimestamp64Milli(captured_at), id) < ({captured:Int64}, {last:String})"
            " ORDER BY captured_at DESC, id DESC LIMIT {limit:UInt32}",
            values
            | {
                "since": max(min(captured, now) - days * 86_400_000, 0),
                "captured": captured,
                "last": last,
                "limit": limit,
            },
        )
        if len(rows) >= limit:
            break
    return [decode_hit(row["body"]) for row in rows]


async def hits_after(columnar: Columnar, scope: Scope, position: int, found_since: int, limit: int) -> list[tuple[int, Hit]]:
    """Hits new or amended after a position in the stream, and found since (milliseconds), oldest first.

    Up to `limit` rows are read; of two versions of one hit only the later is returned.
    """
    seen, values = scope.condition()
    # Not FINAL, which would merge the whole history: a later version always has a higher position.
    rows = await columnar.query(
        f"SELECT position, id, body FROM hits WHERE {seen} AND position > {{position:UInt64}}"
        " AND found_at >= fromUnixTimestamp64Milli({since:Int64}, 'UTC') ORDER BY position LIMIT {limit:UInt32}",
        {**values, "position": position, "since": found_since, "limit": limit},
    )
    latest = {row["id"]: row for row in rows}
    return [(row["position"], decode_hit(row["body"])) for row in rows if latest[row["id"]] is row]


async def cameras(database: Database) -> list[Camera]:
    """Every camera as hits show it."""
    rows = await database.fetch("SELECT number, name, agency, longitude, latitude FROM anpr_cameras")
    return [Camera(r["number"], str(r["number"]), r["name"], r["agency"], (r["longitude"], r["latitude"])) for r in rows]


async def states(database: Database, hits: list[str]) -> dict[str, Record]:
    """What people decided about the hits, by hit."""
    rows = await database.fetch("SELECT * FROM hit_states WHERE hit = ANY($1)", hits)
    return {row["hit"]: row for row in rows}


async def state_for_update(connection: Connection, hit: str) -> Record:
    """The hit's state, made if there is none, locked until the transaction ends."""
    await connection.execute("INSERT INTO hit_states (hit) VALUES ($1) ON CONFLICT DO NOTHING", hit)
    return await connection.fetchrow("SELECT * FROM hit_states WHERE hit = $1 FOR UPDATE", hit)


async def set_taken(connection: Connection, hit: str, by: tuple[str, str, str] | None, at: datetime) -> None:
    """Put the person (id, name, agency) who takes the hit, or nobody."""
    person = by or (None, None, None)
    await connection.execute(
        "UPDATE hit_states SET taken_by = $2, taken_by_name = $3, taken_by_agency = $4, taken_at = $5 WHERE hit = $1",
        hit, *person, at if by else None,
    )  # fmt: skip


async def set_disposition(connection: Connection, hit: str, outcome: str, note: str, by: tuple[str, str, str], at: datetime) -> None:
    await connection.execute(
        "UPDATE hit_states SET outcome = $2, note = $3, decided_by = $4, decided_by_name = $5, decided_by_agency = $6,"
        " decided_at = $7 WHERE hit = $1",
        hit, outcome, note, *by, at,
    )  # fmt: skip


async def delete_states(connection: Connection, before: int, moment: datetime) -> int:
    """Forget what was decided about hits captured before (milliseconds) and what was handed over; returns how many rows."""
    # Ids begin with their time in digits that sort as ASCII does.
    states = await connection.execute('DELETE FROM hit_states WHERE hit COLLATE "C" < $1', first_id_at(before))
    handed = await connection.execute("DELETE FROM handovers WHERE created_at < $1", moment)
    aside = await connection.execute("DELETE FROM set_aside_messages WHERE at < $1", moment)
    return sum(int(done.split()[-1]) for done in (states, handed, aside))


def state_json(row: Record | None) -> dict[str, Any]:
    """The state as answers and events show it: `taken_by` and `disposition`, each null where there is none."""
    taken, decided = None, None
    if row is not None and row["taken_by"]:
        taken = _person(row, "taken_by") | {"at": _time(row["taken_at"])}
    if row is not None and row["outcome"]:
        decided = {"outcome": row["outcome"], "note": row["note"], "by": _person(row, "decided_by"), "at": _time(row["decided_at"])}
    return {"taken_by": taken, "disposition": decided}


def _person(row: Record, name: str) -> dict[str, Any]:
    return {"id": row[name], "name": row[f"{name}_name"], "agency": row[f"{name}_agency"]}


def _time(moment: datetime) -> str:
    return to_rfc3339(round(moment.timestamp() * 1000))


async def set_aside(database: Database, consumer: str, sequence: int, subject: str, reason: str, payload: bytes) -> None:
    """Keep a message that a consumer could not handle."""
    await database.execute(
        "INSERT INTO set_aside_messages (consumer, sequence, subject, reason, payload) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT DO NOTHING",
        consumer, sequence, subject, reason[:1000], payload,
    )  # fmt: skip
