"""Slows guessing down, per account and per network address, whether or not the account exists.

An attempt counts as failed from its start until it has succeeded, so many at once cannot slip under the limit. Nobody's
running session is touched: an attacker who fails on purpose delays a new sign-in, no more.
"""

from __future__ import annotations

import hashlib
import math
from datetime import datetime

from bluelamp.spine.relational import Connection, Database

from .errors import SignInThrottledError

WINDOW_S = 15 * 60


def account_key(username: str) -> bytes:
    """People type passwords into the wrong field, so names that failed are not kept in clear."""
    return hashlib.sha256(username.encode("utf-8", "surrogatepass")).digest()[:16]


async def begin_attempt(db: Database, account: bytes, address: str, account_max: int, address_max: int) -> int:
    """Count an attempt, before anything is looked up; returns which failure of the account in the window it will be if it fails.

    Raises:
        SignInThrottledError: too many have failed; says how long to wait.
    """
    async with db.transaction() as connection:
        for key in (account, address.encode()):
            lock = int.from_bytes(hashlib.sha256(b"sign-in" + key).digest()[:8], "big", signed=True)
            await connection.execute("SELECT pg_advisory_xact_lock($1)", lock)
        failed, wait = await _failures(connection, "account", account, account_max)
        _, wait_address = await _failures(connection, "address", address, address_max)
        wait = max(wait, wait_address)
        if not wait:
            await connection.execute("INSERT INTO sign_in_failures (account, address) VALUES ($1, $2)", account, address)
            return failed + 1
    minutes = math.ceil(wait / 60)
    raise SignInThrottledError(
        f"too many sign-ins have failed: wait {minutes} {'minute' if minutes == 1 else 'minutes'}, or ask your administrator",
        retry_after_s=wait,
    )


async def _failures(connection: Connection, column: str, key: bytes | str, most: int) -> tuple[int, int]:
    """Failures in the window, and seconds to wait until there are fewer than `most` (0: no need)."""
    row = await connection.fetchrow(
        "SELECT count(*) AS failed, extract(epoch FROM min(at) + $3 * interval '1 second' - clock_timestamp()) AS wait FROM ("
        f"SELECT at FROM sign_in_failures WHERE {column} = $1 AND at > clock_timestamp() - $3 * interval '1 second'"
        " ORDER BY at DESC LIMIT $2) AS latest",
        key, most, float(WINDOW_S),
    )  # fmt: skip
    return row["failed"], max(1, math.ceil(row["wait"])) if row["failed"] >= most else 0


async def forgive(connection: Connection, account: bytes) -> None:
    """The person has proved who they are: earlier failures were theirs, or harmless."""
    await connection.execute("DELETE FROM sign_in_failures WHERE account = $1", account)


async def locked_until(db: Database, usernames: list[str], account_max: int) -> dict[str, datetime]:
    """Which of these accounts wait because too many sign-ins failed, and until when."""
    by_account = {account_key(username): username for username in usernames}
    rows = await db.fetch(
        "SELECT account, min(at) + $3 * interval '1 second' AS until FROM ("
        "SELECT account, at, row_number() OVER (PARTITION BY account ORDER BY at DESC) AS newest FROM sign_in_failures"
        " WHERE account = ANY($1) AND at > clock_timestamp() - $3 * interval '1 second') AS latest"
        " WHERE newest <= $2 GROUP BY account HAVING count(*) >= $2",
        list(by_account), account_max, float(WINDOW_S),
    )  # fmt: skip
    return {by_account[row["account"]]: row["until"] for row in rows}
