"""The audit: append-only, read within one's reach, and reading it is a look."""

from __future__ import annotations

import asyncpg
import pytest

from bluelamp.kit.ids import new_id
from bluelamp.spine import audit
from tests.support.platform import RunningPlatform


async def test_nobody_alters_or_removes_an_entry(platform: RunningPlatform) -> None:
    for statement in ("UPDATE audit_entries SET actor = ''", "DELETE FROM audit_entries", "TRUNCATE audit_entries CASCADE"):
        with pytest.raises(asyncpg.RaiseError, match="append-only"):
            await platform.spine.db.execute(statement)


async def test_a_change_that_fails_leaves_no_entry(platform: RunningPlatform) -> None:
    subject = new_id()

    async def change_that_fails() -> None:
        async with platform.spine.db.transaction() as connection:
            await audit.record(connection, audit.SYSTEM, "alteration", "test.rolled_back", subjects=(subject,))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await change_that_fails()
    assert await platform.spine.db.fetchval("SELECT count(*) FROM audit_entries WHERE $1 = ANY(subjects)", subject) == 0


async def entry_of(platform: RunningPlatform, username: str, subject: str) -> str:
    row = await platform.spine.db.fetchrow("SELECT id, username, agency FROM users WHERE username = $1", username)
    assert row is not None
    actor = audit.Actor(row["id"], row["username"], row["agency"])
    return await audit.intend(platform.spine.db, actor, "test.look", subjects=(subject,), why=audit.Purpose("test", "a test"))


async def test_who_sees_whose_looks(platform: RunningPlatform) -> None:
    subject = f"TEST{new_id()}"
    for username in ("officer", "analyst", "officer2"):
        await entry_of(platform, username, subject)
    seen = {}
    for reader in ("officer", "officer2", "supervisor", "auditor", "admin", "supplier"):
        answer = await platform.client(reader).get("/v1/audit", params={"subject": subject, "action": "test"})
        assert answer.status_code == 200, answer.text
        seen[reader] = sorted(item["person"]["username"] for item in answer.json()["items"])
    assert seen == {
        "officer": ["officer"],
        "officer2": ["officer2"],
        "supervisor": ["analyst", "officer"],
        "auditor": ["analyst", "officer", "officer2"],
        "admin": [],
        "supplier": [],
    }


async def test_an_entry_is_told_whole_with_its_outcome(platform: RunningPlatform) -> None:
    subject = f"TEST{new_id()}"
    entry = await entry_of(platform, "officer", subject)
    await audit.conclude(platform.spine.db, entry, "answered", 7)
    item = (await platform.client("officer").get("/v1/audit", params={"subject": subject.lower(), "action": "test.look"})).json()["items"][
        0
    ]
    assert (item["id"], item["kind"], item["purpose"], item["reference"]) == (entry, "consultation", "test", "a test")
    assert (item["outcome"]["outcome"], item["outcome"]["count"]) == ("answered", 7)
    assert item["at"].endswith("Z")


async def test_pages_join_without_gap_or_repeat(platform: RunningPlatform) -> None:
    subject = f"TEST{new_id()}"
    made = [await entry_of(platform, "officer", subject) for _ in range(7)]
    found, cursor = [], ""
    while True:
        params = {"subject": subject, "action": "test", "limit": "3", "cursor": cursor}
        page = (await platform.client("auditor").get("/v1/audit", params=params)).json()
        found += [item["id"] for item in page["items"]]
        if not (cursor := page["next"]):
            break
    assert found == made[::-1]


async def test_filters_by_person_and_time(platform: RunningPlatform) -> None:
    subject = f"TEST{new_id()}"
    await entry_of(platform, "officer", subject)
    await entry_of(platform, "analyst", subject)
    ask = platform.client("auditor").get
    by_name = (await ask("/v1/audit", params={"subject": subject, "action": "test", "person": "analyst"})).json()["items"]
    assert [item["person"]["username"] for item in by_name] == ["analyst"]
    at = by_name[0]["at"]
    assert (await ask("/v1/audit", params={"subject": subject, "action": "test", "from": at})).json()["items"][0]["id"] == by_name[0]["id"]
    before = (await ask("/v1/audit", params={"subject": subject, "action": "test", "to": at})).json()["items"]
    assert by_name[0]["id"] not in [item["id"] for item in before]


async def test_reading_the_audit_is_itself_audited(platform: RunningPlatform) -> None:
    subject = f"TEST{new_id()}"
    await entry_of(platform, "officer", subject)
    await platform.client("supervisor").get("/v1/audit", params={"subject": subject})
    read = (await platform.client("auditor").get("/v1/audit", params={"subject": subject, "action": "audit.entries.read"})).json()["items"]
    assert [(item["person"]["username"], item["outcome"]["count"]) for item in read if item["outcome"]][-1] == ("supervisor", 2)


@pytest.mark.parametrize(
    "params", [{"cursor": "nonsense"}, {"from": "2026-01-01"}, {"limit": "0"}, {"limit": "501"}, {"person": "x" * 201}]
)
async def test_what_cannot_be_asked(platform: RunningPlatform, params: dict[str, str]) -> None:
    answer = await platform.client("auditor").get("/v1/audit", params=params)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
