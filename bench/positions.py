"""Positions: from a door to the book of a second process, the book itself, the history. `python -m bench positions`.

The sender is a process of its own that uses the door as the WebSocket and CoT gateways do; this process keeps the book. Latency is from
the moment that a door takes a position to the moment that it is in this process's book, by the same machine's clock.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import random
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msgspec
import psutil
import uvloop

from bench.load import drive, request
from bench.nation import Nation, nation
from bench.positions_sender import a_position
from bench.table import Row, percentile
from bluelamp.app.engines.group import recorded_urls
from bluelamp.incidents.positions.book import PositionBook
from bluelamp.incidents.positions.domain import Position
from bluelamp.incidents.positions.store import history
from bluelamp.incidents.positions.tables import POSITIONS_STREAM, decode_batch, encode_batch
from bluelamp.kit.clock import now_ms, to_rfc3339
from bluelamp.kit.ids import new_id
from bluelamp.spine.bus import Bus, Message
from bluelamp.spine.columnar import Columnar

RESOURCES = 300_000
PACES = (5_000, 15_000, 30_000)
SECONDS = 8
ONE_EACH_S = 3
SENDER = Path(__file__).with_name("positions_sender.py")


def run(size: float) -> list[Row]:
    rows = _book(int(RESOURCES * max(size, 0.1)))
    os.environ.setdefault("BLUELAMP_CALLER_REQUESTS_PER_MINUTE_MAX", "10000000")
    with nation() as place:
        past = uvloop.run(_history(place, size))  # first, while nobody else writes
        rows += _phones(place, size)
        rows += uvloop.run(_through(place, size))
    return rows + past


def _book(count: int) -> list[Row]:
    """Memory and speed of one book, fed as the stream feeds it; by processor time, since nothing in it waits."""
    ids = [new_id() for _ in range(count)]
    at = now_ms()
    batches = [encode_batch([a_position(ids[n], n, at) for n in range(start, min(start + 1000, count))]) for start in range(0, count, 1000)]
    later = [
        encode_batch([msgspec.structs.replace(p, at=p.at + 5000, received_at=p.at + 5000) for p in decode_batch(batch)])
        for batch in batches
    ]
    gc.collect()
    tracemalloc.start()
    book = PositionBook()
    for batch in batches:
        for position in decode_batch(batch):
            book.update(position)
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    started = time.process_time()
    for batch in later:
        for position in decode_batch(batch):
            book.update(position)
    rate = count / (time.process_time() - started)
    started = time.process_time()
    floor = sum(len(decode_batch(batch)) for batch in later) / (time.process_time() - started)
    started = time.process_time()
    found = len(book.within(-3.0, 53.0, -2.0, 54.0))
    window_ms = (time.process_time() - started) * 1000
    started = time.process_time()
    changed = len(book.changed_since(book.number - 5_000)[0])
    changed_ms = (time.process_time() - started) * 1000
    return [
        Row("book: bytes a resource", f"{held / count:.0f} of {count:,}", f"on the wire {len(batches[0]) / 1000:.0f}", ""),
        Row("book: decoded and updated", f"{rate:,.0f}/s of a core", f"decoded only {floor:,.0f}/s", f"{rate / floor:.2f}"),
        Row("book: a map's window", f"{window_ms:.1f} ms for {found:,} of {count:,}", "", ""),
        Row("book: what changed", f"{changed_ms:.1f} ms for {changed:,}", "", ""),
    ]


def _phones(place: Nation, size: float) -> list[Row]:
    """One officer's phone, as often as it can: the whole of HTTP, sign-in and judgement, answered when on disk."""
    control, officer = place.token("control"), place.token("officer")
    with httpx.Client(base_url=f"http://127.0.0.1:{place.port}", timeout=30) as http:
        by = {"Authorization": f"Bearer {control}"}
        unit = http.post("/v1/incidents/resources", json={"call_sign": "BENCH", "type": "car"}, headers=by).json()["id"]
        http.post(f"/v1/incidents/resources/{unit}/status", json={"code": "2"}, headers=by).raise_for_status()
        http.put("/v1/incidents/me/resource", json={"resource": unit}, headers={"Authorization": f"Bearer {officer}"}).raise_for_status()
    time.sleep(1)
    rows = []
    began = now_ms()
    for each, connections in ((1, 256), (100, 32)):
        count = max(200, int((8_000 if each == 1 else 400) * size))
        made: list[bytes] = []
        for number in range(count):
            at = began + number % 1000
            told = [{"at": to_rfc3339(at), "latitude": 54.3 + number / 1e6 + n / 1e4, "longitude": -2.7} for n in range(each)]
            told = [one | {"at": to_rfc3339(at + n)} for n, one in enumerate(told)]
            body = json.dumps({"sent_at": to_rfc3339(now_ms()), "positions": told}).encode()
            made.append(request("/v1/incidents/positions", officer, "application/json", body))
        before = _api_seconds(place)
        outcome = uvloop.run(drive(place.port, made, connections=connections))
        busy_ms = (_api_seconds(place) - before) / count * 1000
        assert set(outcome.statuses) == {200}, (outcome.statuses, outcome.last_body[:300])
        rate = count / outcome.seconds
        what = "phones: one position a request" if each == 1 else f"phones: {each} positions a request"
        p50 = percentile(outcome.latencies_ms, 0.5)
        told = f"{rate * each:,.0f} positions/s, p50 {p50:.0f} ms"
        rows.append(Row(what, told, f"{connections} connections at once", f"{busy_ms:.2f} ms of a core each"))
    return rows


def _api_seconds(place: Nation) -> float:
    """Processor time of the platform's API process so far: a figure that other work on the machine does not change."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            started = process.parent()
            if process.cmdline()[-2:] == ["serve", "api"] and started is not None and str(place.data) in started.cmdline():
                times = process.cpu_times()
                return float(times.user + times.system)
    raise RuntimeError("there is no API process")


async def _through(place: Nation, size: float) -> list[Row]:
    urls = recorded_urls(place.data)
    assert urls is not None
    bus = await Bus.open(urls.nats_url)
    book = PositionBook()
    lags: list[int] = []
    times: list[float] = []

    async def take(message: Message) -> None:
        taken = [position for position in decode_batch(message.payload) if book.update(position)]
        now = now_ms()
        lags.extend(now - position.received_at for position in taken)
        times.append(time.monotonic())

    following = asyncio.create_task(bus.replay(POSITIONS_STREAM, await bus.last_sequence(POSITIONS_STREAM), take))
    await asyncio.sleep(1)
    rows = []
    seconds = max(3, SECONDS * size)
    alone = await _send(urls.nats_url, "one", 0, ONE_EACH_S)
    await _drained(times)
    for pace in (*PACES, 0):
        lags.clear()
        sent = await _send(urls.nats_url, "batches", pace, seconds)
        await _drained(times)
        p50, p99 = percentile([float(lag) for lag in lags], 0.5), percentile([float(lag) for lag in lags], 0.99)
        rate = len(lags) / sent["seconds"]
        what = f"door to a second process's book, {pace:,} offered a second" if pace else "door to a second process's book, all it takes"
        told = f"{rate:,.0f} positions/s, p50 {p50:.0f} ms, p99 {p99:.0f} ms"
        against = f"a message each {alone['sent'] / alone['seconds']:,.0f}/s"
        rows.append(Row(what, told, against, f"{rate / (alone['sent'] / alone['seconds']):.1f} x", "", None))
    following.cancel()
    await bus.close()
    return rows


async def _send(url: str, how: str, pace: int, seconds: float) -> dict[str, float]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(SENDER), url, how, str(pace), str(seconds), stdout=subprocess.PIPE, stdin=subprocess.DEVNULL
    )
    told, _ = await process.communicate()
    answer: dict[str, float] = json.loads(told)
    return answer


async def _drained(times: list[float]) -> None:
    """Until nothing came for half a second."""
    while not times or time.monotonic() - times[-1] < 0.5:
        await asyncio.sleep(0.1)


def _shift(units: int, positions: int) -> Iterator[list[Position]]:
    """A shift of units that drive: a position every five seconds, with the jitter of a receiver."""
    began = now_ms() - 86_400_000
    ids = [new_id() for _ in range(units)]
    places = [[52 + random.random() * 3, -3 + random.random() * 3, random.random() * 360] for _ in range(units)]
    for step in range(positions // units):
        batch = []
        for number, (resource, place) in enumerate(zip(ids, places, strict=True)):
            place[2] = (place[2] + random.gauss(0, 8)) % 360
            speed = max(0.0, random.gauss(11, 6))
            place[0] += speed * 5 / 111_320 * (1 if place[2] < 180 else -1) * 0.7
            place[1] += speed * 5 / 70_000 * (1 if 90 < place[2] < 270 else -1) * 0.7
            at = began + step * 5000 + number % 1000
            batch.append(
                Position(
                    resource,
                    at,
                    round(place[0], 7),
                    round(place[1], 7),
                    "KEN",
                    at + random.randint(20, 900),
                    "car",
                    f"KN{number:04d}",
                    "vehicle",
                    accuracy_m=round(random.uniform(2, 9), 1),
                    speed_mps=round(speed, 2),
                    course_deg=round(place[2], 1),
                )
            )
        yield batch


async def _history(place: Nation, size: float) -> list[Row]:
    urls = recorded_urls(place.data)
    assert urls is not None
    columnar = await Columnar.open(urls.columnar_url)
    await columnar.execute("TRUNCATE TABLE positions")
    units, wanted = 500, int(2_000_000 * max(size, 0.1))
    wire = stored = 0
    waiting: list[Position] = []
    resources: list[str] = []
    took = 0.0
    for batch in _shift(units, wanted):
        resources = resources or [p.resource for p in batch]
        waiting += batch
        if len(waiting) >= 50_000:
            wire += len(encode_batch(waiting))
            stored += len(waiting)
            started = time.perf_counter()
            await history.insert(columnar, waiting)
            took += time.perf_counter() - started
            waiting = []
    await columnar.execute("OPTIMIZE TABLE positions FINAL")
    held = (await columnar.query("SELECT sum(bytes_on_disk) AS b, sum(rows) AS r FROM system.parts WHERE table = 'positions' AND active"))[
        0
    ]
    assert held["r"] == stored
    per = held["b"] / stored
    rows = [
        Row(
            "history: bytes a position", f"{per:.1f} of {stored:,}", f"on the wire {wire / stored:.0f}", f"{wire / held['b']:.1f} x smaller"
        ),
        Row("history: insert", f"{stored / took:,.0f} positions/s", "", ""),
    ]
    end = datetime.fromtimestamp((now_ms() - 86_400_000) / 1000, UTC) + timedelta(seconds=5 * stored / units)
    where, track = [], []
    for _ in range(30):
        at = end - timedelta(seconds=random.uniform(0, 4 * stored / units))
        started = time.perf_counter()
        assert len(await history.where_at(columnar, resources[:300], at, 300)) == 300
        where.append((time.perf_counter() - started) * 1000)
        started = time.perf_counter()
        await history.track(columnar, random.choice(resources), end - timedelta(hours=1), end, 0, 10_000)
        track.append((time.perf_counter() - started) * 1000)
    await columnar.close()
    for what, values in (("where 300 were at a second", where), ("an hour's track of one", track)):
        rows.append(Row(f"history: {what}", f"p50 {percentile(values, 0.5):.0f} ms, p99 {percentile(values, 0.99):.0f} ms", "", ""))
    return rows
