"""Signing in and out through the door: cookies, expiry, CSRF, throttling, and what the audit keeps of it."""

from __future__ import annotations

import asyncio
import hashlib
from http.cookies import SimpleCookie

import httpx

from bluelamp.spine.identity import store
from tests.spine.identity.conftest import NewPerson, Person
from tests.support.platform import RunningPlatform


async def sign_in(browser: httpx.AsyncClient, person: Person, password: str = "") -> httpx.Response:
    return await browser.post("/v1/session", json={"username": person.username, "password": password or person.password})


async def audited(platform: RunningPlatform, person: Person) -> list[tuple[str, str]]:
    rows = await platform.spine.db.fetch("SELECT kind, action FROM audit_entries WHERE actor = $1 ORDER BY number", person.id)
    return [(row["kind"], row["action"]) for row in rows]


async def test_signing_in_sets_a_cookie_that_scripts_and_other_sites_cannot_use(platform: RunningPlatform, new_person: NewPerson) -> None:
    person = await new_person()
    async with platform.browser() as browser:
        answer = await sign_in(browser, person)
        assert answer.status_code == 200, answer.text
        assert answer.json()["username"] == person.username
        cookie = SimpleCookie(answer.headers["set-cookie"])["bluelamp_session"]
        assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "strict", "/")
        assert int(cookie["max-age"]) == 12 * 3600
        assert (await browser.get("/v1/me")).json()["id"] == person.id
        kept = await platform.spine.db.fetchval("SELECT digest FROM sessions WHERE person = $1 AND kind = 'browser'", person.id)
        assert kept == hashlib.sha256(cookie.value.encode()).digest(), "only the digest is kept"
    assert await audited(platform, person) == [("collection", "identity.session.open")]


async def test_signing_out_ends_the_session_at_once(platform: RunningPlatform, new_person: NewPerson) -> None:
    person = await new_person()
    async with platform.browser() as browser:
        await sign_in(browser, person)
        cookie = {"Cookie": f"bluelamp_session={browser.cookies['bluelamp_session']}"}
        assert (await browser.get("/v1/me")).status_code == 200
        assert (await browser.delete("/v1/session")).status_code == 204
        assert "bluelamp_session" not in browser.cookies
        assert (await platform.client().get("/v1/me", headers=cookie)).status_code == 401
    assert ("erasure", "identity.session.close") in await audited(platform, person)


async def test_signing_in_again_replaces_the_session(platform: RunningPlatform, new_person: NewPerson) -> None:
    person = await new_person()
    async with platform.browser() as browser:
        await sign_in(browser, person)
        first = browser.cookies["bluelamp_session"]
        await sign_in(browser, person)
        assert browser.cookies["bluelamp_session"] != first
        stale = await platform.client().get("/v1/me", headers={"Cookie": f"bluelamp_session={first}"})
        assert stale.status_code == 401


async def test_a_cookie_without_our_header_changes_nothing(platform: RunningPlatform, new_person: NewPerson) -> None:
    person = await new_person()
    async with platform.browser() as browser:
        await sign_in(browser, person)
        del browser.headers["X-Bluelamp"]
        assert (await browser.get("/v1/me")).status_code == 200
        answer = await browser.delete("/v1/session")
        assert (answer.status_code, answer.json()["code"]) == (403, "csrf")
        assert (await browser.get("/v1/me")).status_code == 200, "still signed in"


async def test_a_form_of_another_site_cannot_sign_a_browser_in(platform: RunningPlatform, new_person: NewPerson) -> None:
    person = await new_person()
    body = f'{{"username": "{person.username}", "password": "{person.password}"}}'
    answer = await platform.client().post("/v1/session", content=body, headers={"Content-Type": "text/plain"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert person.password not in answer.text


async def test_every_refusal_is_the_same(platform: RunningPlatform, new_person: NewPerson) -> None:
    wrong, closed, none = await new_person(), await new_person(), Person("", "t-nobody-of-this-name", "vellum otter gantry", "")
    await platform.spine.db.execute("UPDATE users SET active = false WHERE id = $1", closed.id)
    async with platform.browser() as browser:
        answers = [await sign_in(browser, wrong, "not the password"), await sign_in(browser, closed), await sign_in(browser, none)]
        no_password = await browser.post("/v1/session", json={"username": "supplier", "password": ""})
    assert {(a.status_code, a.text, tuple(sorted(a.headers.keys() - {"date"}))) for a in [*answers, no_password]} == {
        (401, answers[0].text, tuple(sorted(answers[0].headers.keys() - {"date"})))
    }
    assert await audited(platform, wrong) == [("refusal", "identity.session.open")]


async def test_the_time_taken_does_not_tell_whether_the_account_exists(platform: RunningPlatform, monkeypatch) -> None:
    """Not a clock but the work: an unknown name costs one argon2 verification, as a known one does."""
    from bluelamp.spine.identity import passwords  # noqa: PLC0415

    verified: list[str] = []
    monkeypatch.setattr(passwords, "_verify", lambda kept, _password: bool(verified.append(kept)))
    for username in ("officer", "t-nobody-at-all"):
        await platform.client().post("/v1/session", json={"username": username, "password": "vellum otter"})
    assert len(verified) == 2


async def test_guessing_is_slowed_down_for_accounts_that_exist_and_that_do_not(platform: RunningPlatform, new_person: NewPerson) -> None:
    person = await new_person()
    nobody = Person("", f"{person.username}-not", "x", "")
    most = platform.spine.settings.sign_in_failures_max
    told = []
    for whom in (person, nobody):
        async with platform.browser() as browser:
            answers = await asyncio.gather(*(sign_in(browser, whom, f"guess {n}") for n in range(most + 5)))
            statuses = sorted(a.status_code for a in answers)
            assert statuses == [401] * most + [429] * 5, "even all at once"
            refused = await sign_in(browser, person if whom is person else nobody)
            assert (refused.status_code, refused.json()["code"]) == (429, "sign_in_throttled"), "even with the right password"
            assert 0 < int(refused.headers["Retry-After"]) <= 900
            told.append(refused.json()["detail"])
    assert told[0] == told[1]
    await platform.spine.db.execute(
        "UPDATE sign_in_failures SET at = at - interval '16 minutes' WHERE account = $1", store_key(person.username)
    )
    async with platform.browser() as browser:
        assert (await sign_in(browser, person)).status_code == 200, "after a quarter of an hour"
    await platform.spine.db.execute("DELETE FROM sign_in_failures")


def store_key(username: str) -> bytes:
    from bluelamp.spine.identity.throttle import account_key  # noqa: PLC0415

    return account_key(username)


async def test_one_address_cannot_try_many_accounts(platform: RunningPlatform) -> None:
    from bluelamp.spine.identity.errors import SignInThrottledError  # noqa: PLC0415
    from bluelamp.spine.identity.throttle import account_key, begin_attempt  # noqa: PLC0415

    refused = 0
    for n in range(12):
        try:
            await begin_attempt(platform.spine.db, account_key(f"someone-{n}"), "192.0.2.7", 10, 8)
        except SignInThrottledError:
            refused += 1
    assert refused == 4
    assert await begin_attempt(platform.spine.db, account_key("someone-0"), "192.0.2.8", 10, 8) == 2, "elsewhere it goes on"


async def test_sessions_end_when_idle_and_after_a_shift(platform: RunningPlatform, new_person: NewPerson) -> None:
    for column in ("used_at", "expires_at"):
        person = await new_person()
        async with platform.browser() as browser:
            await sign_in(browser, person)
            await platform.spine.db.execute(
                f"UPDATE sessions SET {column} = now() - interval '61 minutes' WHERE person = $1 AND kind = 'browser'", person.id
            )
            platform.app.state.identify.forget()
            assert (await browser.get("/v1/me")).status_code == 401, column
        await store.forget_expired(platform.spine.db)


async def test_expired_sessions_are_removed(platform: RunningPlatform, new_person: NewPerson) -> None:
    person = await new_person()
    await platform.spine.db.execute("UPDATE sessions SET expires_at = now() - interval '1 second' WHERE person = $1", person.id)
    await store.forget_expired(platform.spine.db)
    assert await platform.spine.db.fetchval("SELECT count(*) FROM sessions WHERE person = $1", person.id) == 0


async def test_another_process_forgets_at_once_too(platform: RunningPlatform, new_person: NewPerson) -> None:
    """Ended behind this process's back, announced by NOTIFY: no second of grace."""
    person = await new_person()
    asked = platform.client()
    assert (await asked.get("/v1/me", headers=person.bearer)).status_code == 200
    identify = platform.app.state.identify
    before = identify._generation
    async with platform.spine.db.transaction() as connection:
        await store.end_sessions(connection, person.id)
    async with asyncio.timeout(5):
        while identify._generation == before:  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.005)
    assert (await asked.get("/v1/me", headers=person.bearer)).status_code == 401


async def test_a_cookie_is_no_token_and_a_token_no_cookie(platform: RunningPlatform, new_person: NewPerson) -> None:
    person = await new_person()
    async with platform.browser() as browser:
        await sign_in(browser, person)
        secret = browser.cookies["bluelamp_session"]
    asked = platform.client()
    assert (await asked.get("/v1/me", headers={"Authorization": f"Bearer {secret}"})).status_code == 401
    assert (await asked.get("/v1/me", headers={"Cookie": f"bluelamp_session={person.token}"})).status_code == 401


async def test_strange_secrets_are_nobody(platform: RunningPlatform) -> None:
    for value in ("Bearer", "Bearer blt_", "Basic b2ZmaWNlcjo=", "Bearer blt_" + "x" * 5000, b"Bearer blt_\xff\xfe"):
        answer = await platform.client().get("/v1/me", headers={"Authorization": value})
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
        assert answer.headers["www-authenticate"] == "Bearer"
