"""The store beside PostgreSQL (B-tree and trigram) and DuckDB on the same reads in the same run. `python -m bench store`.

All three hold the same rows with the listed columns. PostgreSQL has a B-tree each for (vrm, time) and (camera, time) and
trigrams over a table of the distinct plates; DuckDB has its rows in order of vrm and an index (ART) on it. Each question is
asked of each engine through its own client: ours over HTTP, PostgreSQL over its socket, DuckDB in this process.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import random
import time
from collections.abc import Awaitable, Callable
from itertools import cycle
from pathlib import Path
from typing import Any

import asyncpg
import duckdb

from bench.history import CAMERAS, COLUMNS, PLATES, chunks, fill, settle, stored_bytes
from bench.nation import Nation, nation
from bench.table import Row, percentile
from bluelamp.anpr.lawful import Lawful, without_decision
from bluelamp.anpr.store import history
from bluelamp.anpr.store.history import NO_FILTERS, Filters
from bluelamp.app.engines.group import recorded_urls
from bluelamp.kit.clock import now_ms
from bluelamp.spine.columnar import Columnar

READS = 20_000_000
QUESTIONS = 40
PAGE = 100

Ask = Callable[[Any], Awaitable[int]]


def run(size: float) -> list[Row]:
    reads, plates = int(READS * size), max(int(PLATES * size / 4), 100_000)
    with nation() as place:
        return asyncio.run(_run(place, reads, plates))


async def _run(place: Nation, reads: int, plates: int) -> list[Row]:
    urls = recorded_urls(place.data)
    assert urls is not None
    columnar = await Columnar.open(urls.columnar_url)
    postgres = await asyncpg.connect(urls.database_url)
    duck = duckdb.connect(str(place.data.parent / "peer.duckdb"))
    filled = await fill(columnar, reads, plates)
    await settle(columnar)
    loaded = await _load_peers(columnar, postgres, duck, place.data.parent, reads, plates)
    ours = await stored_bytes(columnar, "reads_by_plate", "reads_by_camera")
    ours_all = await stored_bytes(columnar, "reads_by_plate", "reads_by_camera", "plates")
    pg = await postgres.fetchval("SELECT pg_total_relation_size('peer.reads') + pg_total_relation_size('peer.plates')")
    duck_bytes = (place.data.parent / "peer.duckdb").stat().st_size
    per = ours / reads
    rows = [
        Row("reads", f"{reads:,}", "", ""),
        Row("bytes a read, both orders", f"{per:.1f}", "", "", "40", per <= 40),
        *[
            Row(f"  of it {table}", f"{await stored_bytes(columnar, table) / reads:.1f}", "", "")
            for table in ("reads_by_plate", "reads_by_camera")
        ],
        Row("dictionary of plates, bytes a read", f"{await stored_bytes(columnar, 'plates') / reads:.1f}", "", ""),
        Row(
            "storage, all",
            f"{ours_all / reads:.1f} B/read",
            f"PostgreSQL {pg / reads:.1f}",
            f"{pg / ours_all:.1f} x smaller",
            "3.5 x",
            pg / ours_all >= 3.5,
        ),
        Row("storage, all", f"{ours_all / reads:.1f} B/read", f"DuckDB {duck_bytes / reads:.1f}", f"{duck_bytes / ours_all:.1f} x smaller"),
        Row("fill", f"{reads / filled:,.0f} reads/s", f"PostgreSQL {reads / loaded[0]:,.0f}", f"{loaded[0] / filled:.1f} x faster"),
        Row("fill", f"{reads / filled:,.0f} reads/s", f"DuckDB {reads / loaded[1]:,.0f}", f"{loaded[1] / filled:.1f} x faster"),
    ]
    rows += await _questions(columnar, postgres, duck)
    await postgres.close()
    await columnar.close()
    duck.close()
    return rows


async def _load_peers(
    columnar: Columnar, postgres: asyncpg.Connection, duck: duckdb.DuckDBPyConnection, folder: Path, reads: int, plates: int
) -> tuple[float, float]:
    """The same rows, made by the same SQL; seconds that loading and indexing took of each."""
    took_pg = took_duck = 0.0
    await postgres.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    await postgres.execute("CREATE SCHEMA peer")
    shape = (
        "(camera int, captured_at timestamptz(3), vrm text, confidence smallint, direction text, lane smallint, make text, model text,"
        " colour text, vehicle_class text)"
    )
    await postgres.execute(f"CREATE TABLE peer.reads {shape}")
    duck.execute("SET threads = 2; SET memory_limit = '4GB'; SET TimeZone = 'UTC'")
    duck.execute(f"CREATE TABLE staged {shape.replace('timestamptz(3)', 'timestamptz')}")
    names = [name.strip() for name in COLUMNS.split(",")]
    for _, _, sql in chunks(reads, plates):
        content = await columnar._client.raw_query(
            f"SELECT {COLUMNS} FROM ({sql})", fmt="CSV", settings={"max_result_rows": 0, "date_time_output_format": "iso"}
        )
        started = time.monotonic()
        await postgres.copy_to_table("reads", schema_name="peer", columns=names, source=io.BytesIO(content), format="csv", timeout=3600)
        took_pg += time.monotonic() - started
        path = folder / "chunk.csv"
        path.write_bytes(content)
        started = time.monotonic()
        duck.execute(f"INSERT INTO staged SELECT * FROM read_csv('{path}', header = false, all_varchar = false, columns = {_types()})")
        took_duck += time.monotonic() - started
    started = time.monotonic()
    for statement in (
        "SET maintenance_work_mem = '1GB'",
        "CREATE INDEX ON peer.reads (vrm, captured_at)",
        "CREATE INDEX ON peer.reads (camera, captured_at)",
        "CREATE TABLE peer.plates AS SELECT vrm, min(captured_at) AS first_seen, max(captured_at) AS last_seen FROM peer.reads GROUP BY vrm",
        "CREATE UNIQUE INDEX ON peer.plates (vrm text_pattern_ops)",
        "CREATE INDEX ON peer.plates USING gin (vrm gin_trgm_ops)",
        "ANALYZE peer.reads",
        "ANALYZE peer.plates",
    ):
        await postgres.execute(statement, timeout=3600)
    took_pg += time.monotonic() - started
    started = time.monotonic()
    duck.execute("CREATE TABLE reads AS SELECT * FROM staged ORDER BY vrm, captured_at")
    duck.execute("CREATE TABLE plates AS SELECT vrm, min(captured_at) AS first_seen, max(captured_at) AS last_seen FROM reads GROUP BY vrm")
    duck.execute("CREATE TABLE by_camera AS SELECT * FROM reads ORDER BY camera, captured_at")
    duck.execute("DROP TABLE staged")
    duck.execute("CREATE INDEX reads_by_vrm ON reads (vrm)")
    duck.execute("CHECKPOINT")
    return took_pg, took_duck + time.monotonic() - started


def _types() -> str:
    kinds = ("INTEGER", "TIMESTAMPTZ", "VARCHAR", "SMALLINT", "VARCHAR", "SMALLINT", "VARCHAR", "VARCHAR", "VARCHAR", "VARCHAR")
    return "{" + ", ".join(f"'{name.strip()}': '{kind}'" for name, kind in zip(COLUMNS.split(","), kinds, strict=True)) + "}"


async def _questions(columnar: Columnar, postgres: asyncpg.Connection, duck: duckdb.DuckDBPyConnection) -> list[Row]:
    chance = random.Random(5)
    ever = without_decision(now_ms() - 365 * 86_400_000, now_ms() + 1000)
    vrms = [r["vrm"] for r in await columnar.query("SELECT vrm FROM plates WHERE length(vrm) = 7 ORDER BY cityHash64(vrm) LIMIT 1000")]
    chance.shuffle(vrms)
    drawn = cycle(vrms)
    page = f"ORDER BY captured_at DESC LIMIT {PAGE}"

    async def in_duck(sql: str, *values: object) -> int:
        return int(duck.execute(sql, list(values)).to_arrow_table().num_rows)

    def at_hour() -> tuple[int, Lawful]:
        start = now_ms() - chance.randrange(2 * 86_400_000, 350 * 86_400_000)
        return 1 + int(CAMERAS * chance.random() ** 1.5), without_decision(start, start + 3_600_000)

    async def ours_plate(vrm: str) -> int:
        return len(await history.reads_of_plates(columnar, {vrm: 1000}, ever, NO_FILTERS, None, PAGE))

    async def ours_hour(asked: tuple[int, Lawful]) -> int:
        return len(await history.reads_at(columnar, asked[1], Filters((asked[0],)), None, PAGE))

    async def ours_pattern(pattern: str) -> int:
        return len(await history.plates_like(columnar, pattern, ever, PAGE))

    def like(pattern: str) -> str:
        return pattern.replace("?", "_").replace("*", "%")

    def hour_sql(placeholder: str) -> str:
        return f"camera = {placeholder}1 AND captured_at >= to_timestamp({placeholder}2) AND captured_at < to_timestamp({placeholder}3)"

    seen = f"ORDER BY last_seen DESC LIMIT {PAGE}"
    kinds: list[tuple[str, Callable[[], Any], Ask, Ask, Ask]] = [
        (
            "one plate, a year", lambda: next(drawn), ours_plate,
            lambda v: _count(postgres.fetch(f"SELECT * FROM peer.reads WHERE vrm = $1 {page}", v)),
            lambda v: in_duck(f"SELECT * FROM reads WHERE vrm = ? {page}", v),
        ),
        (
            "one camera, an hour", at_hour, ours_hour,
            lambda a: _count(postgres.fetch(f"SELECT * FROM peer.reads WHERE {hour_sql('$')} {page}", a[0], a[1].start / 1000, a[1].end / 1000)),
            lambda a: in_duck(
                f"SELECT * FROM by_camera WHERE {hour_sql('$')} {page}", a[0], a[1].start / 1000, a[1].end / 1000
            ),
        ),
        *(
            (
                name, make, ours_pattern,
                lambda p: _count(postgres.fetch(f"SELECT vrm FROM peer.plates WHERE vrm LIKE $1 {seen}", like(p))),
                lambda p: in_duck(f"SELECT vrm FROM plates WHERE vrm LIKE ? {seen}", like(p)),
            )
            for name, make in (
                ("plates like AB12*", lambda: next(drawn)[:4] + "*"),
                ("plates like *2CDE", lambda: "*" + next(drawn)[3:]),
                ("plates like A?1?C?E", lambda: "?".join(next(drawn)[::2])),
                ("plates like *A*2*C*E*", lambda: "*" + "*".join(next(drawn)[::2]) + "*"),
            )
        ),
    ]  # fmt: skip
    rows = []
    for name, make, ours, theirs, ducks in kinds:
        asked = [make() for _ in range(QUESTIONS + 3)]
        figures = []
        for ask in (ours, theirs, ducks):
            taken = [await _timed(ask, question) for question in asked][3:]
            figures.append((percentile(taken, 0.5), percentile(taken, 0.95)))
        mine = figures[0]
        for peer, figure in zip(("PostgreSQL", "DuckDB"), figures[1:], strict=True):
            against = f"{peer} p50 {figure[0]:.1f} ms, p95 {figure[1]:.1f}"
            rows.append(Row(name, f"p50 {mine[0]:.1f} ms, p95 {mine[1]:.1f}", against, f"p95 {figure[1] / mine[1]:.2f} x theirs"))
    return rows


async def _count(rows: Awaitable[list[Any]]) -> int:
    return len(await rows)


async def _timed(ask: Ask, question: Any) -> float:
    started = time.perf_counter()
    with contextlib.suppress(StopIteration):
        await ask(question)
    return (time.perf_counter() - started) * 1000
