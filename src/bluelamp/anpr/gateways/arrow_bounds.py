"""How large an Arrow stream becomes when it is read, told from its metadata before anything of it is inflated or decoded.

A message's metadata is a flatbuffer (arrow.apache.org/docs/format/Columnar.html, Message.fbs): how long each array is and where
each buffer lies. A compressed buffer begins with its length once inflated, and Arrow inflates to exactly that or fails.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pyarrow as pa

from bluelamp.anpr.errors import NotThisFormatError, TooManyItemsError
from bluelamp.anpr.gateways.items import BODY_BYTES_MAX

MESSAGES_MAX = 1_000
"""Batches and dictionaries of one stream: each costs time however small it is."""
VALUES_MAX = 2_000_000
"""Of one array, nested ones too: twenty for each row that a body may have. Arrays of nothing need no bytes at all."""
DEPTH_MAX = 4

_DICTIONARY, _BATCH = 2, 3
_INT64 = struct.Struct("<q")
_PAIR = struct.Struct("<qq")


class _Table:
    """A table of a flatbuffer: fields by number. Any position outside the bytes raises `struct.error`."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data = data
        self._at = at
        self._fields = at - struct.unpack_from("<i", data, at)[0]
        self._size = struct.unpack_from("<H", data, self._fields)[0]

    def _field(self, number: int) -> int:
        """Where the field is; 0 where it is absent."""
        place = 4 + 2 * number
        offset: int = struct.unpack_from("<H", self._data, self._fields + place)[0] if place < self._size else 0
        return self._at + offset if offset else 0

    def byte(self, number: int) -> int:
        at = self._field(number)
        return self._data[at] if at else 0

    def table(self, number: int) -> _Table | None:
        at = self._field(number)
        return _Table(self._data, at + struct.unpack_from("<I", self._data, at)[0]) if at else None

    def pairs(self, number: int) -> list[tuple[int, int]]:
        """A vector of structs of two 64-bit numbers: lengths and null counts, or offsets and lengths."""
        at = self._field(number)
        if not at:
            return []
        start: int = at + struct.unpack_from("<I", self._data, at)[0]
        count: int = struct.unpack_from("<I", self._data, start)[0]
        if count * _PAIR.size > len(self._data):
            raise struct.error("a vector longer than the message")
        return [_PAIR.unpack_from(self._data, start + 4 + _PAIR.size * i) for i in range(count)]


def _batch(metadata: bytes) -> _Table | None:
    message = _Table(metadata, struct.unpack_from("<I", metadata, 0)[0])
    kind, header = message.byte(1), message.table(2)
    if header is None or kind not in (_DICTIONARY, _BATCH):
        return None
    return header.table(1) if kind == _DICTIONARY else header


def _inflated(batch: _Table, body: memoryview) -> Iterator[int]:
    """The length of each buffer once inflated."""
    is_compressed = batch.table(3) is not None
    for offset, length in batch.pairs(2):
        told = _INT64.unpack_from(body, offset)[0] if is_compressed and length >= _INT64.size and offset >= 0 else -1
        yield length if told == -1 else told


def check(body: bytes) -> None:
    """Refuse a stream that would be larger in memory than any body may be.

    Raises:
        TooManyItemsError: it inflates beyond `BODY_BYTES_MAX`, or has too many batches or values.
        NotThisFormatError: types that name the same bytes again and again, or metadata that is none.
        ArrowException, OSError: not a stream.
    """
    total = 0
    try:
        for number, message in enumerate(pa.ipc.MessageReader.open_stream(pa.py_buffer(body))):
            if number >= MESSAGES_MAX:
                raise TooManyItemsError(f"the Arrow stream has over {MESSAGES_MAX:,} batches; send fewer, larger ones")
            batch = _batch(message.metadata.to_pybytes())
            if batch is None:
                continue
            if any(length > VALUES_MAX or length < 0 for length, _ in batch.pairs(1)):
                raise TooManyItemsError(f"an array of the Arrow stream has over {VALUES_MAX:,} values")
            for size in _inflated(batch, memoryview(message.body) if message.body is not None else memoryview(b"")):
                total += size
                if size < 0 or total > BODY_BYTES_MAX:
                    raise TooManyItemsError(f"the Arrow stream inflates to more than {BODY_BYTES_MAX:,} bytes")
    except (struct.error, IndexError) as error:
        raise NotThisFormatError("the body is not an Arrow stream: its metadata cannot be read") from error


def check_types(schema: pa.Schema) -> None:
    """Refuse types whose values can name the same bytes again and again (views, nested dictionaries, runs) or that nothing here reads.

    Raises:
        NotThisFormatError: names the column.
    """
    for field in schema:
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if not _is_plain(kind, 0):
            raise NotThisFormatError(f"the column {field.name[:60]} has the type {str(field.type)[:80]}, which is not read here")


def _is_plain(kind: pa.DataType, depth: int) -> bool:
    if depth > DEPTH_MAX:
        return False
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _is_plain(kind.value_type, depth + 1)
    if pa.types.is_struct(kind):
        return all(_is_plain(kind.field(i).type, depth + 1) for i in range(kind.num_fields))
    texts = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind)
    numbers = pa.types.is_primitive(kind) or pa.types.is_fixed_size_binary(kind) or pa.types.is_decimal(kind)
    return bool(texts or numbers or pa.types.is_boolean(kind) or pa.types.is_null(kind))
