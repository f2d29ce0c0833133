"""Proof again: for what is grave, and to open a locked session; the session's secret is new after each."""

from __future__ import annotations

import httpx

from tests.spine.identity.conftest import NewPerson, Person
from tests.spine.identity.test_passkeys import at, device, enrol
from tests.spine.identity.test_session import audited, sign_in
from tests.support.platform import RunningPlatform


async def grow_old(platform: RunningPlatform, person: Person, minutes: int = 16) -> None:
    await platform.spine.db.execute(
        "UPDATE sessions SET proved_at = now() - $2 * interval '1 minute' WHERE person = $1 AND kind = 'browser'", person.id, float(minutes)
    )
    platform.app.state.identify.forget()


async def export(client: httpx.AsyncClient, **headers: str) -> httpx.Response:
    return await client.post("/v1/anpr/searches/nosuchsearch/exports", json={"format": "csv"}, headers=headers)


async def test_an_export_demands_a_recent_proof_of_a_person_and_not_of_a_program(platform: RunningPlatform, new_person: NewPerson) -> None:
    person = await new_person("analyst")
    async with platform.browser() as browser:
        await sign_in(browser, person)
        assert (await export(browser)).status_code == 404, "signing in is proof enough for a while"
        await grow_old(platform, person)
        refused = await export(browser)
        assert (refused.status_code, refused.json()["code"]) == (403, "step_up_needed")
        assert ("refusal", "anpr.exports.make") in await audited(platform, person)
        before = browser.cookies["bluelamp_session"]
        assert (await browser.post("/v1/session/proof", json={"password": "wrong"})).json()["code"] == "wrong_password"
        assert (await browser.post("/v1/session/proof", json={"password": person.password})).status_code == 204
        assert browser.cookies["bluelamp_session"] != before, "a new secret"
        assert (await export(browser)).status_code == 404
        stale = await platform.client().get("/v1/me", headers={"Cookie": f"bluelamp_session={before}"})
        assert stale.status_code == 401, "the old secret opens nothing"
    assert (await export(platform.client(), **person.bearer)).status_code == 404, "a token is for programs"
    assert ("alteration", "identity.session.prove") in await audited(platform, person)


async def test_changing_roles_demands_a_recent_proof(platform: RunningPlatform, new_person: NewPerson) -> None:
    admin, other = await new_person("admin"), await new_person()
    async with platform.browser() as browser:
        await sign_in(browser, admin)
        await grow_old(platform, admin)
        changes = {"roles": ["analyst"]}
        assert (await browser.patch(f"/v1/users/{other.id}", json=changes)).json()["code"] == "step_up_needed"
        assert (await browser.post(f"/v1/users/{other.id}/password")).json()["code"] == "step_up_needed"
        assert (await browser.patch(f"/v1/users/{other.id}", json={"name": "Tess Tarn Beck"})).status_code == 200, "a name is not grave"
        await browser.post("/v1/session/proof", json={"password": admin.password})
        assert (await browser.patch(f"/v1/users/{other.id}", json=changes)).status_code == 200


async def test_other_roles_lock_the_browser_until_a_proof(platform: RunningPlatform, new_person: NewPerson) -> None:
    person = await new_person()
    async with platform.browser() as browser:
        await sign_in(browser, person)
        before = browser.cookies["bluelamp_session"]
        changed = await platform.client("admin").patch(f"/v1/users/{person.id}", json={"roles": ["analyst"]})
        assert changed.status_code == 200
        locked = await browser.get("/v1/me")
        assert (locked.status_code, locked.json()["code"], locked.json()["name"]) == (401, "session_locked", "Tess Tarn")
        await browser.post("/v1/session/proof", json={"password": person.password})
        assert (await browser.get("/v1/me")).json()["roles"] == ["analyst"]
        assert browser.cookies["bluelamp_session"] != before


async def test_a_locked_session_answers_nothing_until_a_touch(platform: RunningPlatform, new_person: NewPerson) -> None:
    person = await new_person()
    async with at(platform) as browser:
        await sign_in(browser, person)
        authenticator = device(browser)
        await enrol(browser, authenticator)
        assert (await browser.post("/v1/session/lock")).status_code == 204
        for path in ("/v1/me", "/v1/audit", "/v1/me/passkeys", "/v1/stream"):
            assert (await browser.get(path)).json()["code"] == "session_locked"
        question = (await browser.post("/v1/session/proof/question")).json()
        assert len(question["allowCredentials"]) == 1
        opened = await browser.post("/v1/session/proof", json={"passkey": authenticator.get(question)})
        assert opened.status_code == 204, opened.text
        assert (await browser.get("/v1/me")).status_code == 200
    assert {("alteration", "identity.session.lock"), ("alteration", "identity.session.unlock")} <= set(await audited(platform, person))


async def test_anothers_passkey_proves_nothing(platform: RunningPlatform, new_person: NewPerson) -> None:
    person, other = await new_person(), await new_person()
    async with at(platform) as browser, at(platform) as elsewhere:
        await sign_in(elsewhere, other)
        theirs = device(elsewhere)
        await enrol(elsewhere, theirs)
        await sign_in(browser, person)
        await enrol(browser, device(browser))
        await browser.post("/v1/session/lock")
        question = (await browser.post("/v1/session/proof/question")).json()
        answer = await browser.post("/v1/session/proof", json={"passkey": theirs.get(question)})
        assert (answer.status_code, answer.json()["code"]) == (401, "passkey_refused")


async def test_a_session_that_lay_idle_is_locked_not_lost(platform: RunningPlatform, new_person: NewPerson) -> None:
    person = await new_person()
    async with platform.browser() as browser:
        await sign_in(browser, person)
        await platform.spine.db.execute("UPDATE sessions SET used_at = now() - interval '2 hours' WHERE person = $1", person.id)
        platform.app.state.identify.forget()
        assert (await browser.get("/v1/me")).json()["code"] == "session_locked"
        assert (await browser.post("/v1/session/proof", json={"password": person.password})).status_code == 204
        assert (await browser.get("/v1/me")).status_code == 200


async def test_sessions_are_listed_and_ended_elsewhere(platform: RunningPlatform, new_person: NewPerson) -> None:
    person = await new_person()
    agent = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"}
    async with platform.browser() as here, platform.browser() as there, platform.browser() as third:
        await here.post("/v1/session", json={"username": person.username, "password": person.password}, headers=agent)
        await sign_in(there, person)
        await sign_in(third, person)
        items = (await here.get("/v1/me/sessions")).json()["items"]
        assert [item["here"] for item in items] == [False, False, True]
        assert items[2]["device"] == "Chrome on Linux"
        assert (await here.delete(f"/v1/me/sessions/{items[0]['id']}")).status_code == 204
        assert (await third.get("/v1/me")).status_code == 401
        assert (await here.delete("/v1/me/sessions")).status_code == 204
        assert ((await there.get("/v1/me")).status_code, (await here.get("/v1/me")).status_code) == (401, 200)
    assert (await platform.client().get("/v1/me", headers=person.bearer)).status_code == 200, "programs go on"


async def test_a_lock_out_is_told_and_can_be_ended(platform: RunningPlatform, new_person: NewPerson) -> None:
    person = await new_person()
    most = platform.spine.settings.sign_in_failures_max
    admin = platform.client("admin")
    async with platform.browser() as browser:
        for n in range(most):
            await sign_in(browser, person, f"guess {n}")
        assert (await sign_in(browser, person)).status_code == 429
        found = await platform.spine.db.fetchval(
            "SELECT count(*) FROM audit_entries WHERE action = 'identity.account.lock_out' AND $1 = ANY(subjects)", person.id
        )
        assert found == 1
        shown = (await admin.get("/v1/users", params={"q": person.username})).json()["items"][0]
        assert shown["locked_until"] is not None
        async with platform.spine.db.transaction() as connection:  # the wait is over, and nothing was forgiven
            await connection.execute("UPDATE sign_in_failures SET at = at - interval '16 minutes'")
        told = (await sign_in(browser, person)).json()["session"]
        assert (told["failed_before"], told["locked_out_before"]) == (most, True)
        assert (await sign_in(browser, person)).json()["session"]["failed_before"] == 0, "told once"
        for n in range(most):
            await sign_in(browser, person, f"guess {n}")
        assert (await sign_in(browser, person)).status_code == 429
        assert (await admin.delete(f"/v1/users/{person.id}/lock-out")).status_code == 204
        assert (await sign_in(browser, person)).status_code == 200
        stranger = await platform.client("officer2").delete(f"/v1/users/{person.id}/lock-out")
        assert stranger.status_code == 403
