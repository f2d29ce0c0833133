"""What is an agency's stays its own but for a rule that stands now; both sides see the rule, and either ends it at once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from bluelamp.spine.live import LiveEvent, Numbered, Shared
from bluelamp.spine.live_routes import _may_see
from bluelamp.spine.sharing import SharingBook
from tests.house.examples import Room, hit_id, new_entry, new_list, new_mute, search_id
from tests.spine.organisations.conftest import Admin
from tests.support.platform import RunningPlatform


@pytest.fixture(scope="module")
async def room(platform: RunningPlatform) -> Room:
    return Room(platform)


async def shared(platform: RunningPlatform, **wanted: object) -> httpx.Response:
    body = {"kind": "lists", "agency": "IRW", "reason": "joint operation", **wanted}
    return await platform.client("supervisor").post("/v1/sharing", json=body)


async def test_a_list_is_seen_while_a_rule_stands_and_only_seen(platform: RunningPlatform, room: Room, admin_of: Admin) -> None:
    theirs = await admin_of("IRW", "supervisor")
    shown, hidden = await new_list(room), await new_list(room)
    entry = (await room.ask("supervisor", "POST", f"/v1/anpr/lists/{shown}/entries", json={"vrm": "SH26ARE"}))["id"]
    paths = (f"/v1/anpr/lists/{shown}", f"/v1/anpr/lists/{shown}/entries", f"/v1/anpr/entries/{entry}")
    assert [(await theirs.get(path)).status_code for path in paths] == [404, 404, 404]
    made = await shared(platform, item=shown)
    assert made.status_code == 201, made.text
    assert [(await theirs.get(path)).status_code for path in paths] == [200, 200, 200]
    listed = {item["id"]: item["agency"] for item in (await theirs.get("/v1/anpr/lists", params={"limit": 500})).json()["items"]}
    assert listed[shown] == "KEN"
    assert hidden not in listed
    for answer in (
        await theirs.patch(f"/v1/anpr/lists/{shown}", json={"name": "mine"}),
        await theirs.delete(f"/v1/anpr/lists/{shown}"),
        await theirs.post(f"/v1/anpr/lists/{shown}/entries", json={"vrm": "AB12CDE"}),
        await theirs.patch(f"/v1/anpr/entries/{entry}", json={"reason": "no"}),
        await theirs.delete(f"/v1/anpr/entries/{entry}"),
        await theirs.get(f"/v1/anpr/lists/{hidden}"),
    ):
        assert answer.status_code == 404, "to look at, and nothing else"
    rule = made.json()["id"]
    for client, direction in ((platform.client("supervisor"), "given"), (theirs, "received")):
        page = (await client.get("/v1/sharing", params={"direction": direction})).json()
        assert rule in {item["id"] for item in page["items"]}, "both sides see it"
    again = await shared(platform, item=shown)
    assert (again.status_code, again.json()["code"]) == (409, "sharing_rule_stands")
    assert (await platform.client("supervisor").post(f"/v1/sharing/{rule}/end")).status_code == 200
    assert [(await theirs.get(path)).status_code for path in paths] == [404, 404, 404], "at once"
    noted = await platform.spine.db.fetch("SELECT kind, action FROM audit_entries WHERE $1 = ANY(subjects) ORDER BY number", rule)
    assert [tuple(row) for row in noted if row["action"].startswith("organisations.sharing.") and row["kind"] != "consultation"] == [
        ("disclosure", "organisations.sharing.share"),
        ("alteration", "organisations.sharing.revoke"),
    ]


async def test_hits_on_a_list_are_seen_while_a_rule_stands(platform: RunningPlatform, room: Room, admin_of: Admin) -> None:
    theirs, hit = await admin_of("IRW", "supervisor"), await hit_id(room)
    path = f"/v1/anpr/hits/{hit}"
    own = (await platform.client("control").get(path)).json()
    image = own["read"]["images"][0]["href"]
    assert [(await theirs.get(at)).status_code for at in (path, image)] == [404, 404]
    other = await shared(platform, kind="hits", item=await new_list(room))
    assert (await theirs.get(path)).status_code == 404, "a rule about another list opens nothing"
    for item in (own["entry"]["list"]["id"], ""):
        made = await shared(platform, kind="hits", item=item)
        assert made.status_code == 201, made.text
        assert [(await theirs.get(at)).status_code for at in (path, image)] == [200, 200]
        newest = (await theirs.get("/v1/anpr/hits", params={"limit": 500})).json()["items"]
        since = (await theirs.get("/v1/anpr/hits", params={"since": "2026-01-01T00:00:00Z", "limit": 500})).json()["items"]
        assert hit in {one["id"] for one in newest}
        assert hit in {one["id"] for one in since}
        taken = await theirs.post(f"{path}/take")
        assert (taken.status_code, taken.json()["code"]) == (403, "shared_to_see")
        assert (await theirs.post(f"/v1/sharing/{made.json()['id']}/end")).status_code == 200, "who no longer wants it ends it too"
        assert [(await theirs.get(at)).status_code for at in (path, image)] == [404, 404]
    await platform.client("supervisor").post(f"/v1/sharing/{other.json()['id']}/end")


async def test_the_live_stream_follows_the_rules(platform: RunningPlatform, room: Room, admin_of: Admin) -> None:
    book: SharingBook = platform.app.state.per_process["sharing"]
    theirs, watched = await admin_of("IRW", "supervisor"), await new_list(room)

    async def until(*, granted: bool) -> None:
        async with asyncio.timeout(20):
            while book.grants("IRW", "hits", "KEN", watched) is not granted:  # noqa: ASYNC110 - told by NOTIFY, not by a signal of ours
                await asyncio.sleep(0.02)

    caller = await platform.app.state.identify(_Bearer(platform.tokens["t-supervisor-irw"]))
    event = Numbered(1, 0, LiveEvent("hit", b"{}", frozenset({"KEN"}), "anpr.hits.view", Shared("hits", "KEN", watched)))
    assert not _may_see(caller, event, book)
    rule = (await shared(platform, kind="hits", item=watched)).json()["id"]
    await until(granted=True)
    assert _may_see(caller, event, book)
    assert not book.grants("IRW", "lists", "KEN", watched), "of this kind only"
    assert not book.grants("ORR", "hits", "KEN", watched), "for this agency only"
    await theirs.post(f"/v1/sharing/{rule}/end")
    await until(granted=False)
    assert not _may_see(caller, event, book)


class _Bearer:
    """As much of a request as finding its caller takes."""

    method = "GET"

    def __init__(self, token: str) -> None:
        self.headers, self.cookies = {"authorization": f"Bearer {token}"}, {}


async def test_a_rule_begins_and_ends_by_its_dates(platform: RunningPlatform, room: Room, admin_of: Admin) -> None:
    theirs, shown = await admin_of("IRW", "supervisor"), await new_list(room)
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    rule = (await shared(platform, item=shown, starts=tomorrow)).json()["id"]
    assert (await theirs.get(f"/v1/anpr/lists/{shown}")).status_code == 404
    for begun, ended, status in (("2 days", "-1 day", 200), ("2 days", "1 day", 404)):
        dates = f"starts_at = now() - interval '{begun}', ends_at = now() - interval '{ended}'"
        await platform.spine.db.execute(f"UPDATE sharing_rules SET {dates} WHERE id = $1", rule)
        assert (await theirs.get(f"/v1/anpr/lists/{shown}")).status_code == status


async def test_who_shares_and_what_is_checked(platform: RunningPlatform, room: Room, admin_of: Admin) -> None:
    theirs = await admin_of("IRW", "supervisor")
    mine, body = await new_list(room), {"kind": "lists", "agency": "KEN", "reason": "x"}
    for answer, status in (
        (await platform.client("officer").post("/v1/sharing", json=body | {"agency": "IRW"}), 403),
        (await platform.client("analyst").post("/v1/sharing", json=body | {"agency": "IRW"}), 403),
        (await theirs.post("/v1/sharing", json=body | {"item": mine}), 422),
        (await shared(platform, agency="KEN"), 422),
        (await shared(platform, agency="NOPE"), 422),
        (await shared(platform, reason=" "), 422),
        (await shared(platform, item=mine, ends="2020-01-01T00:00:00Z"), 422),
        (await shared(platform, kind="cases"), 422),
    ):
        assert answer.status_code == status, answer.text


async def test_another_agencys_ids_are_nobodys(platform: RunningPlatform, room: Room, admin_of: Admin) -> None:
    """`officer2` with every role of a force: what is Kentmere's answers as what does not exist."""
    theirs = await admin_of("IRW", "supervisor")
    rule = (await shared(platform, agency="ORR", item=await new_list(room))).json()["id"]
    search = await search_id(room)
    made = await room.ask("analyst", "POST", f"/v1/anpr/searches/{search}/exports", json={"format": "csv"})
    for method, path in (
        ("GET", f"/v1/anpr/lists/{await new_list(room)}"),
        ("GET", f"/v1/anpr/entries/{await new_entry(room)}"),
        ("GET", f"/v1/anpr/hits/{await hit_id(room)}"),
        ("DELETE", f"/v1/anpr/mutes/{await new_mute(room)}"),
        ("GET", f"/v1/anpr/searches/{search}"),
        ("GET", f"/v1/anpr/searches/{search}/journey"),
        ("GET", f"/v1/anpr/exports/{made['id']}/reads.csv"),
        ("GET", f"/v1/sharing/{rule}"),
        ("POST", f"/v1/sharing/{rule}/end"),
    ):
        answer = await theirs.request(method, path)
        assert answer.status_code == 404, f"{method} {path}: {answer.status_code}"
    hits = (await platform.client("officer2").get("/v1/anpr/hits", params={"limit": 500})).json()["items"]
    assert await hit_id(room) not in {one["id"] for one in hits}
