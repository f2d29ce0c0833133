"""One's own account: password and tokens."""

from __future__ import annotations

from tests.spine.identity.conftest import NewPerson
from tests.spine.identity.test_session import audited, sign_in
from tests.support.platform import RunningPlatform

NEW = "plinth umbel quarry gantry"


async def test_changing_the_password_ends_every_other_session(platform: RunningPlatform, new_person: NewPerson) -> None:
    person = await new_person()
    async with platform.browser() as here, platform.browser() as elsewhere:
        await sign_in(here, person)
        await sign_in(elsewhere, person)
        answer = await here.post("/v1/me/password", json={"current": person.password, "new": NEW})
        assert answer.status_code == 204, answer.text
        assert (await here.get("/v1/me")).status_code == 200
        assert (await elsewhere.get("/v1/me")).status_code == 401
        assert (await platform.client().get("/v1/me", headers=person.bearer)).status_code == 401, "tokens, too"
        assert (await sign_in(elsewhere, person)).status_code == 401
        assert (await sign_in(elsewhere, person, NEW)).status_code == 200
    assert ("alteration", "identity.account.change_password") in await audited(platform, person)


async def test_changing_needs_the_present_password(platform: RunningPlatform, new_person: NewPerson) -> None:
    person = await new_person()
    answer = await platform.client().post("/v1/me/password", json={"current": "a guess", "new": NEW}, headers=person.bearer)
    assert (answer.status_code, answer.json()["code"]) == (401, "wrong_password")
    assert ("refusal", "identity.account.change_password") in await audited(platform, person)


async def test_a_weak_new_password_is_refused_with_the_reason(platform: RunningPlatform, new_person: NewPerson) -> None:
    person = await new_person()
    answer = await platform.client().post(
        "/v1/me/password", json={"current": person.password, "new": "kentmere-police-1"}, headers=person.bearer
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "weak_password")
    assert "kentmere-police-1" not in answer.text


async def test_a_token_is_shown_once_works_and_can_be_ended(platform: RunningPlatform, new_person: NewPerson) -> None:
    person = await new_person()
    asked = platform.client()
    answer = await asked.post(
        "/v1/me/tokens", json={"password": person.password, "label": "night export", "days": 2}, headers=person.bearer
    )
    assert answer.status_code == 201, answer.text
    made = answer.json()
    bearer = {"Authorization": f"Bearer {made['token']}"}
    assert (await asked.get("/v1/me", headers=bearer)).json()["id"] == person.id
    listed = (await asked.get("/v1/me/tokens", headers=person.bearer)).json()["items"]
    assert made["id"] in [item["id"] for item in listed]
    assert all("token" not in item for item in listed)
    assert (await asked.delete(f"/v1/me/tokens/{made['id']}", headers=person.bearer)).status_code == 204
    assert (await asked.get("/v1/me", headers=bearer)).status_code == 401
    assert (await asked.delete(f"/v1/me/tokens/{made['id']}", headers=person.bearer)).status_code == 404
    assert await audited(platform, person) == [("collection", "identity.tokens.issue"), ("erasure", "identity.tokens.end")]


async def test_nobody_ends_another_persons_token(platform: RunningPlatform, new_person: NewPerson) -> None:
    person, other = await new_person(), await new_person()
    theirs = (await platform.client().get("/v1/me/tokens", headers=person.bearer)).json()["items"][0]["id"]
    assert (await platform.client().delete(f"/v1/me/tokens/{theirs}", headers=other.bearer)).status_code == 404
    assert (await platform.client().get("/v1/me", headers=person.bearer)).status_code == 200


async def test_a_stolen_token_cannot_make_another(platform: RunningPlatform, new_person: NewPerson) -> None:
    person = await new_person()
    answer = await platform.client().post("/v1/me/tokens", json={"password": "a guess", "label": "theft", "days": 2}, headers=person.bearer)
    assert (answer.status_code, answer.json()["code"]) == (401, "wrong_password")
