"""What an empty platform begins with: fictional agencies, and an account for every role, none with a password."""

from __future__ import annotations

from typing import NamedTuple

from bluelamp.spine import audit
from bluelamp.spine.identity import actions
from bluelamp.spine.module import Spine
from bluelamp.spine.organisations.agencies import FICTIONAL, add_agency
from bluelamp.spine.organisations.units import add_unit, unit_id
from bluelamp.spine.relational import Connection

LOCK = 7_245_003


class FirstAccount(NamedTuple):
    username: str
    name: str
    agency: str
    role: str
    unit: str = ""
    rank: str = ""
    manager: str = ""


UNITS = (
    ("KEN", "HQ", "Headquarters", ""),
    ("KEN", "OPS", "Operations", "HQ"),
    ("KEN", "RSP-N", "Response North", "OPS"),
    ("KEN", "RSP-S", "Response South", "OPS"),
    ("KEN", "RPU", "Roads Policing", "OPS"),
    ("KEN", "FCC", "Force Control Centre", "OPS"),
    ("KEN", "CRIME", "Crime and Intelligence", "HQ"),
    ("KEN", "INT", "Intelligence", "CRIME"),
    ("KEN", "MIT", "Major Investigations", "CRIME"),
    ("KEN", "PSD", "Professional Standards", "HQ"),
    ("KEN", "ICT", "Technology", "HQ"),
    ("IRW", "HQ", "Headquarters", ""),
    ("IRW", "RSP", "Response", "HQ"),
)
"""Agency, code, name and the unit above, those above first."""

ACCOUNTS = (
    FirstAccount("officer", "Ola Fenwick", "KEN", "officer", "RPU", "constable"),
    FirstAccount("analyst", "Ana Thirlmere", "KEN", "analyst", "INT", "staff"),
    FirstAccount("supervisor", "Sunil Garsdale", "KEN", "supervisor", "OPS", "inspector"),
    FirstAccount("control", "Connie Rydal", "KEN", "control", "FCC", "staff", "supervisor"),
    FirstAccount("auditor", "Audrey Hawes", "KEN", "auditor", "PSD", "staff"),
    FirstAccount("admin", "Adam Staveley", "KEN", "admin", "ICT", "staff"),
    FirstAccount("officer2", "Iris Chorlton", "IRW", "officer", "RSP", "constable"),
    FirstAccount("supplier", "Sam Orrery", "ORR", "supplier"),
    FirstAccount("fire", "Fay Ullswater", "KFR", "dispatcher"),
    FirstAccount("firefighter", "Finn Langdale", "KFR", "responder"),
    FirstAccount("ambulance", "Amir Loweswater", "KAS", "dispatcher"),
    FirstAccount("paramedic", "Pia Wastwater", "KAS", "responder"),
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
            await add_agency(connection, audit.SYSTEM, agency.code, agency.name, agency.service)
        for agency_code, code, name, above in UNITS:
            await add_unit(connection, audit.SYSTEM, agency_code, code, name, above)
        for account in ACCOUNTS:
            await _add(connection, account)
    return True


async def _add(connection: Connection, account: FirstAccount) -> None:
    """The account in its post; a manager comes before whom they manage."""
    person = await actions.create_user(
        connection, actions.PLATFORM, account.username, account.name, account.agency, frozenset({account.role})
    )
    await connection.execute(
        "UPDATE memberships SET unit = $2, rank = $3, manager = (SELECT id FROM users WHERE username = $4) WHERE person = $1",
        person, await unit_id(connection, account.agency, account.unit), account.rank, account.manager,
    )  # fmt: skip


async def give_passwords(spine: Spine, usernames: tuple[str, ...] = USERNAMES) -> dict[str, str]:
    """Random passwords for these accounts, by username; told once and kept only as hashes. Earlier ones end."""
    return {username: await actions.set_random_password(spine, username) for username in usernames}
