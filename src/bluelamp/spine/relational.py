"""PostgreSQL: a pool, transactions, notifications that survive a restart of the server, and migrations."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from importlib.resources.abc import Traversable
from typing import Any, NamedTuple, TypeAlias

import asyncpg
import msgspec

from bluelamp.spine.errors import EngineDownError
from bluelamp.spine.steady import start_steadily

log = logging.getLogger(__name__)

Connection: TypeAlias = asyncpg.Connection
Record: TypeAlias = asyncpg.Record

MIGRATION_LOCK = 7_245_001
UNREACHABLE = (
    OSError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError, asyncpg.InterfaceError, asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError, asyncpg.CrashShutdownError, asyncpg.InternalClientError,
)  # fmt: skip
"""What a driver call raises while the server is away: worth repeating, unlike an error in the statement. The last is what the driver says
of a connection that was given out between the server's last word on it and its end."""


async def _prepare(connection: Connection) -> None:
    """JSON columns are Python values on both sides."""
    for name in ("json", "jsonb"):
        await connection.set_type_codec(
            name,
            encoder=lambda value: msgspec.json.encode(value).decode(),
            decoder=msgspec.json.decode,
            schema="pg_catalog",
        )


class Database:
    """The records of the platform. One per process."""

    def __init__(self, url: str, pool: asyncpg.Pool) -> None:
        self.url = url
        self._pool = pool
        self._listeners: set[asyncio.Task[None]] = set()
        self._turns: dict[int, asyncio.Lock] = {}

    @classmethod
    async def open(cls, url: str, connections_max: int = 12) -> Database:
        """Raises `EngineDownError` where the server does not answer."""
        try:
            pool = await asyncpg.create_pool(url, min_size=1, max_size=connections_max, init=_prepare, command_timeout=60)
        except UNREACHABLE as error:
            raise EngineDownError(f"PostgreSQL does not answer: {error}") from error
        return cls(url, pool)

    async def close(self) -> None:
        for listener in self._listeners:
            listener.cancel()
        await asyncio.gather(*self._listeners, return_exceptions=True)
        try:
            await asyncio.wait_for(self._pool.close(), 5)
        except TimeoutError:
            self._pool.terminate()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        try:
            async with self._pool.acquire(timeout=10) as connection:
                yield connection
        except (*UNREACHABLE, TimeoutError) as error:
            raise EngineDownError("PostgreSQL does not answer; try again in a moment") from error

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """All or nothing: a change, its audit entry and its event belong in one of these."""
        async with self.connection() as connection, connection.transaction():
            yield connection

    @asynccontextmanager
    async def exclusively(self, number: int) -> AsyncIterator[None]:
        """One at a time in all processes, by an advisory lock that falls with the process.

        Who waits in this process waits without a connection: otherwise a few that wait would leave none to the one that works.
        """
        async with self._turns.setdefault(number, asyncio.Lock()), self.connection() as connection:
            await connection.execute("SELECT pg_advisory_lock($1)", number)
            try:
                yield
            finally:
                if not connection.is_closed():
                    await connection.execute("SELECT pg_advisory_unlock($1)", number)

    async def fetch(self, sql: str, *values: Any) -> list[Record]:
        async with self.connection() as connection:
            return await connection.fetch(sql, *values)  # type: ignore[no-any-return]

    async def fetchrow(self, sql: str, *values: Any) -> Record | None:
        async with self.connection() as connection:
            return await connection.fetchrow(sql, *values)

    async def fetchval(self, sql: str, *values: Any) -> Any:
        async with self.connection() as connection:
            return await connection.fetchval(sql, *values)

    async def execute(self, sql: str, *values: Any) -> str:
        async with self.connection() as connection:
            return await connection.execute(sql, *values)  # type: ignore[no-any-return]

    def listen(self, channel: str, wake: Callable[[], None], hear: Callable[[str], None] | None = None) -> Callable[[], object]:
        """Call `wake` for every NOTIFY on `channel`, and once after each (re)connection, since some may have been missed.

        With `hear`, a NOTIFY goes there with its payload, and `wake` is left with the (re)connections. It has a connection of its own until
        the database is closed, or what it returns is called: work that begins again does that, or it has one more each time.
        """
        told = hear or (lambda _payload: wake())
        # Whatever it fails of, too many connections or a password that was changed: what is remembered would stay stale without it.
        listener = start_steadily(f"listen-{channel}", partial(self._listen, channel, wake, told))
        self._listeners.add(listener)
        listener.add_done_callback(self._listeners.discard)
        return listener.cancel

    async def _listen(self, channel: str, wake: Callable[[], None], hear: Callable[[str], None]) -> None:
        while True:
            try:
                connection = await asyncpg.connect(self.url, timeout=10)
                try:
                    gone = asyncio.Event()
                    connection.add_termination_listener(lambda _connection: gone.set())  # noqa: B023 - one per round
                    await connection.add_listener(channel, lambda *told: hear(told[-1]))
                    wake()
                    await gone.wait()
                finally:
                    await connection.close(timeout=2)
            except (*UNREACHABLE, TimeoutError) as error:
                log.warning("listening on %s was interrupted, trying again: %s", channel, error)
            await asyncio.sleep(0.25)


class Migration(NamedTuple):
    """One numbered step of a component's schema."""

    component: str
    number: int
    name: str
    sql: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def read_migrations(component: str, folder: Traversable) -> list[Migration]:
    """The files `NNNN_name.sql` of a folder, in order."""
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return [Migration(component, int(f.name[:4]), f.name.removesuffix(".sql"), f.read_text("utf-8")) for f in files]


class MigrationError(Exception):
    """The schema in the store and the files of this version do not fit."""


def pending(migrations: list[Migration], applied: dict[tuple[str, int], str]) -> list[Migration]:
    """Those still to apply.

    Raises:
        MigrationError: a file that was applied has changed since, or the store is from a newer version.
    """
    known = {(m.component, m.number) for m in migrations}
    newer = sorted(set(applied) - known)
    if newer:
        raise MigrationError(
            f"the store holds migrations this version does not know ({newer[0][0]} {newer[0][1]:04d}): use the newer version"
        )
    for m in migrations:
        if applied.get((m.component, m.number), m.digest) != m.digest:
            raise MigrationError(f"migration {m.component}/{m.name} was applied in another form: a released migration must not be edited")
    return [m for m in migrations if (m.component, m.number) not in applied]


async def migrate(database: Database, migrations: list[Migration]) -> list[Migration]:
    """Bring the schema up to date, one transaction a step; safe beside other processes doing the same. Returns what was applied."""
    async with database.connection() as connection:
        await connection.execute("SELECT pg_advisory_lock($1)", MIGRATION_LOCK)
        try:
            await connection.execute(
                "CREATE TABLE IF NOT EXISTS migrations (component text, number int, name text NOT NULL, digest text NOT NULL,"
                " applied_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (component, number))"
            )
            rows = await connection.fetch("SELECT component, number, digest FROM migrations")
            todo = pending(migrations, {(r["component"], r["number"]): r["digest"] for r in rows})
            for m in todo:
                async with connection.transaction():
                    await connection.execute(m.sql)
                    await connection.execute("INSERT INTO migrations VALUES ($1, $2, $3, $4)", m.component, m.number, m.name, m.digest)
                log.info("applied migration %s/%s", m.component, m.name)
        finally:
            await connection.execute("SELECT pg_advisory_unlock($1)", MIGRATION_LOCK)
    return todo
