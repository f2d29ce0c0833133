"""The Arrow way of `resolve`: the same rules over whole columns, and one by one only for the rows that need it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bluelamp.anpr.domain import Capture, Refusal
from bluelamp.anpr.gateways.native_arrow import ArrowCaptures
from bluelamp.anpr.tables import READS
from bluelamp.kit.vrm.codec import encode_arrow

from .register import SourceEntry
from .repeats import event_keys
from .resolve import AHEAD_MS_MAX, TEXT_MAX, Resolved, Unplated, camera_number, resolve

UNKNOWN = -1


class ResolvedTable(NamedTuple):
    """What became of the rows of one body."""

    table: pa.Table
    """New-or-known reads in the schema READS: no pictures, no named cars."""
    items: list[Resolved]
    """Rows with pictures or a named car, or whose plate had to be tidied: they take the way of single items."""
    unplated: list[Unplated]
    refusals: list[Refusal]


def resolve_table(captures: ArrowCaptures, source: SourceEntry, now: int, keep_ms: int) -> ResolvedTable:
    """Row numbers in refusals are those of the body as sent."""
    table = captures.table
    cameras = _camera_numbers(table["camera"], source)
    codes = encode_arrow(_whole(table["plate"]))
    captured_at = table["captured_at"].cast(pa.int64()).to_numpy()
    lags = now - captured_at
    plain = (cameras != UNKNOWN) & (codes != 0) & (lags <= keep_ms) & (lags >= -AHEAD_MS_MAX)
    for column in ("car", "plate_image", "overview_image"):
        plain &= pc.equal(pc.binary_length(table[column]), 0).to_numpy(zero_copy_only=False)
    # A list of variants or a text over its length is tidied by the rules of single items.
    for column in ("make", "model", "colour", "vehicle_class"):
        plain &= pc.less_equal(pc.binary_length(table[column]), TEXT_MAX).to_numpy(zero_copy_only=False)
    plain &= pc.equal(pc.list_value_length(table["variant_plates"]), 0).to_numpy(zero_copy_only=False)
    items: list[Resolved] = []
    unplated: list[Unplated] = []
    refusals = list(captures.refusals)
    if not plain.all():
        for at in np.flatnonzero(~plain):
            outcome = resolve(_capture(table, int(at)), source, int(captures.rows[at]), now, keep_ms)
            if isinstance(outcome, Resolved):
                items.append(outcome)
            elif isinstance(outcome, Unplated):
                unplated.append(outcome)
            else:
                refusals.append(outcome)
        mask = pa.array(plain)
        table, cameras, codes, captured_at = table.filter(mask), cameras[plain], codes[plain], captured_at[plain]
    keys = event_keys(cameras.astype(np.uint64), captured_at.astype(np.uint64), codes)
    return ResolvedTable(_reads(table, cameras, keys, now), items, unplated, sorted(refusals))


def _whole(column: pa.ChunkedArray) -> pa.Array:
    combined = column.combine_chunks()
    return pa.concat_arrays(combined.chunks) if isinstance(combined, pa.ChunkedArray) else combined


def _camera_numbers(names: pa.ChunkedArray, source: SourceEntry) -> npt.NDArray[np.int64]:
    encoded = _whole(names).dictionary_encode()
    numbers = [camera_number(source, name) for name in encoded.dictionary.to_pylist()]
    known = np.array([UNKNOWN if number is None else number for number in numbers], np.int64)
    return known[encoded.indices.to_numpy()] if len(known) else np.zeros(0, np.int64)


def _reads(table: pa.Table, cameras: npt.NDArray[np.int64], keys: npt.NDArray[np.uint64], now: int) -> pa.Table:
    count = table.num_rows
    columns = {
        "camera": pa.array(cameras.astype(np.uint32)),
        "received_at": pa.repeat(pa.scalar(now, READS.field("received_at").type), count),
        "vrm": table["plate"],
        "seen_as": pa.repeat("", count),
        "first_key": pa.array(np.zeros(count, np.uint32)),
        "version": pa.array(np.zeros(count, np.uint8)),
        "replaces": pa.repeat("", count),
        "variant_vrms": table["variant_plates"],
        "plate_picture": pa.nulls(count, READS.field("plate_picture").type),
        "overview_picture": pa.nulls(count, READS.field("overview_picture").type),
        "event_key": pa.array(keys),
    }
    arrays = [columns[name] if name in columns else table[name] for name in READS.names]
    return pa.Table.from_arrays(arrays, schema=READS)


def _capture(table: pa.Table, at: int) -> Capture:
    """One row as a single item."""
    row = table.slice(at, 1)
    values = {name: row[name][0].as_py() for name in table.column_names if name != "captured_at"}
    packed: bytes = values["characters"]
    return Capture(
        camera=values["camera"],
        plate=values["plate"],
        captured_at=row["captured_at"].cast(pa.int64())[0].as_py(),
        confidence=values["confidence"] / 1000,
        car=values["car"],
        direction=values["direction"],
        lane=values["lane"],
        make=values["make"],
        model=values["model"],
        colour=values["colour"],
        vehicle_class=values["vehicle_class"],
        characters=tuple((chr(value), confidence / 100) for value, confidence in zip(packed[::2], packed[1::2], strict=True)),
        variants=tuple((plate, c / 1000) for plate, c in zip(values["variant_plates"], values["variant_confidences"], strict=True)),
        plate_image=values["plate_image"],
        overview_image=values["overview_image"],
    )
