"""Units: the tree inside an agency."""

from __future__ import annotations

import re
from typing import NamedTuple

from bluelamp.kit.ids import new_id
from bluelamp.spine import audit
from bluelamp.spine.audit import Actor
from bluelamp.spine.errors import ConflictError, InvalidError, NotFoundError
from bluelamp.spine.relational import Connection, Database, Record

CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{0,31}")
DEPTH_MAX = 12
"""Levels of a tree: more than any force has, and an end to every walk up it."""


class UnitExistsError(ConflictError):
    code = "unit_exists"


class NoSuchUnitError(NotFoundError):
    code = "no_such_unit"


class UnitInUseError(ConflictError):
    code = "unit_in_use"


class Unit(NamedTuple):
    """A part of an agency. `code` is unique within it and never changes; `parent` is the code of the unit above, or empty."""

    id: str
    agency: str
    code: str
    name: str
    parent: str
    people: int = 0
    """How many hold a post in it now."""


_UNIT = "n.id, n.agency, n.code, n.name, coalesce(above.code, '') AS parent"
_FROM = " FROM units n LEFT JOIN units above ON above.id = n.parent"


def _unit(row: Record) -> Unit:
    return Unit(**dict(row))


async def units_of(db: Database | Connection, agency: str) -> list[Unit]:
    """The agency's units that stand, by code, with how many people each has."""
    rows = await db.fetch(
        f"SELECT {_UNIT}, (SELECT count(*) FROM memberships m WHERE m.agency = n.agency AND m.unit = n.id AND in_force(m)) AS people"
        f"{_FROM} WHERE n.agency = $1 AND n.closed_at IS NULL ORDER BY n.code",
        agency,
    )
    return [_unit(row) for row in rows]


async def unit_id(connection: Connection | Database, agency: str, code: str) -> str | None:
    """The id of a unit that stands; None for an empty code.

    Raises:
        NoSuchUnitError: the agency has none of this code.
    """
    if not code:
        return None
    found: str | None = await connection.fetchval(
        "SELECT id FROM units WHERE agency = $1 AND code = $2 AND closed_at IS NULL", agency, code.strip().upper()
    )
    if found is None:
        raise NoSuchUnitError(f"{agency} has no unit with the code {code[:40]!r}")
    return found


async def lineage(connection: Connection | Database, agency: str, code: str) -> tuple[str, ...]:
    """The codes of a unit and of all above it, from the unit up."""
    rows = await connection.fetch(
        "WITH RECURSIVE up AS (SELECT id, code, parent, 1 AS depth FROM units WHERE agency = $1 AND code = $2"
        " UNION ALL SELECT n.id, n.code, n.parent, up.depth + 1 FROM units n JOIN up ON n.id = up.parent WHERE up.depth < $3)"
        " SELECT code FROM up ORDER BY depth",
        agency, code, DEPTH_MAX + 1,
    )  # fmt: skip
    return tuple(row["code"] for row in rows)


def _name(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= 120:
        raise InvalidError("a unit's name has 1 to 120 characters")
    return name


async def add_unit(connection: Connection, actor: Actor, agency: str, code: str, name: str, parent: str = "") -> Unit:
    """Add a unit to an agency.

    Raises:
        InvalidError: the code or the name is not one, or the tree would be too deep.
        NoSuchUnitError: there is no such parent.
        UnitExistsError: the code is taken, or was.
    """
    code, parent, name = code.strip().upper(), parent.strip().upper(), _name(name)
    if not CODE.fullmatch(code):
        raise InvalidError("a unit's code has 1 to 32 capital letters, digits and '-', and begins with a letter or digit")
    above = await unit_id(connection, agency, parent)
    if above and len(await lineage(connection, agency, parent)) >= DEPTH_MAX:
        raise InvalidError(f"units go {DEPTH_MAX} deep at most")
    made = new_id()
    added = await connection.fetchval(
        "INSERT INTO units (id, agency, code, name, parent) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING id",
        made, agency, code, name, above,
    )  # fmt: skip
    if not added:
        raise UnitExistsError(f"{agency} already has, or had, a unit with the code {code}")
    detail = {"agency": agency, "code": code, "name": name, "parent": parent}
    await audit.record(connection, actor, "collection", "organisations.units.add", subjects=(made,), detail=detail)
    return Unit(made, agency, code, name, parent)


async def held_unit(connection: Connection, unit: str, agency: str) -> Unit:
    """The unit, locked, if it stands and is within reach (`agency` empty: any). Raises `NoSuchUnitError`."""
    row = await connection.fetchrow(
        f"SELECT {_UNIT}{_FROM} WHERE n.id = $1 AND ($2 = '' OR n.agency = $2) AND n.closed_at IS NULL FOR UPDATE OF n", unit, agency
    )
    if row is None:
        raise NoSuchUnitError("your agency has no such unit")
    return _unit(row)


async def change_unit(connection: Connection, actor: Actor, held: Unit, name: str | None, parent: str | None) -> None:
    """Rename a unit or move it, with all below it, under another.

    Raises:
        InvalidError: it would be above itself.
        NoSuchUnitError: there is no such parent.
    """
    new_name = held.name if name is None else _name(name)
    new_parent = held.parent if parent is None else parent.strip().upper()
    # One tree is changed by one at a time: two moves at once could make a ring that neither sees.
    await connection.execute("SELECT FROM agencies WHERE code = $1 FOR UPDATE", held.agency)
    above = await unit_id(connection, held.agency, new_parent)
    up = await lineage(connection, held.agency, new_parent) if new_parent else ()
    if held.code in up or len(up) >= DEPTH_MAX:
        raise InvalidError(f"a unit cannot be under itself, and units go {DEPTH_MAX} deep at most")
    await connection.execute("UPDATE units SET name = $2, parent = $3 WHERE id = $1", held.id, new_name, above)
    detail = {"code": held.code, "before": {"name": held.name, "parent": held.parent}, "after": {"name": new_name, "parent": new_parent}}
    await audit.record(connection, actor, "alteration", "organisations.units.change", subjects=(held.id,), detail=detail)


async def close_unit(connection: Connection, actor: Actor, held: Unit) -> None:
    """Close an empty unit. Its code is not used again, so that the audit stays clear.

    Raises:
        UnitInUseError: people hold posts in it, now or later, or units are under it.
    """
    if await connection.fetchval(
        "SELECT EXISTS (SELECT FROM memberships WHERE unit = $1 AND (ends_at IS NULL OR ends_at > now()))"
        " OR EXISTS (SELECT FROM units WHERE parent = $1 AND closed_at IS NULL)",
        held.id,
    ):
        raise UnitInUseError("move its people and the units under it first")
    await connection.execute("UPDATE units SET closed_at = now() WHERE id = $1", held.id)
    detail = {"code": held.code, "name": held.name}
    await audit.record(connection, actor, "erasure", "organisations.units.close", subjects=(held.id,), detail=detail)
