"""Authority for one case: asked, given, refused, ended; and the refusals of who tries otherwise."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.routing import APIRoute

from bluelamp.accountability.authorisations.actions import end_those_over, remind
from bluelamp.accountability.authorisations.routes import router
from bluelamp.accountability.settings import authorisation_settings
from bluelamp.spine.http import Permit
from tests.accountability.conftest import Case
from tests.support.platform import RunningPlatform


async def test_with_authority_the_search_runs_and_its_entry_names_it(case: Case) -> None:
    given = await case.granted()
    assert given["state"] == "granted"
    answer = await case.search()
    assert answer.status_code == 200, answer.text
    looks = await case.entries("consultation", "anpr.searches.run")
    assert looks[-1]["authority"] == given["id"]
    decisions = await case.entries("alteration", "accountability.authorisations.decide")
    assert decisions[0]["granted"]


@pytest.mark.parametrize(
    "other",
    [
        {"vrm": "AB12CDE"},
        {"vrm": None, "pattern": "YX7*"},
        {"reason": {"purpose": "serious_crime", "reference": "Op Other"}},
        {"reason": {"purpose": "crime", "reference": "same"}},
        {"from": (datetime.now(UTC) - timedelta(days=300)).isoformat()},
    ],
    ids=["another plate", "a pattern", "another case", "another purpose", "an older period"],
)
async def test_authority_opens_nothing_beside_its_scope(case: Case, other: dict[str, Any]) -> None:
    await case.granted()
    if other.get("reason", {}).get("reference") == "same":
        other = {"reason": other["reason"] | {"reference": case.reason["reference"]}}
    assert (await case.search(**other)).status_code == 403
    assert (await case.search("officer")).status_code == 403, "authority is the person's who asked"


async def test_authority_for_a_place_covers_what_lies_inside(case: Case) -> None:
    await case.granted(vrms=[], bbox=[-3.0, 54.0, -2.0, 55.0])
    to = case.ago(178)
    inside = await case.search(vrm=None, bbox=[-2.9, 54.1, -2.5, 54.5], to=to)
    assert inside.status_code == 200, inside.text
    assert (await case.search(vrm=None, bbox=[-3.1, 54.1, -2.5, 54.5], to=to)).status_code == 403


async def test_nobody_decides_for_themselves_and_no_constable_for_anybody(case: Case) -> None:
    own = await case.ask("supervisor")
    assert not own["can_decide"]
    refused = await case.decide(own["id"])
    assert (refused.status_code, refused.json()["policies"]) == (403, ["authorisations.not_oneself"])
    asked = await case.ask()
    assert (await case.decide(asked["id"], "officer")).status_code == 403
    assert (await case.decide(asked["id"], "analyst")).status_code == 403
    assert (await case.search()).status_code == 403


async def test_one_person_has_only_so_many_requests_waiting(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    few = authorisation_settings().model_copy(update={"authority_waiting_max": 2})
    monkeypatch.setattr("bluelamp.accountability.authorisations.actions.authorisation_settings", lambda: few)
    db = case.platform.spine.db
    await db.execute("UPDATE authorisations SET state = 'refused' WHERE state = 'asked' AND username = 'control'")
    ask = case.platform.client("control")
    answers = await asyncio.gather(*(ask.post("/v1/accountability/authorisations", json=case.scope()) for _ in range(5)))
    assert sorted(a.status_code for a in answers) == [201, 201, 409, 409, 409]
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"too_many_waiting"}


async def test_who_may_decide_now_is_told_to_who_asks(case: Case) -> None:
    told = (await case.platform.client("analyst").get("/v1/accountability/deciders")).json()["items"]
    assert {"username": "supervisor", "name": "Sunil Garsdale", "rank": "inspector", "stands_in_for": ""} in told
    own = (await case.platform.client("supervisor").get("/v1/accountability/deciders")).json()["items"]
    assert "supervisor" not in [person["username"] for person in own]
    others = (await case.platform.client("officer2").get("/v1/accountability/deciders")).json()["items"]
    assert "supervisor" not in [person["username"] for person in others]


async def test_a_refusal_is_told_with_its_reason_and_is_final(case: Case) -> None:
    asked = await case.ask()
    answer = await case.decide(asked["id"], grant=False, reason="The grounds do not say why.")
    assert answer.json()["state"] == "refused"
    seen = (await case.platform.client("analyst").get(f"/v1/accountability/authorisations/{asked['id']}")).json()
    assert seen["decision"] == "The grounds do not say why."
    again = await case.decide(asked["id"])
    assert (again.status_code, again.json()["code"], again.json()["state"]) == (409, "already_decided", "refused")
    assert (await case.search()).status_code == 403


async def test_two_who_decide_at_once_decide_once(case: Case) -> None:
    asked = await case.ask()
    answers = await asyncio.gather(*(case.decide(asked["id"], grant=bool(n % 2)) for n in range(6)))
    assert sorted(a.status_code for a in answers) == [200, 409, 409, 409, 409, 409]


async def test_an_authorisation_is_seen_by_its_asker_and_deciders_alone(case: Case) -> None:
    asked = await case.ask()
    path = f"/v1/accountability/authorisations/{asked['id']}"
    for username, status in (("analyst", 200), ("supervisor", 200), ("officer", 404), ("officer2", 404), ("supplier", 403)):
        assert (await case.platform.client(username).get(path)).status_code == status, username
    revoked = await case.platform.client("officer").post(f"{path}/revocation", json={"reason": "not mine"})
    assert revoked.status_code == 403
    assert (await case.platform.client("officer2").post(f"{path}/revocation", json={"reason": "not mine"})).status_code == 404
    waiting = await case.platform.client("supervisor").get(
        "/v1/accountability/authorisations", params={"whose": "agency", "state": "asked", "limit": 200}
    )
    assert asked["id"] in [item["id"] for item in waiting.json()["items"]]
    mine = await case.platform.client("officer").get("/v1/accountability/authorisations", params={"whose": "agency"})
    assert asked["id"] not in [item["id"] for item in mine.json()["items"]]


async def test_an_authority_over_opens_nothing_and_is_told(case: Case) -> None:
    given = await case.granted()
    db = case.platform.spine.db
    await db.execute("UPDATE authorisations SET expires_at = now() - interval '1 second' WHERE id = $1", given["id"])
    assert (await case.search()).status_code == 403, "it opened something after its time, before any job ran"
    await end_those_over(case.platform.spine)
    state = await db.fetchval("SELECT state FROM authorisations WHERE id = $1", given["id"])
    assert state == "expired"
    assert await case.entries("alteration", "accountability.authorisations.expire")


async def test_the_holder_is_reminded_once(case: Case) -> None:
    given = await case.granted(hours=200)
    db = case.platform.spine.db
    await remind(case.platform.spine)
    assert await db.fetchval("SELECT reminded_at FROM authorisations WHERE id = $1", given["id"]) is None
    await db.execute("UPDATE authorisations SET expires_at = now() + interval '2 hours' WHERE id = $1", given["id"])
    await remind(case.platform.spine)
    first = await db.fetchval("SELECT reminded_at FROM authorisations WHERE id = $1", given["id"])
    assert first is not None
    await remind(case.platform.spine)
    assert await db.fetchval("SELECT reminded_at FROM authorisations WHERE id = $1", given["id"]) == first


async def test_who_decides_is_reminded_once_of_a_request_that_waits(case: Case) -> None:
    asked = await case.ask()
    db = case.platform.spine.db
    await remind(case.platform.spine)
    assert await db.fetchval("SELECT reminded_at FROM authorisations WHERE id = $1", asked["id"]) is None, "reminded too soon"
    await db.execute("UPDATE authorisations SET asked_at = now() - interval '1 hour' WHERE id = $1", asked["id"])
    await remind(case.platform.spine)
    assert await db.fetchval("SELECT reminded_at FROM authorisations WHERE id = $1", asked["id"]) is not None
    assert (await case.decide(asked["id"])).status_code == 200
    assert await db.fetchval("SELECT reminded_at FROM authorisations WHERE id = $1", asked["id"]) is None, "its end would go unsaid"


def test_an_override_at_a_browser_needs_a_fresh_proof() -> None:
    (door,) = (route for route in router.routes if isinstance(route, APIRoute) and route.path.endswith("/overrides"))
    assert [below.call.step_up for below in door.dependant.dependencies if isinstance(below.call, Permit)] == [True]


async def test_an_override_works_at_once_for_one_case_and_is_due_for_review(platform: RunningPlatform) -> None:
    case = Case(platform, "missing_person")
    assert (await case.search("officer")).status_code == 403
    taken = await platform.client("officer").post("/v1/accountability/overrides", json=case.scope(grounds="A child is missing."))
    assert taken.status_code == 201, taken.text
    assert (taken.json()["kind"], taken.json()["state"], taken.json()["review"]) == ("override", "granted", "due")
    assert (await case.search("officer")).status_code == 200
    assert (await case.search("officer", vrm="AB12CDE")).status_code == 403
    assert (await case.entries("alteration", "accountability.authorisations.override"))[0]["review"] == "due"
    await platform.spine.db.execute("UPDATE authorisations SET expires_at = now() WHERE id = $1", taken.json()["id"])
    assert (await case.search("officer")).status_code == 403


async def test_a_deputy_decides_while_the_inspector_is_off_duty(case: Case) -> None:
    platform = case.platform
    await platform.spine.db.execute("UPDATE memberships SET roles = '{control,supervisor}' WHERE person = (SELECT id FROM users WHERE"
                                    " username = 'control')")  # fmt: skip
    await platform.spine.db.execute("SELECT pg_notify('identity', '')")
    try:
        async with asyncio.timeout(10):
            while (await platform.client("control").get("/v1/accountability/deputies")).status_code != 200:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        asked = await case.ask()
        assert (await case.decide(asked["id"], "control")).json()["policies"] == ["authorisations.rank"]
        period = {"from": case.ago(0.01), "to": case.ago(-1)}
        named = await platform.client("supervisor").post("/v1/accountability/deputies", json={"username": "control"} | period)
        assert named.status_code == 201, named.text
        assert (await platform.client("control").post("/v1/accountability/deputies", json={"username": "supervisor"} | period)
                ).status_code == 403, "a deputy names no deputies"  # fmt: skip
        told = (await platform.client("analyst").get("/v1/accountability/deciders")).json()["items"]
        assert [person["stands_in_for"] for person in told if person["username"] == "control"] == ["Sunil Garsdale"]
        assert (await case.decide(asked["id"], "control")).status_code == 200
        ended = await platform.client("supervisor").delete(f"/v1/accountability/deputies/{named.json()['id']}")
        assert ended.status_code == 204
        assert (await case.decide((await case.ask())["id"], "control")).status_code == 403
    finally:
        await platform.spine.db.execute("UPDATE memberships SET roles = '{control}' WHERE person = (SELECT id FROM users WHERE"
                                        " username = 'control')")  # fmt: skip


@pytest.mark.parametrize("username", ["officer", "supervisor", "officer2", "nobody"])
async def test_who_cannot_be_a_deputy(case: Case, username: str) -> None:
    period = {"from": case.ago(0.01), "to": case.ago(-1)}
    answer = await case.platform.client("supervisor").post("/v1/accountability/deputies", json={"username": username} | period)
    assert answer.json()["code"] == "not_a_deputy"


@pytest.mark.parametrize(
    "scope",
    [{"vrms": []}, {"vrms": [], "pattern": "**"}, {"vrms": ["!"]}, {"bbox": [1, 2]}, {"from": "2999-01-01T00:00:00Z"}, {"grounds": ""}],
    ids=str,
)
async def test_authority_is_never_for_everything(case: Case, scope: dict[str, Any]) -> None:
    answer = await case.platform.client("analyst").post("/v1/accountability/authorisations", json=case.scope() | scope)
    assert answer.status_code == 422, answer.text


async def test_a_request_is_told_live_to_who_decides(case: Case) -> None:
    client = case.platform.client("supervisor")
    async with asyncio.timeout(20), client.stream("GET", "/v1/stream") as stream:
        lines = stream.aiter_lines()
        while "ready" not in await anext(lines):
            pass
        asked = await case.ask()
        while "authority_asked" not in await anext(lines):
            pass
        text = ""
        while not text.startswith("data:"):
            text = await anext(lines)
        assert asked["id"] in text
        assert case.vrm not in text
