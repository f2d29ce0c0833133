"""Search over HTTP, on reads that came in over HTTP."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bluelamp.anpr.jobs.standing import run_standing
from bluelamp.kit.clock import now_ms, to_rfc3339
from tests.support.platform import RunningPlatform

from .conftest import JPEG, REASON, History, plate


async def test_a_read_is_found_with_its_camera_and_pictures(history: History) -> None:
    vrm = plate()
    await history.send(history.read(vrm, make="Ford", colour="blue", plate_image=JPEG, overview_image=JPEG))
    answer = await history.wait(1, vrm=vrm.lower())
    (item,) = answer["items"]
    assert (item["vrm"], item["confidence"], item["likelihood"], item["make"], item["colour"]) == (vrm, 0.9, 1.0, "Ford", "blue")
    assert item["camera"]["id"] == history.cameras["north"]
    assert item["camera"]["position"]["coordinates"][1] == 55.0
    assert [image["kind"] for image in item["images"]] == ["plate", "overview"]
    assert answer["next"] is None
    assert isinstance(answer["gaps"], list)


async def test_without_a_reason_there_is_no_search(history: History) -> None:
    client = history.platform.client("analyst")
    for body, code in (
        ({"vrm": "AB12CDE"}, "reason_required"),
        ({"vrm": "AB12CDE", "reason": {"purpose": " "}}, "reason_required"),
        ({"vrm": "AB12CDE", "reason": {"purpose": "curiosity", "reference": "x"}}, "unknown_purpose"),
        ({"vrm": "AB12CDE", "reason": {"purpose": "crime"}}, "reference_missing"),
    ):
        answer = await client.post("/v1/anpr/searches", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, code)


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ({"vrm": "\u0410\u041212CDE"}, "bad_plate"),
        ({"vrm": "AB12?"}, "bad_plate"),
        ({"pattern": "?*"}, "bad_pattern"),
        ({"pattern": "AB'; DROP"}, "bad_pattern"),
        ({"vrm": "AB12CDE", "pattern": "AB*"}, "criteria_clash"),
        ({"bbox": [-3, 51, -2, 52]}, "bad_window"),
        ({"from": "2026-03-02T10:00:00Z", "to": "2026-03-02T09:00:00Z"}, "bad_window"),
        ({"from": "2026-01-02T10:00:00Z", "to": "2026-03-02T09:00:00Z"}, "window_too_wide"),
        ({"vrm": "AB12CDE", "bbox": [3, 51, -2, 52]}, "bad_area"),
        ({"vrm": "AB12CDE", "area": {"type": "Point", "coordinates": [0, 0]}}, "bad_area"),
        ({"vrm": "AB12CDE", "direction": "upwards"}, "invalid"),
    ],
)
async def test_what_cannot_be_asked_is_said_clearly(history: History, question: dict[str, Any], code: str) -> None:
    answer = await history.platform.client("analyst").post("/v1/anpr/searches", json={"reason": REASON} | question)
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text


async def test_a_misread_is_found_and_ranked_below_the_plate_itself(history: History) -> None:
    vrm = plate()[:2] + "38" + plate()[4:]
    misread = vrm.replace("8", "B")
    await history.send(history.read(vrm, 300), history.read(misread, 60))
    found = (await history.wait(2, vrm=vrm))["items"]
    assert [(item["vrm"], item["likelihood"]) for item in found] == [(vrm, 1.0), (misread, 0.86)]
    assert [item["vrm"] for item in (await history.ask(vrm=vrm, tolerance="exact"))["items"]] == [vrm]


async def test_another_plate_that_the_camera_thought_possible_is_found_by_it(history: History) -> None:
    vrm, other = plate(), plate()
    await history.send(history.read(vrm, variants=[{"vrm": other, "confidence": 0.7}]))
    (item,) = (await history.wait(1, vrm=other))["items"]
    assert (item["vrm"], item["likelihood"]) == (vrm, 0.7)
    opened = await history.platform.client("analyst").get(
        f"/v1/anpr/reads/{item['id']}", params={"search": (await history.ask(vrm=other))["id"]}
    )
    assert opened.json()["variants"] == [{"vrm": other, "confidence": 0.7}]


@pytest.mark.parametrize(
    "make", [lambda p: p[:4] + "*", lambda p: p[:5] + "??", lambda p: "*" + p[1:], lambda p: p[0] + "*" + p[2:6] + "?"]
)
async def test_a_partial_plate_is_found(history: History, make: Any) -> None:
    vrm = plate()
    await history.send(history.read(vrm))
    await history.wait(1, vrm=vrm)
    found = [item["vrm"] for item in (await history.ask("officer", pattern=make(vrm)))["items"]]
    assert vrm in found


async def test_many_plates_at_once_are_for_analysts(history: History) -> None:
    vrms = [plate() for _ in range(3)]
    await history.send(*(history.read(vrm, 60 + at) for at, vrm in enumerate(vrms)))
    found = await history.wait(3, vrms=[*vrms, *(plate() for _ in range(2000))])
    assert [item["vrm"] for item in found["items"]] == vrms
    refused = await history.platform.client("officer").post("/v1/anpr/searches", json={"vrms": vrms, "reason": REASON})
    assert refused.status_code == 403


async def test_a_place_and_a_time_with_what_the_vehicle_looks_like(history: History) -> None:
    vrm, other = plate(), plate()
    await history.send(
        history.read(vrm, 3600, "south", make="Škoda", colour="red", direction="n"), history.read(other, 3600, "near", make="Škoda")
    )
    await history.wait(1, vrm=vrm)
    window = {"from": to_rfc3339(now_ms() - 7200_000), "to": to_rfc3339(now_ms())}
    west = (await history.ask(vrm=vrm))["items"][0]["camera"]["position"]["coordinates"][0]
    ring = [[west - 0.001, 50.9], [west + 0.001, 50.9], [west + 0.001, 51.1], [west - 0.001, 51.1], [west - 0.001, 50.9]]
    for place in (
        {"cameras": [history.cameras["south"]]},
        {"bbox": [west - 0.001, 50.9, west + 0.001, 51.1]},
        {"area": {"type": "Polygon", "coordinates": [ring]}},
    ):
        found = await history.ask(**place, **window, make="škoda", colour="RED", direction="n")
        assert [item["vrm"] for item in found["items"]] == [vrm]
    assert (await history.ask(cameras=["no-such"], **window))["items"] == []


async def test_pages_neither_repeat_nor_move_under_new_reads(history: History) -> None:
    vrm = plate()
    await history.send(*(history.read(vrm, 100 + at) for at in range(7)))
    await history.wait(7, vrm=vrm)
    first = await history.ask(vrm=vrm, limit=3)
    await history.send(history.read(vrm, 0.001))
    await history.wait(8, vrm=vrm)
    ids, cursor = [item["id"] for item in first["items"]], first["next"]
    while cursor:
        page = (
            await history.platform.client("analyst").get(f"/v1/anpr/searches/{first['id']}", params={"cursor": cursor, "limit": 3})
        ).json()
        ids += [item["id"] for item in page["items"]]
        cursor = page["next"]
    assert len(ids) == len(set(ids)) == 7


async def test_an_amended_read_keeps_its_id_and_leaves_its_old_plate(history: History) -> None:
    vrm, better = plate(), plate()
    at = history.read(vrm)
    await history.send(at | {"id": f"car-{vrm}", "confidence": 0.4})
    before = (await history.wait(1, vrm=vrm, tolerance="exact"))["items"][0]
    answer = await history.send(at | {"id": f"car-{vrm}", "vrm": better, "confidence": 0.95})
    if not answer["amended"]:
        pytest.skip("the native format gives this event a car of its own")
    after = (await history.wait(1, vrm=better, tolerance="exact"))["items"][0]
    assert after["id"] == before["id"]
    assert (await history.ask(vrm=vrm, tolerance="exact"))["items"] == []
    window = {"from": to_rfc3339(now_ms() - 120_000), "to": to_rfc3339(now_ms())}
    passed = [item["vrm"] for item in (await history.ask(cameras=[history.cameras["north"]], **window))["items"]]
    assert better in passed
    assert vrm not in passed


async def test_every_search_is_on_record_with_its_count(history: History) -> None:
    vrm = plate()
    await history.send(history.read(vrm))
    answer = await history.wait(1, vrm=vrm)
    entries = (await history.platform.client("analyst").get("/v1/audit", params={"subject": vrm})).json()["items"]
    entry = next(entry for entry in entries if entry["detail"].get("search") == answer["id"])
    assert (entry["kind"], entry["purpose"], entry["reference"]) == ("consultation", REASON["purpose"], REASON["reference"])
    assert (entry["outcome"]["outcome"], entry["outcome"]["count"]) == ("answered", 1)


async def test_a_search_is_its_owners_until_it_is_shared(history: History) -> None:
    made = await history.ask(vrm=plate())
    path = f"/v1/anpr/searches/{made['id']}"
    analyst, control, stranger = (history.platform.client(name) for name in ("analyst", "control", "officer2"))
    assert (await control.get(path)).status_code == 404
    assert (await control.patch(path, json={"shared": True})).status_code == 404
    changed = await analyst.patch(path, json={"name": "the red van", "shared": True})
    assert (changed.json()["saved"], changed.json()["name"]) == (True, "the red van")
    assert (await control.get(path)).status_code == 200
    assert (await stranger.get(path)).status_code == 404
    assert made["id"] in [s["id"] for s in (await control.get("/v1/anpr/searches", params={"saved": True})).json()["items"]]


async def test_the_summary_and_the_journey_tell_habits_and_clones(history: History) -> None:
    vrm = plate()
    await history.send(history.read(vrm, 7000), history.read(vrm, 600, "near"), history.read(vrm, 400, "south"))
    made = await history.wait(3, vrm=vrm)
    client = history.platform.client("analyst")
    told = (await client.get(f"/v1/anpr/searches/{made['id']}/summary")).json()
    assert (told["count"], told["plates"], sum(told["by_hour"]), sum(told["by_weekday"])) == (3, 1, 3, 3)
    assert told["first_seen"]["camera"]["id"] == history.cameras["north"]
    journey = (await client.get(f"/v1/anpr/searches/{made['id']}/journey")).json()
    assert [leg["plausible"] for leg in journey["legs"]] == [True, False]
    assert journey["clone_suspected"] == [vrm]
    assert "two vehicles" in journey["legs"][1]["why"]


async def test_a_picture_opens_only_by_the_search_that_showed_it(history: History) -> None:
    vrm = plate()
    await history.send(history.read(vrm, plate_image=JPEG))
    made = await history.wait(1, vrm=vrm)
    href = made["items"][0]["images"][0]["href"]
    client = history.platform.client("analyst")
    answer = await client.get(href)
    assert (answer.status_code, answer.headers["content-type"], answer.headers["x-content-type-options"]) == (200, "image/jpeg", "nosniff")
    assert answer.content.startswith(b"\xff\xd8\xff")
    other = await history.ask(vrm=plate())
    for wrong in (href.split("?")[0], href.replace(made["id"], other["id"]), href.replace(made["items"][0]["id"], "0" * 22)):
        assert (await client.get(wrong)).status_code == 404
    assert (await history.platform.client("officer").get(href)).status_code == 404
    entries = (await client.get("/v1/audit", params={"subject": vrm, "action": "anpr.pictures.view"})).json()["items"]
    assert [entry["outcome"]["outcome"] for entry in entries] == ["answered"]


async def test_a_standing_search_tells_its_owner_once_of_what_is_new(history: History) -> None:
    vrm = plate()
    await history.send(history.read(vrm, 500))
    made = await history.wait(1, vrm=vrm)
    client = history.platform.client("analyst")
    assert (await client.patch(f"/v1/anpr/searches/{made['id']}", json={"standing": True})).status_code == 200

    async def told() -> list[dict[str, Any]]:
        await run_standing(history.platform.spine)
        items = (await client.get("/v1/anpr/notices", params={"limit": 500})).json()["items"]
        return [item for item in items if item["search"]["id"] == made["id"]]

    assert await told() == []  # what was there already is no news
    await history.send(history.read(vrm, 5))
    await history.wait(2, vrm=vrm)
    (notice,) = await told()
    assert (notice["count"], notice["vrm"], notice["seen_at"]) == (1, vrm, None)
    assert len(await told()) == 1
    assert (await client.post(f"/v1/anpr/notices/{notice['id']}/seen")).status_code == 204
    assert (await told())[0]["seen_at"]


async def test_hostile_text_is_data(history: History) -> None:
    vrm = plate()
    nasty = "'; DROP TABLE plates; -- <script>"
    await history.send(history.read(vrm, make=nasty))
    await history.wait(1, vrm=vrm)
    (item,) = (await history.ask(vrm=vrm, make=nasty))["items"]
    assert item["make"] == nasty
    answers = await asyncio.gather(
        *(history.platform.client("analyst").post("/v1/anpr/searches", json=body) for body in (
            {"vrm": "AB12CDE", "reason": {"purpose": "test", "reference": "a\u0000b"}},
            {"vrm": "AB12CDE", "make": "\u0000", "reason": REASON},
            {"vrm": "AB12CDE", "from": "0001-01-01T00:00:00Z", "to": "9999-12-31T23:59:59Z", "reason": REASON},
            {"vrm": "AB12CDE", "unknown": 1, "reason": REASON},
        ))
    )  # fmt: skip
    assert [answer.status_code for answer in answers] == [422, 422, 200, 422]


async def test_nobody_searches_without_signing_in_or_the_permission(platform: RunningPlatform) -> None:
    body = {"vrm": "AB12CDE", "reason": REASON}
    assert (await platform.client().post("/v1/anpr/searches", json=body)).status_code == 401
    assert (await platform.client("supplier").post("/v1/anpr/searches", json=body)).status_code == 403
