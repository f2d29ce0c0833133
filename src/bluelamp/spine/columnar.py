"""ClickHouse (or chDB behind the same HTTP interface): queries with bound parameters, Arrow inserts, migrations."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

import clickhouse_connect
import pyarrow as pa
from clickhouse_connect.driver.exceptions import DatabaseError, OperationalError

from bluelamp.spine.errors import BluelampError, EngineDownError
from bluelamp.spine.relational import Migration, pending

log = logging.getLogger(__name__)

QUERY_LIMITS = {"max_execution_time": 30, "max_result_rows": 2_000_000}
"""Every question is bounded; a caller may pass narrower or, with a reason in the code, wider ones."""

MUTATION_S_MAX = 1800.0
_MUTATION_POLL_S = 0.1
_UNDONE = """
SELECT latest_fail_reason AS why FROM system.mutations WHERE database = currentDatabase() AND table = {table:String} AND NOT is_done
"""


class QueryTooLargeError(BluelampError):
    status = 422
    code = "query_too_large"


class Columnar:
    """The history of reads, positions and measurements. One per process."""

    def __init__(self, client: Any) -> None:
        self._client = client

    @classmethod
    async def open(cls, url: str) -> Columnar:
        """Raises `EngineDownError` where the server does not answer."""
        try:
            client = await clickhouse_connect.get_async_client(dsn=url, compress=False, autogenerate_session_id=False)
        except (OperationalError, DatabaseError, OSError) as error:
            raise EngineDownError("ClickHouse does not answer") from error
        return cls(client)

    async def close(self) -> None:
        await self._client.close()

    async def query(self, sql: str, parameters: dict[str, Any] | None = None, **settings: Any) -> list[dict[str, Any]]:
        """Rows as dictionaries. `{name:Type}` in the SQL is bound from `parameters`, never formatted in.

        Raises:
            EngineDownError: the server does not answer.
            QueryTooLargeError: the query passed its limits of time, rows or memory.
        """
        try:
            result = await self._client.query(sql, parameters=parameters, settings=QUERY_LIMITS | settings)
        except (OperationalError, DatabaseError, OSError, TimeoutError) as error:
            raise _named(error) from error
        return list(result.named_results())

    async def query_arrow(self, sql: str, parameters: dict[str, Any] | None = None, **settings: Any) -> pa.Table:
        """The same, as an Arrow table: for answers of many rows."""
        try:
            rows: pa.Table = await self._client.query_arrow(sql, parameters=parameters, settings=QUERY_LIMITS | settings)
        except (OperationalError, DatabaseError, OSError, TimeoutError) as error:
            raise _named(error) from error
        return rows

    async def execute(self, sql: str, parameters: dict[str, Any] | None = None, **settings: Any) -> None:
        """A statement without rows."""
        try:
            await self._client.command(sql, parameters=parameters, settings=settings)
        except (OperationalError, DatabaseError, OSError, TimeoutError) as error:
            raise _named(error) from error

    async def mutate(self, table: str, change: str, parameters: dict[str, Any] | None = None, **settings: Any) -> None:
        """`ALTER TABLE table change`, and come back when every part is written anew, here; other replicas follow by themselves.

        Waited for by asking, not inside one statement: each part of a table costs a tenth of a second, touched or not, so a
        year of days takes longer than a statement may.

        Raises:
            EngineDownError: it is not done within half an hour; the message says why. It goes on by itself, also after a restart.
        """
        await self.execute(f"ALTER TABLE {table} {change}", parameters, mutations_sync=0, **settings)
        deadline = time.monotonic() + MUTATION_S_MAX
        while left := await self.query(_UNDONE, {"table": table}):
            if time.monotonic() > deadline:
                raise EngineDownError(f"deleting from {table} is not done yet; do it again later: {left[0]['why'] or 'it still goes on'}")
            await asyncio.sleep(_MUTATION_POLL_S)

    async def insert(self, table: str, rows: pa.Table, **settings: Any) -> None:
        """Append an Arrow table; columns are matched by name. Late data may touch any number of partitions."""
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, rows.schema) as writer:
            writer.write_table(rows)
        try:
            await self._client.raw_insert(
                table,
                column_names=rows.schema.names,
                insert_block=sink.getvalue().to_pybytes(),
                fmt="ArrowStream",
                settings={"max_partitions_per_insert_block": 0} | settings,
            )
        except (OperationalError, DatabaseError, OSError, TimeoutError) as error:
            if getattr(error, "code", None) in NO_ROOM_CODES:
                raise EngineDownError("ClickHouse has no room for rows at present") from error
            raise _named(error) from error


NO_ROOM_CODES = (74, 75, 159, 202, 209, 210, 241, 242, 243, 252, 319, 999)
"""Why an insert is worth repeating: disk (74, 75, 243), time, load, network, memory, read-only replica, too many parts, unknown
outcome, Keeper. Rows must not be set aside as poison because the disk was full for a while."""

LIMIT_CODES = (158, 159, 160, 241, 307, 396)
"""ClickHouse error codes for rows, time, slow estimate, memory, bytes and result over their limits."""


def _named(error: Exception) -> Exception:
    text = str(error)
    if any(f"code: {code}" in text.lower() or f"code {code}" in text.lower() for code in LIMIT_CODES):
        return QueryTooLargeError("the question reaches too far for one answer: narrow the time, the place or the plate")
    if isinstance(error, DatabaseError) and not isinstance(error, OperationalError):
        return error
    return EngineDownError("ClickHouse does not answer; try again in a moment")


def statements(sql: str) -> list[str]:
    """A migration file's statements: they end with a semicolon at the end of a line."""
    lines = [line for line in sql.splitlines() if not line.lstrip().startswith("--")]
    return [part.strip() for part in "\n".join(lines).split(";\n") if part.strip(" ;\n")]


MIGRATIONS_TABLE = (
    "CREATE TABLE IF NOT EXISTS migrations (component String, number UInt32, name String, digest String,"
    " applied_at DateTime DEFAULT now())"
    " ENGINE = MergeTree ORDER BY (component, number)"
)


async def migrate(
    columnar: Columnar, migrations: list[Migration], rewrite: Callable[[str], list[str]] = lambda statement: [statement]
) -> list[Migration]:
    """Bring the schema up to date. ClickHouse has no transactions over DDL, so every statement says IF NOT EXISTS.

    `rewrite` makes the statements for a cluster from those for one node.
    """
    for statement in rewrite(MIGRATIONS_TABLE):
        await columnar.execute(statement)
    rows = await columnar.query("SELECT component, number, digest FROM migrations")
    todo = pending(migrations, {(r["component"], r["number"]): r["digest"] for r in rows})
    for m in todo:
        for statement in (made for one in statements(m.sql + "\n") for made in rewrite(one)):
            await columnar.execute(statement)
        await columnar.execute(
            "INSERT INTO migrations (component, number, name, digest)"
            " SELECT {component:String}, {number:UInt32}, {name:String}, {digest:String}",
            {"component": m.component, "number": m.number, "name": m.name, "digest": m.digest},
        )
        log.info("applied migration %s/%s", m.component, m.name)
    return todo
