"""Rows on their way in: the checked form of a capture, and their assembly into one Arrow batch of READS."""

from __future__ import annotations

from itertools import starmap
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from bluelamp.anpr.tables import READS
from bluelamp.kit.vrm.codec import encode_bytes

from .repeats import Keys, event_keys


class Row(NamedTuple):
    """One capture of a known camera with a plate, checked and normalised, before it is known whether it is new."""

    camera: int
    captured_at: int
    received_at: int
    vrm: str
    seen_as: str
    confidence: int
    """Per mille."""
    direction: str
    lane: int
    make: str
    model: str
    colour: str
    vehicle_class: str
    first_key: int
    version: int
    replaces: str
    car: str
    characters: bytes
    variants: tuple[tuple[str, int], ...]
    """VRM and confidence per mille, most likely first."""


class PictureRef(NamedTuple):
    """Where a stored picture is and what it hashes to."""

    ref: str
    sha256: bytes


def row_keys(rows: list[Row], car_keys: list[int]) -> Keys:
    """The repeat key of each row. `car_keys`: 0, or for a row of a named car what tells its events apart."""
    return event_keys(
        np.array([row.camera for row in rows], np.uint64),
        np.array([row.captured_at for row in rows], np.uint64),
        encode_bytes(np.array([row.vrm for row in rows], "S12")),
        np.array(car_keys, np.uint64) if any(car_keys) else None,
    )


_SCALARS = 17
"""The first columns of READS and the first fields of Row are the same, in the same order."""


def to_batch(rows: list[Row], pictures: list[tuple[PictureRef | None, PictureRef | None]], keys: Keys) -> pa.RecordBatch:
    """Rows, their stored pictures (plate, overview) and the keys of their events as a batch of READS."""
    columns = list(zip(*rows, strict=True))
    arrays = [pa.array(values, field.type) for values, field in zip(columns[:_SCALARS], READS, strict=False)]
    offsets = np.zeros(len(rows) + 1, np.int32)
    np.cumsum([len(variants) for variants in columns[_SCALARS]], out=offsets[1:])
    ends = pa.array(offsets, pa.int32())
    flat = [variant for variants in columns[_SCALARS] for variant in variants]
    arrays.append(pa.ListArray.from_arrays(ends, pa.array([vrm for vrm, _ in flat], pa.string())))
    arrays.append(pa.ListArray.from_arrays(ends, pa.array([confidence for _, confidence in flat], pa.uint16())))
    for kind in (0, 1):
        refs = [pair[kind] for pair in pictures]
        if any(refs):
            arrays.append(pa.array([ref._asdict() if ref else None for ref in refs], READS.types[_SCALARS + 2 + kind]))
        else:
            arrays.append(pa.nulls(len(rows), READS.types[_SCALARS + 2 + kind]))
    arrays.append(pa.array(keys))
    return pa.RecordBatch.from_arrays(arrays, schema=READS)


def to_rows(table: pa.Table) -> list[Row]:
    """The inverse for tables of READS without pictures: for the few rows that need looking at one by one."""
    columns = [table.column(name).to_pylist() for name in READS.names[:_SCALARS]]
    for at in (1, 2):
        columns[at] = table.column(READS.names[at]).cast(pa.int64()).to_pylist()
    variants = [
        tuple(zip(vrms, confidences, strict=True))
        for vrms, confidences in zip(table.column("variant_vrms").to_pylist(), table.column("variant_confidences").to_pylist(), strict=True)
    ]
    return list(starmap(Row, zip(*columns, variants, strict=True)))


def to_message(batches: list[pa.RecordBatch]) -> bytes:
    """The bytes of one message on the stream: an Arrow IPC stream of READS."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, READS) as writer:
        for batch in batches:
            writer.write_batch(batch)
    message: bytes = sink.getvalue().to_pybytes()
    return message


def from_message(payload: bytes) -> pa.Table:
    """The table in a message of the stream.

    Raises:
        pa.ArrowInvalid: the payload is not a stream of READS.
    """
    with pa.ipc.open_stream(payload) as reader:
        if reader.schema != READS:
            raise pa.ArrowInvalid("the message is not a batch of reads")
        return reader.read_all()
