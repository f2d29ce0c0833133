"""SQL of the log: incidents, their events, snapshots of the fold, numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime
from typing import NamedTuple

import msgspec

from bluelamp.incidents.domain.fold import VERSION, Carried, Event
from bluelamp.incidents.domain.state import IncidentState
from bluelamp.kit.clock import to_ms
from bluelamp.spine.relational import Connection, Database, Record

MERGES_MAX = 50
"""Of one into the next into the next."""
_EVENT = "incident, sequence, id, kind, at, happened_at, person, name, agency, call_sign, device, audience, data, carried"


def moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def event_of(row: Record) -> Event:
    return Event(
        row["incident"], row["sequence"], row["id"], row["kind"], to_ms(row["at"]), to_ms(row["happened_at"]), row["person"], row["name"],
        row["agency"], row["call_sign"], row["device"], tuple(row["audience"]), row["data"],
        Carried(**row["carried"]) if row["carried"] is not None else None,
    )  # fmt: skip


async def next_number(connection: Connection, agency: str, day: date) -> str:
    """`KEN-20261121-0042`."""
    last = await connection.fetchval(
        "INSERT INTO incident_numbers (agency, day, last) VALUES ($1, $2, 1)"
        " ON CONFLICT (agency, day) DO UPDATE SET last = incident_numbers.last + 1 RETURNING last",
        agency, day,
    )  # fmt: skip
    return f"{agency}-{day:%Y%m%d}-{last:04d}"


async def number_of(db: Connection | Database, incident: str) -> str:
    return str(await db.fetchval("SELECT number FROM incidents WHERE id = $1", incident) or "")


async def lead_of(db: Connection | Database, incident: str) -> str:
    """Code of the agency that leads it; empty: there is none such."""
    return str(await db.fetchval("SELECT lead FROM incidents WHERE id = $1", incident) or "")


async def named(db: Connection | Database, incident: str) -> Record | None:
    """Its number, title and type."""
    return await db.fetchrow("SELECT number, title, type FROM incidents WHERE id = $1", incident)


async def add_incident(connection: Connection, state: IncidentState, at_ms: int) -> None:
    """The row of an incident that has no events yet."""
    await connection.execute(
        "INSERT INTO incidents (id, number, lead, title, type, grade, status, place, opened_at, updated_at, sequence)"
        " VALUES ($1, $2, $3, $4, $5, $6, 'open', '', $7, $7, 0)",
        state.id, state.number, state.lead, state.title, state.type, state.grade, moment(at_ms),
    )  # fmt: skip


async def goes_on_in(db: Connection | Database, incident: str) -> str:
    """The incident that this one was merged into, and that one in turn; itself, where it was not, or where the other is not known here."""
    found = await db.fetchval(
        "WITH RECURSIVE way (id, steps) AS (SELECT $1::text, 0 UNION ALL SELECT t.id, w.steps + 1 FROM way w"
        " JOIN incidents i ON i.id = w.id JOIN incidents t ON t.id = i.merged_into WHERE w.steps < $2)"
        " SELECT id FROM way ORDER BY steps DESC LIMIT 1",
        incident, MERGES_MAX,
    )  # fmt: skip
    return str(found)


async def taken_in(db: Connection | Database, incident: str) -> set[str]:
    """The incidents that were merged into this one, and into those in turn."""
    rows = await db.fetch(
        "WITH RECURSIVE taken (id) AS (SELECT id FROM incidents WHERE merged_into = $1"
        " UNION SELECT i.id FROM incidents i JOIN taken t ON i.merged_into = t.id) SELECT id FROM taken",
        incident,
    )  # fmt: skip
    return {row["id"] for row in rows}


async def hold(connection: Connection, incidents: Collection[str]) -> None:
    """The rows of these incidents, in the order of their ids."""
    await connection.execute("SELECT FROM incidents WHERE id = ANY($1) ORDER BY id FOR UPDATE", list(incidents))


class Head(NamedTuple):
    """Where an incident stands."""

    sequence: int
    updated_at: int


async def head(connection: Connection | Database, incident: str, agency: str, roles: Iterable[str], *, lock: bool = False) -> Head | None:
    """None: there is none, or this agency or role does not see it."""
    row = await connection.fetchrow(
        "SELECT i.sequence, i.updated_at FROM incidents i JOIN incident_agencies a ON a.incident = i.id AND a.agency = $2"
        " WHERE i.id = $1 AND (a.roles = '{}' OR a.roles && $3::text[])" + (" FOR UPDATE OF i" if lock else ""),
        incident, agency, list(roles),
    )  # fmt: skip
    return Head(row["sequence"], to_ms(row["updated_at"])) if row else None


async def head_of_any(connection: Connection | Database, incident: str, *, lock: bool = False) -> Head | None:
    """For the platform itself, which sees every incident."""
    row = await connection.fetchrow("SELECT sequence, updated_at FROM incidents WHERE id = $1" + (" FOR UPDATE" if lock else ""), incident)
    return Head(row["sequence"], to_ms(row["updated_at"])) if row else None


async def events_between(connection: Connection | Database, incident: str, after: int, up_to: int, limit: int | None = None) -> list[Event]:
    """Events with `after` < sequence <= `up_to`, in order."""
    rows = await connection.fetch(
        f"SELECT {_EVENT} FROM incident_events WHERE incident = $1 AND sequence > $2 AND sequence <= $3 ORDER BY sequence LIMIT $4",
        incident, after, up_to, limit,
    )  # fmt: skip
    return [event_of(row) for row in rows]


async def events_shown(
    connection: Database, incident: str, agency: str, after: int, kinds: list[str], limit: int, *, newest: bool
) -> list[Event]:
    """What an agency sees of the log: from the oldest, or with `newest` backwards from before `after` (0: from the end)."""
    order, bound = ("DESC", "($3 = 0 OR sequence < $3)") if newest else ("ASC", "sequence > $3")
    rows = await connection.fetch(
        f"SELECT {_EVENT} FROM incident_events WHERE incident = $1 AND (audience = '{{}}' OR $2 = ANY(audience)) AND {bound}"
        f" AND (kind <> 'vehicle.looked_up' OR agency = $2) AND ($4::text[] = '{{}}' OR kind = ANY($4)) ORDER BY sequence {order} LIMIT $5",
        incident, agency, after, kinds, limit,
    )  # fmt: skip
    return [event_of(row) for row in rows]


async def sequence_at(connection: Database, incident: str, at_ms: int) -> int:
    """Number of the last event kept at or before this moment; 0 where there was none yet."""
    # Times never fall within an incident. The snapshots on either side of the moment leave some hundred events to look through, however
    # long the log is; without them the newest first would walk back over all that came later.
    found = await connection.fetchval(
        "SELECT max(sequence) FROM incident_events WHERE incident = $1 AND at <= $2"
        " AND sequence >= (SELECT coalesce(max(sequence), 0) FROM incident_snapshots WHERE incident = $1 AND at <= $2)"
        " AND sequence < (SELECT coalesce(min(sequence), 9223372036854775807) FROM incident_snapshots WHERE incident = $1 AND at > $2)",
        incident, moment(at_ms),
    )  # fmt: skip
    return int(found or 0)


async def left_at(connection: Connection, incident: str, agency: str) -> int:
    """When an agency was last put out of an incident, or left; 0: it never was part of it and left."""
    found = await connection.fetchval(
        "SELECT max(at) FROM incident_events WHERE incident = $1 AND kind = 'agency.left' AND data->>'agency' = $2", incident, agency
    )
    return to_ms(found) if found is not None else 0


async def known_ids(connection: Connection, ids: list[str]) -> dict[str, tuple[str, int, str]]:
    """Event id -> the incident that has it, its place there, and who made it."""
    rows = await connection.fetch("SELECT id, incident, sequence, person FROM incident_events WHERE id = ANY($1)", ids)
    return {row["id"]: (row["incident"], row["sequence"], row["person"]) for row in rows}


async def events_by_id(connection: Connection, ids: list[str]) -> list[Event]:
    rows = await connection.fetch(f"SELECT {_EVENT} FROM incident_events WHERE id = ANY($1)", ids)
    return [event_of(row) for row in rows]


async def known_sources(connection: Connection, incident: str, sources: list[str]) -> set[str]:
    """Of these ids of events, those that were said in this incident first, or carried into it before."""
    rows = await connection.fetch(
        "SELECT id FROM incident_events WHERE incident = $1 AND id = ANY($2) UNION"
        " SELECT carried->>'id' FROM incident_events WHERE incident = $1 AND carried IS NOT NULL AND carried->>'id' = ANY($2)",
        incident, sources,
    )  # fmt: skip
    return {row["id"] for row in rows}


async def show_media_in(connection: Connection, incident: str, media: list[tuple[str, int]]) -> None:
    """Pictures whose content another incident holds are seen in this one too, told of by these events."""
    await connection.executemany(
        "INSERT INTO incident_media_carried (incident, media, sequence) SELECT $1, id, $3 FROM incident_media WHERE id = $2"
        " ON CONFLICT DO NOTHING",
        [(incident, one, sequence) for one, sequence in media],
    )


async def add_events(connection: Connection, events: list[Event]) -> None:
    await connection.executemany(
        f"INSERT INTO incident_events ({_EVENT}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        [(*e[:4], moment(e.at), moment(e.happened_at), *e[6:11], list(e.audience), e.data, msgspec.to_builtins(e.carried)) for e in events],
    )


async def keep_row(connection: Connection, state: IncidentState, at_ms: int) -> None:
    """What lists show, as the state has it now."""
    await connection.execute(
        "UPDATE incidents SET lead = $2, title = $3, type = $4, grade = $5, major = $6, status = $7, place = $8, latitude = $9,"
        " longitude = $10, updated_at = $11, sequence = $12, merged_into = nullif($13, '') WHERE id = $1",
        state.id, state.lead, state.title, state.type, state.grade, state.major, state.status, state.place.said, state.place.latitude,
        state.place.longitude, moment(at_ms), state.sequence, state.merged_into,
    )  # fmt: skip


async def keep_agencies(connection: Connection, state: IncidentState) -> None:
    """Who sees it, as the state has it now."""
    await connection.execute(
        "DELETE FROM incident_agencies WHERE incident = $1 AND NOT agency = ANY($2::text[])", state.id, list(state.agencies)
    )
    await connection.executemany(
        "INSERT INTO incident_agencies (incident, agency, roles) VALUES ($1, $2, $3)"
        " ON CONFLICT (incident, agency) DO UPDATE SET roles = excluded.roles",
        [(state.id, member.agency, member.roles) for member in state.agencies.values()],
    )


async def newest_snapshot(connection: Connection | Database, incident: str, up_to: int) -> IncidentState | None:
    """The fold kept last at or before an event."""
    kept = await connection.fetchval(
        "SELECT state FROM incident_snapshots WHERE incident = $1 AND fold = $2 AND sequence <= $3 ORDER BY sequence DESC LIMIT 1",
        incident, VERSION, up_to,
    )  # fmt: skip
    return IncidentState.model_validate_json(kept) if kept is not None else None


async def keep_snapshot(connection: Connection, state: IncidentState, at_ms: int) -> None:
    await connection.execute(
        "INSERT INTO incident_snapshots (incident, sequence, fold, at, state) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        state.id, state.sequence, VERSION, moment(at_ms), state.model_dump_json().encode(),
    )  # fmt: skip


async def listed(
    db: Database, agency: str, roles: Iterable[str], statuses: list[str], before: tuple[datetime, str] | None, limit: int
) -> list[Record]:
    """Incidents that the agency sees, the one with the latest event first."""
    return await db.fetch(
        "SELECT i.* FROM incidents i JOIN incident_agencies a ON a.incident = i.id AND a.agency = $1"
        " WHERE (a.roles = '{}' OR a.roles && $2::text[]) AND i.status = ANY($3)"
        " AND ($4::timestamptz IS NULL OR (i.updated_at, i.id) < ($4, $5)) ORDER BY i.updated_at DESC, i.id DESC LIMIT $6",
        agency, list(roles), statuses, before[0] if before else None, before[1] if before else "", limit,
    )  # fmt: skip
