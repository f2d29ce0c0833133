"""The SQL of passkeys and of the challenges they answer."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple

from bluelamp.kit.ids import new_id
from bluelamp.spine.relational import Connection, Database

from .domain import digest_bytes

Use = Literal["sign_in", "prove", "enrol"]
CHALLENGE_S = 300
"""How long a challenge may be answered: as long as a browser's own question stays up."""


class Passkey(NamedTuple):
    """One authenticator's public key. `suspended_at`: its counter went back, so it opens nothing any more."""

    id: str
    person: str
    credential: bytes
    public_key: bytes
    rp_id: str
    sign_count: int
    name: str
    transports: list[str]
    backed_up: bool
    created_at: datetime
    used_at: datetime | None
    suspended_at: datetime | None


_PASSKEY = "id, person, credential, public_key, rp_id, sign_count, name, transports, backed_up, created_at, used_at, suspended_at"


async def keep_challenge(db: Database, challenge: bytes, use: Use, bound_to: str, address: str, most: int) -> bool:
    """Remember a challenge; False where the address has too many open."""
    async with db.transaction() as connection:
        await connection.execute("DELETE FROM passkey_challenges WHERE expires_at < now()")
        if await connection.fetchval("SELECT count(*) FROM passkey_challenges WHERE address = $1", address) >= most:
            return False
        await connection.execute(
            "INSERT INTO passkey_challenges (digest, use, bound_to, address, expires_at)"
            " VALUES ($1, $2, $3, $4, now() + $5 * interval '1 second')",
            digest_bytes(challenge), use, bound_to, address, float(CHALLENGE_S),
        )  # fmt: skip
    return True


async def take_challenge(db: Database, challenge: bytes, use: Use, bound_to: str) -> bool:
    """Whether this was asked, of this browser, for this, and not too long ago. Asked again, it was not."""
    row = await db.fetchrow(
        "DELETE FROM passkey_challenges WHERE digest = $1 RETURNING use = $2 AND bound_to = $3 AND expires_at > now() AS good",
        digest_bytes(challenge), use, bound_to,
    )  # fmt: skip
    return bool(row and row["good"])


async def passkeys_of(db: Database | Connection, person: str) -> list[Passkey]:
    rows = await db.fetch(f"SELECT {_PASSKEY} FROM passkeys WHERE person = $1 ORDER BY created_at", person)
    return [Passkey(**dict(row)) for row in rows]


async def lock_passkey(connection: Connection, credential: bytes) -> Passkey | None:
    """The passkey, held until the transaction ends, so that one counter is not accepted twice."""
    row = await connection.fetchrow(f"SELECT {_PASSKEY} FROM passkeys WHERE credential = $1 FOR UPDATE", credential)
    return Passkey(**dict(row)) if row else None


async def insert_passkey(connection: Connection, passkey: Passkey) -> Passkey | None:
    """The kept passkey, or None where this authenticator is known already."""
    row = await connection.fetchrow(
        "INSERT INTO passkeys (id, person, credential, public_key, rp_id, sign_count, name, transports, backed_up)"
        f" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (credential) DO NOTHING RETURNING {_PASSKEY}",
        new_id(), *passkey[1:9],
    )  # fmt: skip
    return Passkey(**dict(row)) if row else None


async def note_use(connection: Connection, passkey: str, sign_count: int, *, backed_up: bool) -> None:
    await connection.execute(
        "UPDATE passkeys SET sign_count = $2, backed_up = $3, used_at = now() WHERE id = $1", passkey, sign_count, backed_up
    )  # fmt: skip


async def suspend(connection: Connection, passkey: str) -> None:
    await connection.execute("UPDATE passkeys SET suspended_at = now() WHERE id = $1 AND suspended_at IS NULL", passkey)


async def rename(connection: Connection, person: str, passkey: str, name: str) -> Passkey | None:
    row = await connection.fetchrow(
        f"UPDATE passkeys SET name = $3 WHERE id = $2 AND person = $1 RETURNING {_PASSKEY}", person, passkey, name
    )  # fmt: skip
    return Passkey(**dict(row)) if row else None


async def remove(connection: Connection, person: str, passkey: str) -> Passkey | None:
    row = await connection.fetchrow(f"DELETE FROM passkeys WHERE id = $2 AND person = $1 RETURNING {_PASSKEY}", person, passkey)
    return Passkey(**dict(row)) if row else None


async def remove_all(connection: Connection, person: str) -> int:
    """All of a person's passkeys, when their account starts anew; returns how many."""
    return len(await connection.fetch("DELETE FROM passkeys WHERE person = $1 RETURNING id", person))
