"""What one HTTP request asks of the columnar engine: the statement, its parameters, its settings, its data."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from bluelamp.app.engines.columnar_errors import ColumnarError

# Parameters that ClickHouse's HTTP interface consumes itself; every other one is a setting or a query parameter.
TRANSPORT_PARAMETERS = frozenset(
    {
        "query",
        "database",
        "default_format",
        "user",
        "password",
        "buffer_size",
        "session_id",
        "session_timeout",
        "session_check",
        "query_id",
        "quota_key",
        "compress",
        "decompress",
        "wait_end_of_query",
        "client_protocol_version",
        "role",
        "send_progress_in_http_headers",
        "http_headers_progress_interval_ms",
        "enable_http_compression",
        "cancel_http_readonly_queries_on_client_close",
    }
)
DEFAULT_FORMAT = "TabSeparated"
STATEMENT_BYTES_MAX = 1 << 20
# The head of an INSERT lies in the first bytes of a body; what follows is data.
INSERT_HEAD_BYTES_MAX = 64 << 10

_SETTING_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
# chDB reads settings from its connection string undecoded: only plain values may travel there.
_PLAIN_VALUE = re.compile(r"[\w.,:+\-]*\Z", re.ASCII)
_LEADING_COMMENTS = re.compile(rb"\A(?:\s+|--[^\n]*\n|/\*.*?\*/)*", re.DOTALL)
_INSERT_HEAD = re.compile(rb"\A\s*INSERT\s+INTO\b(.*?)\sFORMAT\s+(\w+)[ \t;]*(?:\r?\n|\Z|(?=[ \t]))", re.IGNORECASE | re.DOTALL)
_INSERT = re.compile(rb"\A\s*INSERT\b", re.IGNORECASE)
_FROM_SELECT = re.compile(rb"\b(?:SELECT|WITH|VALUES|FROM\s+INFILE)\b", re.IGNORECASE)
_TRAILING_FORMAT = re.compile(r"\bFORMAT\s+(\w+)\s*(?:SETTINGS\b[^']*)?;?\s*\Z", re.IGNORECASE)
_ROWS = re.compile(r"\A\s*\(*\s*(?:SELECT|WITH)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Request:
    """One request, parsed: `settings` are ClickHouse settings, `parameters` fill `{name:Type}` places."""

    query: str
    database: str
    default_format: str
    query_id: str
    settings: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Insert:
    """An INSERT whose rows travel as data: `statement` has no FORMAT clause, `first` is data already read."""

    statement: str
    format: str
    first: bytes


def read_request(items: Iterable[tuple[str, str]], headers: Callable[[str], str], known_settings: frozenset[str]) -> Request:
    """Sort the request's parameters.

    Raises:
        ColumnarError: 115 for a setting that the engine does not know.
    """
    transport: dict[str, str] = {}
    settings: dict[str, str] = {}
    parameters: dict[str, str] = {}
    for name, value in items:
        if name in TRANSPORT_PARAMETERS:
            transport[name] = value
        elif name.startswith("param_"):
            parameters[name.removeprefix("param_")] = value
        elif _SETTING_NAME.match(name) and (name in known_settings or name.startswith("merge_tree_")):
            settings[name] = value
        else:
            raise ColumnarError(115, f"Setting {name} is neither a builtin setting nor a query parameter. (UNKNOWN_SETTING)")
    return Request(
        query=transport.get("query", ""),
        database=transport.get("database", "") or headers("x-clickhouse-database"),
        default_format=transport.get("default_format", "") or headers("x-clickhouse-format") or DEFAULT_FORMAT,
        query_id=transport.get("query_id", ""),
        settings=settings,
        parameters=parameters,
    )


def split_insert(query: bytes, body_head: bytes) -> Insert | None:
    """Find an INSERT with data, in the `query` parameter or at the head of the body; None if it is another statement."""
    for text, rest in ((query, body_head), (body_head, None)):
        if not text:
            continue
        start = _LEADING_COMMENTS.match(text)
        stripped = text[start.end() :] if start else text
        if not _INSERT.match(stripped):
            return None
        match = _INSERT_HEAD.match(stripped[:INSERT_HEAD_BYTES_MAX])
        if match is None or _FROM_SELECT.search(match.group(1)):
            return None
        statement = "INSERT INTO" + match.group(1).decode()
        inline = stripped[match.end() :]
        return Insert(statement, match.group(2).decode(), inline if rest is None else inline + rest)
    return None


def format_of(statement: str, default: str) -> str:
    """The output format: the statement's own FORMAT clause wins."""
    match = _TRAILING_FORMAT.search(statement[-400:])
    return match.group(1) if match else default


def answers_rows(statement: str) -> bool:
    """Whether the statement is a SELECT, whose answer may be streamed."""
    return _ROWS.match(statement) is not None


def split_settings(settings: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """Settings for the connection string, and SET statements for those whose values it cannot carry."""
    plain = {name: value for name, value in settings.items() if _PLAIN_VALUE.match(value)}
    statements = [f"SET {name} = {quote(value)}" for name, value in settings.items() if name not in plain]
    return plain, statements


def quote(text: str) -> str:
    """A ClickHouse string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
