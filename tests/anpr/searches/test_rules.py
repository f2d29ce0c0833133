"""The pure rules of search: patterns, cursors, tolerance, areas, journeys."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bluelamp.anpr.domain import Read
from bluelamp.anpr.errors import BadAreaError, BadPatternError
from bluelamp.anpr.lawful import Lawful, without_decision
from bluelamp.anpr.searching.areas import contains, parse_bbox, parse_polygon
from bluelamp.anpr.searching.journeys import metres_between, steps
from bluelamp.anpr.searching.patterns import letters, matches, normalise_pattern
from bluelamp.anpr.searching.ranking import Position, Window
from bluelamp.anpr.searching.tolerance import LIKELIHOOD_MIN, candidates
from bluelamp.kit.vrm import ALPHABET, likelihood
from bluelamp.spine.errors import InvalidError

vrms = st.text(ALPHABET, min_size=2, max_size=12)
patterns = st.text(ALPHABET + "?*", min_size=2, max_size=12).filter(lambda p: sum(c in ALPHABET for c in p) >= 2)


@given(vrms, st.data())
def test_a_pattern_made_of_a_plate_matches_it_and_the_bits_agree(vrm: str, data: st.DataObject) -> None:
    known = data.draw(st.sets(st.integers(0, len(vrm) - 1), min_size=2))
    text = "".join(c if at in known else data.draw(st.sampled_from(["?", "*"])) for at, c in enumerate(vrm))
    pattern = normalise_pattern(text)
    assert matches(pattern, vrm)
    assert letters(pattern) & letters(vrm) == letters(pattern)


@given(patterns, vrms)
def test_the_normal_form_of_a_pattern_matches_the_same_plates(text: str, vrm: str) -> None:
    plain = "".join({"?": "[0-9A-Z]", "*": "[0-9A-Z]*"}.get(c, c) for c in text)
    pattern = normalise_pattern(text)
    assert matches(pattern, vrm) == bool(re.fullmatch(plain, vrm))
    assert normalise_pattern(pattern) == pattern


@pytest.mark.parametrize("text", ["", "*", "A*", "??????", "A\u041212", "A%B_", "AB12CDEFGHIJK", "A'B", "AB\n1"[:2] + "\x00"])
def test_what_is_no_pattern_is_refused(text: str) -> None:
    with pytest.raises(BadPatternError):
        normalise_pattern(text)


positions = st.builds(
    Position, st.integers(0, 1000), st.integers(-(1 << 44), 0), st.integers(0, (1 << 32) - 1), st.integers(0, (1 << 32) - 1), vrms
)


@given(positions)
def test_a_cursor_is_read_back_as_it_was(position: Position) -> None:
    assert Position.parse(position.cursor()) == position


@given(st.text(max_size=60))
def test_no_text_but_a_cursor_is_taken_for_one(text: str) -> None:
    try:
        position = Position.parse(text)
    except InvalidError:
        return
    assert Position.parse(position.cursor()) == position


@given(st.integers(0, 10**12), st.integers(1, 10**11), st.lists(st.floats(0.01, 400), max_size=4))
def test_slices_cover_the_window_once(start: int, length: int, days: list[float]) -> None:
    window = Window(start, start + length)
    pieces = window.slices(*days)
    assert pieces[0].end == window.end
    assert pieces[-1].start == window.start
    assert all(a.start == b.end for a, b in pairwise(pieces))


@given(st.integers(0, 10**12), st.integers(1, 10**11), st.integers(0, 10**12), st.integers(0, 10**12))
def test_a_lawful_window_is_never_widened(start: int, length: int, since: int, until: int) -> None:
    lawful = without_decision(start, start + length)
    narrower = lawful.within(since, until)
    assert narrower.start >= lawful.start
    assert narrower.end <= lawful.end
    assert all(piece.start >= lawful.start and piece.end <= lawful.end for piece in lawful.slices(1, 30))


def test_a_lawful_window_is_made_by_a_decision_only() -> None:
    with pytest.raises(TypeError, match="decision"):
        Lawful(0, 1, object())


@settings(deadline=None)  # the first of a kind takes its time
@given(st.text("ABCDEFGH0123458", min_size=5, max_size=7), st.sampled_from(["likely", "possible"]))
def test_candidates_are_as_likely_as_the_library_says(vrm: str, tolerance: str) -> None:
    found = candidates(vrm, tolerance)  # type: ignore[arg-type]
    assert found[vrm] == 1.0
    for text, value in list(found.items())[:30]:
        assert value == pytest.approx(likelihood(text, vrm), abs=0.001)
        assert value >= LIKELIHOOD_MIN[tolerance] or text == vrm  # type: ignore[index]


def test_the_likely_misreads_are_all_among_the_candidates() -> None:
    assert {"A812CDE", "ABI2CDE", "AB1ZCDE", "AB12C0E", "A8I2CDE"} <= set(candidates("AB12CDE", "likely"))
    assert {"AB12CD", "AB12CDEX", "XB12CDE", "B12CDE"} <= set(candidates("AB12CDE", "possible"))


def test_a_polygon_has_an_inside_and_holes() -> None:
    square = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]
    hole = [[1, 1], [2, 1], [2, 2], [1, 2], [1, 1]]
    rings = parse_polygon({"type": "Polygon", "coordinates": [square, hole]})
    assert contains(rings, 3, 3)
    assert not contains(rings, 1.5, 1.5)
    assert not contains(rings, 5, 3)
    for broken in (
        {"type": "Polygon", "coordinates": [square[:-1]]},
        {"type": "Polygon"},
        {"type": "Polygon", "coordinates": [[[0, "x"]] * 4]},
    ):
        with pytest.raises(BadAreaError):
            parse_polygon(broken)
    with pytest.raises(BadAreaError):
        parse_bbox([0, 0, 0, 1])


def _read(camera: int, at_s: int) -> Read:
    return Read(
        camera=camera, captured_at=at_s * 1000, vrm="AB12CDE", seen_as="", confidence=0.9, direction="", lane=0, make="", model="",
        colour="", vehicle_class="",
    )  # fmt: skip


def test_a_leg_no_vehicle_can_have_driven_is_marked_and_a_rest_begins_a_new_journey() -> None:
    london, york = (-0.1276, 51.5072), (-1.0815, 53.9590)
    assert metres_between(london, york) == pytest.approx(280_000, rel=0.02)
    legs = steps([_read(2, 3 * 3600), _read(1, 0), _read(1, 3 * 3600 + 600), _read(9, 1)], {1: london, 2: york})
    assert [(leg.plausible, leg.new_journey) for leg in legs] == [(True, True), (False, False)]
    assert "two vehicles" in legs[1].why
    assert steps([_read(1, 5), _read(2, 5)], {1: london, 2: york})[0].kmh is None
