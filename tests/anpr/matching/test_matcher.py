"""What counts as a hit, exact or approximate, and what it says about itself."""

import numpy as np
import pyarrow as pa
import pytest

from bench.matcher import entries_of, table_of
from bench.plates import Camera, marks, see
from bluelamp.anpr.matching.layers import Entries, Layers
from bluelamp.anpr.matching.matcher import Batch, Matcher
from bluelamp.anpr.matching.tolerance import PRIORITIES, Tolerance
from bluelamp.kit import vrm


def matcher(*listed: str, priority: str = "medium", tolerance: Tolerance | None = Tolerance()) -> Matcher:  # noqa: B008
    codes = np.array([vrm.encode(m) for m in listed], np.uint64)
    flags = np.full(len(listed), PRIORITIES.index(priority), np.uint8)
    return Matcher(Layers.of(Entries(np.arange(1, len(listed) + 1, dtype=np.uint32), codes, flags)), tolerance)


def read(vrm_seen: str, confidence: float = 0.95, sure: list[int] | None = None, variants=()) -> dict:
    pairs = b"".join(bytes([ord(c), s]) for c, s in zip(vrm_seen, sure or [], strict=bool(sure)))
    return {
        "vrm": vrm_seen,
        "confidence": int(confidence * 1000),
        "characters": pairs,
        "variant_vrms": [v for v, _ in variants],
        "variant_confidences": [int(c * 1000) for _, c in variants],
    }


def batch(*reads: dict) -> Batch:
    schema = pa.schema(
        [
            ("vrm", pa.string()),
            ("confidence", pa.uint16()),
            ("characters", pa.binary()),
            ("variant_vrms", pa.list_(pa.string())),
            ("variant_confidences", pa.list_(pa.uint16())),
        ]
    )
    return Batch.of(pa.RecordBatch.from_pylist(list(reads), schema))


def one(found):
    assert len(found) == 1, found
    return found[0]


def test_exact():
    found = one(matcher("AB12CDE", "XY99ZZZ").match(batch(read("KL55MNP"), read("XY99ZZZ"))))
    assert (found.row, found.ref, found.plate, found.exact, found.score) == (1, 2, "XY99ZZZ", True, 1.0)


def test_all_entries_of_one_mark_are_found():
    assert [m.ref for m in matcher("AB12CDE", "AB12CDE").match(batch(read("AB12CDE")))] == [1, 2]


@pytest.mark.parametrize(
    ("listed", "seen", "why"),
    [
        ("AB12CDE", "AB1ZCDE", "2 read as Z"),
        ("AO10CDE", "A01OCDE", "O read as 0, 0 read as O"),
        ("AB12CDE", "A812CDE", "B read as 8"),  # A812CDE could be a prefix mark: of another scheme, so it counts
        ("AB12CDE", "IAB12CDE", "extra I in place 1"),
        ("AB12CDE", "AB12CDE1", "extra 1 in place 8"),
    ],
)
def test_what_no_such_scheme_issued_is_put_right(listed, seen, why):
    found = one(matcher(listed).match(batch(read(seen, 0.97))))
    assert not found.exact
    assert 0.5 < found.score < 1
    assert found.why.startswith(why)


def test_a_sure_read_of_a_mark_of_the_same_scheme_is_believed():
    assert matcher("KD19XYZ").match(batch(read("KO19XYZ", 0.97))) == []


@pytest.mark.parametrize(
    "doubt",
    [
        {"confidence": 0.7},
        {"sure": [99, 60, 99, 99, 99, 99, 99]},
        {"variants": [("KD19XYZ", 0.93)]},
    ],
)
def test_doubt_of_the_camera_opens_the_look_alikes(doubt):
    found = one(matcher("KD19XYZ").match(batch(read("KO19XYZ", **{"confidence": 0.97, **doubt}))))
    assert found.plate == "KD19XYZ"
    assert not found.exact


def test_high_priority_is_told_of_look_alikes_even_of_sure_reads():
    assert one(matcher("KD19XYZ", priority="high").match(batch(read("KO19XYZ", 0.97)))).score == pytest.approx(0.86)


def test_a_variant_far_from_the_read_is_looked_up():
    found = one(matcher("WX70ABC").match(batch(read("KL55MNP", 0.6), read("WK70ABC", 0.8, variants=[("WX70ABC", 0.76)]))))
    assert (found.row, found.exact) == (1, False)
    assert "also offered WX70ABC (76% sure)" in found.why


def test_an_unlikely_variant_is_not():
    assert matcher("WX70ABC").match(batch(read("WK70ABC", 0.95, variants=[("WX70ABC", 0.3)]))) == []


def test_any_other_character_is_no_hit():
    listed = [f"AB12CD{c}" for c in "FGHJKLMN"]
    assert matcher(*listed).match(batch(read("AB12CDE", 0.97), read("AB12CDE", 0.5))) == []


def test_wide_look_ups_serve_high_priority_only():
    doubted = read("AX12CDE", 0.8, sure=[99, 50, 99, 99, 99, 99, 99])
    dropped = read("B12CD8E", 0.8)
    assert matcher("AB12CDE", "XB12CD8E").match(batch(doubted, dropped)) == []
    found = matcher("AB12CDE", "XB12CD8E", priority="high").match(batch(doubted, dropped))
    assert [(m.row, m.plate) for m in found] == [(0, "AB12CDE"), (1, "XB12CD8E")]
    assert found[0].why.startswith("B read as X (camera 50% sure of it)")
    assert found[1].why.startswith("X missing in place 1")


def test_tolerance_can_be_switched_off():
    assert matcher("AB12CDE", tolerance=None).match(batch(read("A812CDE"))) == []


def test_a_batch_without_plates_or_list_is_quiet():
    assert matcher().match(batch(read("AB12CDE"), read("A812CDE", 0.2))) == []
    assert matcher("AB12CDE").match(batch()) == []


def test_false_hits_stay_rare_among_innocent_reads():
    """The same drawing as bench/matcher.py, small: at most one in 500 innocent reads on a list of a million."""
    rng = np.random.default_rng(11)
    entries = entries_of(rng, 1_000_000)
    truth = marks(rng, 15_000)
    truth = truth[~np.isin(vrm.encode_symbols(truth), entries.codes)]
    found = Matcher(Layers.of(entries), Tolerance()).match(Batch.of(table_of(see(rng, truth, Camera()))))
    assert len({m.row for m in found if not m.exact}) <= len(truth) / 500
