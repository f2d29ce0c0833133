"""The intake end to end: HTTP, synced to disk, matched against a VOI list, searchable. `python -m bench intake`.

Everything runs on this machine: platform, engines and client. Reads are of random current-style marks; 2% are of listed
vehicles. Each body is made beforehand; times in it are of the last minutes, one read a camera and millisecond.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import numpy as np
import pyarrow as pa
import uvloop

from bench.load import Outcome, drive, pace, request
from bench.nation import CAMERAS, Nation, free_port, nation, plates
from bench.table import Row, percentile
from bluelamp.kit.clock import now_ms, to_rfc3339

NDJSON, ARROW, JSON = "application/x-ndjson", "application/vnd.apache.arrow.stream", "application/json"
PATH = "/v1/anpr/intake/native"
HIT_SHARE = 0.02


class Maker:
    """Bodies of reads that never repeat."""

    def __init__(self, listed: list[str], seed: int = 7) -> None:
        self._rng = np.random.default_rng(seed)
        self._listed = listed
        self._count = 0

    def columns(self, count: int) -> dict[str, list[object]]:
        """Columns of native reads."""
        vrms = plates(self._rng, count)
        for at in np.flatnonzero(self._rng.random(count) < HIT_SHARE):
            vrms[at] = self._listed[self._rng.integers(len(self._listed))]
        numbers = range(self._count, self._count + count)
        self._count += count
        base = now_ms() - 240_000
        return {
            "camera": [f"cam-{number % CAMERAS}" for number in numbers],
            "vrm": list(vrms),
            "captured_at": [base + number // CAMERAS % 180_000 for number in numbers],
            "confidence": (self._rng.integers(700, 1000, count) / 1000).tolist(),
            "direction": ["away"] * count,
            "lane": (self._rng.integers(1, 4, count)).tolist(),
            "make": self._rng.choice(["Ford", "Vauxhall", "BMW", "Kia"], count).tolist(),
            "colour": self._rng.choice(["black", "white", "blue", "grey"], count).tolist(),
        }

    def items(self, count: int) -> list[dict[str, object]]:
        columns = self.columns(count)
        columns["captured_at"] = [to_rfc3339(int(str(ms))) for ms in columns["captured_at"]]
        return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]

    def ndjson(self, count: int) -> bytes:
        return b"\n".join(json.dumps(item).encode() for item in self.items(count))

    def arrow(self, count: int) -> bytes:
        columns = self.columns(count)
        arrays = {name: pa.array(values) for name, values in columns.items()}
        arrays["captured_at"] = arrays["captured_at"].cast(pa.timestamp("ms", "UTC"))
        table = pa.table(arrays)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        return sink.getvalue().to_pybytes()


def _searchable(place: Nation) -> tuple[int, int]:
    """Reads stored, and messages of reads that a consumer still has to handle."""
    from bluelamp.app.engines.group import recorded_urls  # noqa: PLC0415 - needs the platform's folder

    urls = recorded_urls(place.data)
    assert urls is not None

    async def ask() -> tuple[int, int]:
        import clickhouse_connect  # noqa: PLC0415
        import nats  # noqa: PLC0415

        client = await nats.connect(urls.nats_url)
        pending = 0
        for consumer in ("matcher", "writer"):
            info = await client.jetstream().consumer_info("ANPR_READS", consumer)
            pending += (info.num_pending or 0) + (info.num_ack_pending or 0)
        await client.close()
        history = clickhouse_connect.get_client(dsn=urls.columnar_url)
        stored = int(history.command("SELECT count() FROM reads_by_plate"))
        history.close()
        return stored, pending

    return asyncio.run(ask())


def _until_searchable(place: Nation, before: int, reads: int) -> None:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        stored, pending = _searchable(place)
        if stored - before >= reads and pending == 0:
            return
        time.sleep(0.2)
    raise RuntimeError(f"only {stored - before} of {reads} reads are searchable, {pending} messages pend")


def _sustained(place: Nation, bodies: list[bytes], reads: int, connections: int) -> tuple[float, Outcome]:
    """Reads a second from the first request until the last read is matched and searchable."""
    before, _ = _searchable(place)
    started = time.perf_counter()
    outcome = uvloop.run(drive(place.port, bodies, connections))
    _until_searchable(place, before, reads)
    return reads / (time.perf_counter() - started), outcome


def batches(place: Nation, key: str, maker: Maker, size: float) -> list[Row]:
    """Sustained rates of NDJSON and Arrow batches."""
    rows = []
    for name, make, per_body, target, seconds in (
        ("NDJSON, 100 a batch", maker.ndjson, 100, 20_000, 20),
        ("Arrow, 1,000 a batch", maker.arrow, 1_000, 100_000, 20),
    ):
        count = max(1, round(target * seconds * size / per_body))
        content_type = NDJSON if per_body == 100 else ARROW
        bodies = [request(PATH, key, content_type, make(per_body)) for _ in range(count)]
        rate, outcome = _sustained(place, bodies, count * per_body, connections=8)
        assert set(outcome.statuses) == {202}, outcome
        rows.append(
            Row(
                f"{name}: synced, matched, searchable",
                f"{rate:,.0f} reads/s",
                f"answered at {count * per_body / outcome.seconds:,.0f}/s, p99 {percentile(outcome.latencies_ms, 0.99):.0f} ms",
                f"{rate / target:.2f} of target",
                f"{target:,}",
                rate >= target,
            )
        )
    return rows


RAW_APP = Path(__file__).with_name("raw_app.py")


def single(place: Nation, key: str, maker: Maker, size: float) -> list[Row]:
    """One event a request, against a raw ASGI application on the same server that reads the body and answers."""
    count = max(500, round(60_000 * size))
    bodies = [request(PATH, key, JSON, json.dumps(item).encode()) for item in maker.items(2 * count)]
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "bench.raw_app:app", "--port", str(port), "--no-access-log", "--log-level", "warning"]
    raw = subprocess.Popen([*command, "--loop", "uvloop", "--http", "httptools", "--no-server-header"])
    try:
        _await_port(port)
        rates: dict[str, list[float]] = {"raw": [], "ours": []}
        for half in (bodies[:count], bodies[count:]):
            for name, to in (("raw", port), ("ours", place.port)):
                outcome = uvloop.run(drive(to, half, connections=128))
                assert set(outcome.statuses) == {202}, outcome
                rates[name].append(count / outcome.seconds)
    finally:
        raw.terminate()
        raw.wait()
    ours, floor = max(rates["ours"]), max(rates["raw"])
    return [
        Row("one event a request, synced", f"{ours:,.0f}/s", f"raw ASGI {floor:,.0f}/s", f"{ours / floor:.2f}", "0.50", ours / floor >= 0.5)
    ]


def pictures(place: Nation, key: str, maker: Maker, size: float) -> list[Row]:
    """Batches of 20 with both pictures, against what the disk and one hash pass allow for the same bytes."""
    rng = np.random.default_rng(3)
    count = max(4, round(150 * size))
    bodies = []
    for _ in range(count):
        items = maker.items(20)
        for item in items:
            for name, length in (("plate_image", 3_000), ("overview_image", 25_000)):
                item[name] = base64.b64encode(b"\xff\xd8\xff" + rng.bytes(length)).decode()
        bodies.append(request(PATH, key, JSON, json.dumps(items).encode()))
    volume = count * 20 * 28_000
    outcome = uvloop.run(drive(place.port, bodies, connections=8))
    assert set(outcome.statuses) == {202}, outcome
    ours = volume / outcome.seconds / 1e6
    floor = _disk_floor(place.data.parent, 20 * 28_000, count)
    row = Row(
        "both pictures, 20 a batch",
        f"{ours:.0f} MB/s",
        f"write, sync and hash {floor:.0f} MB/s",
        f"{ours / floor:.2f}",
        "0.50",
        ours / floor >= 0.5,
    )
    return [row]


def _disk_floor(folder: Path, piece: int, count: int) -> float:
    """Megabytes a second of writing the pieces to one file, syncing and hashing each, one after the other."""
    import hashlib  # noqa: PLC0415

    content = os.urandom(piece)
    path = folder / "floor"
    started = time.perf_counter()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    for _ in range(count):
        hashlib.sha256(content).digest()
        os.write(handle, content)
        os.fdatasync(handle)
    os.close(handle)
    seconds = time.perf_counter() - started
    path.unlink()
    return piece * count / seconds / 1e6


async def _listen(port: int, token: str, arrivals: dict[str, float], ready: asyncio.Event) -> None:
    """Note when each hit's plate arrives on the live stream."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET /v1/stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
    ready.set()
    while line := await reader.readline():
        if line.startswith(b'data: {"'):
            vrm = json.loads(line[6:]).get("vrm")
            if vrm:
                arrivals.setdefault(vrm, time.time())


async def _search(port: int, token: str, until: float, latencies: list[float]) -> None:
    """A search after the other."""
    import httpx  # noqa: PLC0415

    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {token}"}, timeout=30) as client:
        while time.monotonic() < until:
            started = time.perf_counter()
            answer = await client.post(
                "/v1/anpr/searches", json={"vrm": "AB12CDE", "tolerance": "exact", "reason": {"purpose": "test", "reference": "bench"}}
            )
            assert answer.status_code in {200, 201}, answer.text
            latencies.append((time.perf_counter() - started) * 1000)
            await asyncio.sleep(0.05)


def latency(place: Nation, key: str, wanted: list[str], size: float) -> list[Row]:
    """Camera to console under the load of a national peak, searches running. Each listed plate is read once, now."""
    seconds = max(3, round(20 * size))
    token, analyst = place.token("control"), place.token("analyst")
    maker = Maker(["ZZ99ZZZ"], seed=11)
    arrivals: dict[str, float] = {}
    sent: dict[str, float] = {}
    searches: list[float] = []

    async def run() -> tuple[Outcome, Outcome]:
        ready = asyncio.Event()
        listener = asyncio.create_task(_listen(place.port, token, arrivals, ready))
        await ready.wait()
        until = time.monotonic() + seconds
        rng = np.random.default_rng(5)
        sizes = rng.integers(20, 101, seconds * 3_300 // 60)
        bulk = [request(PATH, key, NDJSON, maker.ndjson(int(count))) for count in sizes]

        async def probe() -> Outcome:
            """Listed plates as single events, stamped as they are sent."""
            reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
            outcome = Outcome()
            for number, vrm in enumerate(wanted[: seconds * 20]):
                now = time.time()
                item = {"camera": f"cam-{number % CAMERAS}", "vrm": vrm, "captured_at": to_rfc3339(int(now * 1000)), "confidence": 0.95}
                sent[vrm] = now
                writer.write(request(PATH, key, JSON, json.dumps(item).encode()))
                head = await reader.readuntil(b"\r\n\r\n")
                at = head.lower().find(b"content-length:")
                await reader.readexactly(int(head[at + 15 :].split(b"\r\n", 1)[0]))
                status = int(head[9:12])
                outcome.statuses[status] = outcome.statuses.get(status, 0) + 1
                await asyncio.sleep(max(0.0, 0.05 - (time.time() - now)))
            writer.close()
            return outcome

        singles = [request(PATH, key, JSON, json.dumps(item).encode()) for item in maker.items(seconds * 180)]
        results = await asyncio.gather(
            pace(place.port, bulk, len(bulk) / seconds, connections=16),
            pace(place.port, singles, 180, connections=16),
            probe(),
            *(_search(place.port, analyst, until, searches) for _ in range(2)),
        )
        deadline = time.monotonic() + 15
        while len(arrivals) < len(sent) and time.monotonic() < deadline:
            await asyncio.sleep(0.1)
        listener.cancel()
        return results[0], results[1]

    bulk_outcome, single_outcome = uvloop.run(run())
    assert set(bulk_outcome.statuses) | set(single_outcome.statuses) == {202}
    delays = [(arrivals[vrm] - at) * 1000 for vrm, at in sent.items() if vrm in arrivals]
    missing = len(sent) - len(delays)
    p50, p99 = percentile(delays, 0.5), percentile(delays, 0.99)
    beside = f"{len(searches)} searches beside, p95 {percentile(searches, 0.95):.0f} ms; p50 {p50:.0f} ms; {missing} of {len(sent)} missing"
    return [
        Row(
            "camera to console p99 at 3,300 + 200 reads/s",
            f"{p99:.0f} ms",
            beside,
            f"{p99 / 500:.2f} of limit",
            "500 ms",
            p99 <= 500 and not missing,
        )
    ]


def _await_port(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", data=b"x").close()
        except urllib.error.URLError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the raw application did not start")


def run(size: float = 1.0) -> list[Row]:
    """`size` 1 is the full bench; smaller ones send less for less long, against a smaller list."""
    rng = np.random.default_rng(1)
    listed = sorted(set(plates(rng, max(2_000, round(1_000_000 * size)))))
    with nation() as place:
        key = place.source("bench", "native")
        place.voi_list("bench", listed)
        maker = Maker(listed)
        rows = single(place, key, maker, size)
        rows += batches(place, key, maker, size)
        rows += pictures(place, key, maker, size)
        rng.shuffle(listed)
        rows += latency(place, key, listed, size)
    return rows
