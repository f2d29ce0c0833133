"""What the limits and headers at the edge cost a machine's door: the floor (bench/raw_app.py) with and without them. `python -m bench edges`.

Both serve the same do-nothing application in processes of their own and are asked in turn; what counts is the processor time that
each took, so that whatever else the machine does adds little.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from contextlib import ExitStack

import psutil
import uvloop

from bench.intake import JSON, PATH, _await_port
from bench.load import drive, request
from bench.nation import free_port
from bench.table import Row

PROGRAM = """
import sys, uvicorn
from bench.raw_app import app
options = dict(host="127.0.0.1", port=int(sys.argv[1]), loop="uvloop", log_level="warning")
if sys.argv[2] == "plain":
    uvicorn.run(app, http="httptools", access_log=False, **options)
else:
    from bluelamp.app.connection import SERVER
    from bluelamp.app.frame import DoorFrame
    door = DoorFrame("/v1/anpr/intake/", app, strict_transport=True)
    async def framed(scope, receive, send):
        await (app if scope["type"] == "lifespan" else door)(scope, receive, send)
    uvicorn.run(framed, **SERVER, **options)
"""
INTAKE_US = 350
"""About what one event a request takes of a processor end to end (docs/benchmarks.md): what the edge's microseconds are held against."""


def _processor_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def run(size: float = 1.0) -> list[Row]:
    """Rounds of requests to each in turn; the median of each."""
    rounds, count = 7, max(2_000, round(20_000 * size))
    body = json.dumps({"camera": "cam-1", "vrm": "AB12CDE", "captured_at": "2026-11-21T12:00:00.000Z", "confidence": 0.95}).encode()
    wanted = [request(PATH, "k" * 43, JSON, body)] * count
    took: dict[str, list[float]] = {"plain": [], "edge": []}
    with ExitStack() as stack:
        ports: dict[str, int] = {}
        servers: dict[str, psutil.Process] = {}
        for kind in took:
            ports[kind] = free_port()
            process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(ports[kind]), kind], stdin=subprocess.DEVNULL)
            servers[kind] = psutil.Process(process.pid)
            stack.callback(process.wait)
            stack.callback(process.terminate)
            _await_port(ports[kind])
        for _ in range(rounds):
            for kind, port in ports.items():
                before = _processor_s(servers[kind])
                outcome = uvloop.run(drive(port, wanted, connections=8))
                assert set(outcome.statuses) == {202}
                took[kind].append((_processor_s(servers[kind]) - before) / count * 1e6)
    plain, edge = (statistics.median(took[kind]) for kind in ("plain", "edge"))
    return [
        Row(
            "edge around a door: limits, 8 headers, metrics",
            f"{edge:.0f} µs/request",
            f"the floor without, {plain:.0f} µs; {edge - plain:+.0f} µs beside {INTAKE_US} µs of one event",
            f"{1 + (edge - plain) / INTAKE_US:.2f}",
            "1.10",
            (edge - plain) / INTAKE_US <= 0.10,
        )
    ]
