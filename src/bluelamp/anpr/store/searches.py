"""The SQL of searches as resources: what was asked, what standing ones found, whom they told."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from bluelamp.anpr.searching.criteria import Criteria
from bluelamp.kit.clock import to_ms
from bluelamp.spine.audit import Actor, Purpose
from bluelamp.spine.relational import Connection, Database, Record


class Search(NamedTuple):
    """A search as it was made."""

    id: str
    owner: str
    owner_name: str
    agency: str
    created_at: datetime
    criteria: Criteria
    why: Purpose
    name: str
    saved: bool
    shared: bool
    standing: bool

    @property
    def actor(self) -> Actor:
        return Actor(self.owner, self.owner_name, self.agency)

    @property
    def made_ms(self) -> int:
        return to_ms(self.created_at)


_SEARCH = "id, owner, owner_name, agency, created_at, criteria, purpose, reference, name, saved, shared, standing"


def _search(row: Record) -> Search:
    return Search(
        row["id"], row["owner"], row["owner_name"], row["agency"], row["created_at"],
        msgspec.convert(row["criteria"], Criteria), Purpose(row["purpose"], row["reference"]),
        row["name"], row["saved"], row["shared"], row["standing"],
    )  # fmt: skip


async def add_search(connection: Connection, search: str, actor: Actor, criteria: Criteria, why: Purpose, created_at: datetime) -> None:
    await connection.execute(
        "INSERT INTO searches (id, owner, owner_name, agency, criteria, purpose, reference, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        search, actor.id, actor.name, actor.agency, msgspec.to_builtins(criteria), why.purpose, why.reference, created_at,
    )  # fmt: skip


async def visible_search(db: Database | Connection, search: str, person: str, agency: str, *, lock: bool = False) -> Search | None:
    """The search, if it is this person's or shared in this agency."""
    row = await db.fetchrow(
        f"SELECT {_SEARCH} FROM searches WHERE id = $1 AND (owner = $2 OR (shared AND agency = $3))" + (" FOR UPDATE" if lock else ""),
        search, person, agency,
    )  # fmt: skip
    return _search(row) if row else None


async def list_searches(db: Database, person: str, agency: str, saved: bool | None, before: str, count: int) -> list[Search]:
    """This person's and those shared in the agency, newest first."""
    rows = await db.fetch(
        f"SELECT {_SEARCH} FROM searches WHERE (owner = $1 OR (shared AND agency = $2)) AND ($3::bool IS NULL OR saved = $3)"
        " AND ($4 = '' OR id < $4) ORDER BY id DESC LIMIT $5",
        person, agency, saved, before, count,
    )  # fmt: skip
    return [_search(row) for row in rows]


async def update_search(connection: Connection, search: str, changes: dict[str, Any]) -> None:
    """`changes`: columns of the table, chosen by code and never by a caller."""
    sets = ", ".join(f"{name} = ${at}" for at, name in enumerate(changes, 2))
    await connection.execute(f"UPDATE searches SET {sets} WHERE id = $1", search, *changes.values())


async def count_standing(connection: Connection, person: str) -> int:
    count: int = await connection.fetchval("SELECT count(*) FROM searches WHERE owner = $1 AND standing", person)
    return count


async def standing_searches(db: Database) -> list[tuple[Search, datetime | None]]:
    """Every standing search, with when it was last run."""
    rows = await db.fetch(f"SELECT {_SEARCH}, looked_at FROM searches WHERE standing ORDER BY id")
    return [(_search(row), row["looked_at"]) for row in rows]


async def add_findings(connection: Connection, search: str, reads: list[str], now: datetime) -> set[str]:
    """Note that these reads were found; returns those that were not known."""
    await connection.execute("UPDATE searches SET looked_at = $2 WHERE id = $1", search, now)
    rows = await connection.fetch(
        "INSERT INTO search_findings (search, read, found_at) SELECT $1, r, $3 FROM unnest($2::text[]) AS r"
        " ON CONFLICT DO NOTHING RETURNING read",
        search, reads, now,
    )  # fmt: skip
    return {row["read"] for row in rows}


async def forget_findings(connection: Connection, before: datetime) -> None:
    """Findings too old to be met again by a run that looks back one day."""
    await connection.execute("DELETE FROM search_findings WHERE found_at < $1", before)


async def add_notice(connection: Connection, notice: str, search: Search, count: int, newest: tuple[str, str], now: datetime) -> None:
    """`newest`: id and plate of the newest read found."""
    await connection.execute(
        "INSERT INTO search_notices (id, search, person, at, count, newest_read, vrm) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        notice, search.id, search.owner, now, count, *newest,
    )  # fmt: skip


async def notices(db: Database, person: str, before: str, count: int, *, unseen: bool) -> list[Record]:
    """Newest first."""
    rows: list[Record] = await db.fetch(
        "SELECT n.id, n.search, s.name, n.at, n.count, n.newest_read, n.vrm, n.seen_at FROM search_notices n"
        " JOIN searches s ON s.id = n.search WHERE n.person = $1 AND ($2 = '' OR n.id < $2) AND (NOT $3 OR n.seen_at IS NULL)"
        " ORDER BY n.id DESC LIMIT $4",
        person, before, unseen, count,
    )  # fmt: skip
    return rows


async def see_notice(connection: Connection, notice: str, person: str, now: datetime) -> bool:
    """Whether there is such a notice of this person's."""
    done = await connection.fetchval(
        "UPDATE search_notices SET seen_at = coalesce(seen_at, $3) WHERE id = $1 AND person = $2 RETURNING true", notice, person, now
    )
    return bool(done)
