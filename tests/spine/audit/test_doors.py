"""The doors of the audit: who looked at this plate, proofs that a stranger can check, the section 62 log."""

from __future__ import annotations

import csv
import io
import json

import pytest
from pypdf import PdfReader

from bluelamp.kit import merkle
from bluelamp.kit.clock import now_ms, to_rfc3339
from bluelamp.kit.ids import new_id
from bluelamp.spine import audit
from bluelamp.spine.audit import notes
from tests.support.platform import RunningPlatform
from tests.support.tree import under_a_checkpoint


async def actor_of(platform: RunningPlatform, username: str) -> audit.Actor:
    row = await platform.spine.db.fetchrow("SELECT id, username, agency FROM users WHERE username = $1", username)
    assert row is not None
    return audit.Actor(row["id"], row["username"], row["agency"])


async def test_a_proof_holds_without_the_platform(platform: RunningPlatform) -> None:
    spine, client = platform.spine, platform.client("officer")
    entry = await audit.intend(spine.db, await actor_of(platform, "officer"), "test.look", subjects=("AB12CDE",))
    await audit.conclude(spine.db, entry, "answered", 3)
    await under_a_checkpoint(spine, entry)
    answer = await client.get(f"/v1/audit/entries/{entry}/proof")
    assert answer.status_code == 200, answer.text
    proof = answer.json()
    said, signatures = notes.parse(proof["checkpoint"]["note"])
    assert any(notes.signed_by(said, signatures, notes.VerifyKey.parse(key)) for key in proof["keys"])
    assert (said.size, said.root.hex()) == (proof["checkpoint"]["size"], proof["checkpoint"]["root"])
    told = json.loads(proof["entry"]["leaf"])
    assert (told[1], told[3], told[9], told[10]) == ("entry", entry, "test.look", ["AB12CDE"])
    for part in ("entry", "outcome"):
        if proof[part] is not None:
            path = [bytes.fromhex(step) for step in proof[part]["path"]]
            hashed = merkle.leaf_hash(proof[part]["leaf"].encode())
            assert merkle.verify_inclusion(hashed, proof[part]["index"], said.size, path, said.root)
    assert (await platform.client("officer2").get(f"/v1/audit/entries/{entry}/proof")).status_code == 404


async def test_what_no_checkpoint_covers_yet_says_when_to_ask_again(platform: RunningPlatform) -> None:
    """An entry that never gets a place: written without its pending row, as only a test or a forger does."""
    actor = await actor_of(platform, "officer")
    async with platform.spine.db.transaction() as connection:
        entry = await audit.record(connection, actor, "consultation", "test.waits")
        answer = None
        await connection.execute("DELETE FROM audit_pending WHERE number = (SELECT number FROM audit_entries WHERE id = $1)", entry)
    answer = await platform.client("officer").get(f"/v1/audit/entries/{entry}/proof")
    assert (answer.status_code, answer.json()["code"]) == (409, "audit_not_yet_proven")


async def test_two_checkpoints_are_consistent(platform: RunningPlatform) -> None:
    spine, client = platform.spine, platform.client("auditor")
    actor = await actor_of(platform, "officer")
    for _ in range(2):
        await under_a_checkpoint(spine, await audit.intend(spine.db, actor, "test.look"))
    items = (await client.get("/v1/audit/checkpoints", params={"limit": 2})).json()["items"]
    later, earlier = items
    proof = (await client.get("/v1/audit/consistency", params={"first": earlier["number"], "second": later["number"]})).json()
    path = [bytes.fromhex(step) for step in proof["path"]]
    first, second = (bytes.fromhex(item["root"]) for item in (earlier, later))
    assert merkle.verify_consistency(earlier["size"], later["size"], first, second, path)
    wrong = await client.get("/v1/audit/consistency", params={"first": later["number"], "second": earlier["number"]})
    assert wrong.status_code == 404
    page = (await client.get("/v1/audit/checkpoints", params={"limit": 1})).json()
    assert page["next"]
    assert (await client.get("/v1/audit/keys")).json()["keys"]


async def test_who_looked_at_this_plate_under_which_case(platform: RunningPlatform) -> None:
    plate, case = f"ZZ{new_id()[-5:]}", f"CASE/{new_id()}"
    actor = await actor_of(platform, "officer")
    entry = await audit.intend(platform.spine.db, actor, "test.look", subjects=(plate,), why=audit.Purpose("test", case))
    await audit.conclude(platform.spine.db, entry, "answered", 2)
    ask = platform.client("auditor").get
    for asked in ({"subject": f"{plate[:4].lower()} {plate[4:]}"}, {"reference": case}, {"person": "officer", "reference": case}):
        items = (await ask("/v1/audit", params={**asked, "action": "test"})).json()["items"]
        assert [(i["id"], i["person"]["username"], i["reference"], i["outcome"]["count"]) for i in items] == [(entry, "officer", case, 2)]
    assert (await ask("/v1/audit", params={"reference": case, "kind": "refusal"})).json()["items"] == []
    assert (await ask("/v1/audit", params={"reference": case, "person": "analyst"})).json()["items"] == []


@pytest.mark.parametrize("output", ["csv", "json", "pdf"])
async def test_the_log_of_a_period(platform: RunningPlatform, output: str) -> None:
    since = to_rfc3339(now_ms() - 60_000)
    actor = await actor_of(platform, "officer")
    why = audit.Purpose("test", "=1+1")
    entry = await audit.intend(platform.spine.db, actor, "test.printed", subjects=("AB12CDE", "CD34EFG"), why=why)
    await audit.conclude(platform.spine.db, entry, "answered", 7)
    params = {"from": since, "to": to_rfc3339(now_ms() + 60_000), "agency": "KEN", "format": output}
    answer = await platform.client("auditor").get("/v1/audit/log", params=params)
    assert answer.status_code == 200, answer.text
    assert "section-62-log" in answer.headers["content-disposition"]
    if output == "csv":
        (row,) = [row for row in csv.DictReader(io.StringIO(answer.text)) if row["entry"] == entry]
        assert (row["person"], row["subjects"], row["reference"], row["count"]) == ("officer", "AB12CDE CD34EFG", "'=1+1", "7")
    elif output == "json":
        (row,) = [row for line in answer.text.splitlines() if (row := json.loads(line))["entry"] == entry]
        assert (row["operation"], row["reference"], row["outcome"]) == ("consultation", "=1+1", "answered")
    else:
        text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)
        assert "section 62" in text
        assert "test.printed" in text
    printed = (await platform.client("auditor").get("/v1/audit", params={"action": "audit.log"})).json()["items"][0]
    assert (printed["kind"], printed["person"]["username"]) == ("disclosure", "auditor")
    assert printed["outcome"]["count"] >= 1


@pytest.mark.parametrize(
    ("since", "until"),
    [("2026-02-01T00:00Z", "2026-02-01T00:00Z"), ("2024-01-01T00:00Z", "2026-01-01T00:00Z"), ("2026-02-01", "2026-03-01")],
)
async def test_a_period_that_is_none(platform: RunningPlatform, since: str, until: str) -> None:
    answer = await platform.client("auditor").get("/v1/audit/log", params={"from": since, "to": until})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


async def test_only_an_auditor_prints_the_log(platform: RunningPlatform) -> None:
    params = {"from": "2026-02-01T00:00Z", "to": "2026-02-02T00:00Z"}
    for username in ("officer", "supervisor", "admin"):
        assert (await platform.client(username).get("/v1/audit/log", params=params)).status_code == 403
