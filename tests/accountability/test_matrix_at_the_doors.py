"""The matrix, tried: every account at the door of searches, of each age, for each kind of purpose; and where authority is asked."""

from __future__ import annotations

import pytest

from bluelamp.accountability.explaining.matrix import Cell, cells
from tests.accountability.conftest import Case
from tests.support.platform import RunningPlatform

ROLES = {
    "officer": "officer", "officer2": "officer", "analyst": "analyst", "supervisor": "supervisor", "control": "control",
    "auditor": "auditor", "admin": "admin", "supplier": "supplier",
}  # fmt: skip
"""The demonstration accounts by their one role; `officer2` is of another force, and reads are national."""
PURPOSES = ("serious_crime", "road_safety", "test")
DAYS = (10, 200)
"""One age of each tier."""


@pytest.fixture(scope="module")
def matrix(platform: RunningPlatform) -> dict[tuple[str, str, str], str]:
    """By action, role and purpose, what is open of national data."""
    actions = ("anpr.searches.run", "accountability.authorisations.ask")
    found: list[Cell] = [c for c in cells(platform.spine.policy, actions) if c.relation == "national" and c.circumstance == ""]
    return {(cell.action, cell.role, cell.purpose): cell.open_to for cell in found}


@pytest.mark.parametrize("username", ROLES)
async def test_a_search_is_answered_where_the_matrix_says_so_and_nowhere_else(
    platform: RunningPlatform, matrix: dict[tuple[str, str, str], str], username: str
) -> None:
    for purpose in PURPOSES:
        for tier, days in enumerate(DAYS):
            answer = await Case(platform, purpose).search(username, days)
            expected = 200 if matrix["anpr.searches.run", ROLES[username], purpose][tier] == "o" else 403
            assert answer.status_code == expected, f"{username}, {purpose}, {days} days: {answer.text[:200]}"


@pytest.mark.parametrize("username", ROLES)
async def test_authority_is_asked_for_where_the_matrix_says_so(
    platform: RunningPlatform, matrix: dict[tuple[str, str, str], str], username: str
) -> None:
    for purpose in PURPOSES:
        case = Case(platform, purpose)
        answer = await platform.client(username).post("/v1/accountability/authorisations", json=case.scope())
        expected = 201 if matrix["accountability.authorisations.ask", ROLES[username], purpose][1] == "o" else 403
        assert answer.status_code == expected, f"{username}, {purpose}: {answer.text[:200]}"
        if expected == 201 and username not in ("supervisor", "officer2"):
            for other in ("officer", "analyst", "control", "auditor", "admin", "supplier", "officer2"):
                assert (await case.decide(answer.json()["id"], other)).status_code in (403, 404), other
