"""The SQL of sign-ins through providers."""

from __future__ import annotations

from typing import NamedTuple

from bluelamp.spine.identity.domain import digest
from bluelamp.spine.relational import Connection, Database

ATTEMPT_S = 600


class Attempt(NamedTuple):
    """A sign-in that a browser has begun."""

    provider: str
    nonce: str
    verifier: str
    browser: bytes
    redirect_uri: str
    onward: str
    fresh: bool
    replaced: bytes


async def begin(db: Database, state: str, attempt: Attempt, address: str, most: int) -> bool:
    """Remember it; False where the address has too many under way."""
    async with db.transaction() as connection:
        await connection.execute("DELETE FROM provider_attempts WHERE expires_at < now()")
        if await connection.fetchval("SELECT count(*) FROM provider_attempts WHERE address = $1", address) >= most:
            return False
        await connection.execute(
            "INSERT INTO provider_attempts"
            " (state, provider, nonce, verifier, browser, redirect_uri, onward, fresh, replaced, address, expires_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, now() + $11 * interval '1 second')",
            digest(state), *attempt, address, float(ATTEMPT_S),
        )  # fmt: skip
    return True


async def take(db: Database, state: str) -> Attempt | None:
    """The attempt that a state belongs to, once."""
    row = await db.fetchrow(
        "DELETE FROM provider_attempts WHERE state = $1 AND expires_at > now()"
        " RETURNING provider, nonce, verifier, browser, redirect_uri, onward, fresh, replaced",
        digest(state),
    )
    return Attempt(**dict(row)) if row else None


async def person_of(connection: Connection, issuer: str, subject: str) -> str | None:
    """The account that a provider's subject belongs to; held, so that two first sign-ins make one account."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 85))", issuer, subject)
    found: str | None = await connection.fetchval(
        "SELECT person FROM provider_accounts WHERE issuer = $1 AND subject = $2", issuer, subject
    )  # fmt: skip
    return found


async def link(connection: Connection, issuer: str, subject: str, person: str) -> None:
    await connection.execute("INSERT INTO provider_accounts (issuer, subject, person) VALUES ($1, $2, $3)", issuer, subject, person)


async def is_taken(connection: Connection, username: str) -> bool:
    return bool(await connection.fetchval("SELECT true FROM users WHERE username = $1", username))


class ProviderSession(NamedTuple):
    session: str
    provider: str
    issuer: str
    subject: str
    sid: str
    id_token: str


async def keep_session(connection: Connection, kept: ProviderSession) -> None:
    await connection.execute(
        "INSERT INTO provider_sessions (session, provider, issuer, subject, sid, id_token) VALUES ($1, $2, $3, $4, $5, $6)", *kept
    )  # fmt: skip


async def provider_session(db: Database, session: str) -> ProviderSession | None:
    row = await db.fetchrow("SELECT session, provider, issuer, subject, sid, id_token FROM provider_sessions WHERE session = $1", session)
    return ProviderSession(**dict(row)) if row else None


async def use_token(connection: Connection, issuer: str, jti: str, lives_s: int) -> bool:
    """Whether a logout token comes for the first time."""
    await connection.execute("DELETE FROM provider_tokens_used WHERE expires_at < now()")
    return bool(
        await connection.fetchval(
            "INSERT INTO provider_tokens_used (issuer, jti, expires_at) VALUES ($1, $2, now() + $3 * interval '1 second')"
            " ON CONFLICT DO NOTHING RETURNING true",
            issuer,
            jti,
            float(lives_s),
        )
    )


async def end_sessions(connection: Connection, issuer: str, subject: str, sid: str) -> list[str]:
    """End the sessions that a provider opened, of a subject or of one sid; returns whose they were."""
    rows = await connection.fetch(
        "DELETE FROM sessions WHERE id IN (SELECT session FROM provider_sessions"
        " WHERE issuer = $1 AND ($2 = '' OR subject = $2) AND ($3 = '' OR sid = $3)) RETURNING person",
        issuer, subject, sid,
    )  # fmt: skip
    return [row["person"] for row in rows]
