"""The platform as a group of processes: what falls comes back, nothing is left behind, the order of the end."""

from __future__ import annotations

import asyncio
import json
import socket
import urllib.request
from pathlib import Path

import asyncpg
import psutil
import pytest

from bluelamp.app.engines.data_folder import MARKER, DataFolder, free_port
from bluelamp.app.engines.group import EngineUrls
from bluelamp.app.engines.processes import started_at
from bluelamp.app.engines.supervisor import Address, Supervisor
from tests.app.engines.conftest import wait_until
from tests.app.engines.platform_process import STAND_IN

NAMES = ("nats", "columnar", "postgres", "api", "worker")


def test_it_starts_answers_and_stops_cleanly_in_order(platform_on):
    platform = platform_on()
    assert platform.ready, platform.said
    assert urllib.request.urlopen(f"http://127.0.0.1:{platform.port}/healthz").status == 200
    children = [platform.child(name) for name in NAMES]
    assert all(children)
    urls = json.loads((platform.data / "run/engines.json").read_text())["urls"]
    assert urls["database_url"].startswith("postgresql://")
    platform.stop()
    assert platform.process.returncode == 0
    assert not any(child.is_running() for child in children)
    assert (platform.data / "ended").read_text().split() == ["api", "worker"]
    assert not (platform.data / "run/engines.json").exists()


def test_secrets_are_readable_by_their_owner_only(platform_on):
    platform = platform_on()
    assert platform.ready, platform.said
    for path in (*(platform.data / "secrets").iterdir(), platform.data / "run/engines.json", platform.data / "run/nats.conf"):
        assert path.stat().st_mode & 0o077 == 0, path
    assert (platform.data / "postgres").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", NAMES)
def test_what_is_killed_comes_back_at_the_same_address(platform_on, name):
    platform = platform_on()
    assert platform.ready, platform.said
    before = json.loads((platform.data / "run/engines.json").read_text())
    killed = platform.child(name)
    killed.kill()

    def back() -> bool:
        child = platform.child(name)
        return child is not None and child.pid != killed.pid and child.is_running()

    wait_until(back)
    assert json.loads((platform.data / "run/engines.json").read_text()) == before
    assert f"{name} ended" in (platform.data / "logs/supervisor.log").read_text()


def test_no_orphan_outlives_a_killed_supervisor_and_the_next_start_succeeds(platform_on):
    platform = platform_on()
    assert platform.ready, platform.said
    children = [platform.child(name) for name in NAMES]
    platform.process.kill()
    platform.process.wait()
    wait_until(lambda: not any(started_at(child.pid) == child.create_time() for child in children))
    again = platform_on(platform.data, platform.port)
    assert again.ready, again.said


def test_children_left_by_another_supervisor_are_ended_but_a_stranger_with_the_same_number_is_not(platform_on, place):
    data = place / "data"
    first = platform_on(data)
    assert first.ready
    first.stop()
    me = psutil.Process()
    # This very test process under a wrong start time: a number that was given out again.
    (data / "run/children.json").write_text(json.dumps([{"name": "nats", "pid": me.pid, "started": me.create_time() - 100}]))
    assert platform_on(data).ready
    assert me.is_running()


def test_a_second_instance_on_the_same_data_is_refused_and_the_first_goes_on(platform_on):
    first = platform_on()
    assert first.ready, first.said
    second = platform_on(first.data)
    assert second.said.startswith("folder_in_use Another Bluelamp (process ")
    assert str(first.process.pid) in second.said
    assert urllib.request.urlopen(f"http://127.0.0.1:{first.port}/healthz").status == 200
    assert first.child("postgres").is_running()


def test_a_taken_port_is_named_and_nothing_was_started(platform_on, place):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        platform = platform_on(place / "data", port)
        assert platform.said.startswith(f"port_taken Port {port} of 127.0.0.1 is taken")
        assert not (place / "data/postgres").exists()


def test_a_failed_migration_stops_the_start_and_leaves_nothing_running(platform_on, place, monkeypatch):
    monkeypatch.setenv("STAND_IN_MIGRATE_EXIT", "3")
    platform = platform_on()
    assert platform.said.startswith("engine_did_not_start The stores could not be brought up to date")
    platform.process.wait(30)
    assert json.loads((platform.data / "run/children.json").read_text()) == []


def test_a_foreign_folder_is_left_as_it_is(platform_on, place):
    foreign = place / "photos"
    foreign.mkdir()
    (foreign / "cat.jpg").write_bytes(b"meow")
    platform = platform_on(foreign)
    assert platform.said.startswith("foreign_folder")
    assert [path.name for path in foreign.iterdir()] == ["cat.jpg"]


def test_a_newer_folder_is_left_as_it_is(platform_on, place):
    data = place / "data"
    data.mkdir()
    (data / MARKER).write_text(json.dumps({"product": "bluelamp", "format": 99, "id": "x"}))
    platform = platform_on(data)
    assert platform.said.startswith("newer_folder")
    assert [path.name for path in data.iterdir()] == [MARKER]


def test_a_full_disk_is_told_before_anything_is_written(platform_on, place, monkeypatch):
    monkeypatch.setenv("BLUELAMP_DISK_FREE_MIN", str(1 << 60))
    platform = platform_on(place / "data")
    assert platform.said.startswith("disk_full Only ")
    assert not (place / "data").exists()


def test_a_broken_engine_is_told_with_its_own_words_and_the_others_are_ended(platform_on, place):
    data = place / "data"
    first = platform_on(data)
    assert first.ready
    first.stop()
    (data / "postgres/PG_VERSION").write_text("9.6\n")
    second = platform_on(data)
    assert second.said.startswith("engine_did_not_start postgres ended at once")
    rest = second.process.stdout.read()
    assert "database files are incompatible with server" in rest
    wait_until(lambda: not _processes_on(data))


def _processes_on(data: Path) -> list[int]:
    running = psutil.process_iter(["cmdline"])
    return [process.pid for process in running if any(str(data) in word for word in process.info["cmdline"] or [])]


def test_an_engine_given_by_url_is_not_started(engines, place):
    folder = DataFolder.open(place / "data")
    given = EngineUrls(database_url=engines.database_url, columnar_url=engines.columnar_url)
    supervisor = Supervisor(folder, Address("127.0.0.1", free_port()), given, STAND_IN)
    with supervisor.running():
        assert set(supervisor.children) == {"nats", "api", "worker"}
        assert supervisor.urls.database_url == engines.database_url
        assert not folder.postgres.exists()
    assert asyncio.run(still_answers(engines.database_url)) == 1


async def still_answers(url: str) -> int:
    connection = await asyncpg.connect(url)
    answer = await connection.fetchval("SELECT 1")
    await connection.close()
    return answer
