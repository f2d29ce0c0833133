"""A person's rights over HTTP: what is held as a bundle, reads erased with their traces, restricted and put back."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from typing import Any

from bluelamp.kit.clock import now_ms, to_rfc3339
from tests.anpr.preservation.test_preservation import preserve, question, sent
from tests.anpr.searches.conftest import REASON, History, plate


def period() -> dict[str, str]:
    return {"from": to_rfc3339(now_ms() - 86_400_000), "to": to_rfc3339(now_ms() + 60_000)}


def asked(vrm: str, **more: Any) -> dict[str, Any]:
    return {"mode": "erase", "vrm": vrm, **period(), "authority": "DPO Reed", "reference": "SAR/1", "reason": "wrongly collected"} | more


async def test_what_is_held_comes_as_a_bundle_with_a_manifest(history: History) -> None:
    vrm = plate()
    made, pictures = await sent(history, vrm, 2)
    await preserve(history, **question("S/9", search=made["id"]))
    supervisor = history.platform.client("supervisor")
    answer = await supervisor.post("/v1/anpr/subject-access", json={"vrm": vrm, **period(), "reason": REASON})
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(files.pop("manifest.json"))
    assert {file["name"]: file["sha256"] for file in manifest["files"]} == {n: hashlib.sha256(c).hexdigest() for n, c in files.items()}
    assert manifest["counts"] | {"consultations": 0} == {
        "reads": 2, "hits": 0, "lists": 0, "preserved": 2, "consultations": 0, "pictures": 2,
    }  # fmt: skip
    assert sorted(content for name, content in files.items() if name.startswith("pictures/")) == sorted(pictures)
    looks = json.loads(files["consultations.json"])
    assert {"anpr.searches.run", "anpr.preservations.make"} <= {look["action"] for look in looks}
    assert b"analyst" not in files["consultations.json"], "officers are not named"
    entries = (await history.platform.client("auditor").get("/v1/audit", params={"subject": vrm, "action": "anpr.subjects"})).json()[
        "items"
    ]
    assert {entry["kind"] for entry in entries if entry["action"] == "anpr.subjects.disclose"} == {"disclosure"}
    assert hashlib.sha256(answer.content).hexdigest() in {entry["detail"].get("sha256") for entry in entries}
    assert (await history.platform.client("analyst").post("/v1/anpr/subject-access", json={})).status_code == 403


async def test_an_erased_read_leaves_no_trace_but_a_tombstone(history: History) -> None:
    vrm = plate()
    made, _ = await sent(history, vrm, 2)
    analyst, supervisor = history.platform.client("analyst"), history.platform.client("supervisor")
    href = made["items"][0]["images"][0]["href"]
    export = (await analyst.post(f"/v1/anpr/searches/{made['id']}/exports", json={"format": "csv"})).json()
    done = await supervisor.post("/v1/anpr/erasures", json=asked(vrm, reads=[made["items"][0]["id"]]))
    assert done.status_code == 201, done.text
    counts = done.json()["counts"]
    assert (counts["pictures"], counts["exports"], counts["plates"]) == (1, 1, 0), "another read of the plate is left"
    assert [item["id"] for item in (await history.ask(vrm=vrm))["items"]] == [made["items"][1]["id"]]
    assert (await analyst.get(href)).status_code == 404
    assert (await analyst.get(export["files"][0]["href"])).status_code == 404
    rest = (await supervisor.post("/v1/anpr/erasures", json=asked(vrm))).json()
    assert (rest["reads"], rest["counts"]["plates"]) == (1, 1)
    spine = history.platform.spine
    for table in ("reads_by_plate", "reads_by_camera", "reads_evidence", "plates"):
        assert await spine.columnar.query(f"SELECT vrm FROM {table} WHERE vrm = {{v:String}}", {"v": vrm}) == []
    mutations = await spine.columnar.query("SELECT command FROM system.mutations")
    assert not [row for row in mutations if vrm in row["command"]], "the text of a mutation is kept: it names no plate"
    again = await supervisor.post("/v1/anpr/erasures", json=asked(vrm))
    assert (again.status_code, again.json()["code"]) == (404, "no_such_read")
    entries = (await history.platform.client("auditor").get("/v1/audit", params={"action": "anpr.erasures.make", "limit": 50})).json()[
        "items"
    ]
    ours = [entry for entry in entries if entry["detail"]["digest"] in (done.json()["sha256"], rest["sha256"])]
    assert [(entry["kind"], entry["subjects"]) for entry in ours] == [("erasure", [])] * 2


async def test_what_a_case_keeps_is_erased_only_where_that_is_said_and_never_under_a_hold(history: History) -> None:
    vrm = plate()
    made, _ = await sent(history, vrm)
    kept = (await preserve(history, **question("E/1", search=made["id"]))).json()
    supervisor = history.platform.client("supervisor")
    refused = await supervisor.post("/v1/anpr/erasures", json=asked(vrm))
    assert (refused.status_code, refused.json()["code"]) == (409, "preserved")
    await supervisor.post(f"/v1/anpr/preservations/{kept['id']}/hold", json={"reason": "trial"})
    refused = await supervisor.post("/v1/anpr/erasures", json=asked(vrm, preserved_too=True))
    assert (refused.status_code, refused.json()["code"]) == (409, "legal_hold")
    assert len((await history.ask(vrm=vrm))["items"]) == 1
    for username in ("supervisor", "analyst"):
        await history.platform.client(username).post(f"/v1/anpr/preservations/{kept['id']}/lift", json={"reason": "over"})
    done = (await supervisor.post("/v1/anpr/erasures", json=asked(vrm, preserved_too=True))).json()
    assert (done["counts"]["preserved_reads"], done["counts"]["preserved_pictures"]) == (1, 1)
    assert await history.platform.spine.db.fetchval("SELECT count(*) FROM preserved_reads WHERE vrm = $1", vrm) == 0


async def test_restricted_reads_are_found_by_nobody_until_that_is_lifted(history: History) -> None:
    vrm = plate()
    made, _ = await sent(history, vrm)
    supervisor = history.platform.client("supervisor")
    done = await supervisor.post("/v1/anpr/erasures", json=asked(vrm, mode="restrict", reference="RES/1"))
    assert done.status_code == 201, done.text
    assert (await history.ask(vrm=vrm))["items"] == []
    restriction = done.json()
    listed = (await supervisor.get("/v1/anpr/preservations")).json()["items"]
    assert (restriction["id"], "restriction") in {(item["id"], item["kind"]) for item in listed}
    lifted = await supervisor.post(f"/v1/anpr/erasures/{restriction['id']}/lift", json={"reason": "accuracy settled"})
    assert (lifted.status_code, lifted.json()["reads"]) == (200, 1)
    back = (await history.wait(1, vrm=vrm))["items"]
    assert [(item["id"], item["images"][0]["sha256"]) for item in back] == [
        (made["items"][0]["id"], made["items"][0]["images"][0]["sha256"])
    ]
    picture = await history.platform.client("analyst").get(back[0]["images"][0]["href"])
    assert picture.status_code == 200
    again = await supervisor.post(f"/v1/anpr/erasures/{restriction['id']}/lift", json={"reason": "x"})
    assert (again.status_code, again.json()["code"]) == (404, "no_such_preservation")
