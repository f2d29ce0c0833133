"""SQL of transfers (messages both ways) and of links (which of their incidents is which of ours)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from bluelamp.spine.relational import Connection, Database, Record

CHANNEL = "handovers"
"""NOTIFY on this channel when something is queued."""
NOTES_MAX = 20


class Link(NamedTuple):
    partner: str
    shared: str
    incident: str
    theirs: bool
    ended: bool
    told: int
    last: dict[str, Any] | None


class Transfer(NamedTuple):
    """A message to or from a partner."""

    id: str
    partner: str
    direction: str
    kind: str
    message_id: str
    incident: str | None
    shared: str
    cause: str
    state: str
    tries: int
    next_at: datetime
    notes: list[str]
    body: bytes | None
    digest: bytes | None
    answer: bytes | None
    reason: str
    created_at: datetime
    sent_at: datetime | None
    settled_at: datetime | None
    settled_by: str
    mended: dict[str, Any] | None = None
    """What a person put right, by the names of the message's fields."""
    mended_by: str = ""


_COLUMNS = ", ".join(f"t.{name}" for name in Transfer._fields)


def _transfer(row: Record) -> Transfer:
    return Transfer(*(row[name] for name in Transfer._fields))


async def link(connection: Connection, partner: str, shared: str, incident: str, *, theirs: bool) -> Link:
    """The link under this shared name: the one that is there, or a new one."""
    row = await connection.fetchrow(
        "INSERT INTO handover_links (partner, shared, incident, theirs) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (partner, shared) DO UPDATE SET ended = false RETURNING *",
        partner, shared, incident, theirs,
    )  # fmt: skip
    return Link(**dict(row))


async def link_of(db: Connection | Database, partner: str, shared: str) -> Link | None:
    row = await db.fetchrow("SELECT * FROM handover_links WHERE partner = $1 AND shared = $2", partner, shared)
    return Link(**dict(row)) if row else None


async def links_of(db: Connection | Database, incident: str) -> list[Link]:
    return [Link(**dict(row)) for row in await db.fetch("SELECT * FROM handover_links WHERE incident = $1 ORDER BY partner", incident)]


async def turn_to(connection: Connection, known: Link, sequence: int) -> bool:
    """Hold the link for an event of this number; False: it was told before."""
    done = await connection.execute(
        "UPDATE handover_links SET told = $3 WHERE partner = $1 AND shared = $2 AND told < $3", known.partner, known.shared, sequence
    )
    return bool(done == "UPDATE 1")


async def end_link(connection: Connection, known: Link) -> None:
    await connection.execute("UPDATE handover_links SET ended = true WHERE partner = $1 AND shared = $2", known.partner, known.shared)


async def heard(connection: Connection, partner: str, shared: str, last: dict[str, Any]) -> None:
    await connection.execute("UPDATE handover_links SET last = $3 WHERE partner = $1 AND shared = $2", partner, shared, last)


class Outgoing(NamedTuple):
    """A message to be made and sent."""

    id: str
    partner: str
    kind: str
    incident: str | None
    shared: str
    cause: str
    notes: list[str]
    body: bytes | None = None


async def queue(connection: Connection, out: Outgoing, at: datetime) -> bool:
    """False: the cause has been queued before."""
    added = await connection.fetchval(
        "INSERT INTO handover_transfers (id, partner, direction, kind, message_id, incident, shared, cause, state, next_at, notes, body,"
        " created_at) VALUES ($1, $2, 'out', $3, $1, $4, $5, $6, 'queued', $9, $7, $8, $9)"
        " ON CONFLICT (partner, cause) WHERE cause <> '' DO NOTHING RETURNING true",
        out.id, out.partner, out.kind, out.incident, out.shared, out.cause, out.notes, out.body, at,
    )  # fmt: skip
    await connection.execute("SELECT pg_notify($1, '')", CHANNEL)
    return bool(added)


async def join_waiting(connection: Connection, known: Link, note: str) -> bool:
    """Let an update that has not been made yet say this too; False: there is none. It is made of the state when it is sent."""
    waiting = await connection.fetchrow(
        "SELECT id, notes FROM handover_transfers WHERE partner = $1 AND shared = $2 AND direction = 'out' AND kind = 'update'"
        " AND state = 'queued' AND body IS NULL ORDER BY id LIMIT 1 FOR UPDATE",
        known.partner, known.shared,
    )  # fmt: skip
    if waiting is None:
        return False
    if note:
        notes = [*waiting["notes"], note][-NOTES_MAX:]
        await connection.execute("UPDATE handover_transfers SET notes = $2 WHERE id = $1", waiting["id"], notes)
    return True


async def claim(db: Database, now: datetime, lease: timedelta) -> Transfer | None:
    """One message whose turn it is, for whoever calls; taken again after the lease, should they die. In order for each incident."""
    async with db.transaction() as connection:
        row = await connection.fetchrow(
            f"SELECT {_COLUMNS} FROM handover_transfers t JOIN handover_partners p ON p.id = t.partner"
            " WHERE t.direction = 'out' AND t.state IN ('queued', 'sending', 'sent') AND t.next_at <= $1 AND p.active"
            " AND NOT EXISTS (SELECT 1 FROM handover_transfers b WHERE b.partner = t.partner AND b.shared = t.shared"
            " AND b.direction = 'out' AND b.id < t.id AND b.state IN ('queued', 'sending', 'dead'))"
            " ORDER BY t.next_at, t.id LIMIT 1 FOR UPDATE OF t SKIP LOCKED",
            now,
        )
        if row is None:
            return None
        await connection.execute(
            "UPDATE handover_transfers SET state = 'sending', tries = tries + 1, next_at = $2 WHERE id = $1", row["id"], now + lease
        )
        return _transfer(row)._replace(tries=row["tries"] + 1)


async def postpone(db: Database, transfer: str, next_at: datetime, reason: str) -> None:
    """Try again later, unless its receipt came meanwhile."""
    await db.execute(
        "UPDATE handover_transfers SET state = 'queued', next_at = $2, reason = $3 WHERE id = $1 AND state = 'sending'",
        transfer, next_at, reason,
    )  # fmt: skip


async def claim_unfinished(db: Database, now: datetime, lease: timedelta) -> Transfer | None:
    """A message that came and that nobody has finished with: its process died, or a person had it read again."""
    row = await db.fetchrow(
        "UPDATE handover_transfers t SET next_at = $2 WHERE t.id = (SELECT id FROM handover_transfers WHERE direction = 'in'"
        f" AND state = 'reading' AND next_at <= $1 ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING {_COLUMNS}",
        now, now + lease,
    )  # fmt: skip
    return _transfer(row) if row else None


async def take_in(connection: Connection, values: dict[str, Any]) -> bool:
    """A message that came; False: its id is known."""
    names = list(values)
    slots = ", ".join(f"${at}" for at in range(1, len(names) + 1))
    added = await connection.fetchval(
        f"INSERT INTO handover_transfers ({', '.join(names)}, direction) VALUES ({slots}, 'in')"
        " ON CONFLICT (partner, direction, message_id) WHERE message_id <> '' DO NOTHING RETURNING true",
        *values.values(),
    )
    return bool(added)


async def change(connection: Connection | Database, transfer: str, values: dict[str, Any]) -> None:
    """`values`: columns of the table, chosen by code and never by a caller."""
    sets = ", ".join(f"{name} = ${at}" for at, name in enumerate(values, 2))
    await connection.execute(f"UPDATE handover_transfers SET {sets} WHERE id = $1", transfer, *values.values())


async def by_id(db: Connection | Database, transfer: str, owner: str | None = None, *, lock: bool = False) -> Transfer | None:
    row = await db.fetchrow(
        f"SELECT {_COLUMNS} FROM handover_transfers t JOIN handover_partners p ON p.id = t.partner"
        " WHERE t.id = $1 AND ($2::text IS NULL OR p.owner = $2)" + (" FOR UPDATE OF t" if lock else ""),
        transfer, owner,
    )  # fmt: skip
    return _transfer(row) if row else None


async def by_message(db: Connection | Database, partner: str, direction: str, message_id: str) -> Transfer | None:
    row = await db.fetchrow(
        f"SELECT {_COLUMNS} FROM handover_transfers t WHERE t.partner = $1 AND t.direction = $2 AND t.message_id = $3",
        partner, direction, message_id,
    )  # fmt: skip
    return _transfer(row) if row else None


async def unread(db: Connection | Database, partner: str, digest: bytes) -> Transfer | None:
    """The same body, when it could not be read before."""
    row = await db.fetchrow(
        f"SELECT {_COLUMNS} FROM handover_transfers t WHERE t.partner = $1 AND t.direction = 'in' AND t.message_id = ''"
        " AND t.digest = $2 AND t.state = 'dead' LIMIT 1",
        partner, digest,
    )  # fmt: skip
    return _transfer(row) if row else None


async def dead_count(db: Connection | Database, partner: str) -> int:
    count: int = await db.fetchval(
        "SELECT count(*) FROM handover_transfers WHERE partner = $1 AND direction = 'in' AND state = 'dead'", partner
    )
    return count


async def awaiting(db: Connection | Database, partner: str, shared: str) -> Transfer | None:
    """The oldest message about an incident that waits for its receipt."""
    row = await db.fetchrow(
        f"SELECT {_COLUMNS} FROM handover_transfers t WHERE t.partner = $1 AND t.shared = $2 AND t.direction = 'out'"
        " AND t.state IN ('sent', 'sending') AND t.kind <> 'receipt' ORDER BY t.id LIMIT 1",
        partner, shared,
    )  # fmt: skip
    return _transfer(row) if row else None


async def last_sent(db: Connection | Database, partner: str, shared: str) -> Transfer | None:
    """The message that went out last about an incident."""
    row = await db.fetchrow(
        f"SELECT {_COLUMNS} FROM handover_transfers t WHERE t.partner = $1 AND t.shared = $2 AND t.direction = 'out'"
        " AND t.kind <> 'receipt' AND t.sent_at IS NOT NULL ORDER BY t.sent_at DESC, t.id DESC LIMIT 1",
        partner, shared,
    )  # fmt: skip
    return _transfer(row) if row else None


class Wanted(NamedTuple):
    """Which messages to list. Empty: any."""

    incident: str = ""
    partner: str = ""
    direction: str = ""
    states: tuple[str, ...] = ()


async def listed(db: Database, owner: str, roles: Iterable[str], wanted: Wanted, before: str, limit: int) -> list[Record]:
    """Without their bodies, the newest first; with the incident's number and title where these roles see it."""
    return await db.fetch(
        "SELECT t.id, t.partner, p.name, p.agency, p.format, t.direction, t.kind, t.message_id, t.incident, t.state, t.tries, t.next_at,"
        " t.reason, t.created_at, t.sent_at, t.settled_at, t.settled_by, t.mended_by, coalesce(i.number, '') AS number,"
        " coalesce(i.title, '') AS title FROM handover_transfers t JOIN handover_partners p ON p.id = t.partner"
        " LEFT JOIN incident_agencies a ON a.incident = t.incident AND a.agency = $1 AND (a.roles = '{}' OR a.roles && $8::text[])"
        " LEFT JOIN incidents i ON i.id = a.incident"
        " WHERE p.owner = $1 AND ($2 = '' OR t.incident = $2) AND ($3::text[] = '{}' OR t.state = ANY($3))"
        " AND ($4 = '' OR t.id < $4) AND ($6 = '' OR t.partner = $6) AND ($7 = '' OR t.direction = $7) ORDER BY t.id DESC LIMIT $5",
        owner, wanted.incident, list(wanted.states), before, limit, wanted.partner, wanted.direction, list(roles),
    )  # fmt: skip
