"""The columnar store in a backup: every table's rows by partition in ClickHouse's Native format, and its definition."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import IO, Any

import httpx
import msgspec
import pyarrow as pa

from bluelamp.app.engines.errors import BackupError

_PIECE = 4 << 20
# A backup may take hours; it is no search.
_UNBOUNDED = {"max_execution_time": "0", "max_result_rows": "0", "max_result_bytes": "0"}
Count = Callable[[int], None]


class History:
    """The store behind ClickHouse's HTTP interface."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=httpx.Timeout(30, read=None, write=None))

    def close(self) -> None:
        self._client.close()

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """A small answer."""
        answer = self._client.post("/", params=_UNBOUNDED, content=f"{sql} FORMAT JSONEachRow")
        self._check(answer, sql)
        return [msgspec.json.decode(line) for line in answer.content.splitlines() if line]

    def execute(self, sql: str) -> None:
        """A statement without rows."""
        self._check(self._client.post("/", content=sql), sql)

    def definitions(self) -> list[dict[str, Any]]:
        """Name, engine and CREATE statement of every table and view."""
        found = self.rows(
            "SELECT name, engine, create_table_query AS statement, currentDatabase() AS own FROM system.tables "
            "WHERE database = currentDatabase() AND NOT is_temporary AND name NOT LIKE '.inner%' ORDER BY name"
        )
        return [_plain(definition) for definition in found]

    def partitions(self, tables: list[str]) -> list[dict[str, Any]]:
        """Table, partition id and rows of everything stored."""
        listed = ", ".join(f"'{name}'" for name in tables) or "''"
        return self.rows(
            "SELECT table, partition_id AS partition, toUInt64(sum(rows)) AS rows FROM system.parts "
            f"WHERE active AND database = currentDatabase() AND table IN ({listed}) GROUP BY ALL ORDER BY ALL"
        )

    def export(self, table: str, partition: str, file: IO[bytes]) -> None:
        """One partition's rows, compressed with zstd."""
        sql = f"SELECT * FROM `{table}` WHERE _partition_id = '{partition}' FORMAT Native"
        with self._client.stream("POST", "/", params=_UNBOUNDED, content=sql) as answer:
            if answer.status_code != 200:
                answer.read()
                self._check(answer, sql)
            with pa.CompressedOutputStream(pa.PythonFile(file, "w"), "zstd") as out:
                for piece in answer.iter_raw(_PIECE):
                    out.write(piece)

    def load(self, table: str, file: IO[bytes]) -> None:
        """Insert what `export` wrote."""
        sql = f"INSERT INTO `{table}` FORMAT Native"
        settings = {"max_partitions_per_insert_block": "0", "max_execution_time": "0", "query": sql}
        self._check(self._client.post("/", params=settings, content=_inflated(file)), sql)

    @staticmethod
    def _check(answer: httpx.Response, sql: str) -> None:
        if answer.status_code != 200:
            raise BackupError(f"ClickHouse refused: {answer.text.strip()[:400]}", f"The statement was: {sql[:200]}")


def _inflated(file: IO[bytes]) -> Iterator[bytes]:
    with pa.CompressedInputStream(pa.PythonFile(file, "r"), "zstd") as source:
        while piece := source.read(_PIECE):
            yield bytes(piece)


def _plain(definition: dict[str, Any]) -> dict[str, Any]:
    """The statement without the database's name, which may differ where it is restored."""
    statement = definition["statement"].replace(f" {definition['own']}.", " ")
    return {"name": definition["name"], "engine": definition["engine"], "statement": statement}


_MADE = re.compile(r"CREATE (?:TABLE|VIEW|MATERIALIZED VIEW|DICTIONARY) `?(\w+)`?\s", re.IGNORECASE)
_ENGINE = re.compile(r"\bENGINE\s*=\s*(\w+)", re.IGNORECASE)
_READS_ELSEWHERE = re.compile(
    r"\b(url|urlCluster|s3|s3Cluster|gcs|azureBlobStorage|hdfs|file|fileCluster|remote|remoteSecure|mysql|postgresql|mongodb|redis|sqlite"
    r"|executable|jdbc|odbc|deltaLake|iceberg|hudi|input)\s*\(",
    re.IGNORECASE,
)


def check(definition: dict[str, Any]) -> None:
    """Refuse a definition that is none of ours: one that would run something, or fetch or read from elsewhere.

    Raises:
        BackupError: names the table.
    """
    statement, name = str(definition["statement"]), str(definition["name"])
    made = _MADE.match(statement)
    engines = {engine.lower() for engine in _ENGINE.findall(statement)}
    foreign = {engine for engine in engines if not engine.endswith("mergetree") and engine not in {"null", "memory"}}
    if made is None or made.group(1) != name or foreign or _READS_ELSEWHERE.search(statement):
        raise BackupError(f"The definition of {name[:60]!r} is not one that Bluelamp makes.", "This backup was changed: use another.")


def is_stored(definition: dict[str, Any]) -> bool:
    """Whether the table keeps rows of its own."""
    return bool(definition["engine"].endswith("MergeTree"))


def is_view(definition: dict[str, Any]) -> bool:
    """Views are made last: one that is there already would store restored rows a second time."""
    return bool(definition["engine"].endswith("View"))
