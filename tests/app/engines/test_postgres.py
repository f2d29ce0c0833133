"""PostgreSQL under our own supervision: as whom it runs, where its socket is, who may enter."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path

import asyncpg
import psutil
import pytest

from bluelamp.app.engines import postgres
from bluelamp.app.engines.data_folder import DataFolder
from bluelamp.app.engines.errors import NoUnprivilegedUserError
from bluelamp.app.engines.processes import Child

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")


async def ask(url: str, sql: str = "SELECT current_user || ' ' || current_database()") -> str:
    connection = await asyncpg.connect(url, timeout=5)
    try:
        return str(await connection.fetchval(sql))
    finally:
        await connection.close()


def started(root: Path) -> tuple[Child, str]:
    folder = DataFolder.open(root)
    program, url = postgres.prepare(folder)
    child = Child(program)
    child.start()
    child.wait_ready()
    postgres.ensure_database(url, folder.secret("postgres"))
    return child, url


def test_it_wants_a_password_and_listens_on_no_network(place):
    child, url = started(place / "data")
    try:
        assert asyncio.run(ask(url)) == "bluelamp bluelamp"
        assert asyncio.run(ask(url, "SHOW password_encryption")) == "scram-sha-256"
        wrong = url.replace(url.split(":")[2].split("@")[0], "wrong")
        with pytest.raises(asyncpg.InvalidPasswordError):
            asyncio.run(ask(wrong))
        assert [
            c for c in psutil.Process(child.pid).net_connections() if c.status == psutil.CONN_LISTEN and c.family.name != "AF_UNIX"
        ] == []
        sockets = Path(url.partition("?host=")[2])
        assert sockets.stat().st_mode & 0o077 == 0
    finally:
        child.stop()


def test_a_long_path_gets_a_short_private_socket_folder_that_is_kept(place):
    deep = place / ("x" * 60) / ("y" * 60)
    deep.mkdir(parents=True)
    child, url = started(deep / "data")
    try:
        sockets = Path(url.partition("?host=")[2])
        assert len(str(sockets)) < postgres.SOCKET_FOLDER_BYTES_MAX
        assert asyncio.run(ask(url)) == "bluelamp bluelamp"
    finally:
        child.stop()
    child, again = started(deep / "data")
    child.stop()
    assert again == url
    sockets.rmdir()


def test_a_cluster_that_was_half_made_is_made_anew(place):
    folder = DataFolder.open(place / "data")
    (folder.root / "postgres.new").mkdir()
    (folder.root / "postgres.new/PG_VERSION").write_text("18")
    child, url = started(folder.root)
    try:
        assert asyncio.run(ask(url)) == "bluelamp bluelamp"
    finally:
        child.stop()
    assert not (folder.root / "postgres.new").exists()


@as_root
def test_root_becomes_nobody_where_nobody_may_pass(place):
    child, _ = started(place / "data")
    try:
        assert psutil.Process(child.pid).username() == "nobody"
        assert (place / "data/postgres").stat().st_uid != 0
    finally:
        child.stop()


@as_root
def test_root_under_a_closed_folder_uses_a_namespace_or_says_what_to_do(monkeypatch):
    with tempfile.TemporaryDirectory(prefix="bl-") as closed:
        folder = DataFolder.open(Path(closed) / "data")
        if postgres.can_enter_namespace(postgres.Identity(65534, 65534, namespace=True)):
            child, url = started(folder.root)
            try:
                assert asyncio.run(ask(url)) == "bluelamp bluelamp"
                assert (folder.root / "postgres").stat().st_uid == 0
            finally:
                child.stop()
        monkeypatch.setattr(postgres, "can_enter_namespace", lambda _: False)
        with pytest.raises(NoUnprivilegedUserError, match="cannot reach"):
            postgres.prepare(folder)
