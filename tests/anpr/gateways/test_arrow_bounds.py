"""Arrow streams made to become large: refused by what their metadata says, before anything is inflated or decoded."""

from __future__ import annotations

import random
import struct
from typing import Any

import pyarrow as pa
import pytest

from bluelamp.anpr.errors import NotThisFormatError
from bluelamp.anpr.gateways import arrow_bounds
from bluelamp.anpr.gateways.native_arrow import read_stream

from .test_native_arrow import rows


def stream(columns: dict[str, Any], compression: str | None = None, batches: int = 1) -> bytes:
    table = pa.table(columns)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
        for _ in range(batches):
            writer.write_table(table)
    return sink.getvalue().to_pybytes()


def retold(body: bytes, told: int, size: int = 1 << 20) -> bytes:
    """The stream with another length before its last compressed buffer of `size` bytes."""
    at = body.rindex(struct.pack("<q", size))
    return body[:at] + struct.pack("<q", told) + body[at + 8 :]


def refused(body: bytes, status: int, words: str) -> None:
    before = pa.total_allocated_bytes()
    with pytest.raises(NotThisFormatError, match=words) as caught:
        read_stream(body)
    assert caught.value.status == status
    assert pa.total_allocated_bytes() - before < 1 << 20


@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
def test_what_fits_is_read_compressed_or_not(compression: str | None) -> None:
    columns = rows(500, make=["Ford"] * 500, variants=[[{"vrm": "A", "confidence": 0.2}]] * 500)
    assert read_stream(stream(columns, compression)).equals(pa.table(columns))


@pytest.mark.parametrize("compression", ["lz4", "zstd"])
def test_a_decompression_bomb_is_refused_uninflated(compression: str) -> None:
    bomb = stream(rows(1, plate_image=[bytes(80 << 20)]), compression)
    assert len(bomb) < 1 << 20
    refused(bomb, 413, "inflates to more than")


def test_many_buffers_add_up() -> None:
    bomb = stream(rows(1, plate_image=[bytes(8 << 20)]), "zstd", batches=10)
    refused(bomb, 413, "inflates to more than")


def test_a_dictionary_is_counted_too() -> None:
    column = pa.DictionaryArray.from_arrays(pa.array([0]), pa.array(["a" * (70 << 20)]))
    refused(stream(rows(1, make=column), "zstd"), 413, "inflates to more than")


@pytest.mark.parametrize("told", [-2, -(1 << 63), 1 << 62])
def test_a_length_that_lies_is_refused(told: int) -> None:
    body = stream(rows(1, plate_image=[bytes(1 << 20)]), "zstd")
    refused(retold(body, told), 413, "inflates to more than")


def test_a_length_that_is_too_small_is_refused_by_arrow() -> None:
    body = stream(rows(1, plate_image=[bytes(1 << 20)]), "zstd")
    with pytest.raises(NotThisFormatError):
        read_stream(retold(body, 10))


def test_arrays_of_nothing_are_bounded() -> None:
    values = pa.nulls(arrow_bounds.VALUES_MAX + 1)
    column = pa.ListArray.from_arrays(pa.array([0, len(values)], pa.int32()), values)
    refused(stream(rows(1, extra=column)), 413, "values")
    fixed = pa.FixedSizeListArray.from_arrays(values[: arrow_bounds.VALUES_MAX], arrow_bounds.VALUES_MAX)
    refused(stream(rows(1, extra=fixed)), 422, "not read here")


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["a" * 20], pa.string_view()),
        pa.array([b"a" * 20], pa.binary_view()),
        pa.RunEndEncodedArray.from_arrays([1], ["a"]),
        pa.array([["a"]], pa.list_(pa.string_view())),
        pa.array([[{"vrm": "A"}]], pa.list_(pa.struct([("vrm", pa.dictionary(pa.int32(), pa.string()))]))),
        pa.array([[[[[[1]]]]]]),
    ],
    ids=["string_view", "binary_view", "runs", "views in a list", "a dictionary in a list", "deep"],
)
def test_types_that_name_the_same_bytes_again_are_refused(column: Any) -> None:
    refused(stream(rows(1, extra=column)), 422, "the column extra has the type")


def test_messages_are_bounded() -> None:
    refused(stream(rows(1), batches=arrow_bounds.MESSAGES_MAX + 1), 413, "batches")


def test_damaged_metadata_is_refused_and_never_crashes() -> None:
    body = stream(rows(3, make=["Ford"] * 3), "zstd")
    chance = random.Random(7)
    for _ in range(1500):
        damaged = bytearray(body)
        for _ in range(chance.randrange(1, 4)):
            damaged[chance.randrange(len(body))] = chance.randrange(256)
        try:
            read_stream(bytes(damaged))
        except NotThisFormatError:
            continue
