"""Agencies: who they are, and adding one."""

from __future__ import annotations

import re
from typing import NamedTuple

from bluelamp.spine import audit
from bluelamp.spine.audit import Actor
from bluelamp.spine.errors import ConflictError, InvalidError
from bluelamp.spine.relational import Connection, Database

CODE = re.compile(r"[A-Z0-9]{2,8}")


class AgencyExistsError(ConflictError):
    code = "agency_exists"


class Agency(NamedTuple):
    """A police force or another body that enforces the law, or a supplier. `code` is unique and never changes."""

    code: str
    name: str
    service: str = "police"


SERVICES = ("police", "fire", "ambulance", "coastguard", "other")

FICTIONAL = (
    Agency("KEN", "Kentmere Police"),
    Agency("IRW", "Irwell Valley Police"),
    Agency("ORR", "Orrery Traffic Systems", "other"),
    Agency("KFR", "Kentmere Fire and Rescue", "fire"),
    Agency("KAS", "Kentmere Ambulance Service", "ambulance"),
)
"""What an empty platform begins with. None of them exists; Orrery is a supplier."""


async def all_agencies(db: Database) -> list[Agency]:
    """By code."""
    return [Agency(*row) for row in await db.fetch("SELECT code, name, service FROM agencies ORDER BY code")]


async def add_agency(connection: Connection, actor: Actor, code: str, name: str, service: str = "police") -> Agency:
    """Register an agency.

    Raises:
        InvalidError: the code, the name or the service is not one.
        AgencyExistsError: the code is taken.
    """
    name = " ".join(name.split())
    if not CODE.fullmatch(code):
        raise InvalidError("an agency's code has 2 to 8 capital letters or digits")
    if not 1 <= len(name) <= 120:
        raise InvalidError("an agency's name has 1 to 120 characters")
    if service not in SERVICES:
        raise InvalidError(f"an agency's service is one of {', '.join(SERVICES)}")
    added = await connection.fetchval(
        "INSERT INTO agencies (code, name, service) VALUES ($1, $2, $3) ON CONFLICT (code) DO NOTHING RETURNING code", code, name, service
    )
    if not added:
        raise AgencyExistsError(f"there is already an agency with the code {code}")
    await audit.record(
        connection, actor, "collection", "organisations.agencies.add", subjects=(code,), detail={"name": name, "service": service}
    )
    return Agency(code, name, service)
