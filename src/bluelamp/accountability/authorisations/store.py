"""The SQL of authorisations and deputies."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bluelamp.accountability.authorisations.domain import Authorisation
from bluelamp.spine.relational import Connection, Database, Record

_COLUMNS = ", ".join(Authorisation._fields)


def _authorisation(row: Record) -> Authorisation:
    return Authorisation._make(tuple(row[name]) if name == "vrms" else row[name] for name in Authorisation._fields)


async def insert(connection: Connection, made: Authorisation) -> None:
    values = [list(value) if name == "vrms" else value for name, value in made._asdict().items()]
    places = ", ".join(f"${at}" for at in range(1, len(values) + 1))
    await connection.execute(f"INSERT INTO authorisations ({_COLUMNS}) VALUES ({places})", *values)


async def by_id(db: Database | Connection, authorisation: str, *, lock: bool = False) -> Authorisation | None:
    row = await db.fetchrow(f"SELECT {_COLUMNS} FROM authorisations WHERE id = $1" + (" FOR UPDATE" if lock else ""), authorisation)
    return _authorisation(row) if row else None


async def listed(
    db: Database, *, person: str, agency: str, states: list[str], before: str, count: int
) -> list[Authorisation]:  # fmt: skip
    """Of a person, or with an empty one of a whole agency; newest first."""
    rows = await db.fetch(
        f"SELECT {_COLUMNS} FROM authorisations WHERE ($1 = '' OR person = $1) AND agency = $2"
        " AND (cardinality($3::text[]) = 0 OR state = ANY($3)) AND ($4 = '' OR id < $4) ORDER BY id DESC LIMIT $5",
        person, agency, states, before, count,
    )  # fmt: skip
    return [_authorisation(row) for row in rows]


async def in_force(db: Database, person: str, purpose: str, now: datetime) -> list[Authorisation]:
    """Granted and not yet over, the one reaching furthest back first."""
    rows = await db.fetch(
        f"SELECT {_COLUMNS} FROM authorisations WHERE person = $1 AND purpose = $2 AND state = 'granted' AND expires_at > $3"
        " ORDER BY data_from, id LIMIT 200",
        person, purpose, now,
    )  # fmt: skip
    return [_authorisation(row) for row in rows]


async def count_waiting(connection: Connection, person: str, now: datetime) -> int:
    """How many requests of a person wait for an answer. Two that come at once take turns."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('authorisations ' || $1, 0))", person)
    found: int = await connection.fetchval(
        "SELECT count(*) FROM authorisations WHERE person = $1 AND state = 'asked' AND expires_at > $2", person, now
    )
    return found


async def deciders(db: Database, agency: str, roles: list[str], ranks: list[str], now: datetime) -> list[Record]:
    """Who gives authority in an agency now: by rank, then those who stand in for somebody of such a rank (`stands_in_for`)."""
    rows: list[Record] = await db.fetch(
        "WITH posts AS (SELECT u.id, u.username, u.name, m.rank FROM memberships m JOIN users u ON u.id = m.person"
        " WHERE m.agency = $1 AND in_force(m) AND u.active AND m.roles && $2::text[])"
        " SELECT id, username, name, rank, '' AS stands_in_for FROM posts WHERE rank = ANY($3)"
        " UNION SELECT d.id, d.username, d.name, d.rank, a.principal_name FROM authority_deputies a"
        " JOIN posts p ON p.id = a.principal AND p.rank = ANY($3) JOIN posts d ON d.id = a.deputy"
        " WHERE a.agency = $1 AND a.starts_at <= $4 AND a.ends_at > $4 ORDER BY stands_in_for, name LIMIT 200",
        agency, roles, ranks, now,
    )  # fmt: skip
    return rows


async def update(connection: Connection, authorisation: str, changes: dict[str, Any]) -> None:
    """`changes`: columns of the table, chosen by code and never by a caller."""
    sets = ", ".join(f"{name} = ${at}" for at, name in enumerate(changes, 2))
    await connection.execute(f"UPDATE authorisations SET {sets} WHERE id = $1", authorisation, *changes.values())


async def over(connection: Connection, now: datetime, count: int) -> list[Authorisation]:
    """Those whose time has come, locked for who ends them."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM authorisations WHERE state IN ('asked', 'granted') AND expires_at <= $1"
        " ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED",
        now, count,
    )  # fmt: skip
    return [_authorisation(row) for row in rows]


async def ending(connection: Connection, before: datetime, count: int) -> list[Authorisation]:
    """Authorities that end before then, whose holder has not been told."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM authorisations WHERE state = 'granted' AND kind = 'authority' AND reminded_at IS NULL"
        " AND expires_at <= $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED",
        before, count,
    )  # fmt: skip
    return [_authorisation(row) for row in rows]


async def waiting(connection: Connection, since: datetime, count: int) -> list[Authorisation]:
    """Requests from before then that nobody has decided, of which nobody has been reminded."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM authorisations WHERE state = 'asked' AND reminded_at IS NULL AND asked_at <= $1"
        " ORDER BY asked_at LIMIT $2 FOR UPDATE SKIP LOCKED",
        since, count,
    )  # fmt: skip
    return [_authorisation(row) for row in rows]


async def add_deputy(connection: Connection, row: dict[str, Any]) -> None:
    await connection.execute(
        "INSERT INTO authority_deputies (id, agency, principal, principal_name, deputy, deputy_name, starts_at, ends_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        row["id"], row["agency"], row["principal"], row["principal_name"], row["deputy"], row["deputy_name"],
        row["starts_at"], row["ends_at"],
    )  # fmt: skip


async def deputies(db: Database, agency: str, now: datetime) -> list[Record]:
    """Now and to come."""
    rows: list[Record] = await db.fetch(
        "SELECT id, principal, principal_name, deputy, deputy_name, starts_at, ends_at FROM authority_deputies"
        " WHERE agency = $1 AND ends_at > $2 ORDER BY starts_at, id LIMIT 500",
        agency, now,
    )  # fmt: skip
    return rows


async def principals_of(db: Database, deputy: str, agency: str, now: datetime) -> list[str]:
    """For whom somebody stands in now."""
    rows = await db.fetch(
        "SELECT DISTINCT principal FROM authority_deputies WHERE deputy = $1 AND agency = $2 AND starts_at <= $3 AND ends_at > $3",
        deputy, agency, now,
    )  # fmt: skip
    return [row["principal"] for row in rows]


async def end_deputy(connection: Connection, deputy: str, principal: str, now: datetime) -> Record | None:
    """A deputy of this person, ended; None where there is no such one."""
    row: Record | None = await connection.fetchrow(
        "UPDATE authority_deputies SET ends_at = greatest($3, starts_at + interval '1 millisecond')"
        " WHERE id = $1 AND principal = $2 AND ends_at > $3 RETURNING deputy, deputy_name",
        deputy, principal, now,
    )  # fmt: skip
    return row
