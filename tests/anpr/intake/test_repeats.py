"""The repeat table against a plain set."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bluelamp.anpr.intake.repeats import GENERATION_MS, RepeatTable, event_keys

keys = st.lists(st.integers(1, 2**64 - 1) | st.integers(1, 40), max_size=60)


@given(st.lists(keys, max_size=8))
def test_it_knows_what_a_set_knows(batches: list[list[int]]) -> None:
    table, known = RepeatTable(0, capacity=1 << 4), set[int]()
    for batch in batches:
        fresh = np.unique(np.array(batch, np.uint64))
        expected = [int(key) in known for key in fresh]
        assert table.contains(fresh).tolist() == expected
        table.add(fresh[~np.array(expected, np.bool_)], 0)
        known.update(batch)
    assert len(table) == len(known)


def test_a_key_lives_at_least_a_day_and_not_for_ever() -> None:
    table = RepeatTable(0, capacity=1 << 4)
    table.add(np.array([7], np.uint64), GENERATION_MS - 1)
    for generation in (1, 2):
        table.add(np.array([100 + generation], np.uint64), GENERATION_MS * generation)
        assert table.contains(np.array([7], np.uint64))[0]
    table.add(np.array([103], np.uint64), GENERATION_MS * 3)
    assert not table.contains(np.array([7], np.uint64))[0]


def test_keys_differ_in_every_part() -> None:
    one, two = np.array([1], np.uint64), np.array([2], np.uint64)
    made = {
        int(event_keys(*parts)[0])
        for parts in ((one, one, one), (two, one, one), (one, two, one), (one, one, two), (one, one, one, one), (one, one, one, two))
    }
    assert len(made) == 6
