"""SQL of reviews: draws, items, steps, who may review whom, and what findings and overrides wait."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from bluelamp.accountability.reviews.domain import Item, Reviewer
from bluelamp.kit.ids import new_id
from bluelamp.spine.relational import Connection, Database, Record

LINE_DEPTH_MAX = 20

# Who reviews sees nothing of themselves, of those above and below them now, nor of whom they managed at the time.
_VISIBLE = "agency = $1 AND person <> $2 AND manager <> $2 AND NOT person = ANY($3::text[])"
_ITEM = Item._fields


async def agencies(db: Database) -> list[str]:
    return [row["code"] for row in await db.fetch("SELECT code FROM agencies ORDER BY code")]


async def line_of(db: Database | Connection, person: str) -> tuple[str, ...]:
    """The ids of everybody above this person and of everybody below, now."""
    rows = await db.fetch(
        "WITH RECURSIVE up AS (SELECT manager AS person, 1 AS depth FROM memberships m WHERE m.person = $1 AND in_force(m)"
        " UNION SELECT m.manager, up.depth + 1 FROM memberships m JOIN up ON m.person = up.person WHERE in_force(m) AND up.depth < $2),"
        " down AS (SELECT m.person, 1 AS depth FROM memberships m WHERE m.manager = $1 AND in_force(m)"
        " UNION SELECT m.person, down.depth + 1 FROM memberships m JOIN down ON m.manager = down.person"
        " WHERE in_force(m) AND down.depth < $2)"
        " SELECT DISTINCT person FROM (SELECT person FROM up UNION ALL SELECT person FROM down) line WHERE person IS NOT NULL",
        person, LINE_DEPTH_MAX,
    )  # fmt: skip
    return tuple(row["person"] for row in rows)


async def posts_at(db: Database | Connection, agency: str, people: list[str], at: datetime) -> dict[str, Record]:
    """By person: roles, unit, rank and manager of the latest post there that had begun by then."""
    rows = await db.fetch(
        "SELECT DISTINCT ON (m.person) m.person, m.roles, coalesce(n.code, '') AS unit, m.rank, coalesce(m.manager, '') AS manager"
        " FROM memberships m LEFT JOIN units n ON n.id = m.unit"
        " WHERE m.agency = $1 AND m.person = ANY($2::text[]) AND m.starts_at <= $3 ORDER BY m.person, m.starts_at DESC",
        agency, people, at,
    )  # fmt: skip
    return {row["person"]: row for row in rows}


async def drawn_days(db: Database, agency: str, since: date) -> set[date]:
    rows = await db.fetch("SELECT period FROM review_draws WHERE agency = $1 AND period >= $2", agency, since)
    return {row["period"] for row in rows}


async def insert_draw(connection: Connection, values: dict[str, Any]) -> bool:
    """Whether this day of the agency had not been drawn."""
    names = list(values)
    places = ", ".join(f"${at}" for at in range(1, len(names) + 1))
    made = await connection.fetchval(
        f"INSERT INTO review_draws ({', '.join(names)}) VALUES ({places}) ON CONFLICT (agency, period) DO NOTHING RETURNING true",
        *values.values(),
    )
    return bool(made)


async def put_up(connection: Connection, item: Item) -> str | None:
    """The new review's id; None where it was up already: what has grown since (a finding) is renewed while nobody has decided."""
    values = [list(value) if isinstance(value, tuple) else value for value in item]
    made: str | None = await connection.fetchval(
        f"INSERT INTO reviews (id, {', '.join(_ITEM)}) VALUES ({', '.join(f'${at}' for at in range(1, len(values) + 2))})"
        " ON CONFLICT (kind, source) DO NOTHING RETURNING id",
        new_id(), *values,
    )  # fmt: skip
    if made is None and item.kind == "finding":
        await connection.execute(
            "UPDATE reviews SET risk = $2, looked_at = $3, entries = $4, subjects = $5, reasons = $6"
            " WHERE kind = 'finding' AND source = $1 AND state <> 'decided' AND (entries, risk) IS DISTINCT FROM ($4, $2)",
            item.source, item.risk, item.looked_at, list(item.entries), list(item.subjects), list(item.reasons),
        )  # fmt: skip
    return made


async def open_findings(db: Database) -> list[Record]:
    """What the misuse detector thinks a person should see and is not up yet, or has grown since it was put up."""
    return await db.fetch(
        "SELECT f.* FROM misuse_findings f LEFT JOIN reviews r ON r.kind = 'finding' AND r.source = f.id WHERE f.state = 'open'"
        " AND (r.id IS NULL OR (r.state <> 'decided' AND (r.entries, r.risk) IS DISTINCT FROM (f.entries, f.score)))"
        " ORDER BY f.id LIMIT 5000"
    )


async def overrides_due(db: Database) -> list[Record]:
    """Emergency overrides that are over and not up for review: judged before, later looks under them would be seen by nobody."""
    return await db.fetch(
        "SELECT a.* FROM authorisations a WHERE a.kind = 'override' AND a.review_state = 'due'"
        " AND (a.expires_at <= now() OR a.ended_at IS NOT NULL)"
        " AND NOT EXISTS (SELECT FROM reviews r WHERE r.kind = 'override' AND r.source = a.id) ORDER BY a.id LIMIT 5000"
    )


async def close_override(connection: Connection, authorisation: str) -> None:
    await connection.execute("UPDATE authorisations SET review_state = 'done' WHERE id = $1 AND review_state = 'due'", authorisation)


async def queue(
    db: Database, reviewer: Reviewer, states: list[str], kind: str, after: tuple[float, str] | None, count: int
) -> list[Record]:
    """What waits, the gravest first and then the oldest; of decided ones the same order."""
    risk, last = after or (2.0, "")
    return await db.fetch(
        f"SELECT * FROM reviews WHERE {_VISIBLE} AND state = ANY($4) AND ($5 = '' OR kind = $5)"
        " AND NOT (state = 'seconding' AND proposed_by = $2) AND (risk < $6 OR (risk = $6 AND id > $7)) ORDER BY risk DESC, id LIMIT $8",
        reviewer.agency, reviewer.person, list(reviewer.line), states, kind, risk, last, count,
    )  # fmt: skip


async def by_id(db: Database | Connection, reviewer: Reviewer, review: str, *, lock: bool = False) -> Record | None:
    return await db.fetchrow(
        f"SELECT * FROM reviews WHERE {_VISIBLE} AND id = $4" + (" FOR UPDATE" if lock else ""),
        reviewer.agency, reviewer.person, list(reviewer.line), review,
    )  # fmt: skip


async def of_person(db: Database | Connection, person: str, review: str = "", *, lock: bool = False) -> list[Record]:
    """What this person was asked about, the newest first."""
    return await db.fetch(
        "SELECT r.* FROM reviews r WHERE r.person = $1 AND ($2 = '' OR r.id = $2)"
        " AND EXISTS (SELECT FROM review_steps s WHERE s.review = r.id AND s.step = 'asked') ORDER BY r.id DESC LIMIT 200"
        + (" FOR UPDATE OF r" if lock else ""),
        person, review,
    )  # fmt: skip


async def steps_of(db: Database | Connection, reviews: list[str]) -> list[Record]:
    return await db.fetch("SELECT * FROM review_steps WHERE review = ANY($1) ORDER BY id", reviews)


async def add_step(connection: Connection, review: str, at: datetime, by: tuple[str, str], told: tuple[str, str, str]) -> None:
    """`by`: id and username; `told`: step, outcome, note."""
    await connection.execute(
        "INSERT INTO review_steps (id, review, at, person, username, step, outcome, note) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        new_id(), review, at, *by, *told,
    )  # fmt: skip


async def update(connection: Connection, review: str, changes: dict[str, Any]) -> None:
    """`changes`: columns of the table, chosen by code and never by a caller."""
    sets = ", ".join(f"{name} = ${at}" for at, name in enumerate(changes, 2))
    await connection.execute(f"UPDATE reviews SET {sets} WHERE id = $1", review, *changes.values())


async def forget(connection: Connection, days: int) -> list[str]:
    rows = await connection.fetch(
        "DELETE FROM reviews WHERE state = 'decided' AND decided_at < now() - $1 * interval '1 day' RETURNING id", days
    )
    return [row["id"] for row in rows]


async def standing(db: Database, agency: str) -> Record:
    """How the open ones stand. An empty agency: all."""
    row = await db.fetchrow(
        "SELECT count(*) FILTER (WHERE state IN ('waiting', 'answered', 'seconding')) AS waiting,"
        " count(*) FILTER (WHERE state = 'asked') AS asked,"
        " coalesce(percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM now() - created_at) / 3600), 0)::float8"
        " AS age_hours_median,"
        " coalesce(max(extract(epoch FROM now() - created_at) / 3600), 0)::float8 AS age_hours_max"
        " FROM reviews WHERE state <> 'decided' AND ($1 = '' OR agency = $1)",
        agency,
    )
    assert row is not None  # noqa: S101 - an aggregate always has one row
    return row


async def outcomes(db: Database, agency: str, days: int) -> list[Record]:
    """Decided in these days by kind and unit: how many, how many improper, and the hours they took."""
    return await db.fetch(
        "SELECT kind, unit, count(*) AS decided, count(*) FILTER (WHERE outcome = 'improper') AS improper,"
        " percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM decided_at - created_at) / 3600)::float8 AS hours_median"
        " FROM reviews WHERE state = 'decided' AND ($1 = '' OR agency = $1) AND decided_at >= now() - $2 * interval '1 day'"
        " GROUP BY kind, unit ORDER BY kind, unit LIMIT 5000",
        agency, days,
    )  # fmt: skip


async def draws(db: Database, agency: str, before: date, count: int) -> list[Record]:
    """The latest days first, without the people. An empty agency: all."""
    return await db.fetch(
        "SELECT id, agency, period, population, cardinality(entries) AS drawn, drawn_at FROM review_draws"
        " WHERE ($1 = '' OR agency = $1) AND period < $2 ORDER BY period DESC, agency LIMIT $3",
        agency, before, count,
    )  # fmt: skip


async def draw(db: Database, agency: str, number: str) -> Record | None:
    return await db.fetchrow("SELECT * FROM review_draws WHERE id = $1 AND ($2 = '' OR agency = $2)", number, agency)


async def put_up_of(db: Database, number: str) -> set[str]:
    """The entries of a draw that are reviews."""
    return {row["source"] for row in await db.fetch("SELECT source FROM reviews WHERE draw = $1", number)}
