"""The nation on a real platform: founded, given a past, alive; all through HTTP."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import pytest

from bluelamp.accountability.misuse.passes import run_pass
from bluelamp.accountability.misuse.settings import MisuseSettings
from bluelamp.demo.anpr.cameras import FORMATS
from bluelamp.demo.anpr.sense import PlateSense, build_sense
from bluelamp.demo.session import founding, looks, past
from bluelamp.demo.session.client import PlatformClient, RefusedError
from bluelamp.demo.session.live import LiveNation
from bluelamp.demo.session.state import State
from bluelamp.demo.world.nation import Nation
from bluelamp.spine.identity.actions import PLATFORM, create_user
from tests.support.platform import RunningPlatform, token_for

pytestmark = pytest.mark.heavy

CAMERAS = 1500


@dataclass
class Founded:
    platform: RunningPlatform
    sense: PlateSense
    state: State
    tokens: dict[str, str]


@pytest.fixture(scope="module")
async def founded(platform: RunningPlatform, nation: Nation) -> Founded:
    async with platform.spine.db.transaction() as connection:
        await create_user(connection, PLATFORM, "nation", "The Nation", "KEN", frozenset({"national_admin"}))
    tokens = {"nation": await token_for(platform.spine, "nation"), "supervisor": platform.tokens["supervisor"]}
    sense = build_sense(nation, CAMERAS)
    state = State(nation.seed, CAMERAS, time.time())
    told: list[str] = []
    await founding.found(sense, state, platform.url, tokens, told.append)
    assert len(told) == 5
    return Founded(platform, sense, state, tokens)


async def test_the_nation_is_registered_and_founding_again_changes_nothing(founded: Founded) -> None:
    admin = founded.platform.client("admin")
    codes = {item["code"] for item in (await admin.get("/v1/agencies")).json()["items"]}
    assert len(codes) >= 60
    cameras = (await admin.get("/v1/anpr/cameras/map")).json()["cameras"]
    assert len(cameras) >= CAMERAS - 2
    keys = {name: source.key for name, source in founded.state.sources.items()}
    await founding.found(founded.sense, founded.state, founded.platform.url, founded.tokens, lambda _: None)
    assert {name: source.key for name, source in founded.state.sources.items()} == keys
    assert len((await admin.get("/v1/anpr/cameras/map")).json()["cameras"]) == len(cameras)


async def test_the_look_that_should_not_be_is_found_and_the_request_waits(founded: Founded) -> None:
    looked = (await founded.platform.client("auditor").get("/v1/audit", params={"subject": looks.FORMER_PARTNERS_CAR})).json()["items"]
    by_officer = [entry for entry in looked if entry["person"]["username"] == looks.USERNAME]
    assert sorted({entry["reference"] for entry in by_officer if entry["action"].startswith("anpr.searches")}) == sorted(looks.EXCUSES)
    asked = (await founded.platform.client("supervisor").get("/v1/accountability/authorisations?whose=agency&state=asked")).json()["items"]
    assert [item["can_decide"] for item in asked if item["person"]["username"] == looks.USERNAME] == [True]
    database = founded.platform.spine.db
    await run_pass(database, "KEN", await database.fetchval("SELECT max(number) FROM audit_entries WHERE agency = 'KEN'"), MisuseSettings())
    person = by_officer[0]["person"]["id"]
    assert await database.fetchval("SELECT subjects FROM misuse_findings WHERE person = $1", person) == [looks.FORMER_PARTNERS_CAR]


async def test_lists_are_there_with_the_stories_first(founded: Founded) -> None:
    lists = (await founded.platform.client("supervisor").get("/v1/anpr/lists")).json()["items"]
    wanted = next(item for item in lists if item["name"] == "Kentmere: wanted and stolen")
    entries = (await founded.platform.client("supervisor").get(f"/v1/anpr/lists/{wanted['id']}/entries")).json()["items"]
    assert {entry["vrm"] for entry in entries} == {"KE77STL", "KE77CLN", "KE77CVA", "KE77SBG", "KE77FRM"}


async def test_the_past_is_taken_whole_and_once(founded: Founded) -> None:
    stored: list[int] = []
    taken = await past.fill(founded.sense, founded.state, founded.platform.url, 6_000, 5, stored.append)
    assert 3_000 < taken <= sum(stored)
    # A plate that passes a camera twice in the same millisecond cannot be; a clock set right can repeat a time.
    assert taken > 0.99 * sum(stored)
    assert await past.fill(founded.sense, founded.state, founded.platform.url, 6_000, 5, stored.append) == 0


async def test_the_present_goes_out_in_every_format(founded: Founded) -> None:
    clock = [founded.state.first_s]
    live = LiveNation(founded.sense, founded.state, founded.platform.url, 0.3, now=lambda: clock[0])
    async with PlatformClient(founded.platform.url) as client:
        # Ten minutes ago, so that none of it lies ahead of the platform's own clock.
        live._live = type(live._live)(founded.sense, founded.state.first_s, founded.state.first_s - 600)
        reads = live._live.until(clock[0])
        bodies = live._bodies(reads, live._describer.describe(reads))
        formats = {live._plans[number].format for number, _ in bodies}
        assert len(formats) >= len(FORMATS) - 1
        unknown = 0
        for number, body in bodies:
            plan = live._plans[number]
            headers = {"Authorization": f"Bearer {founded.state.sources[plan.name].key}", "Content-Type": body.content_type}
            answer = await client.ask("POST", f"/v1/anpr/intake/{plan.format}", content=body.content, headers=headers)
            for refused in answer["rejected"]:
                assert refused["code"] in {"unknown_camera", "in_future"}, (plan.format, refused)
                unknown += 1
        assert unknown < len(reads) * 0.05


async def test_what_the_platform_refuses_for_good_is_told(founded: Founded) -> None:
    async with PlatformClient(founded.platform.url, "no such token") as client:
        with pytest.raises(RefusedError) as caught:
            await client.ask("GET", "/v1/agencies")
    assert caught.value.status == 401
    assert np.isfinite(founded.state.first_s)
