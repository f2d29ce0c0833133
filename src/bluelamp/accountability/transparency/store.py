"""SQL of the transparency report: one walk through the audit of the days that are not counted yet, and the counts and reports kept."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from bluelamp.spine.relational import Connection, Database, Record


async def tally(db: Database | Connection, since: datetime, until: datetime) -> list[Record]:
    """Entries by UTC day, kind, action, purpose and `what` became of them (an outcome, a grant, a table), and the records they speak of."""
    return await db.fetch(
        "SELECT (at AT TIME ZONE 'UTC')::date AS day, kind, action, purpose,"
        " coalesce(detail->>'outcome', detail->>'granted', detail->>'table', '') AS what, count(*) AS entries,"
        " sum(CASE WHEN jsonb_typeof(detail->'reads') = 'number' THEN (detail->>'reads')::numeric"
        " WHEN jsonb_typeof(detail->'rows') = 'number' THEN (detail->>'rows')::numeric ELSE 0 END)::bigint AS records"
        " FROM audit_entries WHERE at >= $1 AND at < $2 AND (kind IN ('collection', 'erasure', 'refusal', 'disclosure')"
        " OR starts_with(action, 'anpr.searches.') OR starts_with(action, 'accountability.authorisations.')"
        " OR action = 'reviews.reviews.decide') GROUP BY 1, 2, 3, 4, 5",
        since, until,
    )  # fmt: skip


async def uncounted(db: Database, first: date, before: date) -> list[date]:
    """Whole days from `first` that nobody has counted, the oldest first."""
    rows = await db.fetch(
        "SELECT d::date AS day FROM generate_series($1::date, $2::date - 1, interval '1 day') d"
        " WHERE NOT EXISTS (SELECT FROM transparency_counted c WHERE c.day = d::date) ORDER BY 1",
        first, before,
    )  # fmt: skip
    return [row["day"] for row in rows]


async def keep_days(connection: Connection, days: list[date], counts: dict[tuple[date, str, str], int]) -> None:
    await connection.executemany("INSERT INTO transparency_counted VALUES ($1) ON CONFLICT DO NOTHING", [(day,) for day in days])
    await connection.executemany(
        "INSERT INTO transparency_days VALUES ($1, $2, $3, $4) ON CONFLICT (day, figure, name) DO UPDATE SET count = excluded.count",
        [(*key, count) for key, count in counts.items()],
    )


async def sums(connection: Connection, first: date) -> dict[tuple[str, str], int]:
    """(figure, name) -> count over the counted days from `first`."""
    rows = await connection.fetch(
        "SELECT figure, name, sum(count)::bigint AS count FROM transparency_days WHERE day >= $1 GROUP BY 1, 2", first
    )
    return {(row["figure"], row["name"]): row["count"] for row in rows}


async def keep_report(connection: Connection, day: date, at: datetime, report: dict[str, Any]) -> None:
    await connection.execute(
        "INSERT INTO transparency_reports (day, at, report) VALUES ($1, $2, $3)"
        " ON CONFLICT (day) DO UPDATE SET at = excluded.at, report = excluded.report",
        day, at, report,
    )  # fmt: skip
    await connection.execute("DELETE FROM transparency_reports WHERE day < $1::date - 400", day)
    await connection.execute("DELETE FROM transparency_days WHERE day < $1::date - 400", day)
    await connection.execute("DELETE FROM transparency_counted WHERE day < $1::date - 400", day)


async def latest(db: Database) -> dict[str, Any] | None:
    report: dict[str, Any] | None = await db.fetchval("SELECT report FROM transparency_reports ORDER BY day DESC LIMIT 1")
    return report
