"""Sources over HTTP: registered, changed, their keys rotated and revoked, and in force at the intake at once."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

import pytest

from bluelamp.kit.ids import new_id
from tests.support.platform import RunningPlatform


async def add(platform: RunningPlatform, **changes: Any) -> dict[str, Any]:
    body = {"name": f"source {new_id()}", "format": "native"} | changes
    answer = await platform.client("admin").post("/v1/anpr/sources", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json()) | {"name": body["name"]}


async def knock(platform: RunningPlatform, key: str) -> int:
    """What the intake answers to an item of an unknown camera: 202 where the key is good."""
    item = {"camera": "nowhere", "vrm": "AB12CDE", "captured_at": "2026-03-02T10:17:18Z", "confidence": 0.5}
    answer = await platform.client().post("/v1/anpr/intake/native", json=item, headers={"Authorization": f"Bearer {key}"})
    return answer.status_code


async def becomes(platform: RunningPlatform, key: str, status: int) -> None:
    async with asyncio.timeout(5):
        while await knock(platform, key) != status:  # noqa: ASYNC110 - the intake sends no signal
            await asyncio.sleep(0.02)


async def test_a_source_is_registered_with_a_key_that_opens_the_intake_and_is_kept_nowhere(platform: RunningPlatform) -> None:
    added = await add(platform)
    await becomes(platform, added["key"], 202)
    shown = (await platform.client("admin").get(f"/v1/anpr/sources/{added['id']}")).json()
    assert added["key"] not in str(shown)
    assert [key["id"] for key in shown["keys"]] == [added["key_id"]]
    stored = await platform.spine.db.fetchrow("SELECT * FROM anpr_source_keys WHERE id = $1", added["key_id"])
    assert stored is not None
    assert stored["key_sha256"] == hashlib.sha256(added["key"].encode()).digest()
    assert all(added["key"] not in str(value) for value in stored.values())


async def test_the_defaults_are_utc_and_the_vendors_usual_order(platform: RunningPlatform) -> None:
    shown = (await platform.client("admin").get(f"/v1/anpr/sources/{(await add(platform))['id']}")).json()
    assert (shown["agency"], shown["timezone"], shown["date_order"], shown["active"]) == ("KEN", "UTC", None, True)


async def test_keys_overlap_while_devices_change_over_and_are_revoked_at_once(platform: RunningPlatform) -> None:
    admin = platform.client("admin")
    added = await add(platform)
    more = (await admin.post(f"/v1/anpr/sources/{added['id']}/keys")).json()
    await becomes(platform, more["key"], 202)
    assert await knock(platform, added["key"]) == 202
    assert (await admin.delete(f"/v1/anpr/sources/{added['id']}/keys/{added['key_id']}")).status_code == 204
    await becomes(platform, added["key"], 401)
    assert await knock(platform, more["key"]) == 202
    assert (await admin.delete(f"/v1/anpr/sources/{added['id']}/keys/{added['key_id']}")).json()["code"] == "no_such_key"


async def test_live_keys_are_bounded(platform: RunningPlatform) -> None:
    added = await add(platform)
    answers = [await platform.client("admin").post(f"/v1/anpr/sources/{added['id']}/keys") for _ in range(8)]
    assert [answer.status_code for answer in answers] == [201] * 7 + [422]


async def test_a_change_is_in_force_and_told_in_the_audit(platform: RunningPlatform) -> None:
    added = await add(platform)
    await becomes(platform, added["key"], 202)
    changed = await platform.client("admin").patch(f"/v1/anpr/sources/{added['id']}", json={"active": False, "date_order": "dmy"})
    assert (changed.json()["active"], changed.json()["date_order"]) == (False, "dmy")
    await becomes(platform, added["key"], 401)
    entry = await platform.spine.db.fetchrow(
        "SELECT * FROM audit_entries WHERE action = 'anpr.sources.change' AND subjects = $1", [f"source:{added['id']}"]
    )
    assert entry is not None
    assert entry["detail"] == {"active": {"from": True, "to": False}, "date_order": {"from": None, "to": "dmy"}}


@pytest.mark.parametrize(
    "body",
    [
        {"format": "nonsense"},
        {"timezone": "Mars/Base"},
        {"timezone": "../../etc/passwd"},
        {"date_order": "ymd"},
        {"name": ""},
        {"name": "a\u0007b"},
        {"name": "a\0b"},
        {"body_bytes_max": 1},
        {"colour": "blue"},
    ],
)
async def test_a_bad_source_is_refused(platform: RunningPlatform, body: dict[str, Any]) -> None:
    answer = await platform.client("admin").post("/v1/anpr/sources", json={"name": new_id(), "format": "native"} | body)
    assert answer.status_code == 422
    assert answer.json()["code"]


async def test_names_are_unique(platform: RunningPlatform) -> None:
    added, other = await add(platform), await add(platform)
    admin = platform.client("admin")
    assert (await admin.post("/v1/anpr/sources", json={"name": added["name"], "format": "axis"})).json()["code"] == "source_exists"
    assert (await admin.patch(f"/v1/anpr/sources/{other['id']}", json={"name": added["name"]})).json()["code"] == "source_exists"


async def test_another_agencys_source_does_not_exist(platform: RunningPlatform) -> None:
    admin = platform.client("admin")
    assert (await admin.post("/v1/anpr/sources", json={"name": new_id(), "format": "native", "agency": "IRW"})).status_code == 403
    number = await platform.spine.db.fetchval(
        "INSERT INTO anpr_sources (name, agency, format, timezone, body_bytes_max, picture_bytes_max, items_per_minute_max)"
        " VALUES ($1, 'IRW', 'native', 'UTC', 65536, 65536, 1000) RETURNING id",
        new_id(),
    )
    path = f"/v1/anpr/sources/{number}"
    answers = [
        await admin.get(path),
        await admin.patch(path, json={"active": False}),
        await admin.post(f"{path}/keys"),
        await admin.delete(f"{path}/keys/x"),
        await admin.get("/v1/anpr/sources/999999999"),
        await admin.get("/v1/anpr/sources/abc"),
    ]
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(404, "no_such_source")}
    assert str(number) not in [source["id"] for source in (await admin.get("/v1/anpr/sources?limit=500")).json()["items"]]


async def test_the_list_pages(platform: RunningPlatform) -> None:
    for _ in range(3):
        await add(platform)
    admin, seen, cursor = platform.client("admin"), [], ""
    while True:
        page = (await admin.get("/v1/anpr/sources", params={"limit": 2, "cursor": cursor})).json()
        seen += [source["id"] for source in page["items"]]
        if page["next"] is None:
            break
        cursor = page["next"]
    assert seen == sorted(set(seen), key=int)
    assert (await admin.get("/v1/anpr/sources", params={"cursor": "junk"})).status_code == 422


@pytest.mark.parametrize("username", ["officer", "analyst", "supervisor", "control", "auditor", "supplier"])
async def test_only_administrators_see_sources(platform: RunningPlatform, username: str) -> None:
    assert (await platform.client(username).get("/v1/anpr/sources")).status_code == 403
