"""Preservation over HTTP: copies for a case with their pictures, held, reviewed, released; nobody else's case finds them."""

from __future__ import annotations

import base64
import hashlib
import os
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from bluelamp.anpr.jobs.preservation import remind, sweep
from bluelamp.kit.clock import now_ms, to_rfc3339
from bluelamp.kit.ids import new_id
from tests.anpr.searches.conftest import History, plate


def picture() -> bytes:
    return b"\xff\xd8\xff\xe0" + os.urandom(400) + b"\xff\xd9"


async def sent(history: History, vrm: str, count: int = 1) -> tuple[dict[str, Any], list[bytes]]:
    """Reads with a picture each; the search that finds them, and the pictures."""
    pictures = [picture() for _ in range(count)]
    await history.send(*(history.read(vrm, 60 + at, plate_image=base64.b64encode(content).decode()) for at, content in enumerate(pictures)))
    return await history.wait(count, vrm=vrm), pictures


def question(case: str, **more: Any) -> dict[str, Any]:
    review = (datetime.now(UTC) + timedelta(days=90)).isoformat()
    return {"case_reference": case, "reason": "murder inquiry", "authority": "DI Hart, CPIA", "review_at": review} | more


async def preserve(history: History, who: str = "analyst", **asked: Any) -> httpx.Response:
    return await history.platform.client(who).post("/v1/anpr/preservations", json=asked)


async def test_reads_are_copied_with_their_pictures_and_their_hashes(history: History) -> None:
    vrm, case = plate(), f"OP/{new_id()}"
    made, pictures = await sent(history, vrm, 3)
    answer = await preserve(history, **question(case, search=made["id"]))
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["reads"], told["pictures"], told["pictures_missing"], told["subjects"]) == (3, 3, 0, [vrm])
    db = history.platform.spine.db
    rows = await db.fetch("SELECT body, sha256 FROM preserved_reads WHERE vrm = $1 ORDER BY read", vrm)
    assert all(hashlib.sha256(row["body"]).digest() == row["sha256"] for row in rows)
    assert hashlib.sha256(b"".join(row["sha256"] for row in rows)).hexdigest() == told["sha256"]
    copies = await db.fetch("SELECT p.object FROM preserved_pictures p JOIN preserved_reads r USING (read) WHERE r.vrm = $1", vrm)
    vault = history.platform.spine.blobs.vault
    held = [await vault.get(row["object"].rpartition("/")[0], row["object"]) for row in copies]
    assert sorted(held) == sorted(pictures)
    entries = (await history.platform.client("auditor").get("/v1/audit", params={"subject": vrm, "action": "anpr.preservations"})).json()
    assert {entry["action"] for entry in entries["items"]} == {"anpr.preservations.gather", "anpr.preservations.make"}
    listed = (await history.platform.client("supervisor").get("/v1/anpr/preservations")).json()["items"]
    assert any(item["id"] == told["id"] for item in listed)


async def test_single_reads_and_a_plate_with_a_period(history: History) -> None:
    vrm, case = plate(), f"OP/{new_id()}"
    made, _ = await sent(history, vrm, 2)
    one = await preserve(history, **question(case, search=made["id"], reads=[made["items"][0]["id"]]))
    assert (one.status_code, one.json()["reads"]) == (201, 1)
    period = {"from": to_rfc3339(now_ms() - 86_400_000), "to": to_rfc3339(now_ms())}
    both = await preserve(history, **question(case, vrm=vrm, **period))
    assert (both.json()["reads"], both.json()["pictures"]) == (2, 1), "one of them was copied before"
    refused = await preserve(history, **question(case, search=made["id"], reads=["0" * 22]))
    assert (refused.status_code, refused.json()["code"]) == (404, "no_such_read")
    for wrong in ({}, {"vrm": vrm}, {"search": made["id"], "vrm": vrm}, {"vrm": vrm, "from": period["to"], "to": period["from"]}):
        assert (await preserve(history, **question(case, **wrong))).status_code == 422
    older = question(case, vrm=vrm, **{"from": to_rfc3339(now_ms() - 200 * 86_400_000), "to": period["to"]})
    undecided = await preserve(history, **older)
    assert (undecided.status_code, undecided.json()["policies"]) == (403, ["anpr.preserve_older"])
    assert (await preserve(history, "supervisor", **older)).status_code == 201
    late = question(case, search=made["id"]) | {"review_at": "2999-01-01T00:00:00Z"}
    assert (await preserve(history, **late)).status_code == 422
    assert (await preserve(history, "officer2", **question(case, search=made["id"]))).status_code == 403


async def test_release_deletes_the_copies_that_no_other_case_holds(history: History) -> None:
    vrm = plate()
    made, _ = await sent(history, vrm, 2)
    first = (await preserve(history, **question("A/1", search=made["id"]))).json()
    second = (await preserve(history, **question("B/2", search=made["id"], reads=[made["items"][0]["id"]]))).json()
    supervisor = history.platform.client("supervisor")
    because = {"reason": "the case is closed"}
    assert (await history.platform.client("analyst").post(f"/v1/anpr/preservations/{first['id']}/release", json=because)).status_code == 403
    gone = (await supervisor.post(f"/v1/anpr/preservations/{first['id']}/release", json=because)).json()
    assert (gone["erased"], gone["pictures_erased"], gone["still_held"]) == (1, 1, 1)
    again = await supervisor.post(f"/v1/anpr/preservations/{first['id']}/release", json=because)
    assert (again.status_code, again.json()["code"]) == (409, "already_released")
    last = (await supervisor.post(f"/v1/anpr/preservations/{second['id']}/release", json=because)).json()
    assert (last["erased"], last["still_held"]) == (1, 0)
    db, blobs = history.platform.spine.db, history.platform.spine.blobs
    assert not await db.fetch("SELECT FROM preserved_reads WHERE vrm = $1", vrm)
    assert not [key for key in await blobs.keys("preserved/") if made["items"][0]["id"] in key]
    # The originals are not past their time: they are where they were.
    assert len((await history.ask(vrm=vrm))["items"]) == 2
    entries = (
        await history.platform.client("auditor").get("/v1/audit", params={"subject": vrm, "action": "anpr.preservations.release"})
    ).json()
    assert [entry["kind"] for entry in entries["items"]] == ["erasure", "erasure"]


async def test_a_legal_hold_is_lifted_by_two_people(history: History) -> None:
    made, _ = await sent(history, plate())
    kept = (await preserve(history, **question("H/1", search=made["id"]))).json()
    address = f"/v1/anpr/preservations/{kept['id']}"
    analyst, supervisor = history.platform.client("analyst"), history.platform.client("supervisor")
    because = {"reason": "appeal pending"}
    assert (await analyst.post(f"{address}/lift", json=because)).status_code == 422
    assert (await analyst.post(f"{address}/hold", json=because)).json()["hold"]["reason"] == "appeal pending"
    assert (await analyst.post(f"{address}/hold", json=because)).json()["code"] == "legal_hold"
    refused = await supervisor.post(f"{address}/release", json=because)
    assert (refused.status_code, refused.json()["code"]) == (409, "legal_hold")
    asked = (await supervisor.post(f"{address}/lift", json=because)).json()
    assert asked["hold"]["lift_asked_by"]["username"] == "supervisor"
    alone = await supervisor.post(f"{address}/lift", json=because)
    assert (alone.status_code, alone.json()["code"]) == (409, "second_person_needed")
    assert (await analyst.post(f"{address}/lift", json=because)).json()["hold"] is None
    assert (await supervisor.post(f"{address}/release", json=because)).status_code == 200


async def test_a_review_is_reminded_of_once_and_moved(history: History) -> None:
    made, _ = await sent(history, plate())
    soon = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    kept = (await preserve(history, **question("R/1", search=made["id"]) | {"review_at": soon})).json()
    spine = history.platform.spine
    await remind(spine)
    row = await spine.db.fetchrow("SELECT reminded_at FROM preservations WHERE id = $1", kept["id"])
    assert row is not None
    assert row["reminded_at"] is not None
    later = (datetime.now(UTC) + timedelta(days=100)).isoformat()
    body = {"review_at": later, "reason": "trial in spring"}
    answer = await history.platform.client("analyst").post(f"/v1/anpr/preservations/{kept['id']}/review", json=body)
    assert answer.json()["review_at"][:10] == later[:10]
    assert await spine.db.fetchval("SELECT reminded_at FROM preservations WHERE id = $1", kept["id"]) is None


async def test_what_a_crash_left_behind_is_swept(history: History) -> None:
    made, _ = await sent(history, plate())
    kept = (await preserve(history, **question("S/1", search=made["id"]))).json()
    blobs = history.platform.spine.blobs
    stray = f"preserved/2026-01-01/{new_id()}-plate"
    await blobs.put(stray, b"left by a crash")
    before = set(await blobs.keys("preserved/"))
    await sweep(history.platform.spine)
    assert set(await blobs.keys("preserved/")) == before - {stray}
    assert kept["pictures"] == 1
