"""VOI lists over HTTP: entries, their conditions, the CSV import with its bad rows, review, and whose lists they are."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bluelamp.kit.ids import new_id
from tests.support.platform import RunningPlatform

HEADER = "vrm,reason,priority,starts,expires,marker,instruction\n"


async def new_list(platform: RunningPlatform) -> dict[str, Any]:
    answer = await platform.client("supervisor").post("/v1/anpr/lists", json={"name": f"list {new_id()}"})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def new_entry(platform: RunningPlatform, **changes: Any) -> dict[str, Any]:
    voi = await new_list(platform)
    body = {"vrm": "kd19 xyz", "reason": "stolen"} | changes
    answer = await platform.client("supervisor").post(f"/v1/anpr/lists/{voi['id']}/entries", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def load(platform: RunningPlatform, list_id: str, content: str | bytes) -> dict[str, Any]:
    data = content.encode() if isinstance(content, str) else content
    answer = await platform.client("supervisor").post(
        f"/v1/anpr/lists/{list_id}/import", content=data, headers={"Content-Type": "text/csv"}
    )
    return dict(answer.json()) | {"status_code": answer.status_code}


async def marks(platform: RunningPlatform, list_id: str) -> dict[str, dict[str, Any]]:
    answer = await platform.client("supervisor").get(f"/v1/anpr/lists/{list_id}/entries", params={"limit": 500})
    return {item["vrm"]: item for item in answer.json()["items"]}


async def test_an_entry_keeps_what_it_was_given(platform: RunningPlatform) -> None:
    conditions = {
        "area": {"type": "Polygon", "coordinates": [[[-2.5, 51.3], [-2.3, 51.3], [-2.3, 51.5], [-2.5, 51.3]]]},
        "times": [{"from": "22:00", "to": "06:00", "days": [4, 5]}],
        "directions": ["away"],
    }
    given = {
        "priority": "high",
        "marker": "firearms",
        "instruction": "Do not stop: firearms",
        "starts": "2026-01-01T00:00:00.000Z",
        "expires": "2027-01-01T00:00:00.000Z",
        "conditions": conditions,
    }
    entry = await new_entry(platform, **given)
    assert entry["vrm"] == "KD19XYZ"
    assert {name: entry[name] for name in given} == given
    shown = await platform.client("analyst").get(f"/v1/anpr/entries/{entry['id']}")
    assert shown.json() == entry


async def test_a_change_changes_only_what_is_given_and_is_audited(platform: RunningPlatform) -> None:
    entry = await new_entry(platform, marker="no insurance", expires="2027-01-01T00:00:00Z")
    supervisor = platform.client("supervisor")
    changed = (await supervisor.patch(f"/v1/anpr/entries/{entry['id']}", json={"priority": "low", "expires": None})).json()
    assert (changed["priority"], changed["expires"], changed["marker"]) == ("low", None, "no insurance")
    told = await platform.spine.db.fetchrow(
        "SELECT * FROM audit_entries WHERE action = 'anpr.lists.change_entry' AND subjects @> $1", [entry["id"]]
    )
    assert told is not None
    assert told["detail"]["to"]["priority"] == 0


async def test_removed_entries_and_lists_are_gone(platform: RunningPlatform) -> None:
    entry = await new_entry(platform)
    supervisor = platform.client("supervisor")
    assert (await supervisor.delete(f"/v1/anpr/entries/{entry['id']}")).status_code == 204
    assert (await supervisor.get(f"/v1/anpr/entries/{entry['id']}")).json()["code"] == "no_such_entry"
    assert (await supervisor.delete(f"/v1/anpr/lists/{entry['list']}")).status_code == 204
    assert (await supervisor.get(f"/v1/anpr/lists/{entry['list']}")).json()["code"] == "no_such_list"


async def test_one_mark_stands_once_on_a_list(platform: RunningPlatform) -> None:
    entry = await new_entry(platform)
    again = await platform.client("supervisor").post(f"/v1/anpr/lists/{entry['list']}/entries", json={"vrm": "KD19XYZ"})
    assert (again.status_code, again.json()["code"]) == (409, "entry_exists")


async def test_one_name_stands_once_in_an_agency(platform: RunningPlatform) -> None:
    voi = await new_list(platform)
    again = await platform.client("supervisor").post("/v1/anpr/lists", json={"name": voi["name"]})
    assert (again.status_code, again.json()["code"]) == (409, "list_exists")


@pytest.mark.parametrize(
    "body",
    [
        {"vrm": "\u0410B12CDE"},
        {"vrm": ""},
        {"vrm": "AB12CDE", "priority": "urgent"},
        {"vrm": "AB12CDE", "starts": "2026-02-01T00:00:00Z", "expires": "2026-01-01T00:00:00Z"},
        {"vrm": "AB12CDE", "expires": "2026-01-01T00:00:00"},
        {"vrm": "AB12CDE", "reason": "a\x00b"},
        {"vrm": "AB12CDE", "conditions": {"times": [{"from": "25:00", "to": "26:00"}]}},
        {"vrm": "AB12CDE", "conditions": {"area": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}}},
        {"vrm": "AB12CDE", "colour": "red"},
    ],
)
async def test_what_makes_no_sense_is_refused(platform: RunningPlatform, body: dict[str, Any]) -> None:
    voi = await new_list(platform)
    answer = await platform.client("supervisor").post(f"/v1/anpr/lists/{voi['id']}/entries", json=body)
    assert answer.status_code == 422, answer.text
    assert await marks(platform, voi["id"]) == {}


async def test_lists_are_their_agencys_own(platform: RunningPlatform) -> None:
    entry = await new_entry(platform)
    await platform.spine.db.execute("UPDATE users SET roles = '{supervisor}' WHERE username = 'officer2'")
    try:
        stranger = platform.client("officer2")
        async with asyncio.timeout(10):
            while (answer := await stranger.get(f"/v1/anpr/lists/{entry['list']}")).status_code == 403:  # noqa: ASYNC110 - roles change without a signal
                await asyncio.sleep(0.02)
        assert answer.json()["code"] == "no_such_list"
        assert (await stranger.get(f"/v1/anpr/entries/{entry['id']}")).json()["code"] == "no_such_entry"
        assert (await stranger.patch(f"/v1/anpr/entries/{entry['id']}", json={"priority": "low"})).status_code == 404
        assert (await stranger.delete(f"/v1/anpr/entries/{entry['id']}")).status_code == 404
        assert (await stranger.post(f"/v1/anpr/lists/{entry['list']}/import", content=HEADER)).status_code == 404
    finally:
        await platform.spine.db.execute("UPDATE users SET roles = '{officer}' WHERE username = 'officer2'")


@pytest.mark.parametrize("username", ["officer", "control", "analyst", "auditor", "admin", "supplier"])
async def test_only_supervisors_change_lists(platform: RunningPlatform, username: str) -> None:
    answer = await platform.client(username).post("/v1/anpr/lists", json={"name": f"list {new_id()}"})
    assert answer.status_code == 403


async def test_an_import_adds_updates_and_tells_the_bad_rows_one_by_one(platform: RunningPlatform) -> None:
    voi = await new_list(platform)
    first = await load(platform, voi["id"], HEADER + "AB12CDE,stolen,high,,,,\nkl55 mnp,,,2026-01-01,2027-01-01,tax,\n")
    assert (first["imported"], first["updated"], first["rejected"]) == (2, 0, [])
    content = HEADER + (
        'AB12CDE,found,low,,,,"stop,\nand ask"\n'
        "\u0410B12CDE,,,,,,\n"
        "XY99ZZZ,,urgent,,,,\n"
        "XY99ZZA,,,2026-01-01T00:00:00,,,\n"
        "XY99ZZB,,,2026-02-01,2026-01-01,,\n"
        "XY99ZZC,only two\n"
        "XY99ZZD,,,,soon,,\n"
        "\n"
        f"XY99ZZE,{'x' * 501},,,,,\n"
        "XY99ZZF,<script>alert(1)</script>'; DROP TABLE voi_entries;--,,,,,\n"
    )
    done = await load(platform, voi["id"], content)
    assert (done["imported"], done["updated"], done["rejected_total"]) == (1, 1, 7)
    assert [(row["line"], row["code"]) for row in done["rejected"]] == [
        (4, "vrm_alphabet"), (5, "priority"), (6, "time_without_zone"), (7, "expires_before_start"), (8, "columns"),
        (9, "time"), (11, "too_long"),
    ]  # fmt: skip
    held = await marks(platform, voi["id"])
    assert set(held) == {"AB12CDE", "KL55MNP", "XY99ZZF"}
    assert (held["AB12CDE"]["priority"], held["AB12CDE"]["instruction"]) == ("low", "stop,\nand ask")
    assert held["KL55MNP"]["expires"] == "2027-01-01T00:00:00.000Z"
    assert held["XY99ZZF"]["reason"] == "<script>alert(1)</script>'; DROP TABLE voi_entries;--"


async def test_a_mark_twice_in_a_file_counts_as_its_last_row(platform: RunningPlatform) -> None:
    voi = await new_list(platform)
    done = await load(platform, voi["id"], HEADER + "AB12CDE,one,,,,,\nAB12CDE,two,,,,,\n")
    assert (done["imported"], done["updated"]) == (1, 0)
    assert (await marks(platform, voi["id"]))["AB12CDE"]["reason"] == "two"


@pytest.mark.parametrize("content", ["", "plate,reason\nAB12CDE,\n", "vrm,vrm\nAB12CDE,AB12CDE\n", b"\xff\xfe\x00"])
async def test_a_file_without_its_header_is_refused_whole(platform: RunningPlatform, content: str | bytes) -> None:
    voi = await new_list(platform)
    done = await load(platform, voi["id"], content)
    assert (done["status_code"], done["code"]) == (422, "csv_header")


async def test_columns_may_be_few_and_in_any_order_and_bytes_may_be_bad(platform: RunningPlatform) -> None:
    voi = await new_list(platform)
    done = await load(platform, voi["id"], b"\xef\xbb\xbfpriority,vrm\r\nhigh,AB12CDE\r\nlow,AB\xff2CDE\r\n")
    assert (done["imported"], done["rejected"][0]["code"], done["rejected"][0]["line"]) == (1, "encoding", 3)
    assert (await marks(platform, voi["id"]))["AB12CDE"]["priority"] == "high"


async def test_a_long_file_goes_in_by_parts_with_lines_counted_through(platform: RunningPlatform) -> None:
    voi = await new_list(platform)
    rows = [f"A{n:05d}{'BCDEF'[n % 5]},{'reason ' * 6},,,,," for n in range(45_000)]
    rows[41_000] = "?,,,,,,"
    done = await load(platform, voi["id"], HEADER + "\n".join(rows))
    assert (done["imported"], done["rejected_total"], done["rejected"][0]["line"]) == (44_999, 1, 41_002)
    entries = await platform.spine.db.fetchval("SELECT count(*) FROM voi_entries WHERE list = $1", voi["id"])
    assert entries == 44_999


async def test_entries_that_end_soon_or_lie_unseen_are_up_for_review(platform: RunningPlatform) -> None:
    soon = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    ending, stale, fine = await new_entry(platform, expires=soon), await new_entry(platform), await new_entry(platform)
    await platform.spine.db.execute("UPDATE voi_entries SET reviewed_at = now() - interval '200 days' WHERE list = $1", stale["list"])
    supervisor = platform.client("supervisor")
    found: dict[str, dict[str, Any]] = {}
    cursor: str | None = ""
    while cursor is not None:
        page = (await supervisor.get("/v1/anpr/entries/review", params={"cursor": cursor})).json()
        found |= {item["id"]: item for item in page["items"]}
        cursor = page["next"]
    assert (found[ending["id"]]["expiring"], found[ending["id"]]["stale"]) == (True, False)
    assert (found[stale["id"]]["expiring"], found[stale["id"]]["stale"]) == (False, True)
    assert fine["id"] not in found
    assert (await supervisor.patch(f"/v1/anpr/entries/{stale['id']}", json={"reviewed": True})).status_code == 200
    after = (await supervisor.get("/v1/anpr/entries/review", params={"limit": 500})).json()["items"]
    assert stale["id"] not in {item["id"] for item in after}
