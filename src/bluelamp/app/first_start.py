"""What an empty platform begins with: fictional agencies, and an account for every role, none with a password."""

from __future__ import annotations

from typing import NamedTuple

from bluelamp.spine import audit
from bluelamp.spine.identity import actions
from bluelamp.spine.module import Spine
from bluelamp.spine.organisations.agencies import FICTIONAL, add_agency

LOCK = 7_245_003


class FirstAccount(NamedTuple):
    username: str
    name: str
    agency: str
    role: str


ACCOUNTS = (
    FirstAccount("officer", "Ola Fenwick", "KEN", "officer"),
    FirstAccount("analyst", "Ana Thirlmere", "KEN", "analyst"),
    FirstAccount("supervisor", "Sunil Garsdale", "KEN", "supervisor"),
    FirstAccount("control", "Connie Rydal", "KEN", "control"),
    FirstAccount("auditor", "Audrey Hawes", "KEN", "auditor"),
    FirstAccount("admin", "Adam Staveley", "KEN", "admin"),
    FirstAccount("officer2", "Iris Chorlton", "IRW", "officer"),
    FirstAccount("supplier", "Sam Orrery", "ORR", "supplier"),
)
"""Nobody real. The first six are of Kentmere Police."""

USERNAMES = tuple(account.username for account in ACCOUNTS)


async def seed(spine: Spine) -> bool:
    """Create the agencies and accounts where there are none at all; whether it did. Safe beside other processes doing the same.

    A platform with any account is left alone, so that one which was removed does not come back.
    """
    async with spine.db.transaction() as connection:
        await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        if await connection.fetchval("SELECT EXISTS (SELECT FROM users) OR EXISTS (SELECT FROM agencies)"):
            return False
        for agency in FICTIONAL:
            await add_agency(connection, audit.SYSTEM, agency.code, agency.name)
        for account in ACCOUNTS:
            await actions.create_user(
                connection, actions.PLATFORM, account.username, account.name, account.agency, frozenset({account.role})
            )
    return True


async def give_passwords(spine: Spine, usernames: tuple[str, ...] = USERNAMES) -> dict[str, str]:
    """Random passwords for these accounts, by username; told once and kept only as hashes. Earlier ones end."""
    return {username: await actions.set_random_password(spine, username) for username in usernames}
