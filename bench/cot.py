"""CoT fan-out over plain TCP on loopback: our gateway, a bare asyncio relay and `taky`, under the same load. `python -m bench cot`.

Server and load are processes of their own (bench/cot_servers.py, bench/cot_load.py). `taky` (MIT) is installed into a scratch
environment of its own; it is no part of the project.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.nation import free_port
from bench.table import Row

CLIENTS = 200
LIMIT_MS = 100.0
RATE_MAX = 12_800
TAKY = Path(tempfile.gettempdir()) / "bluelamp-bench-taky"


def _taky() -> list[str]:
    """The command that starts taky, installed at the first run; empty where it cannot be had."""
    program = TAKY / "bin/taky"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", str(TAKY)], check=True)
        done = subprocess.run(
            [str(TAKY / "bin/pip"), "install", "-q", "taky==0.10", "setuptools<81"], check=False, stderr=subprocess.DEVNULL
        )
        if done.returncode:
            return []
    return [str(program)]


@contextmanager
def _serving(which: str) -> Iterator[int]:
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "bench.cot_servers", which, str(port)]
        if which == "taky":
            configuration = Path(folder) / "taky.conf"
            configuration.write_text(
                f"[taky]\nhostname=localhost\nbind_ip=127.0.0.1\nroot_dir={folder}\n[cot_server]\nport={port}\n[dp_server]\nupload_path={folder}\n"
            )
            command = [*_taky(), "-c", str(configuration)]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _await_port(port)
            yield port
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _await_port(port: int) -> None:
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"nobody listens on port {port}")


TRIES = 3
"""Windows of which the best counts: what else runs on the machine only ever makes one worse."""


def measure(which: str, tries: int = TRIES, **asked: Any) -> dict[str, Any]:
    """The best of some windows of load, each against a fresh server."""
    return min((_window(which, **asked) for _ in range(tries)), key=lambda found: (found["p99"], found["slow_age_ms_max"]))


def _window(which: str, **asked: Any) -> dict[str, Any]:
    with _serving(which) as port:
        done = subprocess.run(
            [sys.executable, "-m", "bench.cot_load", json.dumps({"port": port, "hello": which == "taky", **asked})],
            check=True, capture_output=True, timeout=120,
        )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def limit(which: str, rate: int, seconds: float) -> tuple[int, dict[str, Any]]:
    """The highest rate of events whose p99 stays under the limit and which is delivered whole, to about 10%, and how it went there."""
    best: tuple[int, dict[str, Any]] = (0, {})
    low, high = 0, 0
    while rate <= RATE_MAX and (not high or high > low * 1.12):
        found = measure(which, clients=CLIENTS, rate=rate, seconds=seconds, tries=2)
        whole = found["deliveries_per_s"] >= 0.97 * rate * CLIENTS
        if found["p99"] < LIMIT_MS and whole and not found["lost"]:
            low, best = rate, (rate, found)
            rate = rate * 2 if not high else (low + high) // 2
        else:
            high = rate
            rate = (low + high) // 2
    return best


def _at(found: dict[str, Any]) -> str:
    return f"{found['deliveries_per_s']:,.0f}/s at p99 {found['p99']:.0f} ms"


def run(size: float = 1.0) -> list[Row]:
    seconds = max(2.0, 8.0 * size)
    ours = measure("ours", clients=CLIENTS, rate=400, seconds=seconds)
    relay = measure("relay", clients=CLIENTS, rate=400, seconds=seconds)
    rows = [
        Row(
            "200 clients x 400 events/s", _at(ours), f"bare relay {_at(relay)}", f"{ours['deliveries_per_s'] / relay['deliveries_per_s']:.2f}",
            "60,000/s, p99 < 50 ms", ours["deliveries_per_s"] >= 60_000 and ours["p99"] < 50,
        )
    ]  # fmt: skip
    slow = measure("ours", clients=CLIENTS, rate=400, seconds=seconds, slow=10, slow_bytes_per_s=20_000)
    rows.append(
        Row(
            "the same beside 10 clients that read a tenth", _at(slow), f"without them {_at(ours)}",
            f"{slow['p99'] / ours['p99']:.2f}", "the rest as before", slow["deliveries_per_s"] > 0.97 * ours["deliveries_per_s"] and slow["p99"] < 50,
        )
    )  # fmt: skip
    over = measure("ours", clients=1, rate=1600, seconds=seconds, slow=CLIENTS, slow_bytes_per_s=400_000, slow_buffer=65_536)
    rows.append(
        Row(
            "offered twice what 200 clients read", f"newest at most {over['slow_age_ms_max']:.0f} ms old", "", "", "500 ms",
            over["slow_age_ms_max"] <= 500,
        )
    )  # fmt: skip
    our_rate, at_ours = limit("ours", 1600, seconds / 2)
    relay_rate, at_relay = limit("relay", 1600, seconds / 2)
    rows.append(
        Row(
            "events/s at which p99 passes 100 ms", f"{our_rate} ({_at(at_ours)})", f"bare relay {relay_rate} ({_at(at_relay)})",
            f"{our_rate / relay_rate:.2f}", "0.60", our_rate >= 0.6 * relay_rate,
        )
    )  # fmt: skip
    if _taky():
        taky_rate, at_taky = limit("taky", 20, seconds / 2)
        told = f"taky {taky_rate} ({_at(at_taky)})" if taky_rate else "taky: none"
        rows.append(
            Row("the same against taky", f"{our_rate}", told, f"{our_rate / max(taky_rate, 1):.1f}", "5", our_rate >= 5 * taky_rate)
        )
    return rows
