"""The index and its layers answer as a plain dictionary would, whatever is in them; a snapshot brings it all back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bluelamp.anpr.matching import index as index_module
from bluelamp.anpr.matching import snapshot
from bluelamp.anpr.matching.index import VoiIndex
from bluelamp.anpr.matching.layers import REMOVED, Entries, Layers
from bluelamp.kit import vrm
from bluelamp.kit.vrm import canonical

# Few characters, so that marks meet, some by confusion.
MARKS = st.text("A80ODB1", min_size=2, max_size=4)


def codes(marks):
    return np.array([vrm.encode(m) for m in marks], np.uint64)


def canonicals(marks):
    return vrm.DEFAULT.canonical_codes(codes(marks))


def entries(held: dict[int, str | None]) -> Entries:
    marks = [mark or "ZZ" for mark in held.values()]
    flags = np.array([0 if mark else REMOVED for mark in held.values()], np.uint8)
    return Entries(np.array(list(held), np.uint32), codes(marks), flags)


def answers(found, asked):
    return sorted((asked[row], vrm.decode(int(code)), int(ref)) for row, code, ref in zip(found.rows, found.codes, found.refs, strict=True))


def expected(held: dict[int, str | None], asked):
    return sorted((a, m, ref) for a in asked for ref, m in held.items() if m and canonical(m) == canonical(a))


@given(st.lists(MARKS, max_size=60), st.lists(MARKS, min_size=1, max_size=30, unique=True))
def test_the_index_answers_as_a_dictionary(marks, asked):
    held = dict(enumerate(marks))
    index = VoiIndex.build(codes(marks), np.arange(len(marks), dtype=np.uint32), np.zeros(len(marks), np.uint8))
    assert answers(index.probe(canonicals(asked)), asked) == expected(held, asked)
    exact = answers(index.probe_exact(codes(asked)), asked)
    assert exact == sorted((m, m, ref) for ref, m in held.items() if m in asked)


def test_building_by_parts_gives_the_same_index(monkeypatch):
    marks = [f"{a}{b}{n}" for a in "ABCDE" for b in "VWXYZ" for n in range(10, 99)]
    arguments = (codes(marks), np.arange(len(marks), dtype=np.uint32), np.zeros(len(marks), np.uint8))
    whole = VoiIndex.build(*arguments)
    monkeypatch.setattr(index_module, "_PARTITION_ROWS", 100)
    parts = VoiIndex.build(*arguments)
    for name in ("codes", "refs", "flags", "starts", "words"):
        assert np.array_equal(getattr(whole, name), getattr(parts, name)), name


@settings(max_examples=60)
@given(
    st.dictionaries(st.integers(1, 12), MARKS, max_size=12),
    st.lists(st.dictionaries(st.integers(1, 15), MARKS | st.none(), max_size=6), max_size=4),
    st.lists(MARKS, min_size=1, max_size=20, unique=True),
)
def test_layers_follow_every_change(first, changes, asked):
    held: dict[int, str | None] = dict(first)
    layers = Layers.of(entries(held))
    for change in changes:
        held.update(change)
        layers = layers.changed(entries(change))
        assert answers(layers.probe(canonicals(asked)), asked) == expected(held, asked)
    merged = layers.merged()
    assert merged.overlay is None
    assert answers(merged.probe(canonicals(asked)), asked) == expected(held, asked)


def some_index(count=500):
    rng = np.random.default_rng(5)
    numbers = rng.integers(vrm.encode("AA"), vrm.encode("ZZ99ZZZ"), count).astype(np.uint64)
    return VoiIndex.build(numbers, np.arange(count, dtype=np.uint32), (numbers % np.uint64(3)).astype(np.uint8))


@pytest.mark.parametrize("count", [0, 1, 500])
def test_a_snapshot_brings_everything_back(tmp_path, count):
    index = some_index(count)
    path = tmp_path / "voi.snapshot"
    snapshot.write(path, index, 77)
    loaded, revision = snapshot.load(path)
    assert revision == 77
    for name in ("codes", "refs", "flags", "starts", "words"):
        assert np.array_equal(getattr(index, name), getattr(loaded, name)), name
    assert [p.name for p in tmp_path.iterdir()] == ["voi.snapshot"]


@pytest.mark.parametrize("harm", ["missing", "empty", "foreign", "cut", "damaged", "other sets"])
def test_a_bad_snapshot_is_refused(tmp_path, harm):
    path = tmp_path / "voi.snapshot"
    snapshot.write(path, some_index(), 1)
    content = bytearray(path.read_bytes())
    confusables = vrm.DEFAULT
    match harm:
        case "missing":
            path.unlink()
        case "empty":
            path.write_bytes(b"")
        case "foreign":
            path.write_bytes(b"PK" + bytes(8000))
        case "cut":
            path.write_bytes(content[:-100])
        case "damaged":
            content[5000] ^= 1
            path.write_bytes(content)
        case _:
            confusables = vrm.Confusables.from_mapping(
                {
                    "sets": ["VY"],
                    "alike": [],
                    "bars": "",
                    "curve": [1.0, 0.8],
                    "decay": 0.8,
                    "costs": dict.fromkeys(["swap", "alike", "change", "dropped", "added", "added_bar"], 1.0),
                    "evidence": {"neutral": 0.9, "factor_min": 0.1, "factor_max": 2.0},
                }
            )
    with pytest.raises(snapshot.SnapshotError):
        snapshot.load(path, confusables)
