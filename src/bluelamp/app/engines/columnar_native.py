"""An empty answer in ClickHouse's Native format: chDB sends nothing, a server sends the columns' names and types."""

from __future__ import annotations

import re
from typing import Any

import msgspec

_FORMAT = re.compile(r"\bFORMAT\s+Native\s*;?\s*\Z", re.IGNORECASE)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _string(text: str) -> bytes:
    data = text.encode()
    return _varint(len(data)) + data


def empty_native_block(connection: Any, statement: str, parameters: dict[str, str]) -> bytes:
    """One block of no rows: count of columns, 0, then each column's name and type."""
    inner = _FORMAT.sub("", statement)
    described = connection.query(f"DESCRIBE TABLE (\n{inner}\n)", "JSONCompact", params=parameters)
    columns = msgspec.json.decode(described.bytes())["data"]
    return _varint(len(columns)) + _varint(0) + b"".join(_string(name) + _string(kind) for name, kind, *_ in columns)
