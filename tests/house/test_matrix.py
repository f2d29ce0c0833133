"""The checked-in matrix says what the shipped policies decide."""

from __future__ import annotations

from pathlib import Path

import pytest

from bluelamp.accountability.explaining.matrix import Cell, cells, page
from bluelamp.app.wiring import policy_of
from bluelamp.spine.policy import ROLES
from bluelamp.spine.policy.facts import RELATIONS

LOOKS = {"anpr.searches.run", "anpr.searches.deep", "anpr.searches.keep", "anpr.exports.make", "anpr.pictures.view"}
MATRIX = Path(__file__).parents[2] / "docs/authorisation-matrix.md"
POLICY = policy_of()


@pytest.fixture(scope="module")
def squares() -> list[Cell]:
    return list(cells(POLICY))


def test_it_is_as_the_policies_decide(squares: list[Cell]) -> None:
    assert squares
    assert MATRIX.read_text("utf-8") == page(POLICY, squares), (
        "who may do what changed: run `bluelamp policy matrix docs/authorisation-matrix.md` and read the difference before committing"
    )


def test_every_action_role_and_agency_is_in_it(squares: list[Cell]) -> None:
    assert {cell.action for cell in squares} == POLICY.rules.actions
    for action in POLICY.rules.actions:
        asked = {(cell.role, cell.relation) for cell in squares if cell.action == action}
        assert asked == {(role, relation) for role in ROLES for relation in RELATIONS}
    assert {len(cell.open_to) for cell in squares} == {len(POLICY.rules.tiers) + 1}


def test_what_nobody_may(squares: list[Cell]) -> None:
    """Read from the matrix: nothing of other agencies, nothing past the retention, nothing older for who has no police work."""
    for cell in squares:
        if cell.relation == "other":
            assert set(cell.open_to) == {"-"}, cell
        if cell.action in LOOKS:
            assert cell.open_to[-1] == "-", cell
            if cell.purpose != "test":
                assert cell.open_to[1] in "a!-", cell
        if cell.role in {"auditor", "admin", "national_admin", "supplier"}:
            assert set(cell.open_to) == {"-"}, cell
