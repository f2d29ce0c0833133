"""Cursors say exactly what a device has."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluelamp.incidents.live.cursors import AHEAD_MAX, Cursor, parse

numbers = st.integers(min_value=0, max_value=10**15)


@given(numbers, st.sets(numbers, max_size=AHEAD_MAX))
def test_a_cursor_is_read_as_it_was_written(number: int, ahead: set[int]) -> None:
    cursor = Cursor(number, tuple(sorted(n for n in ahead if n > number)))
    assert parse(cursor.text) == cursor


@given(st.lists(st.integers(min_value=1, max_value=60), max_size=60, unique=True))
def test_whatever_overtakes_each_event_is_had_once_all_were_reached(order: list[int]) -> None:
    """Told in any order, as far as the limit lets emergencies overtake: at the end all is had, and nothing was told twice."""
    cursor, told = Cursor(0), []
    for number in order:
        ahead = None if cursor.has(number) else cursor.overtaken_by(number)
        if ahead is not None:
            cursor = ahead
            told.append(number)
    for number in range(1, 61):
        if not cursor.has(number):
            told.append(number)
        cursor = cursor.reached(number)
    assert sorted(told) == list(range(1, 61))
    assert cursor == Cursor(60)


@pytest.mark.parametrize("text", ["", "x", "-1", "1+", "1+2+3", "1.2", "+3", "1+2.", "9" * 30, "1+" + ".".join(["5"] * 40), "١"])
def test_what_is_no_cursor(text: str) -> None:
    assert parse(text) is None
