from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from bluelamp.anpr.domain import SourceTerms
from bluelamp.anpr.errors import NotThisFormatError
from bluelamp.anpr.gateways.native_arrow import CAPTURES, ROWS_MAX, parse_arrow

from .samples import JPEG, LONDON, capture, refusal

TERMS = SourceTerms(UTC)
AT = datetime(2026, 3, 2, 10, 17, 18, 252000, UTC)


def stream(columns: dict[str, Any]) -> bytes:
    table = pa.table(columns)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def rows(count: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "camera": ["C1"] * count,
        "vrm": ["AB12CDE"] * count,
        "captured_at": pa.array([AT] * count, pa.timestamp("us", "UTC")),
        "confidence": [0.93] * count,
        **changes,
    }


def test_every_column_of_the_contract_is_read() -> None:
    body = stream(
        rows(
            id=["e7"],
            direction=["North"],
            lane=pa.array([2], pa.int16()),
            make=["Ford"],
            model=["Focus"],
            colour=["blue"],
            **{"class": ["car"]},
            characters=[[{"value": "a", "confidence": 0.9}, {"value": "ß1", "confidence": 0.5}]],
            variants=[[{"vrm": "A812CDE", "confidence": 0.2}]],
            plate_image=[JPEG],
            overview_image=["/9j/"],
        )
    )
    got = parse_arrow(body, TERMS)
    assert got.table.schema == CAPTURES
    assert got.table.to_pylist() == [
        {
            "camera": "C1",
            "captured_at": AT,
            "plate": "AB12CDE",
            "confidence": 930,
            "direction": "n",
            "lane": 2,
            "make": "Ford",
            "model": "Focus",
            "colour": "blue",
            "vehicle_class": "car",
            "car": "e7",
            "characters": b"AZ?2",
            "variant_plates": ["A812CDE"],
            "variant_confidences": [200],
            "plate_image": JPEG,
            "overview_image": b"\xff\xd8\xff",
        }
    ]


def test_bad_rows_are_refused_and_the_others_keep_their_numbers() -> None:
    body = stream(
        rows(
            7,
            camera=["C1", None, "C3", "C4", "C5", "", "C7"],
            vrm=["AB12CDE", "A", None, "unknown", "U2", "X", "X"],
            confidence=[0.1, 0.2, 0.3, 1.5, None, 0.4, 0.5],
            lane=[1, 2, None, 3, 4, 5, 300],
        )
    )
    got = parse_arrow(body, TERMS)
    assert got.rows.tolist() == [0, 2]
    assert got.table.column("plate").to_pylist() == ["AB12CDE", ""]
    assert [(r.index, r.code) for r in got.refusals] == [
        (1, "missing_field"),
        (3, "bad_confidence"),
        (4, "bad_confidence"),
        (5, "missing_field"),
        (6, "bad_field"),
    ]


def test_a_row_replays_as_a_native_item() -> None:
    body = stream(rows(2, confidence=[0.9, 5.0], plate_image=[JPEG, None], characters=[[{"value": "A", "confidence": 1.0}], None]))
    got = parse_arrow(body, TERMS)
    again = capture("native", got.raw(0))
    assert (again.plate, again.captured_at, again.confidence, again.plate_image) == ("AB12CDE", 1772446638252, 0.9, JPEG)
    assert refusal("native", got.raw(1)).code == got.refusals[0].code == "bad_confidence"


def test_times_may_be_text_or_local() -> None:
    summer = ["2026-07-02T10:17:18.252", "2026-07-02T10:17:18.252Z", "2026-10-25T01:30:00", "soon"]
    got = parse_arrow(stream(rows(4, captured_at=summer)), SourceTerms(LONDON))
    assert got.table.column("captured_at").cast(pa.int64()).to_pylist() == [1782983838252, 1782983838252 + 3_600_000]
    assert [r.code for r in got.refusals] == ["ambiguous_time", "bad_time"]
    naive = pa.array([datetime(2026, 7, 2, 10, 17, 18, 252000)], pa.timestamp("ns"))  # noqa: DTZ001 - what is tested
    assert parse_arrow(stream(rows(captured_at=naive)), SourceTerms(LONDON)).table.column("captured_at").cast(pa.int64()).to_pylist() == [
        1782983838252
    ]


def test_dictionaries_and_several_batches_are_read_as_one() -> None:
    table = pa.table(rows(3, camera=pa.array(["C1", "C2", "C1"]).dictionary_encode()))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
        writer.write_table(table)
    got = parse_arrow(sink.getvalue().to_pybytes(), TERMS)
    assert got.table.column("camera").to_pylist() == ["C1", "C2", "C1"] * 2


def test_no_rows_are_no_captures() -> None:
    assert parse_arrow(stream({k: v[:0] for k, v in rows().items()}), TERMS).table.num_rows == 0


@pytest.mark.parametrize(
    "columns",
    [
        {"camera": ["C1"]},
        rows(confidence=["high"]),
        rows(camera=[[1]]),
        rows(captured_at=[1.5]),
        rows(variants=["A"]),
        rows(characters=[[{"text": "A"}]]),
        rows(plate_image=[1]),
    ],
)
def test_columns_that_fit_nothing_refuse_the_body(columns: dict[str, Any]) -> None:
    with pytest.raises(NotThisFormatError):
        parse_arrow(stream(columns), TERMS)


def test_a_damaged_stream_is_refused_and_never_crashes() -> None:
    body = stream(rows(40, variants=[[{"vrm": "A", "confidence": 0.2}]] * 40))
    for at in range(0, len(body), 7):
        damaged = body[:at] + b"\xff\xff\xff\x7f" + body[at + 4 :]
        try:
            got = parse_arrow(damaged, TERMS)
        except NotThisFormatError:
            continue
        assert got.table.num_rows + len(got.refusals) == got.sent.num_rows


@pytest.mark.parametrize(
    "columns",
    [
        rows(3, camera=pa.array(["C" * 5000] * 3).dictionary_encode()),
        rows(3, plate_image=pa.array([JPEG] * 3).dictionary_encode()),
        rows(3, lane=pa.array([1, 2, 1]).dictionary_encode()),
    ],
)
def test_a_dictionary_that_would_swell_is_refused(columns: dict[str, Any]) -> None:
    with pytest.raises(NotThisFormatError):
        parse_arrow(stream(columns), TERMS)


def test_rows_are_bounded() -> None:
    nulls = {name: pa.nulls(ROWS_MAX + 1) for name in ("camera", "vrm", "captured_at", "confidence")}
    with pytest.raises(NotThisFormatError) as caught:
        parse_arrow(stream(nulls), TERMS)
    assert caught.value.status == 413
