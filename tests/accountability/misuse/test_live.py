"""Always on: looks that the audit holds become findings; who may see them; what reviews and new looks change."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from bluelamp.accountability.misuse import store
from bluelamp.accountability.misuse.jobs import tidy, watch
from bluelamp.accountability.misuse.passes import run_pass
from bluelamp.accountability.misuse.settings import MisuseSettings
from bluelamp.kit.ids import new_id
from bluelamp.spine import audit
from bluelamp.spine.audit import Actor, Purpose
from bluelamp.spine.relational import Record
from tests.support.platform import RunningPlatform

SETTINGS = MisuseSettings()


async def someone(platform: RunningPlatform) -> tuple[Actor, str]:
    """A new officer of Kentmere, and a vehicle of theirs that the directory knows."""
    name, own = f"misuse-{new_id().lower()}", f"OWN{new_id()[-4:]}"
    body = {"username": name, "name": "Morgan Misuse", "roles": ["officer"]}
    answer = await platform.client("admin").post("/v1/users", json=body)
    assert answer.status_code == 201, answer.text
    return Actor(answer.json()["id"], name, "KEN"), own


async def look(platform: RunningPlatform, actor: Actor, subject: str) -> str:
    entry = await audit.intend(platform.spine.db, actor, "anpr.searches.run", subjects=(subject,), why=Purpose("crime", "KM/77/26"))
    await audit.conclude(platform.spine.db, entry, "answered", 3)
    return entry


async def load(platform: RunningPlatform, rows: list[str]) -> Any:
    text = "kind,person,subject,relation\n" + "\n".join(rows) + "\n"
    return await platform.client("admin").post("/v1/misuse/directory", content=text, headers={"Content-Type": "text/csv"})


async def passed(platform: RunningPlatform) -> None:
    number = await platform.spine.db.fetchval("SELECT max(number) FROM audit_entries WHERE agency = 'KEN'")
    await run_pass(platform.spine.db, "KEN", number, SETTINGS)


async def found(platform: RunningPlatform, actor: Actor) -> list[Record]:
    return await platform.spine.db.fetch("SELECT * FROM misuse_findings WHERE person = $1 ORDER BY id", actor.id)


async def caught(platform: RunningPlatform) -> tuple[Actor, str, Record]:
    actor, own = await someone(platform)
    assert (await load(platform, [f"vehicle,{actor.name},{own},"])).status_code == 200
    await look(platform, actor, own)
    await passed(platform)
    (finding,) = await found(platform, actor)
    return actor, own, finding


async def decide(platform: RunningPlatform, finding: str, outcome: str) -> bool:
    async with platform.spine.db.transaction() as connection:
        return await store.set_state(connection, finding, outcome, "reviewer", datetime.now(UTC))


async def test_a_look_at_ones_own_car_becomes_a_finding_that_a_supervisor_sees(platform: RunningPlatform) -> None:
    actor, own, finding = await caught(platform)
    seen = (await platform.client("supervisor").get(f"/v1/misuse/findings/{finding['id']}")).json()
    assert (seen["person"]["username"], seen["state"], seen["looks"]) == (actor.name, "open", 1)
    assert seen["signals"][0]["name"] == "own_record"
    assert own in seen["signals"][0]["why"]
    entry = await platform.spine.db.fetchrow("SELECT actor FROM audit_entries WHERE id = $1", seen["entries"][0])
    assert entry is not None
    assert entry["actor"] == actor.id
    listed = (await platform.client("auditor").get("/v1/misuse/findings", params={"state": "open"})).json()["items"]
    assert finding["id"] in {item["id"] for item in listed}
    trace = await platform.spine.db.fetchval(
        "SELECT count(*) FROM audit_entries WHERE action = 'accountability.findings.view' AND $1 = ANY(subjects)", finding["id"]
    )
    assert trace == 1


async def test_further_looks_make_the_same_finding_grow(platform: RunningPlatform) -> None:
    actor, own, finding = await caught(platform)
    await look(platform, actor, own)
    await passed(platform)
    (grown,) = await found(platform, actor)
    assert (grown["id"], grown["looks"]) == (finding["id"], 2)


async def test_a_decided_finding_is_not_raised_again_without_new_looks(platform: RunningPlatform) -> None:
    actor, own, finding = await caught(platform)
    await decide(platform, finding["id"], "cleared")
    await passed(platform)
    assert len(await found(platform, actor)) == 1
    await look(platform, actor, own)
    await passed(platform)
    first, second = await found(platform, actor)
    assert (first["state"], second["state"], second["looks"]) == ("cleared", "open", 1)
    assert not set(first["entries"]) & set(second["entries"])


async def test_a_finding_is_decided_once_and_teaches_its_agency_alone(platform: RunningPlatform) -> None:
    _, _, finding = await caught(platform)
    before = (await store.reviewed(platform.spine.db, "KEN")).get("own_record", (0, 0))
    assert await decide(platform, finding["id"], "upheld")
    assert not await decide(platform, finding["id"], "cleared")
    assert not await decide(platform, "NOSUCH", "cleared")
    assert (await store.reviewed(platform.spine.db, "KEN"))["own_record"] == (before[0] + 1, before[1])
    assert "own_record" not in await store.reviewed(platform.spine.db, "IRW")
    assert await platform.spine.db.fetchval("SELECT state FROM misuse_findings WHERE id = $1", finding["id"]) == "upheld"


async def test_nobody_sees_findings_about_themselves_or_their_line(platform: RunningPlatform) -> None:
    _, _, finding = await caught(platform)
    supervisor = (await platform.client("supervisor").get("/v1/me")).json()["id"]
    set_to = "UPDATE misuse_findings SET {} = $2 WHERE id = $1"
    before = {"person": finding["person"], "manager": finding["manager"]}
    for column, was in before.items():
        await platform.spine.db.execute(set_to.format(column), finding["id"], supervisor)
        answer = await platform.client("supervisor").get(f"/v1/misuse/findings/{finding['id']}")
        assert answer.status_code == 404
        listed = (await platform.client("supervisor").get("/v1/misuse/findings", params={"limit": 200})).json()["items"]
        assert finding["id"] not in {item["id"] for item in listed}
        await platform.spine.db.execute(set_to.format(column), finding["id"], was)
    below = store.Viewer("anybody", finding["person"], "KEN")
    assert await store.finding(platform.spine.db, below, finding["id"]) is None
    assert await store.finding(platform.spine.db, store.Viewer("anybody", "", "FEL"), finding["id"]) is None


@pytest.mark.parametrize("username", ["officer", "analyst", "control", "admin"])
async def test_others_are_refused(platform: RunningPlatform, username: str) -> None:
    assert (await platform.client(username).get("/v1/misuse/findings")).status_code == 403


async def test_an_account_at_two_places_at_once_is_noticed(platform: RunningPlatform) -> None:
    actor, _ = await someone(platform)
    desks = [actor._replace(place=f"198.51.{n}.0/24", device=f"198.51.{n}.7 Firefox on Linux") for n in (7, 8)]
    for turn in range(16):
        await look(platform, desks[turn % 2], f"TWO{new_id()[-4:]}")
    await passed(platform)
    (finding,) = await found(platform, actor)
    (said,) = [signal for signal in finding["signals"] if signal["name"] == "two_places"]
    assert "198.51.7.0/24" in said["why"]


async def test_a_look_says_where_it_came_from(platform: RunningPlatform) -> None:
    client = platform.client("officer")
    body = {
        "vrm": f"AB{new_id()[-4:]}",
        "from": "2026-01-01T00:00:00Z",
        "to": "2026-01-02T00:00:00Z",
        "reason": {"purpose": "test", "reference": "T/1"},
    }
    search = (
        await client.post("/v1/anpr/searches", json=body, headers={"User-Agent": "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"})
    ).json()["id"]
    detail = await platform.spine.db.fetchval("SELECT detail FROM audit_entries WHERE detail->>'search' = $1", search)
    assert (detail["place"], detail["device"]) == ("127.0.0.0/24", "127.0.0.1 Firefox on Windows")


async def test_a_directory_is_loaded_shown_by_count_and_erased(platform: RunningPlatform) -> None:
    done = (await load(platform, ["vehicle,nobody,AB12CDE,", "unicorn,x,y,", "relative,nobody,AB13CDE,sister"])).json()
    assert (done["facts"], done["rejected_total"], done["rejected"][0]["line"]) == (2, 1, 3)
    shown = (await platform.client("admin").get("/v1/misuse/directory")).json()
    assert shown["facts"] == 2
    assert "AB12CDE" not in str(shown)
    assert (await load(platform, ["unicorn,x,y,"])).status_code == 422
    assert (await platform.client("admin").get("/v1/misuse/directory")).json()["facts"] == 2
    assert (
        await platform.client("admin").post("/v1/misuse/directory", content=b"x", headers={"Content-Type": "text/plain"})
    ).status_code == 415
    assert (await platform.client("admin").delete("/v1/misuse/directory")).status_code == 204
    assert (await platform.client("admin").get("/v1/misuse/directory")).json()["facts"] == 0
    assert await platform.spine.db.fetchval("SELECT count(*) FROM misuse_directory WHERE person = 'nobody'") == 0


async def test_a_directory_that_nobody_renews_is_erased(platform: RunningPlatform) -> None:
    assert (await load(platform, ["vehicle,nobody,AB12CDE,"])).status_code == 200
    await platform.spine.db.execute("UPDATE misuse_loads SET expires_at = now() WHERE agency = 'KEN'")
    await tidy(platform.spine)
    assert (await platform.client("admin").get("/v1/misuse/directory")).json()["facts"] == 0


async def test_the_job_runs_a_pass_in_a_process_of_its_own(platform: RunningPlatform) -> None:
    actor, own = await someone(platform)
    assert (await load(platform, [f"vehicle,{actor.name},{own},"])).status_code == 200
    await look(platform, actor, own)
    # The platform's own worker may be at it as well: whoever comes first, the look is found.
    async with asyncio.timeout(60):
        while not await found(platform, actor):
            await platform.spine.db.execute("UPDATE misuse_passes SET number = 0, at = '2020-01-01', seconds = 0")
            await watch(platform.spine)
    learned = await platform.spine.db.fetchval("SELECT count(*) FROM misuse_baselines WHERE agency = 'KEN'")
    assert learned > 0
