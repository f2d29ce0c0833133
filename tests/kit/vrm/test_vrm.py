"""Normal form, schemes, codes and confusables: examples from the domain notes, properties over all marks."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bluelamp.kit import vrm
from bluelamp.kit.vrm import DEFAULT, Scheme, VrmError, canonical, normalise, schemes

MARKS = st.text(vrm.ALPHABET, min_size=2, max_size=12)
SEPARATED = st.lists(st.sampled_from([*vrm.ALPHABET, *vrm.ALPHABET.lower(), " ", "-", "."]), min_size=2, max_size=20)


@pytest.mark.parametrize(
    ("raw", "mark"),
    [("ab12 cde", "AB12CDE"), (" AB12-CDE ", "AB12CDE"), ("AB12\u00a0CDE", "AB12CDE"), ("M·AB 123", "MAB123")],
)
def test_separators_go_and_case_folds(raw, mark):
    assert normalise(raw) == mark


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("", "vrm_empty"),
        (" - ", "vrm_empty"),
        ("\u0410\u041212\u0421DE", "vrm_alphabet"),  # Cyrillic letters that look like A, B and C
        ("AB1\uff12CDE", "vrm_alphabet"),  # full-width 2
        ("\u017fb12cde", "vrm_alphabet"),  # long s, whose upper case is S
        ("AB1?CDE", "vrm_alphabet"),
        ("A\x0012", "vrm_alphabet"),
        ("A", "vrm_length"),
        ("A" * 13, "vrm_length"),
    ],
)
def test_what_is_no_mark_is_refused_by_name(raw, code):
    with pytest.raises(VrmError) as refusal:
        normalise(raw)
    assert refusal.value.code == code


def test_a_refusal_names_the_stranger():
    with pytest.raises(VrmError, match="CYRILLIC CAPITAL LETTER A"):
        normalise("\u0410B12CDE")


@given(st.text())
def test_normal_form_is_ascii_and_stable_or_refused(raw):
    try:
        mark = normalise(raw)
    except VrmError:
        return
    assert set(mark) <= set(vrm.ALPHABET)
    assert normalise(mark) == mark


@given(SEPARATED)
def test_normal_form_keeps_every_letter_and_digit(raw):
    kept = "".join(c for c in raw if c.isalnum()).upper()
    if 2 <= len(kept) <= 12:
        assert normalise("".join(raw)) == kept


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        ("AB12CDE", {Scheme.CURRENT}),
        ("AB12CDZ", {Scheme.CURRENT}),
        ("AZ12CDE", set()),
        ("AI12CDE", set()),
        ("AB12CQE", set()),
        ("AB00CDE", set()),
        ("AB01CDE", set()),
        ("AB50CDE", set()),
        ("AB02CDE", {Scheme.CURRENT}),
        ("AB51CDE", {Scheme.CURRENT}),
        ("A123BCD", {Scheme.PREFIX}),
        ("Q1BCD", {Scheme.PREFIX}),
        ("A012BCD", set()),
        ("ABC123D", {Scheme.SUFFIX}),
        ("ABC123", {Scheme.DATELESS}),
        ("1A", {Scheme.DATELESS}),
        ("A1234", {Scheme.DATELESS}),
        ("AB1234", {Scheme.DATELESS}),
        ("ABC1234", set()),
        ("AIZ1234", {Scheme.NORTHERN_IRELAND}),
        ("1234AIZ", {Scheme.NORTHERN_IRELAND}),
        ("AIB123", {Scheme.NORTHERN_IRELAND, Scheme.DATELESS}),
        ("OI1234", {Scheme.NORTHERN_IRELAND, Scheme.DATELESS}),
        ("123D456", {Scheme.DIPLOMATIC}),
        ("123X456", {Scheme.DIPLOMATIC}),
        ("AB12CD", {Scheme.MILITARY}),
        ("12AB34", {Scheme.MILITARY}),
        ("MAB12345", set()),
    ],
)
def test_schemes(mark, expected):
    assert set(schemes(mark)) == expected
    assert vrm.is_well_formed(mark) == bool(expected)


@settings(deadline=None)  # the tables are made at first use
@given(st.lists(MARKS | st.from_regex(r"\A[A-Z]{2}[0-9]{2}[A-Z]{3}\Z") | st.from_regex(r"\A[A-Z]{1,3}[0-9]{1,4}\Z"), min_size=1))
def test_scalar_and_vector_agree(marks):
    symbols = vrm.symbols_from_arrow(pa.array(marks))
    codes = vrm.encode_symbols(symbols)
    assert codes.tolist() == [vrm.encode(m) for m in marks]
    assert vrm.encode_bytes(np.array(marks, "S12")).tolist() == codes.tolist()
    assert [m.decode() for m in vrm.decode_codes(codes)] == marks
    assert [vrm.decode(int(c)) for c in codes] == marks
    assert vrm.well_formed(symbols).tolist() == [vrm.is_well_formed(m) for m in marks]
    expected = [vrm.encode(canonical(m)) for m in marks]
    assert DEFAULT.canonical_codes(codes).tolist() == expected
    assert vrm.encode_symbols(DEFAULT.canonical_symbols(symbols)).tolist() == expected


@given(MARKS, MARKS)
def test_codes_sort_as_marks(one, other):
    assert (vrm.encode(one) < vrm.encode(other)) == (one < other)
    assert 0 < vrm.encode(one) < 2**63


@pytest.mark.parametrize("code", [0, 37, 2**64 - 1, 37**12 - 37**11 + 1])
def test_other_numbers_are_no_marks(code):
    with pytest.raises(ValueError):
        vrm.decode(code)


def test_arrow_rows_that_are_no_marks_have_code_zero():
    marks = pa.array(["AB12CDE", None, "", "ab12cde", "AB12 CDE", "A" * 13, "ÄB12", "A\x00B", "XY1"])
    codes = vrm.encode_arrow(marks)
    assert np.flatnonzero(codes).tolist() == [0, 8]
    assert vrm.encode_arrow(marks.slice(8)).tolist() == [vrm.encode("XY1")]
    assert vrm.encode_arrow(marks.slice(1, 2)).tolist() == [0, 0]
    assert len(vrm.encode_arrow(pa.array([], pa.string()))) == 0


@given(MARKS)
def test_canonical_form_is_idempotent_and_blind_to_swaps(mark):
    form = canonical(mark)
    assert canonical(form) == form
    assert len(form) == len(mark)
    for members in DEFAULT.sets:
        for one in members:
            for other in members:
                assert canonical(mark.replace(one, other)) == form


def test_translation_is_what_sql_needs():
    sources, targets = DEFAULT.translation()
    assert "AO1ZS8G".translate(str.maketrans(sources, targets)) == canonical("AO1ZS8G")
    assert len(sources) == len(targets)


def test_a_character_in_two_sets_is_refused():
    with pytest.raises(ValueError, match="two confusable sets"):
        vrm.Confusables.from_mapping({"sets": ["0O", "OQ"]})
