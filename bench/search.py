"""Search over a year of reads, through the API. `python -m bench search --size 1` is 200 million reads; see bench/history.py.

Every question is asked once, of plates and places drawn at random from the reads themselves, so that no answer is in a
cache because it was just given. The client runs on the same cores. Filling takes half an hour: `BENCH_KEEP=DIR` keeps the
year for the next run of the same size.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from itertools import cycle
from typing import Any

import httpx

from bench.history import CAMERAS, PLATES, fill, register, stored_bytes
from bench.nation import Nation, nation
from bench.table import Row, percentile
from bluelamp.app.engines.group import recorded_urls
from bluelamp.kit.clock import now_ms, to_rfc3339
from bluelamp.spine.columnar import Columnar

READS = 200_000_000
REASON = {"purpose": "test", "reference": "bench"}
QUESTIONS = 60


def run(size: float) -> list[Row]:
    reads, plates = int(READS * size), max(int(PLATES * size), 100_000)
    with nation() as place:
        return asyncio.run(_run(place, reads, plates))


async def _run(place: Nation, reads: int, plates: int) -> list[Row]:
    urls = recorded_urls(place.data)
    assert urls is not None
    columnar = await Columnar.open(urls.columnar_url)
    chance = random.Random(11)
    token = place.token("analyst")
    kept = (await columnar.query("SELECT count() AS n FROM reads_by_plate"))[0]["n"]
    if not kept:
        await asyncio.to_thread(register, place)
    filled = await fill(columnar, reads, plates)
    size = await stored_bytes(columnar, "reads_by_plate", "reads_by_camera")
    distinct = (await columnar.query("SELECT uniq(vrm) AS n FROM plates"))[0]["n"]
    sample = [row["vrm"] for row in await columnar.query(_sample_sql(chance))]
    chance.shuffle(sample)
    headers = {"Authorization": f"Bearer {token}"}
    rows = [
        Row("reads, distinct plates", f"{reads:,}, {distinct:,}", "", ""),
        Row("filled through the writer's door", f"{reads / filled:,.0f} reads/s" if not kept else "kept from an earlier run", "", ""),
        Row("bytes a read on disk, both orders", f"{size / reads:.1f}", "", "", "40", size / reads <= 40),
    ]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{place.port}", headers=headers, timeout=60) as client:
        for name, target, make in _questions(chance, sample):
            for _ in range(3):
                await _ask(client, make())
            taken = [await _ask(client, make()) for _ in range(QUESTIONS)]
            p50, p95 = percentile(taken, 0.5), percentile(taken, 0.95)
            reached = None if not target else p95 <= target
            rows.append(Row(name, f"p50 {p50:.0f} ms, p95 {p95:.0f} ms", "", "", f"p95 {target} ms" if target else "", reached))
    await columnar.close()
    return rows


def _sample_sql(chance: random.Random) -> str:
    """Plates of random reads, so as often as they are seen: of 40 random minutes."""
    now = now_ms()
    minutes = [now - chance.randrange(3 * 86_400_000, 350 * 86_400_000) for _ in range(40)]
    times = " OR ".join(
        f"captured_at BETWEEN fromUnixTimestamp64Milli({at}, 'UTC') AND fromUnixTimestamp64Milli({at + 600_000}, 'UTC')" for at in minutes
    )
    return f"SELECT vrm FROM reads_by_camera WHERE {times} ORDER BY cityHash64(vrm) LIMIT 4000"


def _questions(chance: random.Random, sample: list[str]) -> list[tuple[str, int, Callable[[], dict[str, Any]]]]:
    """Name, target p95 in ms (0: none), and a maker of questions."""
    drawn = cycle([v for v in sample if len(v) == 7])

    def vrm() -> str:
        return next(drawn)

    def hour() -> dict[str, str]:
        start = now_ms() - chance.randrange(2 * 86_400_000, 350 * 86_400_000)
        return {"from": to_rfc3339(start), "to": to_rfc3339(start + 3_600_000)}

    def camera() -> str:
        return str(1 + int(CAMERAS * chance.random() ** 1.5))

    def town() -> list[float]:
        west, south = -5 + chance.random() * 6, 50.5 + chance.random() * 4
        return [west, south, west + 0.25, south + 0.25]

    def masked(text: str, known: tuple[int, ...]) -> str:
        return "".join(c if at in known else "?" for at, c in enumerate(text))

    def scattered(text: str) -> str:
        return "*" + "*".join(text[at] for at in sorted(chance.sample(range(7), 4))) + "*"

    return [
        ("one plate, a year, exact", 60, lambda: {"vrm": vrm(), "tolerance": "exact"}),
        ("one plate, a year, likely misreads too", 60, lambda: {"vrm": vrm(), "tolerance": "likely"}),
        ("one plate, a year, possible misreads too", 0, lambda: {"vrm": vrm(), "tolerance": "possible"}),
        ("one camera, an hour", 500, lambda: {"cameras": [camera()], **hour()}),
        ("a town of 25 cameras, an hour, colour and make", 500, lambda: {"bbox": town(), "colour": "blue", "make": "ford", **hour()}),
        ("pattern, first four known: AB12*", 300, lambda: {"pattern": vrm()[:4] + "*"}),
        ("pattern, last four known: *2CDE", 300, lambda: {"pattern": "*" + vrm()[3:]}),
        ("pattern, four places known: A?1?C?E", 300, lambda: {"pattern": masked(vrm(), (0, 2, 4, 6))}),
        ("pattern, four in order anywhere: *A*2*C*E*", 300, lambda: {"pattern": scattered(vrm())}),
        ("200 plates at once", 0, lambda: {"vrms": [vrm() for _ in range(200)]}),
    ]


async def _ask(client: httpx.AsyncClient, question: dict[str, Any]) -> float:
    """Milliseconds until the whole answer is there."""
    started = time.perf_counter()
    answer = await client.post("/v1/anpr/searches", json={"reason": REASON} | question)
    taken = (time.perf_counter() - started) * 1000
    if answer.status_code != 200:
        raise RuntimeError(f"{question}: {answer.text}")
    return taken
