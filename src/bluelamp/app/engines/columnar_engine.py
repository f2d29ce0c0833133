"""The one chDB engine of this process: a connection a request, reads and inserts on threads of their own."""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import functools
import os
import sys
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from bluelamp.app.engines.columnar_errors import ColumnarError, from_engine
from bluelamp.app.engines.columnar_native import empty_native_block
from bluelamp.app.engines.columnar_statement import Request, answers_rows, format_of, split_settings

T = TypeVar("T")

# The documented wrapper (`chdb.connect`) adds progress bars and hides the kind of a statement. The extension has no types.
_connect_raw: Callable[[str], Any] = import_module("chdb._chdb").connect

# A connection costs 0.1 ms, so each request gets a fresh one: no session state can leak from one to the next.
READS_AT_ONCE = 8
WRITES_AT_ONCE = 4
WAITING_MAX = 256
INSERT_STEP_SECONDS_MAX = 45
"""A step of an insert takes milliseconds, seconds on a machine that can hardly breathe."""
# chDB encodes every block on its own: the pieces join to one stream only in formats without head or foot.
_STREAMED = frozenset({"Native", "TabSeparated", "TSV", "CSV", "RowBinary", "JSONEachRow"})
_READ_ONLY, _CONTROL = "READ_ONLY", "CONTROL"
_DEFAULTS = {
    # A search that runs longer than two minutes is a mistake; a caller may ask for less or more by name.
    "max_execution_time": "120",
    "timeout_before_checking_execution_speed": "0",
    # Answers that cannot be streamed are built in memory.
    "max_result_bytes": str(1 << 30),
    # Pictures of the world must not differ by which interface was asked: as a ClickHouse server answers.
    "output_format_native_write_json_as_string": "0",
}


@dataclass
class Answer:
    """What a statement returned: `pieces` to send, in order, and figures for the summary header."""

    format: str
    first: bytes
    rest: AsyncIterator[bytes] | None
    rows_read: int = 0
    bytes_read: int = 0
    rows_written: int = 0
    bytes_written: int = 0
    has_rows: bool = False


class Engine:
    """Opens the folder (only one process can) and runs statements; every method is for the event loop's thread."""

    def __init__(self, folder: Path) -> None:
        self._path = str(folder)
        self._root = _connect_raw(self._path)
        self._reads = ThreadPoolExecutor(READS_AT_ONCE, "read")
        self._writes = ThreadPoolExecutor(WRITES_AT_ONCE, "write")
        self._control = ThreadPoolExecutor(1, "control")
        self._waiting = 0
        names = self._root.query("SELECT name FROM system.settings", "TSV").bytes().decode().split()
        self.known_settings = frozenset(names)
        self.timezone = self._root.query("SELECT timezone()", "TSV").bytes().decode().strip()
        self.version = self._root.query("SELECT version()", "TSV").bytes().decode().strip()

    def close(self) -> None:
        """Wait for what runs, then close the folder."""
        for pool in (self._reads, self._writes, self._control):
            pool.shutdown(wait=True, cancel_futures=True)
        self._root.close()

    async def run(self, request: Request, statement: str, gone: asyncio.Event) -> Answer:
        """Run one statement and return its answer; `gone` is set when the caller hangs up, and stops it.

        Raises:
            ColumnarError: whatever the engine refuses, before the first byte of the answer.
        """
        kind = self._classify(request, statement)
        output = format_of(statement, request.default_format)
        streamed = output in _STREAMED and kind == _READ_ONLY and answers_rows(statement)
        connection = self._connect(request, **({"max_result_bytes": "0"} if streamed else {}))
        pool = self._reads if kind == _READ_ONLY else self._writes
        watch = asyncio.create_task(self._kill_when_gone(gone, request.query_id))
        handed_over = False
        try:
            if not streamed:
                result = await self._on(pool, connection.query, statement, output, params=request.parameters)
                return _answer(result, output, has_rows=kind == _READ_ONLY)
            answer, stream = await self._on(pool, _begin, connection, statement, output, request.parameters)
            if stream is not None:
                answer.rest, handed_over = self._remainder(pool, connection, stream, watch), True
        except RuntimeError as error:
            raise from_engine(error) from error
        finally:
            if not handed_over:
                watch.cancel()
                connection.close()
        return answer

    async def insert(self, request: Request, statement: str, input_format: str, pieces: AsyncIterator[bytes]) -> Answer:
        """Run an INSERT with data; nothing of a failed one is kept beyond blocks that the engine had already closed."""
        connection = self._connect(request)
        handle: Any = None
        try:
            handle = await self._soon(connection.send_insert, statement, input_format)
            async for piece in pieces:
                await self._soon(connection.insert_append, handle, piece)
            done, handle = handle, None
            result = await self._soon(connection.insert_done, done)
        except RuntimeError as error:
            raise from_engine(error) from error
        finally:
            if handle is not None:
                with contextlib.suppress(RuntimeError):
                    await self._on(self._writes, connection.insert_cancel, handle)
            connection.close()
        rows, size = result.rows_written(), result.bytes_written()
        return Answer(input_format, b"", None, rows_written=rows, bytes_written=size)

    def _connect(self, request: Request, **defaults: str) -> Any:
        settings = {**_DEFAULTS, "log_comment": request.query_id, **defaults, **request.settings}
        settings = {name: value for name, value in settings.items() if name in self.known_settings}
        plain, statements = split_settings(settings)
        if request.database:
            statements.append(f"USE `{request.database.replace('`', '')}`")
        query = "&".join(f"{name}={value}" for name, value in plain.items())
        try:
            connection = _connect_raw(f"{self._path}?{query}")
        except RuntimeError as error:
            raise from_engine(error) from error
        try:
            for statement in statements:
                connection.query(statement, "Null")
        except RuntimeError as error:
            connection.close()
            raise from_engine(error) from error
        return connection

    def _classify(self, request: Request, statement: str) -> str:
        described = self._root.classify_query(statement)
        if described["statement_count"] > 1:
            raise ColumnarError(62, "Multi-statements are not allowed. (SYNTAX_ERROR)")
        kind: str = described["query_class"].name
        if kind == _CONTROL and not request.settings:
            return _READ_ONLY
        return kind

    async def _on(self, pool: ThreadPoolExecutor, call: Callable[..., T], *args: object, **named: object) -> T:
        if self._waiting >= WAITING_MAX:
            raise ColumnarError(202, "Too many simultaneous queries. (TOO_MANY_SIMULTANEOUS_QUERIES)")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, functools.partial(call, *args, **named))
        finally:
            self._waiting -= 1

    async def _soon(self, call: Callable[..., T], *args: object) -> T:
        """A step of an insert. One that hangs ends the process, as a crash would: the supervisor starts it anew, the writer repeats.

        Twice in six runs on a loaded machine, reads that were acknowledged before a disk was full were not searchable two
        minutes after there was room again. An insert that never returned fits what was seen and was not caught in the act.
        """
        try:
            return await asyncio.wait_for(self._on(self._writes, call, *args), INSERT_STEP_SECONDS_MAX)
        except TimeoutError:
            sys.stderr.write(f"an insert has hung for {INSERT_STEP_SECONDS_MAX} s; ending, to be started anew\n")
            faulthandler.dump_traceback(all_threads=True)
            os._exit(70)

    async def _remainder(self, pool: ThreadPoolExecutor, connection: Any, stream: Any, watch: asyncio.Task[None]) -> AsyncIterator[bytes]:
        open_stream = True
        try:
            while True:
                result = await self._on(pool, connection.streaming_fetch_result, stream)
                if result is None or result.rows_read() == 0:
                    open_stream = False
                    return
                yield result.bytes()
        except RuntimeError as error:
            open_stream = False
            raise from_engine(error) from error
        finally:
            watch.cancel()
            if open_stream:
                with contextlib.suppress(RuntimeError):
                    connection.streaming_cancel_query(stream)
            connection.close()

    async def _kill_when_gone(self, gone: asyncio.Event, query_id: str) -> None:
        await gone.wait()
        kill = f"KILL QUERY WHERE Settings['log_comment'] = '{query_id}' ASYNC"
        with contextlib.suppress(RuntimeError):
            await self._on(self._control, self._root.query, kill, "Null")


def _begin(connection: Any, statement: str, output: str, parameters: dict[str, str]) -> tuple[Answer, Any]:
    """Start a streamed answer: its first two blocks, and the stream if there may be more. Most answers are one block."""
    stream = connection.send_query(statement, output, params=parameters)
    first = connection.streaming_fetch_result(stream)
    answer = _answer(first, output, has_rows=True)
    if answer.rows_read == 0:
        if output == "Native":
            answer.first = empty_native_block(connection, statement, parameters)
        return answer, None
    second = connection.streaming_fetch_result(stream)
    if second is None or second.rows_read() == 0:
        return answer, None
    answer.first += second.bytes()
    return answer, stream


def _answer(result: Any, output: str, *, has_rows: bool) -> Answer:
    if result is None:
        return Answer(output, b"", None, has_rows=has_rows)
    return Answer(
        format=output,
        first=result.bytes() or b"",
        rest=None,
        rows_read=result.rows_read(),
        bytes_read=result.bytes_read(),
        rows_written=result.rows_written(),
        bytes_written=result.bytes_written(),
        has_rows=has_rows,
    )
