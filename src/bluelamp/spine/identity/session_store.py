"""The SQL of browser sessions: opened, proved again under a new secret, locked, listed, ended."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from bluelamp.kit.ids import new_id
from bluelamp.spine.relational import Connection, Database

from .domain import digest, new_secret
from .store import announce

Method = Literal["password", "passkey", "provider"]


class Failures(NamedTuple):
    """Sign-ins that failed in somebody's name."""

    failed: int = 0
    last_at: datetime | None = None
    locked_out: bool = False


class BrowserSession(NamedTuple):
    """A signed-in browser. `proved_at` None: the person was believed, but did not prove it here (a provider's older sign-in)."""

    id: str
    person: str
    label: str
    address: str
    method: Method
    created_at: datetime
    used_at: datetime
    expires_at: datetime
    proved_at: datetime | None
    locked_at: datetime | None
    failed_before: int
    failed_at: datetime | None
    locked_out_before: bool


class Opening(NamedTuple):
    """From where and how a browser signs in."""

    method: Method
    address: str
    label: str
    replaced: bytes = b""
    """Digest of the secret of the browser's earlier session, which ends."""


_SESSION = (
    "id, person, label, address, method, created_at, used_at, expires_at, proved_at, locked_at, failed_before, failed_at, locked_out_before"
)


async def open_browser_session(
    connection: Connection, person: str, opening: Opening, lives: timedelta, failures: Failures, *, proved: bool
) -> tuple[BrowserSession, str]:
    """The new session and its secret, which goes into the cookie and is kept nowhere."""
    secret = new_secret("browser")
    row = await connection.fetchrow(
        "INSERT INTO sessions (id, digest, kind, person, label, address, method, expires_at, proved_at, failed_before, failed_at,"
        " locked_out_before) VALUES ($1, $2, 'browser', $3, $4, $5, $6, now() + $7, CASE WHEN $8 THEN now() END, $9, $10, $11)"
        f" RETURNING {_SESSION}",
        new_id(), digest(secret), person, opening.label, opening.address, opening.method, lives, proved, *failures,
    )  # fmt: skip
    return BrowserSession(**dict(row)), secret


async def renew(connection: Connection, session: str) -> tuple[BrowserSession, str] | None:
    """After a proof: unlocked, proved now, and under a new secret; the old one opens nothing any more."""
    secret = new_secret("browser")
    row = await connection.fetchrow(
        "UPDATE sessions SET digest = $2, proved_at = now(), used_at = now(), locked_at = NULL"
        f" WHERE id = $1 AND kind = 'browser' AND expires_at > now() RETURNING {_SESSION}",
        session, digest(secret),
    )  # fmt: skip
    if row is None:
        return None
    await announce(connection, row["person"])
    return BrowserSession(**dict(row)), secret


async def lock(connection: Connection, person: str, session: str) -> None:
    """Lock one browser session of a person."""
    await connection.execute(
        "UPDATE sessions SET locked_at = coalesce(locked_at, now()) WHERE id = $2 AND person = $1 AND kind = 'browser'", person, session
    )
    await announce(connection, person)


async def lock_all(connection: Connection, person: str) -> int:
    """Lock a person's browser sessions: what they may do has changed, so they come back under a new secret."""
    rows = await connection.fetch(
        "UPDATE sessions SET locked_at = now() WHERE person = $1 AND kind = 'browser' AND locked_at IS NULL RETURNING id", person
    )
    await announce(connection, person)
    return len(rows)


async def browser_session(db: Database, session: str) -> BrowserSession | None:
    row = await db.fetchrow(f"SELECT {_SESSION} FROM sessions WHERE id = $1 AND kind = 'browser'", session)
    return BrowserSession(**dict(row)) if row else None


async def browser_sessions_of(db: Database, person: str) -> list[BrowserSession]:
    """Where a person is signed in, the newest first."""
    rows = await db.fetch(
        f"SELECT {_SESSION} FROM sessions WHERE person = $1 AND kind = 'browser' AND expires_at > now() ORDER BY created_at DESC LIMIT 200",
        person,
    )
    return [BrowserSession(**dict(row)) for row in rows]


async def end_browser_sessions(connection: Connection, person: str, *, keep: str = "", only: str = "") -> int:
    """End all of a person's browser sessions but `keep`, or `only` one; tokens go on. Returns how many."""
    ended = await connection.fetch(
        "DELETE FROM sessions WHERE person = $1 AND kind = 'browser' AND id <> $2 AND ($3 = '' OR id = $3) RETURNING id",
        person, keep, only,
    )  # fmt: skip
    await announce(connection, person)
    return len(ended)


async def failures_of(connection: Connection, account: bytes, failures_max: int, window_s: float) -> Failures:
    """What failed in this account's name since the last time its owner was told; the attempt that runs is the newest row."""
    row = await connection.fetchrow(
        "SELECT count(*) AS failed, max(at) AS last_at,"
        " coalesce(bool_or(at < first_of_run + $3 * interval '1 second'), false) AS locked_out"
        " FROM (SELECT at, lag(at, $2::int - 1) OVER (ORDER BY at) AS first_of_run FROM sign_in_failures WHERE account = $1) AS failed",
        account, failures_max, window_s,
    )  # fmt: skip
    return Failures(row["failed"], row["last_at"], row["locked_out"])


class Ways(NamedTuple):
    """With what a person can prove who they are."""

    has_password: bool
    passkeys: int


async def ways_of(db: Database, person: str) -> Ways:
    row = await db.fetchrow(
        "SELECT password_hash <> '' AS has_password,"
        " (SELECT count(*) FROM passkeys WHERE person = u.id AND suspended_at IS NULL) AS passkeys FROM users u WHERE id = $1",
        person,
    )
    return Ways(**dict(row)) if row else Ways(has_password=False, passkeys=0)
