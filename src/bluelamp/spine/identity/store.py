"""The SQL of accounts, sessions and failed sign-ins."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bluelamp.kit.ids import new_id
from bluelamp.spine.organisations.posts import POSTS
from bluelamp.spine.relational import Connection, Database, Record

from .domain import Session, SessionKind, User, digest, new_secret

CHANNEL = "identity"
"""NOTIFY on it, with the person's id, whenever a session ends or an account or post changes; every process then asks anew."""

_USER = (
    "id, username, name, agency, roles, password_hash, one_time_until, active AND EXISTS (SELECT FROM memberships m"
    " WHERE m.person = users.id AND m.kind = 'home' AND in_force(m)) AS active"
)
"""`active`: open, and with a home post in force: who has not begun yet, or has left, cannot sign in."""


def _user(row: Record) -> User:
    return User(**(dict(row) | {"roles": frozenset(row["roles"])}))


async def announce(connection: Connection, person: str = "") -> None:
    """Make every process forget what it knows of a person (empty: of everybody), once the transaction commits.

    Their live streams are asked anew at the same moment.
    """
    await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, person)


async def user_by_username(connection: Connection | Database, username: str) -> User | None:
    row = await connection.fetchrow(f"SELECT {_USER} FROM users WHERE username = $1", username)
    return _user(row) if row else None


async def lock_user(connection: Connection, user_id: str) -> User | None:
    """The account, held against concurrent changes until the transaction ends."""
    row = await connection.fetchrow(f"SELECT {_USER} FROM users WHERE id = $1 FOR UPDATE", user_id)
    return _user(row) if row else None


async def list_users(db: Database, agency: str | None, query: str, after: str, count: int) -> list[User]:
    """By username, after `after`; `agency` None: all; `query`: part of a username or name."""
    rows = await db.fetch(
        f"SELECT {_USER} FROM users WHERE username > $1 AND ($2::text IS NULL OR agency = $2)"
        " AND ($3 = '' OR position(lower($3) IN username) > 0 OR position(lower($3) IN lower(name)) > 0) ORDER BY username LIMIT $4",
        after, agency, query, count,
    )  # fmt: skip
    return [_user(row) for row in rows]


async def insert_user(connection: Connection, username: str, name: str, agency: str, roles: frozenset[str]) -> str | None:
    """The new account's id, or None where the username is taken."""
    user_id: str | None = await connection.fetchval(
        "INSERT INTO users (id, username, name, agency, roles) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (username) DO NOTHING RETURNING id",
        new_id(), username, name, agency, sorted(roles),
    )  # fmt: skip
    return user_id


async def update_user(connection: Connection, user_id: str, name: str, roles: frozenset[str], *, active: bool | None) -> None:
    """`active` None leaves it."""
    await connection.execute(
        "UPDATE users SET name = $2, roles = $3, active = coalesce($4, active) WHERE id = $1", user_id, name, sorted(roles), active
    )  # fmt: skip


async def set_password(connection: Connection, user_id: str, password_hash: str, one_time_hours: int | None) -> None:
    """`one_time_hours` None: the person's own choice; otherwise an administrator's, which ends by itself."""
    await connection.execute(
        "UPDATE users SET password_hash = $2, one_time_until = now() + $3::interval WHERE id = $1",
        user_id, password_hash, None if one_time_hours is None else timedelta(hours=one_time_hours),
    )  # fmt: skip


async def open_session(connection: Connection, user_id: str, kind: SessionKind, label: str, lives: timedelta) -> tuple[Session, str]:
    """The new session and its secret, which is told once and kept nowhere."""
    secret = new_secret(kind)
    row = await connection.fetchrow(
        "INSERT INTO sessions (id, digest, kind, person, label, expires_at) VALUES ($1, $2, $3, $4, $5, now() + $6)"
        " RETURNING id, kind, label, created_at, used_at, expires_at",
        new_id(), digest(secret), kind, user_id, label, lives,
    )  # fmt: skip
    return Session(**dict(row)), secret


async def end_sessions(connection: Connection, user_id: str, *, keep: str = "", only: str = "") -> int:
    """End a person's sessions and tokens: all, all but `keep`, or `only` one; returns how many."""
    ended = await connection.fetch(
        "DELETE FROM sessions WHERE person = $1 AND id <> $2 AND ($3 = '' OR id = $3) RETURNING id", user_id, keep, only
    )
    await announce(connection, user_id)
    return len(ended)


async def end_session_of(connection: Connection, kept: bytes) -> None:
    """End the browser session behind a cookie with this digest, if there is one: a new sign-in replaces it."""
    person = await connection.fetchval("DELETE FROM sessions WHERE digest = $1 AND kind = 'browser' RETURNING person", kept)
    if person:
        await announce(connection, person)


async def tokens_of(db: Database, user_id: str) -> list[Session]:
    rows = await db.fetch(
        "SELECT id, kind, label, created_at, used_at, expires_at FROM sessions"
        " WHERE person = $1 AND kind = 'token' AND expires_at > now() ORDER BY created_at DESC LIMIT 1000",
        user_id,
    )
    return [Session(**dict(row)) for row in rows]


async def find_session(db: Database, secret: str, idle: timedelta) -> dict[str, Any] | None:
    """The session behind a secret with its person; notes the use, at most once a minute. One that lay idle is locked."""
    row = await db.fetchrow(
        "SELECT s.id AS session, s.kind, s.proved_at, s.used_at < now() - interval '1 minute' AS stale,"
        " s.kind = 'browser' AND (s.locked_at IS NOT NULL OR s.used_at <= now() - $2::interval) AS locked, u.*,"
        " s.acting, s.expires_at, p.posts, p.posts_end"
        f" FROM sessions s JOIN users u ON u.id = s.person{POSTS}"
        " WHERE s.digest = $1 AND u.active AND s.expires_at > now()",
        digest(secret), idle,
    )  # fmt: skip
    if row and row["stale"] and not row["locked"]:
        await db.execute("UPDATE sessions SET used_at = now() WHERE id = $1", row["session"])
    return dict(row) if row else None


async def forget_expired(db: Database) -> None:
    """Remove what no longer opens or counts for anything."""
    await db.execute("DELETE FROM sessions WHERE expires_at < now()")
    await db.execute("DELETE FROM sign_in_failures WHERE at < now() - interval '7 days'")
