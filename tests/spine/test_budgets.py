"""A caller that runs wild spends its own minute, not the others'; the next minute is free again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from bluelamp.kit.ids import new_id
from bluelamp.spine.budgets import Budget
from bluelamp.spine.errors import TooManyError
from tests.support.platform import RunningPlatform, token_for


def test_what_was_spent_is_refused_until_the_minute_turns() -> None:
    now = [120_000 + 15_000]
    budget = Budget(lambda: now[0])
    assert [budget.spend("a"), budget.spend("a", 4), budget.spend("b")] == [1, 5, 1]
    budget.check("a", 6, "wait")
    with pytest.raises(TooManyError, match="wait") as refused:
        budget.check("a", 5, "wait")
    assert refused.value.headers == {"Retry-After": "45"}
    budget.check("b", 5, "wait")
    now[0] += 45_000
    budget.check("a", 5, "wait")
    assert budget.spend("a") == 1


async def test_one_person_shares_one_budget_and_the_first_refusal_is_in_the_audit(platform: RunningPlatform) -> None:
    name = f"budget-{new_id().lower()}"
    made = await platform.client("admin").post("/v1/users", json={"username": name, "name": "Billie Budget", "roles": ["officer"]})
    assert made.status_code == 201, made.text
    person, tokens = made.json()["id"], [await token_for(platform.spine, name) for _ in range(2)]
    with _still(platform) as budget:
        budget.spend(person, platform.spine.settings.caller_requests_per_minute_max - 1)
        answers = [await platform.client().get("/v1/me", headers={"Authorization": f"Bearer {token}"}) for token in (*tokens, tokens[0])]
        assert (await platform.client("officer").get("/v1/me")).status_code == 200
    assert [answer.status_code for answer in answers] == [200, 429, 429]
    assert answers[1].json()["code"] == "too_many_requests"
    assert answers[1].headers["Retry-After"] == "45"
    entries = "SELECT count(*) FROM audit_entries WHERE actor = $1 AND action = 'requests.budget'"
    assert await platform.spine.db.fetchval(entries, person) == 1


async def test_one_address_has_a_budget_at_the_public_doors(platform: RunningPlatform) -> None:
    there = httpx.AsyncHTTPTransport(local_address="127.0.0.9")
    async with httpx.AsyncClient(transport=there, base_url=platform.url) as elsewhere:
        with _still(platform) as budget:
            budget.spend(("address", "127.0.0.9"), platform.spine.settings.address_requests_per_minute_max - 1)
            asked = [(await elsewhere.get("/v1/session/ways")).status_code for _ in range(2)]
            assert (await platform.client().get("/v1/session/ways")).status_code == 200
            assert (await platform.client("officer").get("/v1/me")).status_code == 200
    assert asked == [200, 429]


@contextmanager
def _still(platform: RunningPlatform) -> Iterator[Budget]:
    """A budget whose minute does not end while a test runs."""
    usual = platform.app.state.budget
    platform.app.state.budget = Budget(lambda: 120_000 + 15_000)
    try:
        yield platform.app.state.budget
    finally:
        platform.app.state.budget = usual
