"""Likelihood of a misread and its words: the figures of a back-office engine, then the shape of the whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluelamp.kit import vrm
from bluelamp.kit.vrm import Character, Kind, differences, explain, likelihood

MARKS = st.text(vrm.ALPHABET, min_size=2, max_size=9)


@pytest.mark.parametrize(
    ("seen", "plate", "expected"),
    [
        ("AB12CDE", "AB12CDE", 1.0),
        ("A812CDE", "AB12CDE", 0.86),
        ("A81ZCDE", "AB12CDE", 0.73),
        ("A81ZC0E", "AB12CDE", 0.59),
    ],
)
def test_swaps_score_as_a_real_engine_scores_them(seen, plate, expected):
    assert likelihood(seen, plate) == pytest.approx(expected)


def test_characters_drawn_alike_cost_half_a_swap():
    assert likelihood("AO12CDE", "A012CDE") == pytest.approx(0.93)
    assert likelihood("AD12CDE", "A012CDE") == pytest.approx(0.86)


def test_other_differences_are_less_likely_than_three_swaps():
    three = likelihood("A81ZC0E", "AB12CDE")
    added_bar, added = likelihood("1AB12CDE", "AB12CDE"), likelihood("KAB12CDE", "AB12CDE")
    dropped, changed = likelihood("AB12CD", "AB12CDE"), likelihood("AX12CDE", "AB12CDE")
    assert three > added_bar > added >= dropped > changed > 0


@given(MARKS, MARKS)
def test_one_only_when_equal(seen, plate):
    value = likelihood(seen, plate)
    assert 0 < value <= 1
    assert (value == 1) == (seen == plate)
    assert (explain(seen, plate) == "read exactly as it stands") == (seen == plate)


@given(MARKS, MARKS)
def test_differences_turn_the_plate_into_what_was_seen(seen, plate):
    dropped = {e.place for e in differences(seen, plate) if e.kind is Kind.DROPPED}
    added = {e.place: e for e in differences(seen, plate) if e.kind is Kind.ADDED}
    other = {e.place: e for e in differences(seen, plate) if e.kind in (Kind.SWAP, Kind.CHANGE)}
    left = iter([c for place, c in enumerate(plate) if place not in dropped])
    rebuilt = []
    for place in range(len(seen)):
        if place in added:
            rebuilt.append(added[place].seen)
            continue
        original = next(left)
        if place in other:
            assert other[place].on_plate == original
            original = other[place].seen
        rebuilt.append(original)
    assert "".join(rebuilt) == seen
    assert next(left, None) is None


@given(MARKS, st.data())
def test_doubt_makes_a_difference_likelier_and_certainty_less(plate, data):
    place = data.draw(st.integers(0, len(plate) - 1))
    other = data.draw(st.sampled_from([c for c in vrm.ALPHABET if c != plate[place]]))
    seen = plate[:place] + other + plate[place + 1 :]

    def given_confidence(value: float) -> float:
        return likelihood(seen, plate, [Character(c, value if i == place else 0.9) for i, c in enumerate(seen)])

    assert given_confidence(0.3) > likelihood(seen, plate) - 1e-9 >= given_confidence(0.999) - 1e-9
    assert given_confidence(0.3) > given_confidence(0.999)


def test_evidence_for_another_text_is_ignored():
    evidence = [Character(c, 0.1) for c in "XX99XXX"]
    assert likelihood("A812CDE", "AB12CDE", evidence) == likelihood("A812CDE", "AB12CDE")


@pytest.mark.parametrize("confidence", [-1.0, 0.0, 1.0, 2.0])
def test_impossible_confidences_do_no_harm(confidence):
    evidence = [Character(c, confidence) for c in "A812CDE"]
    assert 0 < likelihood("A812CDE", "AB12CDE", evidence) < 1


def test_words():
    assert explain("AB12CDE", "A812CDE") == "8 read as B"
    assert explain("AB12CD", "AB12CDE") == "E missing in place 7"
    assert explain("AB12CDE1", "AB12CDE") == "extra 1 in place 8"
    evidence = [Character(c, 0.41 if c == "B" else 0.99) for c in "AB12CDE"]
    assert explain("AB12CDE", "A812CDE", evidence) == "8 read as B (camera 41% sure of it)"


def test_sets_and_weights_are_configuration(tmp_path):
    file = tmp_path / "ours.toml"
    file.write_text(
        'sets = ["VY"]\nalike = []\nbars = ""\ncurve = [1.0, 0.5]\ndecay = 0.5\n'
        "[costs]\nswap = 1.0\nalike = 1.0\nchange = 3.0\ndropped = 3.0\nadded = 3.0\nadded_bar = 3.0\n"
        "[evidence]\nneutral = 0.9\nfactor_min = 0.1\nfactor_max = 2.0\n"
    )
    ours = vrm.Confusables.load(file)
    assert likelihood("VB12CDE", "YB12CDE", confusables=ours) == pytest.approx(0.5)
    assert likelihood("A812CDE", "AB12CDE", confusables=ours) == pytest.approx(0.125)
