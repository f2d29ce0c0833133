"""What a look may reach: refused in words, narrowed and told, decided again each time."""

from __future__ import annotations

import pytest

from bluelamp.anpr.errors import NeedsAuthorityError
from bluelamp.anpr.jobs import standing
from bluelamp.anpr.store import searches as store
from tests.accountability.conftest import Case
from tests.support.platform import RunningPlatform


async def test_older_reads_are_refused_with_why_and_what_would_make_it_lawful(case: Case) -> None:
    answer = await case.search()
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (403, "needs_authority")
    assert "older than 90 days" in problem["why"]
    assert "Ask for authority" in problem["lawful_if"]
    assert problem["policies"] == ["anpr.older_needs_authority"]
    assert problem["can_ask"]
    assert problem["can_override"]
    refusals = await case.entries("refusal", "anpr.searches.run")
    assert [entry["code"] for entry in refusals] == ["needs_authority"]
    assert not await case.entries("consultation", "anpr.searches.run"), "the question was put although it was refused"


async def test_a_purpose_without_offence_opens_nothing_older_whoever_signs(platform: RunningPlatform) -> None:
    case = Case(platform, "road_safety")
    problem = (await case.search()).json()
    assert problem["policies"][0] == "anpr.older_needs_offence"
    assert not problem["can_ask"]
    asked = await platform.client("analyst").post("/v1/accountability/authorisations", json=case.scope())
    assert (asked.status_code, asked.json()["code"]) == (403, "policy_refused")


async def test_without_a_beginning_the_window_is_narrowed_and_says_so(case: Case) -> None:
    answer = await case.search(days=None)
    assert answer.status_code == 200, answer.text
    narrowed = answer.json()["narrowed"]
    assert narrowed["from"] > case.ago(90.01)
    assert "90 days" in narrowed["why"]
    assert narrowed["lawful_if"]
    opened = (await case.platform.client("analyst").get(f"/v1/anpr/searches/{answer.json()['id']}")).json()
    assert opened["criteria"]["from"] > case.ago(90.01)


async def test_the_last_ninety_days_are_open_to_the_second(case: Case) -> None:
    answer = await case.search(days=90)
    assert answer.status_code == 200, answer.text
    assert answer.json()["narrowed"] is None


async def test_the_purpose_of_tests_opens_the_year(platform: RunningPlatform) -> None:
    for days in (None, 200, 365, 700):
        answer = await Case(platform, "test").search(days=days)
        assert answer.status_code == 200, answer.text
        assert answer.json()["narrowed"] is None


@pytest.mark.parametrize("action", ["", "/summary", "/journey", "/exports"])
async def test_every_way_to_a_search_is_decided_again_when_the_authority_has_ended(case: Case, action: str) -> None:
    given = await case.granted()
    client = case.platform.client("analyst")
    search = (await case.search()).json()["id"]

    async def look() -> int:
        path = f"/v1/anpr/searches/{search}{action}"
        answer = await (client.post(path, json={"format": "csv"}) if action == "/exports" else client.get(path))
        return answer.status_code

    assert await look() in (200, 201)
    ended = await client.post(f"/v1/accountability/authorisations/{given['id']}/revocation", json={"reason": "Case closed."})
    assert ended.json()["state"] == "revoked"
    assert await look() == 403


async def test_a_search_that_is_lawful_no_more_says_what_it_asks_so_that_authority_can_be_asked_for(case: Case) -> None:
    given = await case.granted()
    client = case.platform.client("analyst")
    search = (await case.search()).json()["id"]
    await client.post(f"/v1/accountability/authorisations/{given['id']}/revocation", json={"reason": "Case closed."})
    problem = (await client.get(f"/v1/anpr/searches/{search}")).json()
    assert problem["can_ask"]
    assert problem["criteria"]["vrm"] == case.vrm
    assert problem["reason"] == case.reason


async def test_a_standing_search_that_is_lawful_no_more_is_ended_once(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    client = case.platform.client("analyst")
    search = (await case.search(days=1)).json()["id"]
    assert (await client.patch(f"/v1/anpr/searches/{search}", json={"saved": True, "standing": True})).status_code == 200
    spine = case.platform.spine

    async def refused(*_: object, **__: object) -> None:
        raise NeedsAuthorityError("no", policies=["anpr.purpose_needs_authority"])

    monkeypatch.setattr("bluelamp.anpr.jobs.standing.rule", refused)
    kept, looked_at = next((s, at) for s, at in await store.standing_searches(spine.db) if s.id == search)
    await standing._run(spine, kept, looked_at)
    assert search not in [s.id for s, _ in await store.standing_searches(spine.db)]
    assert len(await case.entries("alteration", "anpr.searches.end_standing")) == 1


async def test_an_export_is_handed_out_only_while_it_is_lawful(case: Case) -> None:
    given = await case.granted()
    client = case.platform.client("analyst")
    search = (await case.search()).json()["id"]
    made = (await client.post(f"/v1/anpr/searches/{search}/exports", json={"format": "csv"})).json()
    href = made["files"][0]["href"]
    assert (await client.get(href)).status_code == 200
    await client.post(f"/v1/accountability/authorisations/{given['id']}/revocation", json={"reason": "Case closed."})
    assert (await client.get(href)).json()["code"] == "needs_authority"


async def test_a_sensitive_search_that_is_shared_opens_to_few(platform: RunningPlatform) -> None:
    case = Case(platform, "counter_terrorism")
    search = (await case.search(days=10)).json()["id"]
    await platform.client("analyst").patch(f"/v1/anpr/searches/{search}", json={"shared": True})
    refused = await platform.client("officer").get(f"/v1/anpr/searches/{search}")
    assert (refused.status_code, refused.json()["policies"]) == (403, ["anpr.sensitive_search"])
    listed = (await platform.client("officer").get("/v1/anpr/searches", params={"limit": 500})).json()["items"]
    assert search not in [item["id"] for item in listed]
    assert (await platform.client("supervisor").get(f"/v1/anpr/searches/{search}")).status_code == 200


async def test_policy_explains_itself(platform: RunningPlatform) -> None:
    asked = {"purpose": "serious_crime", "age_days": 120}
    told = (await platform.client("analyst").get("/v1/policy/explain", params=asked)).json()
    assert not told["allowed"]
    assert told["reach_days"] == 90
    assert told["lawful_with"]["authority"] == ["granted", "override"]
    assert told["lawful_with"]["age_days"] == 90
    assert told["facts"]["roles"] == ["analyst"]
    assert "purposes" not in told["lawful_with"], "it offers the demonstration's purpose"
    other = await platform.client("officer").get("/v1/policy/explain", params=asked | {"person": "analyst"})
    assert other.status_code == 403
    told = (await platform.client("supervisor").get("/v1/policy/explain", params=asked | {"person": "officer"})).json()
    assert told["facts"]["roles"] == ["officer"]
    assert (await platform.client("supervisor").get("/v1/policy/explain", params={"person": "officer2"})).status_code == 404
    book = (await platform.client("officer").get("/v1/policy/policies")).json()
    assert "anpr.older_needs_authority" in [policy["id"] for policy in book["policies"]]
