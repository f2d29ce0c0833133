"""Files of looks and directories: what is wrong is told by line, and nothing stops the rest from being read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bluelamp.accountability.misuse.detect import detect
from bluelamp.accountability.misuse.directory import Directory
from bluelamp.accountability.misuse.directory_files import read_directory
from bluelamp.accountability.misuse.files import read_looks
from tests.accountability.misuse.scenes import look, quiet, written


def test_bad_lines_are_told_by_number_and_the_rest_is_read(tmp_path: Path) -> None:
    wrong = ["{nonsense", '{"at":"yesterday","person":"x"}', '{"at":"2025-01-01T00:00:00Z","person":""}', "", "[]"]
    late = '{"at":"2525-01-01T00:00:00Z","person":"x"}'
    rows: list[Any] = [look(1, 1, 9, "AB12CDE", "C/1"), *wrong, late, look(2, 1, 9, "AB12CDE", "C/1")]
    read = read_looks(written(tmp_path, "looks.ndjson", rows), quiet)
    assert sorted(bad.line for bad in read.bad) == [2, 3, 4, 6, 7]
    assert read.bad_total == 5
    assert sorted(read.looks.line.tolist()) == [1, 8]


def test_missing_fields_nulls_and_lists_of_subjects_are_read(tmp_path: Path) -> None:
    rows = [
        '{"at":"2025-01-01T00:00:00","person":7,"subject":["ab12 cde","AB12CDE","XY1"],"results":null,"label":true}',
        '{"at":1735689600000,"person":"p","subject":null,"label":"none","more":{"a":1}}',
    ]
    read = read_looks(written(tmp_path, "looks.ndjson", list(rows)), quiet)
    assert (len(read.looks), read.naive, read.bad_total) == (4, 1, 0)
    assert {read.looks.text("subject", row) for row in range(4)} == {"AB12CDE", "XY1", ""}
    assert {read.looks.text("label", row) for row in range(4)} == {"misuse", ""}


@given(
    st.lists(st.one_of(st.binary(max_size=80), st.sampled_from([b'{"at":"2025-01-01T00:00:00Z","person":"p","subject":"A"}'])), max_size=8)
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_stop_the_reader(tmp_path: Path, lines: list[bytes]) -> None:
    file = tmp_path / "any.ndjson"
    file.write_bytes(b"\n".join(lines))
    read = read_looks(file, quiet)
    known = read_directory(file, quiet)
    detect(read.looks, known.directory)
    assert read.bad_total + len(np.unique(read.looks.line)) <= read.lines


def test_an_empty_file_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "none").write_bytes(b"")
    read = read_looks(tmp_path / "none", quiet)
    assert len(read.looks) == 0
    assert not detect(read.looks, Directory()).cases


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("d.ndjson", '{"kind":"vehicle","person":"p","subject":"ab12 cde"}\n{"kind":"unicorn"}\n{"kind":"famous","subject":"F1"}\n'),
        ("d.csv", "kind,person,subject\nvehicle,p,ab12 cde\nunicorn,p,x\nfamous,,F1\n"),
        ("d.json", '{"people":[{"person":"p","vehicles":["ab12 cde"]}],"unicorn":[{}],"famous":["F1"]}'),
    ],
)
def test_a_directory_in_each_format(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    read = read_directory(tmp_path / name, quiet)
    assert read.directory.ties["p", "AB12CDE"].kind == "self"
    assert read.directory.famous == {"F1"}
    assert read.bad_total == 1
    assert "'kind' is one of" in read.bad[0].message


def test_spans_of_the_directory_are_kept(tmp_path: Path) -> None:
    rows = [
        {"kind": "dispute", "person": "p", "subject": "X1", "from": "2025-02-01T00:00:00Z"},
        {"kind": "shift", "person": "p"},
        {"kind": "absence", "person": "p", "from": "2025-02-02T00:00:00Z", "to": "2025-02-01T00:00:00Z"},
        {"kind": "place", "place": "HQ", "latitude": 91, "longitude": 0},
    ]
    read = read_directory(written(tmp_path, "d.ndjson", list(rows)), quiet)
    assert read.directory.ties["p", "X1"].start == 1_738_368_000_000
    assert [bad.line for bad in read.bad] == [2, 3, 4]
