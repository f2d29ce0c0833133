"""SQL of partners and their keys."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from bluelamp.spine.relational import Connection, Database, Record


class Partner(NamedTuple):
    """Another control room, as ours sees it."""

    id: str
    owner: str
    agency: str
    name: str
    format: str
    url: str
    address: str
    own_address: str
    their_key: str
    active: bool
    created_at: datetime
    changed_at: datetime

    @property
    def ours(self) -> str:
        """What we are called in their format."""
        return self.own_address or self.owner

    @property
    def theirs(self) -> str:
        return self.address or self.agency


_COLUMNS = ", ".join(f"p.{name}" for name in Partner._fields)


def _partner(row: Record) -> Partner:
    return Partner(*(row[name] for name in Partner._fields))


async def add(connection: Connection, partner: Partner) -> bool:
    """False: the agency has this partner in this format already."""
    slots = ", ".join(f"${at}" for at in range(1, len(partner) + 1))
    done = await connection.fetchval(
        f"INSERT INTO handover_partners ({', '.join(partner._fields)}) VALUES ({slots})"
        " ON CONFLICT (owner, agency, format) DO NOTHING RETURNING true",
        *partner,
    )
    return bool(done)


async def change(connection: Connection, partner: str, values: dict[str, Any]) -> None:
    """`values`: columns of the table, chosen by code and never by a caller."""
    sets = ", ".join(f"{name} = ${at}" for at, name in enumerate(values, 2))
    await connection.execute(f"UPDATE handover_partners SET {sets} WHERE id = $1", partner, *values.values())


async def by_id(db: Connection | Database, partner: str, owner: str | None = None, *, lock: bool = False) -> Partner | None:
    """`owner` None: whoever's it is, for the platform itself."""
    row = await db.fetchrow(
        f"SELECT {_COLUMNS} FROM handover_partners p WHERE p.id = $1 AND ($2::text IS NULL OR p.owner = $2)"
        + (" FOR UPDATE" if lock else ""),
        partner, owner,
    )  # fmt: skip
    return _partner(row) if row else None


async def by_key(db: Database, key_sha256: bytes) -> Partner | None:
    """The active partner whose live key this is."""
    row = await db.fetchrow(
        f"SELECT {_COLUMNS} FROM handover_keys k JOIN handover_partners p ON p.id = k.partner"
        " WHERE k.key_sha256 = $1 AND k.revoked_at IS NULL AND p.active",
        key_sha256,
    )
    return _partner(row) if row else None


async def of_owner(db: Database, owner: str, limit: int) -> list[Partner]:
    rows = await db.fetch(f"SELECT {_COLUMNS} FROM handover_partners p WHERE p.owner = $1 ORDER BY p.name, p.id LIMIT $2", owner, limit)
    return [_partner(row) for row in rows]


async def of_agency(connection: Connection, owner: str, agency: str) -> list[Partner]:
    """The ways by which `owner` reaches an agency."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM handover_partners p WHERE p.owner = $1 AND p.agency = $2 AND p.active AND p.url <> '' ORDER BY p.id",
        owner, agency,
    )  # fmt: skip
    return [_partner(row) for row in rows]


async def lines(db: Database, owner: str) -> dict[str, Record]:
    """How the line to each partner stands: when they were heard and took something last, what waits, and why it does."""
    rows = await db.fetch(
        "SELECT p.id,"
        " (SELECT t.created_at FROM handover_transfers t WHERE t.partner = p.id AND t.direction = 'in' ORDER BY t.id DESC LIMIT 1)"
        " AS heard_at,"
        " (SELECT t.settled_at FROM handover_transfers t WHERE t.partner = p.id AND t.direction = 'out' AND t.state = 'received'"
        " ORDER BY t.id DESC LIMIT 1) AS taken_at,"
        " coalesce(u.waiting, 0) AS waiting, coalesce(u.unanswered, 0) AS unanswered, coalesce(u.dead, 0) AS dead,"
        " coalesce(u.refused, 0) AS refused, coalesce((SELECT t.reason FROM handover_transfers t WHERE t.partner = p.id"
        " AND t.direction = 'out' AND t.state IN ('queued', 'sending') AND t.tries > 0 AND t.reason <> '' ORDER BY t.id LIMIT 1),"
        " (SELECT n.reason FROM (SELECT t.state, t.reason FROM handover_transfers t WHERE t.partner = p.id AND t.direction = 'out'"
        " ORDER BY t.id DESC LIMIT 1) n WHERE n.state = 'dead'), '')"
        " AS failing FROM handover_partners p LEFT JOIN LATERAL (SELECT"
        " count(*) FILTER (WHERE t.state IN ('queued', 'sending', 'reading')) AS waiting,"
        " count(*) FILTER (WHERE t.state = 'sent') AS unanswered, count(*) FILTER (WHERE t.state = 'dead') AS dead,"
        " count(*) FILTER (WHERE t.state = 'refused') AS refused FROM handover_transfers t WHERE t.partner = p.id"
        " AND t.state IN ('queued', 'sending', 'sent', 'reading', 'dead', 'refused')) u ON true WHERE p.owner = $1",
        owner,
    )
    return {row["id"]: row for row in rows}


async def add_key(connection: Connection, key_id: str, partner: str, key_sha256: bytes, prefix: str, at: datetime) -> None:
    await connection.execute(
        "INSERT INTO handover_keys (id, partner, key_sha256, prefix, created_at) VALUES ($1, $2, $3, $4, $5)",
        key_id, partner, key_sha256, prefix, at,
    )  # fmt: skip


async def live_keys(db: Connection | Database, partner: str) -> list[Record]:
    return await db.fetch(
        "SELECT id, prefix, created_at FROM handover_keys WHERE partner = $1 AND revoked_at IS NULL ORDER BY created_at, id", partner
    )  # fmt: skip


async def revoke_key(connection: Connection, partner: str, key_id: str, at: datetime) -> bool:
    done = await connection.execute(
        "UPDATE handover_keys SET revoked_at = $3 WHERE id = $1 AND partner = $2 AND revoked_at IS NULL", key_id, partner, at
    )
    return bool(done == "UPDATE 1")
