"""The SQL of posts: who works where, from when to when, as what."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from bluelamp.kit.ids import new_id
from bluelamp.spine.relational import Connection, Database, Record


class Membership(NamedTuple):
    """A post, present, past, planned or offered. `unit` is a code, `manager` a username; both empty where there is none."""

    id: str
    person: str
    username: str
    name: str
    home: str
    """Code of the agency of the person's home post."""
    agency: str
    kind: str
    roles: frozenset[str]
    unit: str
    rank: str
    manager: str
    shift_pattern: str
    starts_at: datetime
    ends_at: datetime | None
    accepted_at: datetime | None
    in_force: bool


_MEMBERSHIP = (
    "SELECT m.id, m.person, u.username, u.name, u.agency AS home, m.agency, m.kind, m.roles, coalesce(n.code, '') AS unit, m.rank,"
    " coalesce(b.username, '') AS manager, m.shift_pattern, m.starts_at, m.ends_at, m.accepted_at, in_force(m) AS in_force"
    " FROM memberships m JOIN users u ON u.id = m.person LEFT JOIN units n ON n.id = m.unit LEFT JOIN users b ON b.id = m.manager"
)
_STANDS = "(m.ends_at IS NULL OR m.ends_at > now())"


def _membership(row: Record) -> Membership:
    return Membership(**(dict(row) | {"roles": frozenset(row["roles"])}))


async def moment(connection: Connection) -> datetime:
    """Now, in whole milliseconds as posts keep it: rounded up, a post that begins now would not have begun yet."""
    now: datetime = await connection.fetchval("SELECT date_trunc('milliseconds', now())")
    return now


async def memberships_of(db: Database | Connection, person: str) -> list[Membership]:
    """All posts of a person, the latest beginning first."""
    rows = await db.fetch(f"{_MEMBERSHIP} WHERE m.person = $1 ORDER BY m.starts_at DESC, m.id DESC LIMIT 200", person)
    return [_membership(row) for row in rows]


async def membership(connection: Connection | Database, post: str) -> Membership | None:
    row = await connection.fetchrow(f"{_MEMBERSHIP} WHERE m.id = $1", post)
    return _membership(row) if row else None


async def home_post(connection: Connection, person: str, at: datetime | None = None) -> Membership | None:
    """The home post at a time; None: now."""
    row = await connection.fetchrow(
        f"{_MEMBERSHIP} WHERE m.person = $1 AND m.kind = 'home' AND m.starts_at <= coalesce($2, now())"
        " AND (m.ends_at IS NULL OR m.ends_at > coalesce($2, now())) ORDER BY m.starts_at DESC LIMIT 1",
        person, at,
    )  # fmt: skip
    return _membership(row) if row else None


async def secondments(db: Database, agency: str | None) -> list[Membership]:
    """Secondments that stand, are planned or offered: into the agency and out of it; None: everybody's."""
    rows = await db.fetch(
        f"{_MEMBERSHIP} WHERE m.kind = 'secondment' AND {_STANDS} AND ($1::text IS NULL OR m.agency = $1 OR u.agency = $1)"
        " ORDER BY m.starts_at DESC, m.id LIMIT 1000",
        agency,
    )
    return [_membership(row) for row in rows]


async def insert_membership(connection: Connection, values: dict[str, Any]) -> str:
    """`values`: columns of the table, chosen by code and never by a caller. Returns the id."""
    values = {"id": new_id(), **values}
    slots = ", ".join(f"${at}" for at in range(1, len(values) + 1))
    await connection.execute(f"INSERT INTO memberships ({', '.join(values)}) VALUES ({slots})", *values.values())
    return str(values["id"])


async def update_membership(connection: Connection, post: str, values: dict[str, Any]) -> None:
    """`values`: columns of the table, chosen by code and never by a caller."""
    sets = ", ".join(f"{name} = ${at}" for at, name in enumerate(values, 2))
    await connection.execute(f"UPDATE memberships SET {sets} WHERE id = $1", post, *values.values())


async def end_memberships(connection: Connection, person: str, at: datetime, kind: str = "") -> int:
    """End a person's posts at a time; planned ones that would begin later never begin. `kind` empty: all. Returns how many."""
    rows = await connection.fetch(
        "UPDATE memberships SET ends_at = greatest(starts_at, $2) WHERE person = $1 AND ($3 = '' OR kind = $3)"
        " AND (ends_at IS NULL OR ends_at > $2) RETURNING id",
        person, at, kind,
    )  # fmt: skip
    return len(rows)


async def withdraw_first(connection: Connection, person: str) -> None:
    """Take back the post that every new account begins with, in the transaction that made it: the real one may begin later."""
    await connection.execute("DELETE FROM memberships WHERE person = $1", person)


async def follow_home(connection: Connection, person: str) -> None:
    """Let the account say what the home post in force says: after a move, or once a planned one has begun."""
    await connection.execute(
        "UPDATE users u SET agency = m.agency, roles = m.roles FROM memberships m WHERE u.id = $1 AND m.person = u.id"
        " AND m.kind = 'home' AND in_force(m) AND (u.agency <> m.agency OR u.roles <> m.roles)",
        person,
    )


async def moved_by_date(db: Database, count: int) -> list[str]:
    """People whose planned home post has begun, and whose account still says the earlier one."""
    rows = await db.fetch(
        "SELECT u.id FROM users u JOIN memberships m ON m.person = u.id AND m.kind = 'home' AND in_force(m)"
        " WHERE u.agency <> m.agency OR u.roles <> m.roles LIMIT $1",
        count,
    )
    return [row["id"] for row in rows]


async def left_by_date(db: Database, count: int) -> list[str]:
    """People whose last home post has ended by its date, and whose account is still open."""
    rows = await db.fetch(
        "SELECT u.id FROM users u WHERE u.active AND NOT EXISTS (SELECT FROM memberships m WHERE m.person = u.id"
        f" AND m.kind = 'home' AND {_STANDS}) LIMIT $1",
        count,
    )
    return [row["id"] for row in rows]


async def facts_of(db: Database, people: list[str]) -> dict[str, Record]:
    """For a list of accounts, by id: `unit`, `rank` of the home post, and `status` (active, closed, left, joins)."""
    rows = await db.fetch(
        "SELECT u.id, coalesce(n.code, '') AS unit, coalesce(h.rank, '') AS rank,"
        " CASE WHEN u.left_at IS NOT NULL AND NOT u.active THEN 'left' WHEN NOT u.active THEN 'closed' WHEN in_force(h) THEN 'active'"
        " WHEN h.starts_at > now() THEN 'joins' ELSE 'left' END AS status"
        " FROM users u LEFT JOIN LATERAL (SELECT m.* FROM memberships m WHERE m.person = u.id AND m.kind = 'home'"
        " ORDER BY in_force(m) DESC, m.starts_at DESC LIMIT 1) h ON true LEFT JOIN units n ON n.id = h.unit WHERE u.id = ANY($1)",
        people,
    )
    return {row["id"]: row for row in rows}


async def line_of(db: Database | Connection, person: str) -> set[str]:
    """Ids of everybody above a person in line, through all posts in force."""
    rows = await db.fetch(
        "WITH RECURSIVE up AS (SELECT m.manager FROM memberships m WHERE m.person = $1 AND in_force(m) AND m.manager IS NOT NULL"
        " UNION SELECT m.manager FROM memberships m JOIN up ON m.person = up.manager WHERE in_force(m) AND m.manager IS NOT NULL)"
        " SELECT manager FROM up",
        person,
    )
    return {row["manager"] for row in rows}
