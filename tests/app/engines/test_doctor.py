"""The doctor finds each trouble, says how to mend it, and changes nothing."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from dataclasses import replace

import nats
import pytest

from bluelamp.app.engines import doctor, growth
from bluelamp.app.engines.data_folder import MARKER, DataFolder, free_port
from bluelamp.app.engines.group import running_engines
from bluelamp.spine.config import PlatformSettings


def settings(data, **given: object) -> PlatformSettings:
    return PlatformSettings(data=data, port=given.pop("port", free_port()), **given)


def found(told: PlatformSettings, level: str) -> dict[str, doctor.Finding]:
    return {finding.subject: finding for finding in doctor.examine(told)[0] if finding.level == level}


def test_an_empty_place_is_well_and_stays_empty(place):
    assert found(settings(place / "data"), "problem") == {}
    assert not (place / "data").exists()


def test_a_running_set_of_engines_is_well(place):
    with running_engines(place / "data") as engines:
        told = settings(place / "data", **vars(engines.urls))
        assert found(told, "problem") == {}
        assert {"postgresql", "nats", "clickhouse", "blobs"} <= set(found(told, "ok"))


@pytest.mark.heavy
def test_an_engine_that_is_gone_is_named_and_the_others_are_still_looked_at(place):
    with running_engines(place / "data") as engines:
        engines.children["nats"].stop()
        told = settings(place / "data", **vars(engines.urls))
        assert set(found(told, "problem")) == {"nats"}
        assert {"postgresql", "clickhouse", "blobs"} <= set(found(told, "ok"))
        address = "http://bluelamp:wrong@" + engines.urls.columnar_url.split("@")[1]
        wrong = settings(place / "data", **vars(replace(engines.urls, columnar_url=address)))
        assert "Authentication failed" in found(wrong, "problem")["clickhouse"].message


def test_a_foreign_and_a_newer_folder(place):
    (place / "cat.jpg").write_bytes(b"meow")
    assert "is not Bluelamp's" in found(settings(place), "problem")["data folder"].message
    data = place / "data"
    data.mkdir()
    (data / MARKER).write_text(json.dumps({"product": "bluelamp", "format": 99}))
    assert "newer Bluelamp" in found(settings(data), "problem")["data folder"].message


def test_a_taken_port_and_an_open_secret(place):
    folder = DataFolder.open(place / "data")
    folder.secret("nats")
    (folder.root / "secrets/nats").chmod(0o644)
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        problems = found(settings(folder.root, port=holder.getsockname()[1]), "problem")
    assert problems["secrets"].remedy.startswith("chmod 600 ")
    assert "is taken by another program" in problems["platform"].message


@pytest.mark.parametrize(("days", "level"), [(1, "problem"), (10, "warning"), (1000, "ok")])
def test_the_disk_is_forecast_from_its_growth(place, monkeypatch, days, level):
    folder = DataFolder.open(place / "data")
    (folder.blobs / "pack").write_bytes(b"x" * (8 << 20))
    growth.note(folder, now=time.time() - growth.DAY)
    (folder.blobs / "more").write_bytes(b"x" * (8 << 20))
    grown = growth.forecast(folder).growth_bytes_a_day
    assert grown == pytest.approx(8 << 20, rel=0.02)
    free = int(grown * days)
    monkeypatch.setattr(growth.shutil, "disk_usage", lambda _: type("Usage", (), {"free": free})())
    monkeypatch.setenv("BLUELAMP_DISK_FREE_MIN", "0")
    told = settings(folder.root)
    assert f"full in {days} days" in found(told, level)["disk"].message


def test_growth_is_noted_once_an_hour_and_for_two_weeks(place):
    folder = DataFolder.open(place / "data")
    start = time.time()
    for hour in range(growth.NOTES_MAX + 10):
        growth.note(folder, now=start + hour * growth.HOUR)
        growth.note(folder, now=start + hour * growth.HOUR + 60)
    notes = json.loads((folder.run / "growth.json").read_text())
    assert len(notes) == growth.NOTES_MAX
    assert notes[1][0] - notes[0][0] == pytest.approx(growth.HOUR)


def test_falls_and_backups_are_remembered(place):
    folder = DataFolder.open(place / "data")
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    line = f"{now} nats ended (exit code -9); starting it again in 0.2 s\n"
    (folder.logs / "supervisor.log").write_text("2020-01-01T00:00:00Z api ended (exit code 1); …\n" + line * 3)
    warnings = found(settings(folder.root), "warning")
    assert "nats fell 3 times" in warnings["nats"].message
    assert "api" not in warnings
    assert "No backup" in warnings["backup"].message
    doctor.note_backup(folder.root, place / "copy.tar")
    assert "backup" in found(settings(folder.root), "ok")


def test_a_consumer_that_is_behind_is_told(place):
    async def lag(url: str) -> None:
        client = await nats.connect(url)
        jetstream = client.jetstream()
        await jetstream.add_stream(name="S", subjects=["s"])
        await jetstream.pull_subscribe("", durable="slow", stream="S")
        for _ in range(5):
            await jetstream.publish("s", b"")
        await client.close()

    with running_engines(place / "data") as engines:
        asyncio.run(lag(engines.urls.nats_url))
        doctor_pending, doctor.PENDING_WARNED = doctor.PENDING_WARNED, 3
        try:
            warnings = found(settings(place / "data", **vars(engines.urls)), "warning")
        finally:
            doctor.PENDING_WARNED = doctor_pending
    assert "slow of S is 5 messages behind" in warnings["nats"].message
