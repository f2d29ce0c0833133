"""The live stream under load: devices connected, events to participants, emergencies, and a thousand that return at once. `python -m bench live`.

The platform runs as `bluelamp up` runs it, embedded engines and worker too; the devices are another process (bench/live_clients.py). Each
device is a person's of their own, follows one incident of fifty, crews a resource on it and says a position in ten seconds. Events and
emergencies come in by the API, and what is measured is from the sending of the request to the arrival at a device. An open file is needed for each
device on both sides: the soft limit is raised to the hard one.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import resource
import secrets
import subprocess
import sys
import time
from typing import Any

import httpx
import psutil

from bench.nation import Nation, nation
from bench.table import Row, percentile
from bluelamp.kit.clock import now_ms, to_rfc3339
from bluelamp.kit.ids import new_id

DEVICES, PARTICIPANTS, RETURNING = 10_000, 50, 1_000
POSITION_EVERY_S = 10.0
EVENTS, EMERGENCIES = 150, 40


class Clients:
    """The process of the devices."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self._process = subprocess.Popen([sys.executable, "-m", "bench.live_clients"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._write(plan)

    def _write(self, told: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(told).encode() + b"\n")
        self._process.stdin.flush()

    def do(self, order: str, **more: Any) -> dict[str, Any]:
        self._write({"do": order} | more)
        assert self._process.stdout is not None
        return dict(json.loads(self._process.stdout.readline()))

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


async def people(place: Nation, count: int) -> list[str]:
    """Accounts with tokens, and a resource that each crews, written as records: ten thousand by the doors would be a bench of those."""
    import asyncpg  # noqa: PLC0415

    from bluelamp.app.engines.group import recorded_urls  # noqa: PLC0415 - needs the platform's folder

    urls = recorded_urls(place.data)
    assert urls is not None
    db = await asyncpg.connect(urls.database_url)
    tokens = ["blt_" + secrets.token_urlsafe(32) for _ in range(count)]
    digests = [hashlib.sha256(token.encode()).digest() for token in tokens]
    await db.execute(
        "INSERT INTO users (id, username, name, agency, roles)"
        " SELECT 'BENCH' || n, 'bench-' || n, 'Bench ' || n, 'KEN', '{officer}' FROM generate_series(0, $1 - 1) n",
        count,
    )
    await db.execute(
        "INSERT INTO sessions (id, digest, kind, person, label, expires_at) SELECT 'BENCHS' || (n - 1), d, 'token', 'BENCH' || (n - 1), 'bench',"
        " now() + interval '1 day' FROM unnest($1::bytea[]) WITH ORDINALITY AS t (d, n)",
        digests,
    )
    await db.execute(
        "INSERT INTO resources (id, agency, call_sign, type, status, status_at, created_at)"
        " SELECT 'BENCHR' || (100000 + n), 'KEN', 'B' || n, 'car', 'available', now(), now() FROM generate_series(0, $1 - 1) n",
        count,
    )
    await db.execute(
        "INSERT INTO resource_crews (person, resource, since)"
        " SELECT 'BENCH' || n, 'BENCHR' || (100000 + n), now() - interval '1 hour' FROM generate_series(0, $1 - 1) n",
        count,
    )
    await db.close()
    return tokens


def event(kind: str, **data: Any) -> dict[str, Any]:
    return {"id": new_id(), "kind": kind, "happened_at": to_rfc3339(now_ms()), "data": data}


class Room:
    """Whoever says something by the API."""

    def __init__(self, place: Nation, tokens: list[str]) -> None:
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{place.port}", timeout=60)
        self.control = place.token("control")
        self.tokens = tokens

    def ask(self, token: str, path: str, body: dict[str, Any]) -> Any:
        answer = self.http.post(path, json=body, headers={"Authorization": f"Bearer {token}"})
        answer.raise_for_status()
        return answer.json()

    def incidents(self, count: int, each: int, devices: int) -> list[str]:
        found = []
        for number in range(count):
            body = {
                "title": f"Bench {number}",
                "type": "collision.injury",
                "grade": "I",
                "place": {"said": "M6", "latitude": 54.2, "longitude": -2.7, "source": "map"},
            }
            incident = self.ask(self.control, "/v1/incidents", body)["id"]
            crews = range(number * each, min((number + 1) * each, devices))
            sent = [event("resource.assigned", resource=f"BENCHR{100000 + crew}") for crew in crews]
            results = self.ask(self.control, f"/v1/incidents/{incident}/events", {"events": sent})["items"]
            assert all(result["state"] == "accepted" for result in results), results[:2]
            found.append(incident)
        return found

    def write(self, by: int, incident: str) -> tuple[str, float]:
        """An event of the log; its id, and when it set out."""
        said, at = event("log.written", text="two lanes closed"), time.time()
        self.ask(self.tokens[by], f"/v1/incidents/{incident}/events", {"events": [said]})
        return said["id"], at

    def press(self, by: int) -> tuple[str, float]:
        """The emergency button; the emergency's id, and when it was pressed."""
        pressed, at = new_id(), time.time()
        self.ask(self.tokens[by], "/v1/incidents/emergencies", {"id": pressed, "pressed_at": to_rfc3339(now_ms())})
        return pressed, at


def api_process(place: Nation) -> psutil.Process:
    """The process that holds the port."""
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if str(place.data) in " ".join(words) + " ".join(_environment(process)) and "serve" in words and "api" in words:
            return process
    raise RuntimeError("the API process is not there")


def _environment(process: psutil.Process) -> list[str]:
    try:
        return [value for name, value in process.environ().items() if name.startswith("BLUELAMP")]
    except psutil.Error:
        return []


def latencies(sent: dict[str, float], told: list[list[tuple[str, float]]]) -> list[float]:
    """Milliseconds from sending to each arrival of what was sent."""
    return [(at - sent[id_]) * 1000 for events in told for id_, at in events if id_ in sent]


def run(size: float = 1.0) -> list[Row]:
    devices = max(200, round(DEVICES * size))
    returning = min(max(100, round(RETURNING * size)), devices)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    print(f"open files: soft limit {soft} raised to {hard}; {devices} devices on either side", flush=True)
    with nation() as place:
        room = Room(place, asyncio.run(people(place, devices)))
        count = -(-devices // PARTICIPANTS)
        incidents = room.incidents(count, PARTICIPANTS, devices)
        plan: list[tuple[str, dict[str, Any]]] = [
            (token, {"incidents": [incidents[n // PARTICIPANTS]]}) for n, token in enumerate(room.tokens)
        ]
        plan.append((room.control, {"agency": True}))
        clients = Clients({"port": place.port, "devices": plan})
        try:
            return _measure(room, clients, api_process(place), incidents, devices, returning, 60 * min(1.0, size * 2))
        finally:
            clients.end()


def _measure(
    room: Room, clients: Clients, api: psutil.Process, incidents: list[str], devices: int, returning: int, cut_s: float
) -> list[Row]:
    empty = api.memory_info().rss
    opened = clients.do("open")
    time.sleep(6)
    each_kb = (api.memory_info().rss - empty) / (devices + 1) / 1024
    rows = [
        Row(
            "devices connected and following", f"{opened['ready'] - 1:,} in {opened['seconds']:.0f} s", "asked for", f"{(opened['ready'] - 1) / devices:.2f}",
            f"{DEVICES:,}", opened["ready"] - 1 >= devices,
        ),
        Row("memory of an idle device (RSS of the process beyond its start)", f"{each_kb:.1f} KB", "", "", "30 KB", each_kb <= 30),
    ]  # fmt: skip
    clients.do("move", every_s=POSITION_EVERY_S)
    time.sleep(2 * POSITION_EVERY_S)
    clients.do("told")
    before = api.cpu_times()
    began = time.time()
    rows += _events_and_emergencies(room, clients, incidents, devices)
    after = api.cpu_times()
    share = (after.user + after.system - before.user - before.system) / (time.time() - began)
    rows.append(Row("processor of the API process under that load", f"{share:.2f} cores", "", ""))
    rows += _return(room, clients, incidents, returning, cut_s)
    return rows


def _events_and_emergencies(room: Room, clients: Clients, incidents: list[str], devices: int) -> list[Row]:
    written: dict[str, float] = {}
    pressed: dict[str, float] = {}
    for number in range(EVENTS):
        by = number * 37 % devices
        id_, at = room.write(by, incidents[by // PARTICIPANTS])
        written[id_] = at
        if number % (EVENTS // EMERGENCIES) == 0 and len(pressed) < EMERGENCIES:
            id_, at = room.press((number * 53 + 11) % devices)
            pressed[id_] = at
        time.sleep(0.1)
    time.sleep(3)
    told = clients.do("told")
    to_all = latencies(written, told["events"])
    wanted = sum(min(PARTICIPANTS, devices - n * 37 % devices // PARTICIPANTS * PARTICIPANTS) + 1 for n in range(EVENTS))
    raised = latencies(pressed, told["events"][-1:])
    p99, urgent = percentile(to_all, 0.99), percentile(raised, 0.99)
    return [
        Row(
            f"event to every participant ({PARTICIPANTS} and the control room), p50 / p99", f"{percentile(to_all, 0.5):.0f} / {p99:.0f} ms",
            f"{len(to_all):,} of {wanted:,} arrivals", f"{len(to_all) / wanted:.3f}", "200 ms", p99 <= 200 and len(to_all) == wanted,
        ),
        Row(
            "emergency press to control room, p50 / p99", f"{percentile(raised, 0.5):.0f} / {urgent:.0f} ms",
            f"{len(raised)} of {len(pressed)} arrivals", f"{len(raised) / max(len(pressed), 1):.2f}", "500 ms", urgent <= 500 and len(raised) == len(pressed),
        ),
    ]  # fmt: skip


def _return(room: Room, clients: Clients, incidents: list[str], returning: int, cut_s: float) -> list[Row]:
    clients.do("told")
    clients.do("cut", count=returning)
    wanted: dict[str, list[str]] = {}
    began, number = time.monotonic(), 0
    while time.monotonic() - began < cut_s:
        by = number * 7 % returning
        incident = incidents[by // PARTICIPANTS]
        wanted.setdefault(incident, []).append(room.write(by, incident)[0])
        number += 1
        time.sleep(0.1)
    of = [incidents[n // PARTICIPANTS] for n in range(returning)]
    started = time.perf_counter()
    clients.do("return", count=returning)
    clients.do("caught_up", count=returning, of=of, wanted={incident: wanted.get(incident, []) for incident in incidents})
    seconds = time.perf_counter() - started
    events = clients.do("told")["events"][:returning]
    gaps = sum(len(set(wanted.get(o, ())) - {i for i, _ in told}) for told, o in zip(events, of, strict=True))
    doubles = sum(len(told) - len({i for i, _ in told}) for told in events)
    return [
        Row(
            f"{returning:,} that return at once after {cut_s:.0f} s: all caught up", f"{seconds:.1f} s", f"{number} events missed meanwhile; {gaps} gaps, {doubles} doubles", "",
            "5 s", seconds <= 5 and not gaps and not doubles,
        )
    ]  # fmt: skip


if __name__ == "__main__":
    print(run(float(os.environ.get("SIZE", "0.02"))))
