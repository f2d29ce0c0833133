"""From a camera's request to a hit on the screen of whoever may see it, and what people do about it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from bluelamp.anpr.domain import ReadKey, read_id
from bluelamp.anpr.jobs.hits import forget
from bluelamp.anpr.jobs.lists import remind
from bluelamp.anpr.matching.hits import hit_id
from bluelamp.anpr.store.retention import drop_partition, expired_partitions
from bluelamp.anpr.tables import READS_SUBJECT
from bluelamp.kit.clock import now_ms, to_rfc3339
from bluelamp.kit.ids import new_id
from tests.support.platform import RunningPlatform


@dataclass
class Room:
    """A source of Kentmere with one camera, a list, and a mark of its own."""

    platform: RunningPlatform
    key: str
    camera: str
    list_id: str
    mark: str

    async def list_mark(self, mark: str = "", **fields: Any) -> dict[str, Any]:
        body = {"vrm": mark or self.mark, "reason": "stolen"} | fields
        answer = await self.platform.client("supervisor").post(f"/v1/anpr/lists/{self.list_id}/entries", json=body)
        assert answer.status_code == 201, answer.text
        await self.in_force()
        return dict(answer.json())

    async def in_force(self) -> None:
        """Changes are in force within a second: tests wait that long, no longer."""
        await asyncio.sleep(1)

    async def see(self, mark: str = "", ago_ms: int = 0, **fields: Any) -> dict[str, Any]:
        item = {
            "camera": self.camera,
            "vrm": mark or self.mark,
            "captured_at": to_rfc3339(now_ms() - ago_ms),
            "confidence": 0.95,
        } | fields
        answer = await self.platform.client().post("/v1/anpr/intake/native", json=item, headers={"Authorization": f"Bearer {self.key}"})
        assert answer.status_code == 202, answer.text
        assert answer.json()["rejected"] == [], answer.text
        return item

    async def hits(self, username: str = "control", mark: str = "") -> list[dict[str, Any]]:
        answer = await self.platform.client(username).get("/v1/anpr/hits", params={"limit": 500})
        assert answer.status_code == 200, answer.text
        return [hit for hit in answer.json()["items"] if hit["vrm"] == (mark or self.mark)]

    async def settled(self) -> None:
        """Waits until a sentinel that was sent after everything else has become a hit."""
        sentinel = _mark()
        await self.list_mark(sentinel)
        await self.see(sentinel)
        await self.until(bool, mark=sentinel)

    async def until(self, condition: Any, username: str = "control", mark: str = "") -> list[dict[str, Any]]:
        async with asyncio.timeout(15):
            while not condition(found := await self.hits(username, mark)):  # noqa: ASYNC110 - hits come through a store that sends no signal
                await asyncio.sleep(0.05)
        return found


_taken = 0


def _mark() -> str:
    """A current-format mark that no other test uses, without characters that are confused."""
    global _taken  # noqa: PLW0603 - a counter
    _taken += 1
    letters = "ACEFHJKMN"
    n = _taken
    tail = letters[n % 9] + letters[n // 9 % 9] + letters[n // 81 % 9]
    return f"WX34{tail}"


@pytest.fixture
async def room(platform: RunningPlatform) -> AsyncIterator[Room]:
    name = f"source {new_id()}"
    admin, supervisor = platform.client("admin"), platform.client("supervisor")
    source = (await admin.post("/v1/anpr/sources", json={"name": name, "format": "native"})).json()
    rows = f"external_id,name,agency,source,latitude,longitude,road,bearing\ncam,Mill Lane,KEN,{name},51.38,-2.36,A4,90\n"
    assert (await admin.post("/v1/anpr/cameras/import", content=rows)).json()["imported"] == 1
    voi = (await supervisor.post("/v1/anpr/lists", json={"name": f"list {new_id()}"})).json()
    made = Room(platform, source["key"], "cam", voi["id"], _mark())
    async with asyncio.timeout(10):  # the intake hears of the camera by notification
        while True:
            probe = {"camera": "cam", "vrm": "ZZ99PPP", "captured_at": to_rfc3339(now_ms()), "confidence": 0.9}
            headers = {"Authorization": f"Bearer {made.key}"}
            answer = await platform.client().post("/v1/anpr/intake/native", json=probe, headers=headers)
            if answer.status_code == 202 and answer.json()["accepted"]:
                break
            await asyncio.sleep(0.02)
    yield made
    await supervisor.delete(f"/v1/anpr/lists/{voi['id']}")


async def test_a_wanted_vehicle_becomes_one_hit_that_says_everything(room: Room) -> None:
    entry = await room.list_mark(priority="high", marker="firearms", instruction="Do not stop: firearms")
    sent = await room.see(make="Ford", model="Fiesta", colour="blue")
    (hit,) = await room.until(bool)
    assert (hit["match"], hit["score"], hit["alert"], hit["repeats"]) == ("exact", 1.0, True, 0)
    assert hit["why"] == "read exactly as listed"
    assert hit["entry"]["id"] == entry["id"]
    assert (hit["entry"]["instruction"], hit["entry"]["marker"], hit["entry"]["priority"]) == (
        "Do not stop: firearms", "firearms", "high",
    )  # fmt: skip
    read = hit["read"]
    assert (read["captured_at"], read["make"], read["confidence"]) == (sent["captured_at"], "Ford", 0.95)
    assert read["camera"]["name"] == "Mill Lane"
    assert read["camera"]["position"] == {"type": "Point", "coordinates": [-2.36, 51.38]}
    assert (await room.platform.client("control").get(f"/v1/anpr/hits/{hit['id']}")).json() == hit


async def test_a_misread_is_a_tolerant_hit_with_its_reason(room: Room) -> None:
    await room.list_mark("LB56TUV")
    await room.see("L856TUV", confidence=0.9)
    (hit,) = await room.until(bool, mark="LB56TUV")
    assert (hit["match"], hit["score"], hit["seen_as"]) == ("tolerant", 0.86, "L856TUV")
    assert hit["why"].startswith("B read as 8")


async def test_repeats_at_one_camera_fold_into_one_hit(room: Room) -> None:
    await room.list_mark()
    for ago in (3000, 2000, 1000):
        await room.see(ago_ms=ago)
    (hit,) = await room.until(lambda hits: bool(hits) and hits[0]["repeats"] == 2)
    assert hit["version"] >= 2
    await room.see(ago_ms=3_600_000)
    assert len(await room.until(lambda hits: len(hits) == 2)) == 2


async def test_an_old_read_is_listed_and_not_alerted(room: Room) -> None:
    await room.list_mark()
    await room.see(ago_ms=11 * 60_000)
    (hit,) = await room.until(bool)
    assert hit["alert"] is False


async def test_changes_are_in_force_within_a_second(room: Room) -> None:
    entry = await room.list_mark()
    await room.see(ago_ms=30_000)
    await room.until(bool)
    supervisor = room.platform.client("supervisor")
    await supervisor.patch(f"/v1/anpr/entries/{entry['id']}", json={"instruction": "ask for papers"})
    await room.in_force()
    await room.see(ago_ms=20 * 60_000)
    found = await room.until(lambda hits: len(hits) == 2)
    assert {hit["entry"]["instruction"] for hit in found} == {"", "ask for papers"}
    await supervisor.delete(f"/v1/anpr/entries/{entry['id']}")
    await room.in_force()
    await room.see(ago_ms=60 * 60_000)
    await room.settled()
    assert len(await room.hits()) == 2


async def test_conditions_start_and_end_are_kept(room: Room) -> None:
    elsewhere = {"area": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}}
    here = {"area": {"type": "Polygon", "coordinates": [[[-3, 51], [-2, 51], [-2, 52], [-3, 52], [-3, 51]]]}}
    away, over, yet, near, other_way = (_mark() for _ in range(5))
    await room.list_mark(away, conditions=elsewhere)
    await room.list_mark(over, expires="2026-01-01T00:00:00Z")
    await room.list_mark(yet, starts="2199-01-01T00:00:00Z")
    await room.list_mark(near, conditions=here)
    await room.list_mark(other_way, conditions={"directions": ["away"]})
    for mark in (away, over, yet, near):
        await room.see(mark)
    await room.see(other_way, direction="approaching")
    await room.settled()
    assert [len(await room.hits(mark=mark)) for mark in (away, over, yet, near, other_way)] == [0, 0, 0, 1, 0]


async def test_a_hit_is_seen_by_the_cameras_force_and_the_lists_owner_alone(room: Room) -> None:
    await room.list_mark()
    await room.see()
    (hit,) = await room.until(bool)
    stranger = room.platform.client("officer2")
    assert await room.hits("officer2") == []
    assert (await stranger.get(f"/v1/anpr/hits/{hit['id']}")).json()["code"] == "no_such_hit"
    db = room.platform.spine.db
    await db.execute("UPDATE anpr_cameras SET agency = 'IRW' WHERE name = 'Mill Lane'")
    await db.execute("SELECT pg_notify('anpr_registry', '')")
    await room.in_force()
    await room.see(ago_ms=3_600_000)
    (shared,) = await room.until(bool, "officer2")
    assert len(await room.until(lambda hits: len(hits) == 2)) == 2
    assert shared["read"]["camera"]["agency"] == "IRW"
    await db.execute("UPDATE anpr_cameras SET agency = 'KEN' WHERE name = 'Mill Lane'")
    await db.execute("SELECT pg_notify('anpr_registry', '')")


async def test_take_release_and_decide(room: Room) -> None:
    await room.list_mark()
    await room.see()
    (hit,) = await room.until(bool)
    url = f"/v1/anpr/hits/{hit['id']}"
    control, supervisor = room.platform.client("control"), room.platform.client("supervisor")
    taken = (await control.post(f"{url}/take")).json()["taken_by"]
    assert taken["agency"] == "KEN"
    other = await supervisor.post(f"{url}/take")
    assert (other.status_code, other.json()["code"], other.json()["taken_by"]["id"]) == (409, "hit_taken", taken["id"])
    assert (await control.post(f"{url}/take")).status_code == 200
    assert (await supervisor.post(f"{url}/release")).json()["taken_by"] is None
    decided = await control.post(f"{url}/disposition", json={"outcome": "misread", "note": "it was a van"})
    assert decided.json()["disposition"]["outcome"] == "misread"
    closed = (await control.get("/v1/anpr/hits", params={"state": "closed", "limit": 500})).json()["items"]
    assert hit["id"] in {item["id"] for item in closed}
    still_open = (await control.get("/v1/anpr/hits", params={"state": "open", "limit": 500})).json()["items"]
    assert hit["id"] not in {item["id"] for item in still_open}
    told = await room.platform.spine.db.fetch(
        "SELECT action FROM audit_entries WHERE kind = 'alteration' AND subjects @> $1 ORDER BY number", [hit["id"]]
    )
    assert [row["action"] for row in told] == ["anpr.hits.taken", "anpr.hits.released", "anpr.hits.decided"]


@pytest.mark.parametrize("username", ["officer", "analyst", "auditor", "admin", "supplier"])
async def test_only_the_control_room_decides(room: Room, username: str) -> None:
    answer = await room.platform.client(username).post("/v1/anpr/hits/000000000000000000000000/take")
    assert answer.status_code == 403


async def test_what_is_muted_is_listed_and_not_alerted_for_that_agency(room: Room) -> None:
    entry = await room.list_mark()
    control = room.platform.client("control")
    body = {"entry": entry["id"], "minutes": 5, "reason": "same car all day"}
    mute = (await control.post("/v1/anpr/mutes", json=body)).json()
    await room.in_force()
    await room.see()
    (hit,) = await room.until(bool)
    assert hit["alert"] is False
    assert mute["id"] in {item["id"] for item in (await control.get("/v1/anpr/mutes")).json()["items"]}
    assert (await control.delete(f"/v1/anpr/mutes/{mute['id']}")).status_code == 204
    assert (await control.delete(f"/v1/anpr/mutes/{mute['id']}")).json()["code"] == "no_such_mute"
    await room.in_force()
    await room.see(ago_ms=400_000)
    found = await room.until(lambda hits: len(hits) == 2)
    assert [hit["alert"] for hit in found] == [False, True]


async def test_a_shift_hands_over_what_is_open(room: Room) -> None:
    await room.list_mark(priority="high")
    await room.see()
    (hit,) = await room.until(bool)
    control = room.platform.client("control")
    made = (await control.post("/v1/anpr/handovers", json={"note": "quiet, but watch the A4"})).json()
    assert hit["id"] in {item["id"] for item in made["summary"]["hits"]}
    listed = (await control.get("/v1/anpr/handovers", params={"limit": 5})).json()["items"]
    assert made in listed


async def test_since_gives_what_came_after_and_can_be_asked_again(room: Room) -> None:
    control = room.platform.client("control")
    await room.list_mark()
    start = to_rfc3339(now_ms())
    await room.see(ago_ms=2000)
    await room.until(bool)
    first = (await control.get("/v1/anpr/hits", params={"since": start, "limit": 500})).json()
    assert [hit["vrm"] for hit in first["items"]].count(room.mark) == 1
    nothing = (await control.get("/v1/anpr/hits", params={"since": first["next"]})).json()
    assert room.mark not in {hit["vrm"] for hit in nothing["items"]}
    await room.see(ago_ms=1000)
    await room.until(lambda hits: hits[0]["repeats"] == 1)
    later = (await control.get("/v1/anpr/hits", params={"since": first["next"]})).json()["items"]
    assert [hit["repeats"] for hit in later if hit["vrm"] == room.mark] == [1]


@pytest.mark.parametrize("query", ["since=soon", "since=2026-01-01T00:00:00", "cursor=zzz", "state=lost", "limit=0"])
async def test_questions_that_make_no_sense_are_refused(platform: RunningPlatform, query: str) -> None:
    assert (await platform.client("control").get(f"/v1/anpr/hits?{query}")).status_code == 422


async def test_pages_of_newest_hits_join_without_gap_or_repeat(room: Room) -> None:
    marks = [_mark() for _ in range(5)]
    for mark in marks[1:]:
        await room.platform.client("supervisor").post(f"/v1/anpr/lists/{room.list_id}/entries", json={"vrm": mark})
    await room.list_mark(marks[0])
    for mark in marks:
        await room.see(mark)
    await room.until(bool, mark=marks[-1])
    control = room.platform.client("control")
    whole = [hit["id"] for hit in (await control.get("/v1/anpr/hits", params={"limit": 500})).json()["items"]]
    joined: list[str] = []
    cursor: str | None = ""
    while cursor is not None and len(joined) < len(whole) + 10:
        page = (await control.get("/v1/anpr/hits", params={"limit": 2, "cursor": cursor})).json()
        joined += [hit["id"] for hit in page["items"]]
        cursor = page["next"]
    assert joined == whole


async def test_a_poisoned_message_is_set_aside_and_the_rest_goes_on(room: Room) -> None:
    bus, db = room.platform.spine.bus, room.platform.spine.db
    await room.list_mark()
    sequence = await bus.publish(READS_SUBJECT, b"this is no batch of reads")
    await room.see()
    assert len(await room.until(bool)) == 1
    row = await db.fetchrow("SELECT * FROM set_aside_messages WHERE consumer = 'matcher' AND sequence = $1", sequence)
    assert row is not None
    assert row["payload"] == b"this is no batch of reads"


async def test_the_stream_carries_hits_and_what_is_done_about_them(room: Room) -> None:
    await room.list_mark(instruction="Do not stop")
    control = room.platform.client("control")
    seen: list[tuple[str, dict[str, Any]]] = []
    async with asyncio.timeout(20), control.stream("GET", "/v1/stream") as answer:
        kind = ""
        async for line in answer.aiter_lines():
            if line.startswith("event: "):
                kind = line.removeprefix("event: ")
            elif line.startswith("data: "):
                data = json.loads(line.removeprefix("data: "))
                if kind == "ready":
                    await room.see()
                elif kind == "hit" and data["vrm"] == room.mark:
                    seen.append((kind, data))
                    await room.until(bool)
                    await control.post(f"/v1/anpr/hits/{data['id']}/take")
                elif kind == "hit_action" and data["hit"] == seen[0][1]["id"]:
                    seen.append((kind, data))
                    break
    assert [kind for kind, _ in seen] == ["hit", "hit_action"]
    assert seen[0][1]["entry"]["instruction"] == "Do not stop"
    assert seen[1][1]["action"] == "taken"


async def test_owners_are_reminded_once_of_entries_that_end(room: Room) -> None:
    entry = await room.list_mark(expires=to_rfc3339(now_ms() + 3 * 86_400_000))
    await remind(room.platform.spine)
    row = await room.platform.spine.db.fetchrow(
        "SELECT reminded_at FROM voi_entries e WHERE list = $1 AND vrm = $2", room.list_id, entry["vrm"]
    )
    assert row is not None
    assert row["reminded_at"] is not None
    reminded = "SELECT count(*) FROM audit_entries WHERE action = 'anpr.lists.remind'"
    before = await room.platform.spine.db.fetchval(reminded)
    await remind(room.platform.spine)
    assert await room.platform.spine.db.fetchval(reminded) == before


async def test_what_was_decided_goes_with_the_hits(room: Room) -> None:
    spine = room.platform.spine
    await room.list_mark()
    await room.see()
    (hit,) = await room.until(bool)
    await room.platform.client("control").post(f"/v1/anpr/hits/{hit['id']}/disposition", json={"outcome": "correct"})
    old = hit_id(read_id(ReadKey(1, now_ms() - 400 * 86_400_000, 1)), 1)
    await spine.db.execute("INSERT INTO hit_states (hit) VALUES ($1)", old)
    await forget(spine)
    kept = await spine.db.fetch("SELECT hit FROM hit_states WHERE hit = ANY($1)", [hit["id"], old])
    assert [row["hit"] for row in kept] == [hit["id"]]


async def test_hits_past_their_time_are_dropped_with_the_reads(room: Room) -> None:
    columnar = room.platform.spine.columnar
    await columnar.execute(
        "INSERT INTO hits (captured_at, id, version, position, found_at, agencies, entry, camera, vrm, body)"
        " VALUES ('2020-01-02 03:04:05.678', 'old', 1, 0, '2020-01-02 03:04:06.000', ['KEN'], 1, 1, 'AB12CDE', '{}')"
    )
    expired = await expired_partitions(columnar, datetime(2021, 1, 1, tzinfo=UTC))
    (found,) = [partition for partition in expired if partition.table == "hits"]
    assert (found.id, found.rows) == ("202001", 1)
    await drop_partition(columnar, found)
    assert await columnar.query("SELECT id FROM hits WHERE id = 'old'") == []
