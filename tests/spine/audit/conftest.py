"""A PostgreSQL of these tests' own, since they tamper with it: a tree is grown once, and each test gets a copy."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from bluelamp.app.engines import postgres
from bluelamp.app.engines.data_folder import DataFolder
from bluelamp.app.engines.processes import Child
from bluelamp.app.wiring import MODULES, migrations_of
from bluelamp.kit.clock import Clock, now_ms
from bluelamp.kit.ids import new_id
from bluelamp.spine import audit, relational
from bluelamp.spine.audit.checkpoints import Checkpointer
from bluelamp.spine.audit.sequencer import Sequencer
from bluelamp.spine.audit.settings import AuditSettings
from bluelamp.spine.config import PlatformSettings
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Database

OFFICER = audit.Actor("u1", "officer", "KEN")
ROUNDS = 4
LOOKS = 45
"""In each round, then a check-point: 4 x 90 leaves, so that the tree has a node of 256 leaves and a ragged edge."""


@dataclass
class Records:
    """A database and its second place."""

    url: str
    folder: Path

    @property
    def place(self) -> Path:
        return self.folder / "checkpoints"

    def spine(self, db: Database, clock: Clock = now_ms) -> Spine:
        empty: Any = None
        return Spine(PlatformSettings(data=self.folder), db, empty, empty, empty, empty, clock)

    def sql(self, *statements: str) -> None:
        """As a database administrator would, with all triggers off."""

        async def work() -> None:
            connection = await asyncpg.connect(self.url)
            await connection.execute("SET session_replication_role = replica")
            for statement in statements:
                await connection.execute(statement)
            await connection.close()

        asyncio.run(work())

    def value(self, statement: str, *values: Any) -> Any:
        async def work() -> Any:
            connection = await asyncpg.connect(self.url)
            try:
                return await connection.fetchval(statement, *values)
            finally:
                await connection.close()

        return asyncio.run(work())


async def look(db: Database, subject: str, count: int = 1) -> str:
    why = audit.Purpose("test", 'case "A\\1" \u2028 \x7f\x01 é 🚓')
    entry = await audit.intend(db, OFFICER, "test.look", subjects=(subject, "x"), why=why, detail={"n": 1.5, "t": "\u0000"[:0] + "ü"})
    await audit.conclude(db, entry, "answered", count)
    return entry


async def grow(records: Records, rounds: int = ROUNDS, looks: int = LOOKS) -> None:
    """Looks, their places and a check-point, several times."""
    db = await Database.open(records.url)
    try:
        sequencer = Sequencer()
        checkpointer = Checkpointer(records.spine(db), AuditSettings())
        for _ in range(rounds):
            for number in range(looks):
                await look(db, f"PL{number}ATE")
            await sequencer.drain(db)
            assert await checkpointer.make() is not None
    finally:
        await db.close()


@dataclass
class Server:
    """A running PostgreSQL with the grown tree in `template`."""

    url: str
    place: Path
    root: Path

    async def admin(self, statement: str) -> None:
        connection = await asyncpg.connect(self.url.replace("/bluelamp?", "/postgres?"))
        await connection.execute(statement)
        await connection.close()

    @contextmanager
    def copy(self, *, empty: bool = False) -> Iterator[Records]:
        name = f"t{new_id().lower()}"
        asyncio.run(self.admin(f"CREATE DATABASE {name} TEMPLATE {'bare' if empty else 'bluelamp'}"))
        folder = Path(tempfile.mkdtemp(prefix="bl-audit-", dir=self.root))
        if not empty:
            shutil.copytree(self.place, folder / "checkpoints")
            shutil.copytree(self.place.parent / "secrets", folder / "secrets")
        try:
            yield Records(self.url.replace("/bluelamp?", f"/{name}?"), folder)
        finally:
            asyncio.run(self.admin(f"DROP DATABASE {name} WITH (FORCE)"))


async def _migrate(url: str) -> None:
    db = await Database.open(url)
    await relational.migrate(db, migrations_of((MODULES[0],), "postgres"))
    await db.close()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    root = Path(tempfile.mkdtemp(prefix="bl-"))
    root.chmod(0o711)
    folder = DataFolder.open(root / "data")
    program, url = postgres.prepare(folder)
    child = Child(program)
    child.start()
    try:
        child.wait_ready()
        postgres.ensure_database(url, folder.secret("postgres"))
        asyncio.run(_migrate(url))
        found = Server(url, folder.root / "checkpoints", root)
        asyncio.run(found.admin("CREATE DATABASE bare TEMPLATE bluelamp"))
        asyncio.run(grow(Records(url, folder.root)))
        yield found
    finally:
        child.stop()
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture
def grown(server: Server) -> Iterator[Records]:
    """A copy of the grown tree."""
    with server.copy() as records:
        yield records


@pytest.fixture
def empty(server: Server) -> Iterator[Records]:
    """The schema alone."""
    with server.copy(empty=True) as records:
        yield records
