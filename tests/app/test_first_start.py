"""What an empty platform begins with."""

from __future__ import annotations

from bluelamp.app import first_start
from tests.support.platform import RunningPlatform


async def test_the_agreed_accounts_exist_in_their_agencies(platform: RunningPlatform) -> None:
    rows = await platform.spine.db.fetch("SELECT username, agency, roles FROM users WHERE username = ANY($1)", list(first_start.USERNAMES))
    found = {row["username"]: (row["agency"], row["roles"]) for row in rows}
    home = {name: ("KEN", [name]) for name in ("officer", "analyst", "supervisor", "control", "auditor", "admin")}
    others = {"officer2": ("IRW", ["officer"]), "supplier": ("ORR", ["supplier"])}
    fire = {"fire": ("KFR", ["dispatcher"]), "firefighter": ("KFR", ["responder"])}
    ambulance = {"ambulance": ("KAS", ["dispatcher"]), "paramedic": ("KAS", ["responder"])}
    assert found == home | others | fire | ambulance


async def test_a_second_start_changes_nothing(platform: RunningPlatform) -> None:
    before = await platform.spine.db.fetchval("SELECT count(*) FROM audit_entries WHERE action = 'identity.users.create'")
    assert not await first_start.seed(platform.spine)
    assert await platform.spine.db.fetchval("SELECT count(*) FROM audit_entries WHERE action = 'identity.users.create'") == before


async def test_there_is_no_default_password(platform: RunningPlatform) -> None:
    hashes = await platform.spine.db.fetch("SELECT password_hash FROM users WHERE username IN ('officer', 'admin', 'auditor')")
    assert {row["password_hash"] for row in hashes} == {""}


async def test_passwords_are_random_and_work(platform: RunningPlatform) -> None:
    told = await first_start.give_passwords(platform.spine, ("supplier", "officer2"))
    assert len(set(told.values())) == 2
    async with platform.browser() as browser:
        answer = await browser.post("/v1/session", json={"username": "officer2", "password": told["officer2"]})
        assert answer.status_code == 200
        assert answer.json()["password_change_needed"] is False
    again = await first_start.give_passwords(platform.spine, ("officer2",))
    assert again["officer2"] != told["officer2"]
    await platform.spine.db.execute("UPDATE users SET password_hash = '' WHERE username IN ('supplier', 'officer2')")
    platform.tokens |= {name: await _token(platform, name) for name in told}
    for name in told:
        if (client := platform._clients.pop(name, None)) is not None:
            await client.aclose()


async def _token(platform: RunningPlatform, username: str) -> str:
    from tests.support.platform import token_for  # noqa: PLC0415

    return await token_for(platform.spine, username)
