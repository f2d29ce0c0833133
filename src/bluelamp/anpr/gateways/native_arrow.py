"""`native` as an Arrow IPC stream: whole columns at a time, for sites that hand over many cameras' reads in batches."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bluelamp.anpr.domain import Refusal, SourceTerms
from bluelamp.anpr.errors import NotThisFormatError, TooManyItemsError
from bluelamp.anpr.gateways import arrow_bounds
from bluelamp.anpr.gateways.clocks import local_ms, stated_ms
from bluelamp.anpr.gateways.items import BadItemError, bounded
from bluelamp.anpr.gateways.words import direction_word, heading, label, lane_number, plate_text

MEDIA_TYPE = "application/vnd.apache.arrow.stream"
ROWS_MAX = 100_000
DICTIONARY_BYTES_MAX = 500
MS_UTC = pa.timestamp("ms", "UTC")
REQUIRED = ("camera", "vrm", "captured_at", "confidence")

CAPTURES = pa.schema(
    [
        pa.field("camera", pa.string(), nullable=False),  # what the source calls the camera
        pa.field("captured_at", MS_UTC, nullable=False),
        pa.field("plate", pa.string(), nullable=False),  # as sent; "" for no plate
        pa.field("confidence", pa.uint16(), nullable=False),  # per mille
        pa.field("direction", pa.string(), nullable=False),
        pa.field("lane", pa.uint8(), nullable=False),
        pa.field("make", pa.string(), nullable=False),
        pa.field("model", pa.string(), nullable=False),
        pa.field("colour", pa.string(), nullable=False),
        pa.field("vehicle_class", pa.string(), nullable=False),
        pa.field("car", pa.string(), nullable=False),
        pa.field("characters", pa.binary(), nullable=False),  # as in READS: pairs of ASCII value, confidence 0-100
        pa.field("variant_plates", pa.list_(pa.string()), nullable=False),  # as sent
        pa.field("variant_confidences", pa.list_(pa.uint16()), nullable=False),  # per mille
        pa.field("plate_image", pa.binary(), nullable=False),
        pa.field("overview_image", pa.binary(), nullable=False),
    ]
)
"""A batch of captures as columns: what `domain.Capture` is for one item."""

Mask = npt.NDArray[np.bool_]


class ArrowCaptures(NamedTuple):
    """What became of a batch."""

    table: pa.Table
    """The good rows, in the schema CAPTURES."""
    rows: npt.NDArray[np.int64]
    """For each of them, its row in the body."""
    refusals: list[Refusal]
    sent: pa.Table
    """The body as sent."""

    def raw(self, row: int) -> bytes:
        """A row of the body as a native JSON item, to keep among the rejects and replay."""
        return msgspec.json.encode(self.sent.slice(row, 1).to_pylist()[0], enc_hook=str)


def read_stream(body: bytes) -> pa.Table:
    """The table in an Arrow stream of native columns.

    Raises:
        NotThisFormatError: not such a stream, or one whose buffers do not hold what they promise.
        TooManyItemsError: more than `ROWS_MAX` rows, or more than it may become when it is inflated.
    """
    try:
        arrow_bounds.check(bounded(body))
        with pa.ipc.open_stream(pa.py_buffer(body)) as reader:
            arrow_bounds.check_types(reader.schema)
            table = reader.read_all()
        if table.num_rows > ROWS_MAX:
            raise TooManyItemsError(f"{table.num_rows:,} rows in one body; send at most {ROWS_MAX:,} at a time")
        table.validate(full=True)
        str(table.schema)  # names in it, nested ones too, may not be text
    except (pa.ArrowException, OSError, ValueError, KeyError, OverflowError, MemoryError) as error:
        raise NotThisFormatError(f"the body is not an Arrow stream: {str(error)[:200]}") from None
    missing = [name for name in REQUIRED if name not in table.column_names]
    if missing:
        raise NotThisFormatError(f"the Arrow stream has no column {' and none '.join(missing)}")
    if len(set(table.column_names)) != table.num_columns:
        raise NotThisFormatError("the Arrow stream has two columns of one name")
    return table


class _Batch:
    """The columns of one body on their way, and which rows were refused so far."""

    def __init__(self, sent: pa.Table) -> None:
        self.sent = sent
        self.count = sent.num_rows
        self.good: Mask = np.ones(self.count, np.bool_)
        self.refusals: list[Refusal] = []

    def refuse(self, bad: Mask, code: str, message: str) -> None:
        """Refuse the rows of a mask that were good so far."""
        bad = bad & self.good
        if bad.any():
            self.refusals.extend(Refusal(int(row), code, message) for row in np.flatnonzero(bad))
            self.good &= ~bad

    def column(self, name: str) -> pa.Array | None:
        """The column as one array without dictionary, or None where it is absent or all null."""
        if name not in self.sent.column_names:
            return None
        column = self.sent.column(name)
        array = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
        if isinstance(array, pa.ChunkedArray):
            array = array.chunk(0) if array.num_chunks else pa.nulls(0, array.type)
        if isinstance(array, pa.DictionaryArray):
            array = _decoded(array, name)
        return None if array.null_count == self.count else array

    def text(self, name: str) -> pa.Array:
        """A column as strings, null as empty.

        Raises:
            NotThisFormatError: a type that is no text.
        """
        array = self.column(name)
        if array is None:
            return pa.array([""] * self.count, pa.string()) if self.count < 64 else pa.repeat("", self.count)
        if not pa.types.is_string(array.type):
            if not (pa.types.is_large_string(array.type) or pa.types.is_integer(array.type) or pa.types.is_floating(array.type)):
                raise NotThisFormatError(f"the column {name} has the type {array.type}; it must be text")
            array = array.cast(pa.string())
        return array.fill_null("") if array.null_count else array

    def words(self, name: str, clean: Callable[[str], str]) -> pa.Array:
        """A text column of few distinct values, each cleaned once."""
        array = self.text(name)
        encoded = array.dictionary_encode()
        values = encoded.dictionary.to_pylist()
        cleaned = [clean(value) for value in values]
        return array if cleaned == values else pa.array(cleaned, pa.string()).take(encoded.indices)

    def numbers(self, name: str) -> npt.NDArray[np.float64] | None:
        """A column as floats, null as NaN; None where absent.

        Raises:
            NotThisFormatError: a type that is no number.
        """
        array = self.column(name)
        if array is None:
            return None
        if not (pa.types.is_floating(array.type) or pa.types.is_integer(array.type)):
            raise NotThisFormatError(f"the column {name} has the type {array.type}; it must be a number")
        return array.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]


def _decoded(array: pa.DictionaryArray, name: str) -> pa.Array:
    """The array without its dictionary: of short texts only, since decoding repeats each value as often as it is named."""
    values = array.dictionary
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        raise NotThisFormatError(f"the column {name} has a dictionary of {values.type}; only text may have one")
    if (pc.max(pc.binary_length(values)).as_py() or 0) > DICTIONARY_BYTES_MAX:
        raise NotThisFormatError(f"the dictionary of the column {name} has a text over {DICTIONARY_BYTES_MAX} bytes")
    return array.dictionary_decode()


def _direction(batch: _Batch) -> pa.Array:
    array = batch.column("direction")
    if array is not None and (pa.types.is_floating(array.type) or pa.types.is_integer(array.type)):
        degrees = array.cast(pa.float64(), safe=False).fill_null(-1.0).to_pylist()
        return pa.array([heading(value) for value in degrees], pa.string())
    return batch.words("direction", direction_word)


def _moment(value: Any, terms: SourceTerms) -> int:
    return local_ms(value, terms.timezone) if isinstance(value, datetime) else stated_ms(value, terms.timezone)


def _captured_at(batch: _Batch, terms: SourceTerms) -> pa.Array:
    array = batch.column("captured_at")
    if array is None:
        batch.refuse(np.ones(batch.count, np.bool_), "missing_field", "the row has no captured_at")
        return pa.repeat(pa.scalar(0, MS_UTC), batch.count)
    if array.null_count:
        batch.refuse(array.is_null().to_numpy(zero_copy_only=False), "missing_field", "the row has no captured_at")
    if pa.types.is_timestamp(array.type) and array.type.tz is not None:
        return array.cast(MS_UTC, safe=False).fill_null(0)
    if not (pa.types.is_timestamp(array.type) or pa.types.is_string(array.type)):
        raise NotThisFormatError(f"the column captured_at has the type {array.type}; it must be a timestamp or text")
    if pa.types.is_timestamp(array.type):
        array = array.cast(pa.timestamp("ms"), safe=False)
    moments = np.zeros(batch.count, np.int64)
    try:
        values = array.to_pylist()
    except (ValueError, OverflowError):
        raise NotThisFormatError("the column captured_at holds times outside the calendar") from None
    for row, value in enumerate(values):
        if value is not None:
            try:
                moments[row] = _moment(value, terms)
            except BadItemError as error:
                batch.refuse(np.arange(batch.count) == row, error.code, str(error))
    return pa.array(moments).cast(MS_UTC)


def _confidence(batch: _Batch) -> pa.Array:
    values = batch.numbers("confidence")
    if values is None:
        batch.refuse(np.ones(batch.count, np.bool_), "missing_field", "the row has no confidence")
        return pa.repeat(pa.scalar(0, pa.uint16()), batch.count)
    bad = ~((values >= 0) & (values <= 1))
    if bad.any():
        batch.refuse(bad, "bad_confidence", "confidence is absent or not between 0 and 1")
        values = np.where(bad, 0.0, values)
    return pa.array(np.rint(values * 1000).astype(np.uint16))


def _lane(batch: _Batch) -> pa.Array:
    array = batch.column("lane")
    if array is not None and pa.types.is_string(array.type):
        return pa.array([lane_number(value) for value in array.to_pylist()], pa.uint8())
    values = batch.numbers("lane")
    if values is None:
        return pa.array(np.zeros(batch.count, np.uint8))
    values = np.where(np.isnan(values), 0.0, values)
    bad = (values < 0) | (values > 255)
    batch.refuse(bad, "bad_field", "lane must be 0 to 255")
    return pa.array(np.where(bad, 0.0, values).astype(np.uint8))


def _pairs(batch: _Batch, name: str, text: str) -> tuple[npt.NDArray[np.int32], pa.Array, npt.NDArray[np.float64]]:
    """A list column of `{text, confidence}`: offsets (n + 1), the texts, the confidences 0 to 1."""
    array = batch.column(name)
    if array is None:
        return np.zeros(batch.count + 1, np.int32), pa.array([], pa.string()), np.zeros(0)
    wanted = pa.list_(pa.struct([(text, pa.string()), ("confidence", pa.float64())]))
    try:
        # A cast would fill a missing field with nulls.
        _ = array.type.value_type.field(text), array.type.value_type.field("confidence")
        array = array.cast(wanted, safe=False)
        flat = array.flatten()
        texts, numbers = flat.field(text).fill_null(""), flat.field("confidence").fill_null(0.0)
    except (pa.ArrowException, KeyError, AttributeError, TypeError):
        raise NotThisFormatError(f"the column {name} must be a list of structs {{{text}, confidence}}") from None
    offsets = np.zeros(batch.count + 1, np.int32)
    np.cumsum(array.value_lengths().fill_null(0).to_numpy(), out=offsets[1:])
    confidences = numbers.to_numpy(zero_copy_only=False)
    bad = ~((confidences >= 0) & (confidences <= 1))
    if bad.any():
        rows = np.repeat(np.arange(batch.count), np.diff(offsets))
        batch.refuse(np.isin(np.arange(batch.count), rows[bad]), "bad_confidence", f"a confidence in {name} is not between 0 and 1")
        confidences = np.where(bad, 0.0, confidences)
    return offsets, texts, confidences


def _characters(batch: _Batch) -> pa.Array:
    offsets, texts, confidences = _pairs(batch, "characters", "value")
    if not len(texts):
        return pa.repeat(pa.scalar(b"", pa.binary()), batch.count)
    pairs = np.empty((len(texts), 2), np.uint8)
    # A value that is not one ASCII character is no evidence that a matcher could use: it is kept as a question mark.
    pairs[:, 0] = [ord(text) if len(text) == 1 and text.isascii() else 0x3F for text in pc.utf8_upper(texts).to_pylist()]
    pairs[:, 1] = np.rint(confidences * 100)
    return pa.Array.from_buffers(pa.binary(), batch.count, [None, pa.py_buffer(offsets * 2), pa.py_buffer(pairs.tobytes())])


def _variants(batch: _Batch) -> tuple[pa.Array, pa.Array]:
    offsets, texts, confidences = _pairs(batch, "variants", "vrm")
    ends = pa.array(offsets)
    per_mille = pa.array(np.rint(confidences * 1000).astype(np.uint16))
    return pa.ListArray.from_arrays(ends, texts), pa.ListArray.from_arrays(ends, per_mille)


def _image(batch: _Batch, name: str) -> pa.Array:
    array = batch.column(name)
    if array is None:
        return pa.repeat(pa.scalar(b"", pa.binary()), batch.count)
    if pa.types.is_binary(array.type):
        return array.fill_null(b"")
    if not pa.types.is_string(array.type):
        raise NotThisFormatError(f"the column {name} has the type {array.type}; it must be binary, or base64 text")
    pictures: list[bytes] = []
    for row, text in enumerate(array.to_pylist()):
        try:
            pictures.append(msgspec.convert(text or "", bytes))
        except msgspec.ValidationError:
            pictures.append(b"")
            batch.refuse(np.arange(batch.count) == row, "picture_invalid", f"{name} is not base64")
    return pa.array(pictures, pa.binary())


def parse_arrow(body: bytes, terms: SourceTerms) -> ArrowCaptures:
    """Captures of an Arrow stream of native columns.

    Raises:
        NotThisFormatError: not an Arrow stream, a required column is missing, or a column has a type that fits nothing.
        TooManyItemsError: more than `ROWS_MAX` rows.
    """
    batch = _Batch(read_stream(body))
    try:
        table = _captures(batch, terms)
    except pa.ArrowException as error:
        raise NotThisFormatError(f"the columns cannot be read: {str(error)[:200]}") from None
    if not batch.good.all():
        table = table.filter(pa.array(batch.good))
    return ArrowCaptures(table, np.flatnonzero(batch.good), sorted(batch.refusals), batch.sent)


def _captures(batch: _Batch, terms: SourceTerms) -> pa.Table:
    camera = batch.text("camera")
    batch.refuse(pc.equal(camera, "").to_numpy(zero_copy_only=False), "missing_field", "the row has no camera")
    variant_plates, variant_confidences = _variants(batch)
    columns = {
        "camera": camera,
        "captured_at": _captured_at(batch, terms),
        "plate": _plates(batch),
        "confidence": _confidence(batch),
        "direction": _direction(batch),
        "lane": _lane(batch),
        "make": batch.words("make", label),
        "model": batch.words("model", label),
        "colour": batch.words("colour", label),
        "vehicle_class": batch.words("class", label),
        "car": batch.text("id"),
        "characters": _characters(batch),
        "variant_plates": variant_plates,
        "variant_confidences": variant_confidences,
        "plate_image": _image(batch, "plate_image"),
        "overview_image": _image(batch, "overview_image"),
    }
    return pa.Table.from_arrays([columns[name] for name in CAPTURES.names], schema=CAPTURES)


def _plates(batch: _Batch) -> pa.Array:
    plates = batch.text("vrm")
    # Nearly all are plates: the words for "none" are looked for only where a letter or length gives reason to.
    odd = pc.or_(pc.less(pc.binary_length(plates), 2), pc.match_substring_regex(plates, r"(?i)^\s*(un|no|null)|^[\s_?*/-]*$"))
    if not pc.any(odd).as_py():
        return plates
    return pc.replace_with_mask(plates, odd, pa.array([plate_text(text) for text in plates.filter(odd).to_pylist()], pa.string()))
