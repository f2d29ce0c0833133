"""Passkeys through the doors, with an authenticator in software: enrolled, used, and everything that must be refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from copy import deepcopy
from typing import Any

import httpx
import pytest

from tests.spine.identity.conftest import NewPerson, Person
from tests.spine.identity.test_session import audited, sign_in
from tests.support.authenticator import PRESENT, Authenticator
from tests.support.platform import RunningPlatform


def at(platform: RunningPlatform) -> httpx.AsyncClient:
    """A browser that opened the platform by name, as passkeys need it."""
    return httpx.AsyncClient(base_url=platform.url.replace("127.0.0.1", "localhost"), headers={"X-Bluelamp": "1"}, timeout=30)


@pytest.fixture
async def browser(platform: RunningPlatform) -> AsyncIterator[httpx.AsyncClient]:
    async with at(platform) as client:
        yield client


def device(browser: httpx.AsyncClient) -> Authenticator:
    return Authenticator(str(browser.base_url).rstrip("/"))


async def enrol(browser: httpx.AsyncClient, authenticator: Authenticator, name: str = "my phone") -> httpx.Response:
    question = await browser.post("/v1/me/passkeys/question")
    assert question.status_code == 200, question.text
    return await browser.post("/v1/me/passkeys", json={"name": name, "passkey": authenticator.create(question.json())})


async def touch(browser: httpx.AsyncClient, authenticator: Authenticator) -> httpx.Response:
    question = (await browser.get("/v1/session/passkey")).json()
    return await browser.post("/v1/session/passkey", json={"passkey": authenticator.get(question)})


async def enrolled(platform: RunningPlatform, person: Person) -> Authenticator:
    async with at(platform) as first:
        await sign_in(first, person)
        authenticator = device(first)
        made = await enrol(first, authenticator)
        assert made.status_code == 201, made.text
    return authenticator


async def why_refused(platform: RunningPlatform) -> dict[str, Any]:
    found: dict[str, Any] = await platform.spine.db.fetchval(
        "SELECT detail FROM audit_entries WHERE kind = 'refusal' AND detail->>'why' IN ('passkey_refused', 'counter_went_back')"
        " ORDER BY number DESC LIMIT 1"
    )
    return found


async def test_a_touch_signs_on_without_a_name(platform: RunningPlatform, new_person: NewPerson, browser: httpx.AsyncClient) -> None:
    person = await new_person()
    authenticator = await enrolled(platform, person)
    answer = await touch(browser, authenticator)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["id"], told["passkeys"], told["session"]["method"]) == (person.id, 1, "passkey")
    assert (await browser.get("/v1/me")).json()["username"] == person.username
    assert ("collection", "identity.passkeys.enrol") in await audited(platform, person)
    question = (await browser.get("/v1/session/passkey")).json()
    assert question["userVerification"] == "required"
    assert not question.get("allowCredentials"), "nobody is named before the touch"


async def test_a_touch_tells_what_failed_before_and_ends_a_lock_out(
    platform: RunningPlatform, new_person: NewPerson, browser: httpx.AsyncClient
) -> None:
    person, most = await new_person(), platform.spine.settings.sign_in_failures_max
    authenticator = await enrolled(platform, person)
    for n in range(most):
        await sign_in(browser, person, f"guess {n}")
    assert (await sign_in(browser, person)).status_code == 429
    told = (await touch(browser, authenticator)).json()["session"]
    assert (told["failed_before"], told["locked_out_before"]) == (most, True)
    assert (await touch(browser, authenticator)).json()["session"]["failed_before"] == 0, "told once"
    assert (await sign_in(browser, person)).status_code == 200, "the owner is here"


async def test_several_passkeys_have_names_and_can_be_removed(
    platform: RunningPlatform, new_person: NewPerson, browser: httpx.AsyncClient
) -> None:
    person = await new_person()
    await sign_in(browser, person)
    first, second = device(browser), device(browser)
    made = [(await enrol(browser, first, " work   phone ")).json(), (await enrol(browser, second, "key")).json()]
    assert [p["name"] for p in made] == ["work phone", "key"]
    assert (await enrol(browser, first)).json()["code"] == "passkey_taken"
    renamed = await browser.patch(f"/v1/me/passkeys/{made[1]['id']}", json={"name": "blue key"})
    assert renamed.json()["name"] == "blue key"
    assert (await browser.delete(f"/v1/me/passkeys/{made[0]['id']}")).status_code == 204
    assert [p["name"] for p in (await browser.get("/v1/me/passkeys")).json()["items"]] == ["blue key"]
    assert (await touch(browser, first)).json()["code"] == "passkey_refused", "a removed one opens nothing"
    assert (await touch(browser, second)).status_code == 200


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"origin": "http://localhost.evil.example"}, "origin"),
        ({"origin": "http://localhost:1"}, "origin"),
        ({"rp_id": "evil.example"}, "RP ID"),
        ({"flags": PRESENT}, "verif"),
        ({"flags": 4}, "present"),
        ({"handle": "c29tZWJvZHkgZWxzZQ"}, "another person"),
    ],
    ids=["another origin", "another port", "another domain", "not verified", "nobody present", "another person"],
)
async def test_a_passkey_that_did_not_sign_for_this_is_refused(
    platform: RunningPlatform, new_person: NewPerson, browser: httpx.AsyncClient, change: dict[str, Any], reason: str
) -> None:
    authenticator = await enrolled(platform, await new_person())
    for name, value in change.items():
        setattr(authenticator, name, value)
    answer = await touch(browser, authenticator)
    assert (answer.status_code, answer.json()["code"]) == (401, "passkey_refused")
    assert "set-cookie" not in answer.headers
    assert reason in (await why_refused(platform))["reason"]
    assert reason not in answer.text, "who tries is not told what was wrong"


async def test_a_passkey_of_another_origin_cannot_be_enrolled(
    platform: RunningPlatform, new_person: NewPerson, browser: httpx.AsyncClient
) -> None:
    await sign_in(browser, await new_person())
    for cheat in (Authenticator("https://evil.example"), Authenticator(device(browser).origin, rp_id="evil.example")):
        assert (await enrol(browser, cheat)).json()["code"] == "passkey_refused"
    careless = device(browser)
    careless.flags = PRESENT
    assert (await enrol(browser, careless)).json()["code"] == "passkey_refused", "without user verification"
    assert (await browser.get("/v1/me/passkeys")).json()["items"] == []


async def test_a_challenge_is_answered_once_by_the_browser_that_asked(
    platform: RunningPlatform, new_person: NewPerson, browser: httpx.AsyncClient
) -> None:
    authenticator = await enrolled(platform, await new_person())
    question = (await browser.get("/v1/session/passkey")).json()
    answer = {"passkey": authenticator.get(question)}
    async with at(platform) as thief:
        await thief.get("/v1/session/passkey")
        assert (await thief.post("/v1/session/passkey", json=answer)).json()["code"] == "passkey_refused", "another browser"
    assert (await browser.post("/v1/session/passkey", json=answer)).json()["code"] == "passkey_refused", "and it is used up"
    assert (await touch(browser, authenticator)).status_code == 200
    question = (await browser.get("/v1/session/passkey")).json()
    await platform.spine.db.execute("UPDATE passkey_challenges SET expires_at = now() - interval '1 second'")
    late = await browser.post("/v1/session/passkey", json={"passkey": authenticator.get(question)})
    assert late.json()["code"] == "passkey_refused", "too late"


async def test_an_answer_for_one_use_is_none_for_another(
    platform: RunningPlatform, new_person: NewPerson, browser: httpx.AsyncClient
) -> None:
    authenticator = await enrolled(platform, await new_person())
    assert (await touch(browser, authenticator)).status_code == 200
    question = (await browser.post("/v1/session/proof/question")).json()
    answer = await browser.post("/v1/session/passkey", json={"passkey": authenticator.get(question)})
    assert answer.json()["code"] == "passkey_refused"


async def test_a_copied_authenticator_is_found_out_and_stopped(
    platform: RunningPlatform, new_person: NewPerson, browser: httpx.AsyncClient
) -> None:
    person = await new_person()
    authenticator = await enrolled(platform, person)
    clone = deepcopy_of(authenticator)
    assert (await touch(browser, authenticator)).status_code == 200
    assert (await touch(browser, authenticator)).status_code == 200
    assert (await touch(browser, clone)).json()["code"] == "passkey_refused"
    assert ("refusal", "identity.passkeys.suspend") in await audited(platform, person)
    assert (await touch(browser, authenticator)).json()["code"] == "passkey_refused", "neither is trusted any more"
    async with at(platform) as again:
        await sign_in(again, person)
        assert [p["suspended"] for p in (await again.get("/v1/me/passkeys")).json()["items"]] == [True]


def deepcopy_of(authenticator: Authenticator) -> Authenticator:
    key, authenticator.key = authenticator.key, None  # type: ignore[assignment] # a private key cannot be copied by Python
    copied = deepcopy(authenticator)
    authenticator.key = copied.key = key
    return copied


async def test_a_changed_answer_and_nonsense_are_refused(
    platform: RunningPlatform, new_person: NewPerson, browser: httpx.AsyncClient
) -> None:
    authenticator = await enrolled(platform, await new_person())
    question = (await browser.get("/v1/session/passkey")).json()
    forged = authenticator.get(question)
    forged["response"]["signature"] = Authenticator(authenticator.origin).get(question)["response"]["signature"]
    assert (await browser.post("/v1/session/passkey", json={"passkey": forged})).json()["code"] == "passkey_refused"
    for nonsense in ({}, {"id": 1}, {"id": "a", "rawId": "a", "type": "public-key", "response": {}}, {"response": None}):
        answer = await browser.post("/v1/session/passkey", json={"passkey": nonsense})
        assert (answer.status_code, answer.json()["code"]) == (401, "passkey_refused")


async def test_a_closed_account_has_no_passkey_that_opens(
    platform: RunningPlatform, new_person: NewPerson, browser: httpx.AsyncClient
) -> None:
    person = await new_person()
    authenticator = await enrolled(platform, person)
    await platform.spine.db.execute("UPDATE users SET active = false WHERE id = $1", person.id)
    assert (await touch(browser, authenticator)).json()["code"] == "passkey_refused"


async def test_a_token_cannot_make_itself_a_passkey(platform: RunningPlatform, new_person: NewPerson) -> None:
    person = await new_person()
    async with at(platform) as program:
        answer = await program.post("/v1/me/passkeys/question", headers=person.bearer)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_at_a_browser")


async def test_an_address_without_a_name_says_so(platform: RunningPlatform) -> None:
    answer = await platform.client().get("/v1/session/passkey")
    assert (answer.status_code, answer.json()["code"]) == (422, "passkeys_need_a_name")
