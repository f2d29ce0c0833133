"""SQL of misuse detection: findings, the directory, baselines, and the looks that the audit holds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from bluelamp.accountability.misuse.directory import Directory, Fact
from bluelamp.spine.relational import Connection, Database, Record

LOOKS = ("anpr.searches.", "anpr.reads.", "anpr.pictures.", "anpr.exports.", "anpr.subjects.")
"""Actions that look at a vehicle's history. Lists, hits and the audit itself are how a control room and a review work."""
BLOCK = 20_000


class Viewer(NamedTuple):
    """Who asks for findings. `agency` is None for those who may see every agency's."""

    person: str
    manager: str
    agency: str | None


# Nobody sees what was found about themselves, about whoever manages them, or about whom they manage.
_VISIBLE = "($1::text IS NULL OR agency = $1) AND person <> $2 AND person <> $3 AND manager <> $2"


async def findings(db: Database, viewer: Viewer, state: str, before: str, count: int) -> list[Record]:
    """The newest first."""
    return await db.fetch(
        f"SELECT * FROM misuse_findings WHERE {_VISIBLE} AND ($4 = '' OR state = $4) AND ($5 = '' OR id < $5) ORDER BY id DESC LIMIT $6",
        viewer.agency, viewer.person, viewer.manager, state, before, count,
    )  # fmt: skip


async def finding(connection: Connection | Database, viewer: Viewer, number: str) -> Record | None:
    rows = await connection.fetch(
        f"SELECT * FROM misuse_findings WHERE {_VISIBLE} AND id = $4", viewer.agency, viewer.person, viewer.manager, number
    )
    return rows[0] if rows else None


async def set_state(connection: Connection, number: str, state: str, by: str, at: datetime) -> bool:
    """Whether the finding was open."""
    done = await connection.fetchval(
        "UPDATE misuse_findings SET state = $2, decided_by = $3, decided_at = $4, changed_at = $4"
        " WHERE id = $1 AND state = 'open' RETURNING true",
        number, state, by, at,
    )  # fmt: skip
    return bool(done)


async def findings_of(connection: Connection, agency: str, usernames: list[str]) -> list[Record]:
    """What was found about these people before, the latest first, locked until the transaction ends."""
    return list(
        await connection.fetch(
            "SELECT * FROM misuse_findings WHERE agency = $1 AND username = ANY($2) ORDER BY id DESC FOR UPDATE", agency, usernames
        )
    )


async def insert_finding(connection: Connection, number: str, values: dict[str, Any]) -> None:
    names = list(values)
    await connection.execute(
        f"INSERT INTO misuse_findings (id, {', '.join(names)}) VALUES ($1, {', '.join(f'${n}' for n in range(2, len(names) + 2))})",
        number, *values.values(),
    )  # fmt: skip


async def update_finding(connection: Connection, number: str, values: dict[str, Any]) -> None:
    names = list(values)
    await connection.execute(
        f"UPDATE misuse_findings SET changed_at = now(), {', '.join(f'{name} = ${n}' for n, name in enumerate(names, 2))} WHERE id = $1",
        number, *values.values(),
    )  # fmt: skip


async def reviewed(connection: Connection | Database, agency: str) -> dict[str, tuple[int, int]]:
    """(upheld, cleared) by leading signal: what this agency's reviews have taught."""
    rows = await connection.fetch(
        "SELECT signals->0->>'name' AS signal, count(*) FILTER (WHERE state = 'upheld') AS upheld,"
        " count(*) FILTER (WHERE state = 'cleared') AS cleared FROM misuse_findings WHERE agency = $1 AND state <> 'open' GROUP BY 1",
        agency,
    )
    return {row["signal"]: (row["upheld"], row["cleared"]) for row in rows if row["signal"]}


async def due(db: Database, pause_s: float, factor: float) -> list[tuple[str, int]]:
    """(agency, latest entry) of those with looks since their last pass, whose pause is over."""
    rows = await db.fetch(
        "WITH done AS (SELECT a.code, coalesce(p.number, 0) AS number, p.at, coalesce(p.seconds, 0) AS seconds"
        " FROM agencies a LEFT JOIN misuse_passes p ON p.agency = a.code)"
        " SELECT d.code, latest.number FROM done d CROSS JOIN LATERAL ("
        "  SELECT e.number FROM audit_entries e WHERE e.agency = d.code AND e.number > d.number"
        "  AND e.kind IN ('consultation', 'disclosure')"
        "  AND e.action LIKE ANY ($3) ORDER BY e.number DESC LIMIT 1) latest"
        " WHERE d.at IS NULL OR d.at <= clock_timestamp() - greatest($1, $2 * d.seconds) * interval '1 second'",
        float(pause_s), float(factor), [f"{prefix}%" for prefix in LOOKS],
    )  # fmt: skip
    return [(row["code"], row["number"]) for row in rows]


async def looks(connection: Connection, agency: str, window: timedelta, count_max: int) -> AsyncIterator[list[Record]]:
    """The agency's looks in the window, the latest first, in blocks. Needs a transaction."""
    cursor = await connection.cursor(
        "SELECT e.number, e.at, e.actor_name, e.action, e.subjects, e.purpose, e.reference, e.detail->>'pattern' AS pattern,"
        " coalesce(e.detail->>'place', '') AS place, coalesce(e.detail->>'device', '') AS device, coalesce(o.count, 0) AS results"
        " FROM audit_entries e LEFT JOIN audit_outcomes o ON o.entry = e.id"
        " WHERE e.agency = $1 AND e.at >= now() - $2::interval AND e.kind IN ('consultation', 'disclosure') AND e.action LIKE ANY ($3)"
        " ORDER BY e.number DESC LIMIT $4",
        agency, window, [f"{prefix}%" for prefix in LOOKS], count_max,
    )  # fmt: skip
    while block := await cursor.fetch(BLOCK):
        yield block


async def people(connection: Connection, agency: str) -> dict[str, Record]:
    """By username: id, role, unit and manager of everybody who has or had a post in the agency; the latest post."""
    rows = await connection.fetch(
        "SELECT DISTINCT ON (u.username) u.username, u.id, m.roles, coalesce(n.code, '') AS unit, coalesce(m.manager, '') AS manager"
        " FROM memberships m JOIN users u ON u.id = m.person LEFT JOIN units n ON n.id = m.unit"
        " WHERE m.agency = $1 ORDER BY u.username, m.starts_at DESC",
        agency,
    )
    return {row["username"]: row for row in rows}


async def entry_ids(connection: Connection, numbers: list[int]) -> dict[int, str]:
    rows = await connection.fetch("SELECT number, id FROM audit_entries WHERE number = ANY($1::bigint[])", numbers)
    return {row["number"]: row["id"] for row in rows}


async def baselines(connection: Connection, agency: str) -> dict[str, float]:
    rows = await connection.fetch("SELECT name, value FROM misuse_baselines WHERE agency = $1", agency)
    return {row["name"]: row["value"] for row in rows}


async def keep_pass(connection: Connection, agency: str, number: int, looks: int, seconds: float, learned: dict[str, float]) -> None:
    await connection.execute(
        "INSERT INTO misuse_passes (agency, number, at, looks, seconds) VALUES ($1, $2, clock_timestamp(), $3, $4) ON CONFLICT (agency)"
        " DO UPDATE SET number = excluded.number, at = excluded.at, looks = excluded.looks, seconds = excluded.seconds",
        agency, number, looks, seconds,
    )  # fmt: skip
    await connection.executemany(
        "INSERT INTO misuse_baselines (agency, name, value) VALUES ($1, $2, $3) ON CONFLICT (agency, name)"
        " DO UPDATE SET value = excluded.value, learned_at = now()",
        [(agency, name, value) for name, value in learned.items()],
    )


async def replace_directory(connection: Connection, agency: str, load: str, by: str, expires_at: datetime) -> None:
    """Forget the agency's directory and begin another; its facts follow in the same transaction."""
    await erase_directory(connection, agency)
    await connection.execute(
        "INSERT INTO misuse_loads (agency, id, loaded_by, facts, expires_at) VALUES ($1, $2, $3, 0, $4)", agency, load, by, expires_at
    )


async def add_facts(connection: Connection, load: str, facts: list[Fact]) -> None:
    columns = ["load", "kind", "person", "subject", "detail", "starts", "ends"]
    await connection.copy_records_to_table("misuse_directory", records=[(load, *fact) for fact in facts], columns=columns)


async def count_facts(connection: Connection, load: str, facts: int) -> None:
    await connection.execute("UPDATE misuse_loads SET facts = $2 WHERE id = $1", load, facts)


async def erase_directory(connection: Connection, agency: str) -> int | None:
    """How many facts were erased; None where there was no directory."""
    facts: int | None = await connection.fetchval("DELETE FROM misuse_loads WHERE agency = $1 RETURNING facts", agency)
    return facts


async def load_of(db: Database, agency: str) -> Record | None:
    rows = await db.fetch("SELECT * FROM misuse_loads WHERE agency = $1", agency)
    return rows[0] if rows else None


async def expired_loads(connection: Connection) -> list[str]:
    return [row["agency"] for row in await connection.fetch("SELECT agency FROM misuse_loads WHERE expires_at <= now()")]


async def directory(connection: Connection, agency: str) -> Directory:
    """The agency's directory as the detector wants it. Needs a transaction."""
    held = Directory()
    cursor = await connection.cursor(
        "SELECT d.kind, d.person, d.subject, d.detail, d.starts, d.ends FROM misuse_directory d"
        " JOIN misuse_loads l ON l.id = d.load WHERE l.agency = $1",
        agency,
    )
    while block := await cursor.fetch(BLOCK):
        for row in block:
            held.add(Fact(*row))
    return held


async def forget_findings(connection: Connection, days: int) -> list[str]:
    rows = await connection.fetch(
        "DELETE FROM misuse_findings WHERE state <> 'open' AND decided_at < now() - $1 * interval '1 day' RETURNING id", days
    )
    return [row["id"] for row in rows]
