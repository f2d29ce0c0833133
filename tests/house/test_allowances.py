"""The lists of exceptions may only shrink: each is compared with its copy in allowances.json.

`python -m tests.house.test_allowances` takes what is gone out of the copy, and never adds. A new exception is written into the copy
by hand, in the commit that says why: that is the moment to ask whether it must be.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from supply import rules
from tests.house import test_licences, test_mutations, test_outgoing, test_permissions, test_shape
from tests.house.examples import NATIONAL_DOORS
from tests.support import witness

COPY = Path(__file__).with_name("allowances.json")

LISTS: dict[str, Iterable[str]] = {
    "public doors": test_permissions.PUBLIC_DOORS - {f"GET {path}" for path in test_permissions.PAGES},
    "changes without an audit entry": witness.UNAUDITED,
    "looks without an audit entry": witness.UNAUDITED_LOOKS,
    "entries hidden behind another": test_mutations.COVERED_ELSEWHERE,
    "doors that show another force's things": NATIONAL_DOORS,
    "places that speak to others": test_outgoing.SPEAKS,
    "requests that name an address": test_outgoing.ASKED_FOR_ADDRESSES,
    "long functions": test_shape.LONG_FUNCTIONS,
    "weak copyleft": test_licences.WEAK_COPYLEFT,
    "weak copyleft in the locks": rules.EXCEPTIONS,
}


def added(lists: dict[str, Iterable[str]], copy: dict[str, list[str]]) -> list[str]:
    return sorted(f"{name}: {entry}" for name, entries in lists.items() for entry in set(entries) - set(copy.get(name, [])))


def gone(lists: dict[str, Iterable[str]], copy: dict[str, list[str]]) -> list[str]:
    return sorted(f"{name}: {entry}" for name, entries in copy.items() for entry in set(entries) - set(lists.get(name, ())))


def copied() -> dict[str, list[str]]:
    copy: dict[str, list[str]] = json.loads(COPY.read_text("utf-8"))
    return copy


def test_no_exception_is_new() -> None:
    new = added(LISTS, copied())
    assert not new, f"lists of exceptions only shrink. Mend the cause; if it truly must be, write it into {COPY.name} by hand: {new}"


def test_the_copy_shrinks_too() -> None:
    old = gone(LISTS, copied())
    assert not old, f"no longer needed: run `python -m tests.house.test_allowances`: {old}"


@pytest.mark.parametrize(("now", "new", "old"), [(["a"], [], ["x: b"]), (["a", "b"], [], []), (["a", "b", "c"], ["x: c"], [])])
def test_growth_and_shrinking_are_told_apart(now: list[str], new: list[str], old: list[str]) -> None:
    assert (added({"x": now}, {"x": ["a", "b"]}), gone({"x": now}, {"x": ["a", "b"]})) == (new, old)


if __name__ == "__main__":
    shrunk = {name: sorted(set(entries) & set(LISTS.get(name, ()))) for name, entries in copied().items()}
    COPY.write_text(json.dumps(shrunk, indent=1) + "\n", "utf-8")
