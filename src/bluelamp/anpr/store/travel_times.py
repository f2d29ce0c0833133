"""Travel times between cameras: learnt from the history in one question, kept in a small table."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from bluelamp.spine.columnar import Columnar
from bluelamp.spine.relational import Connection, Database

PAIRS_MAX = 200_000
"""The pairs that most vehicles drive: about fourteen for every camera of the nation. 12 MB."""
READS_MAX = 2_000_000
"""Reads that one run looks at: of more, the plates are drawn by lot, whole histories at a time."""
LEG_S_MAX = 3600
"""A vehicle that takes longer has rested."""


class TravelTime(NamedTuple):
    """`seconds`: what the fastest twentieth stayed below."""

    start: int
    end: int
    seconds: float
    observed: int


async def learn(columnar: Columnar, since: datetime, quantile: float, observed_min: int) -> list[TravelTime]:
    """Of pairs that enough vehicles drove without being seen between, the low quantile of what they took."""
    within = "captured_at >= {since:DateTime64(3, 'UTC')}"
    parameters = {"since": since.strftime("%Y-%m-%d %H:%M:%S.000")}
    [counted] = await columnar.query(f"SELECT count() AS reads FROM reads_by_plate WHERE {within}", parameters)
    rows = await columnar.query(
        "SELECT start, camera AS end, quantile({quantile:Float64})(seconds) AS least, count() AS observed FROM ("
        " SELECT camera, lagInFrame(camera) OVER w AS start,"
        " dateDiff('millisecond', lagInFrame(captured_at, 1, captured_at) OVER w, captured_at) / 1000 AS seconds FROM ("
        "  SELECT vrm, captured_at, camera FROM reads_by_plate"
        f" WHERE {within} AND gone = 0 AND cityHash64(vrm) % {{share:UInt64}} = 0)"
        " WINDOW w AS (PARTITION BY vrm ORDER BY captured_at, camera ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)"
        ") WHERE start != 0 AND start != camera AND seconds > 0 AND seconds <= {leg:UInt32}"
        " GROUP BY start, end HAVING observed >= {observed:UInt32} ORDER BY observed DESC, start, end LIMIT {pairs:UInt32}",
        parameters
        | {
            "quantile": quantile, "share": counted["reads"] // READS_MAX + 1, "leg": LEG_S_MAX, "observed": observed_min,
            "pairs": PAIRS_MAX,
        },
    )  # fmt: skip
    return [TravelTime(row["start"], row["end"], row["least"], row["observed"]) for row in rows]


async def replace(connection: Connection, learnt: list[TravelTime]) -> None:
    """Keep these and no others. Cameras that no longer exist are asked for by nobody."""
    await connection.execute("DELETE FROM anpr_travel_times")
    columns = [list(column) for column in zip(*learnt, strict=True)] or [[], [], [], []]
    await connection.execute(
        "INSERT INTO anpr_travel_times (start_camera, end_camera, seconds, observed)"
        " SELECT * FROM unnest($1::int[], $2::int[], $3::real[], $4::int[])",
        *columns,
    )


async def between(db: Database, pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], TravelTime]:
    """What is known of these pairs of cameras."""
    wanted = sorted(set(pairs))
    rows = await db.fetch(
        "SELECT t.start_camera, t.end_camera, t.seconds, t.observed FROM anpr_travel_times t"
        " JOIN unnest($1::int[], $2::int[]) AS w(a, b) ON t.start_camera = w.a AND t.end_camera = w.b",
        [start for start, _ in wanted],
        [end for _, end in wanted],
    )
    return {(row[0], row[1]): TravelTime(*row) for row in rows}
