"""Administration of accounts: reach, separation of duties, and what ends at once."""

from __future__ import annotations

import asyncio

import pytest

from bluelamp.kit.ids import new_id
from tests.spine.identity.conftest import NewPerson, Person
from tests.spine.identity.test_session import audited, sign_in
from tests.support.platform import RunningPlatform


async def test_an_administrator_creates_resets_and_closes_an_account(platform: RunningPlatform) -> None:
    admin, username = platform.client("admin"), f"t-{new_id().lower()}"
    made = await admin.post("/v1/users", json={"username": username.upper(), "name": "  Una   Howtown ", "roles": ["officer"]})
    assert made.status_code == 201, made.text
    user = made.json()
    assert (user["username"], user["name"], user["agency"]["code"], user["has_password"]) == (username, "Una Howtown", "KEN", False)
    password = (await admin.post(f"/v1/users/{user['id']}/password")).json()["password"]
    person = Person(user["id"], username, password, "")
    async with platform.browser() as browser:
        me = (await sign_in(browser, person)).json()
        assert (me["password_change_needed"], me["permissions"]) == (True, ["identity.account.use"])
        refused = await browser.get("/v1/audit")
        assert (refused.status_code, refused.json()["code"]) == (403, "password_change_needed")
        changed = await browser.post("/v1/me/password", json={"current": password, "new": "plinth umbel quarry gantry"})
        assert changed.status_code == 204
        assert (await browser.get("/v1/audit")).status_code == 200
        closed = await admin.patch(f"/v1/users/{user['id']}", json={"active": False})
        assert closed.json()["active"] is False
        assert (await browser.get("/v1/me")).status_code == 401, "at once"
        again = await sign_in(browser, Person(user["id"], username, "plinth umbel quarry gantry", ""))
        assert again.status_code == 401
    rows = await platform.spine.db.fetch("SELECT action FROM audit_entries WHERE $1 = ANY(subjects) ORDER BY number", user["id"])
    assert [r["action"] for r in rows if r["action"].startswith("identity.users")] == [
        "identity.users.create",
        "identity.users.reset_password",
        "identity.users.change",
    ]


async def test_a_one_time_password_runs_out(platform: RunningPlatform, new_person: NewPerson) -> None:
    person = await new_person()
    password = (await platform.client("admin").post(f"/v1/users/{person.id}/password")).json()["password"]
    await platform.spine.db.execute("UPDATE users SET one_time_until = now() - interval '1 second' WHERE id = $1", person.id)
    async with platform.browser() as browser:
        assert (await sign_in(browser, person, password)).status_code == 401


async def test_resetting_ends_sessions_and_tokens(platform: RunningPlatform, new_person: NewPerson) -> None:
    person = await new_person()
    assert (await platform.client().get("/v1/me", headers=person.bearer)).status_code == 200
    await platform.client("admin").post(f"/v1/users/{person.id}/password")
    assert (await platform.client().get("/v1/me", headers=person.bearer)).status_code == 401


async def test_new_roles_hold_from_the_next_request(platform: RunningPlatform, new_person: NewPerson) -> None:
    person = await new_person("officer")
    assert (await platform.client().get("/v1/users", headers=person.bearer)).status_code == 403
    await platform.client("admin").patch(f"/v1/users/{person.id}", json={"roles": ["admin"]})
    assert (await platform.client().get("/v1/users", headers=person.bearer)).status_code == 200
    await platform.client("admin").patch(f"/v1/users/{person.id}", json={"roles": ["officer"]})
    assert (await platform.client().get("/v1/users", headers=person.bearer)).status_code == 403
    assert ("refusal", "identity.users.manage") in await audited(platform, person)


async def test_an_administrator_reaches_their_own_agency_only(platform: RunningPlatform, new_person: NewPerson) -> None:
    theirs = await new_person(agency="IRW")
    admin = platform.client("admin")
    agencies = set()
    cursor = ""
    while True:
        page = (await admin.get("/v1/users", params={"cursor": cursor, "limit": 3})).json()
        agencies |= {item["agency"]["code"] for item in page["items"]}
        if not (cursor := page["next"]):
            break
    assert agencies == {"KEN"}
    for answer in (
        await admin.patch(f"/v1/users/{theirs.id}", json={"active": False}),
        await admin.post(f"/v1/users/{theirs.id}/password"),
        await admin.patch("/v1/users/nobody", json={"active": False}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    body = {"username": f"t-{new_id().lower()}", "name": "Una", "roles": ["officer"], "agency": "IRW"}
    assert (await admin.post("/v1/users", json=body)).status_code == 403


async def test_a_national_administrator_reaches_every_agency(platform: RunningPlatform, new_person: NewPerson) -> None:
    national, theirs = await new_person("national_admin"), await new_person(agency="IRW")
    asked = platform.client()
    found = await asked.get("/v1/users", params={"q": theirs.username}, headers=national.bearer)
    assert [item["id"] for item in found.json()["items"]] == [theirs.id]
    answer = await asked.patch(f"/v1/users/{theirs.id}", json={"roles": ["auditor"]}, headers=national.bearer)
    assert answer.json()["roles"] == ["auditor"]


async def test_a_local_administrator_cannot_become_or_take_over_an_auditor(platform: RunningPlatform, new_person: NewPerson) -> None:
    admin, accomplice, auditor = platform.client("admin"), await new_person("officer"), await new_person("auditor")
    granted = await admin.patch(f"/v1/users/{accomplice.id}", json={"roles": ["officer", "auditor"]})
    assert granted.status_code == 403
    made = await admin.post("/v1/users", json={"username": f"t-{new_id().lower()}", "name": "Una", "roles": ["national_admin"]})
    assert made.status_code == 403
    for answer in (
        await admin.post(f"/v1/users/{auditor.id}/password"),
        await admin.patch(f"/v1/users/{auditor.id}", json={"roles": ["officer"]}),
    ):
        assert answer.status_code == 403
    me = (await admin.get("/v1/me")).json()["id"]
    for change in ({"roles": ["admin", "supervisor"]}, {"active": False}):
        assert (await admin.patch(f"/v1/users/{me}", json=change)).status_code == 403
    assert (await admin.post(f"/v1/users/{me}/password")).status_code == 403


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"username": "officer"}, 409, "username_taken"),
        ({"username": "x"}, 422, "invalid"),
        ({"username": "two words"}, 422, "invalid"),
        ({"name": "   "}, 422, "invalid"),
        ({"name": "nul\x00"}, 422, "invalid"),
        ({"name": "half \ud800"}, 422, "invalid"),
        ({"roles": ["king"]}, 422, "unknown_role"),
        ({"agency": "NONE"}, 403, "forbidden"),
        ({"surname": "?"}, 422, "invalid"),
    ],
)
async def test_what_cannot_be_an_account_is_told(platform: RunningPlatform, change: dict[str, object], status: int, code: str) -> None:
    import json  # noqa: PLC0415

    body = {"username": f"t-{new_id().lower()}", "name": "Una", "roles": ["officer"]} | change
    answer = await platform.client("admin").post("/v1/users", content=json.dumps(body), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


async def test_two_who_take_one_username_at_once(platform: RunningPlatform) -> None:
    body = {"username": f"t-{new_id().lower()}", "name": "Una", "roles": ["officer"]}
    answers = await asyncio.gather(*(platform.client("admin").post("/v1/users", json=body) for _ in range(4)))
    assert sorted(a.status_code for a in answers) == [201, 409, 409, 409]
