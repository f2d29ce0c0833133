"""Stories played fast on a real platform: everything is really kept, and ends with the right counts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any

import pytest

from bluelamp.demo.incidents.cast import NEIGHBOUR, POLICE, ROOMS, SUPERVISOR, Person, Unit, crowd, regulars
from bluelamp.demo.incidents.collision import COUNTS, STOLEN, collision
from bluelamp.demo.incidents.emergencies import press
from bluelamp.demo.incidents.partner import Partner
from bluelamp.demo.incidents.player import ABANDONED, close_leftovers, play
from bluelamp.demo.incidents.positions import PositionSender
from bluelamp.demo.incidents.public_order import public_order
from bluelamp.demo.incidents.registry import check_codes, register
from bluelamp.demo.incidents.script import Run, Say
from bluelamp.demo.incidents.search import SECTORS, search
from bluelamp.demo.incidents.stage import Clock, Played, Stage
from bluelamp.demo.incidents.ways import Ways
from bluelamp.demo.incidents.whereabouts import Whereabouts
from bluelamp.demo.session.client import PlatformClient
from bluelamp.demo.world.nation import Nation
from bluelamp.spine.identity.actions import PLATFORM, create_user
from tests.support.platform import RunningPlatform, token_for

SPEED = 240.0
CROWD = 24


async def tokens_of(platform: RunningPlatform, people: Iterable[Person]) -> dict[str, str]:
    wanted = list(people)
    async with platform.spine.db.transaction() as connection:
        for person in wanted:
            await create_user(connection, PLATFORM, person.username, person.name, person.agency, frozenset({person.role}))
    return {person.username: await token_for(platform.spine, person.username) for person in wanted}


@pytest.fixture(scope="module")
def some() -> tuple[Unit, ...]:
    """A few of the crowd, of all kinds."""
    return crowd()[:: 300 // CROWD]


@pytest.fixture(scope="module")
async def tokens(platform: RunningPlatform, some: tuple[Unit, ...]) -> dict[str, str]:
    return await tokens_of(platform, (*ROOMS.values(), SUPERVISOR, *(unit.crew for unit in (*regulars(), *some))))


@pytest.fixture
async def stage(platform: RunningPlatform, tokens: dict[str, str]) -> AsyncIterator[Stage]:
    async with PlatformClient(platform.url) as client:
        yield Stage(client, tokens, Clock(SPEED), Played())


@pytest.fixture
async def where(stage: Stage, nation: Nation, some: tuple[Unit, ...]) -> Whereabouts:
    made = Whereabouts(Ways.of(nation), (*regulars(), *some), nation.seed, stage.clock.now() - 5000)
    await check_codes(stage)
    await register(stage, made, made.units.values(), 0.0)
    return made


async def state_of(stage: Stage, incident: str) -> dict[str, Any]:
    return dict(await stage.ask(ROOMS[POLICE], "GET", f"/{incident}"))


@pytest.mark.heavy
async def test_a_whole_collision_ends_with_the_right_counts(stage: Stage, where: Whereabouts, nation: Nation) -> None:
    moving = asyncio.create_task(PositionSender(stage, where, nation.seed).run())
    script = collision(Run("collision", 1, stage.clock.now()), where, nation.seed)
    incident = await play(stage, where, script)
    moving.cancel()
    assert stage.played.refusals == []
    state = await state_of(stage, incident)
    assert state["status"] == "closed"
    assert state["source"] == "demonstration"
    assert {kind: count for kind, count in state["casualty_count"].items() if count} == COUNTS
    assert len(state["casualties"]) == 6
    assert {code: bool(member["acknowledged_at"]) for code, member in state["agencies"].items() if code != POLICE} == {
        "KFR": True,
        "KAS": True,
    }
    assert [vehicle["vrm"] for vehicle in state["vehicles"].values() if vehicle["vrm"]] == [STOLEN]
    assert state["features"] == {}
    assert {one["content_type"] for one in state["media"].values()} == {"image/jpeg"}
    assert len(state["media"]) == stage.played.pictures == 2
    assert state["type"] == "collision.entrapment"
    assert len(state["resources"]) == len(script.call_signs)
    assert all(tick["done"] for one in state["checklists"].values() for tick in one["ticks"].values())
    assert stage.played.positions > 30
    rows = await stage.every(ROOMS[POLICE], "/resources")
    assert {row["incident"] for row in rows if row["call_sign"] in script.call_signs} == {None}
    again = await play(stage, where, script)
    assert (again, (await state_of(stage, incident))["sequence"]) == (incident, state["sequence"])
    assert stage.played.repeated == stage.played.events / 2


async def test_somebody_missing_is_searched_for_and_found(stage: Stage, where: Whereabouts, nation: Nation) -> None:
    incident = await play(stage, where, search(Run("search", 1, stage.clock.now()), where, nation.seed))
    assert stage.played.refusals == []
    state = await state_of(stage, incident)
    sectors = [feature["note"] for feature in state["features"].values() if feature["type"] == "search_sector"]
    assert len(sectors) == SECTORS
    assert sum(note.startswith("Searched by") for note in sectors) >= 3
    assert [one["handed_to"] for one in state["casualties"].values()] == ["Kendal hospital, with his daughter"]
    assert state["status"] == "closed"


async def test_mountain_rescue_is_asked_only_where_it_is_connected(where: Whereabouts, nation: Nation) -> None:
    partner = Partner("http://platform.test", 0, where.ways, nation.seed)
    script = search(Run("search", 2, 1_800_000_000.0), where, nation.seed)
    assert partner.asked(script) == script
    partner.connected = True
    joined = [step.data["agency"] for step in partner.asked(script).steps if isinstance(step, Say) and step.kind == "agency.joined"]
    assert NEIGHBOUR in joined


@pytest.mark.heavy
async def test_a_public_order_event_takes_everybody_and_lets_them_go(
    stage: Stage, where: Whereabouts, nation: Nation, some: tuple[Unit, ...]
) -> None:
    incident = await play(stage, where, public_order(Run("order", 1, stage.clock.now()), where, nation.seed, some))
    assert stage.played.refusals == []
    state = await state_of(stage, incident)
    assert len(state["resources"]) == len(some)
    assert len(state["features"]) == 8 + 1 + 4 + 1
    off = {row["call_sign"]: row["status"] for row in await stage.every(ROOMS[POLICE], "/resources")}
    assert {off[unit.call_sign] for unit in some if unit.agency == POLICE} == {"off_duty"}


async def test_an_emergency_nobody_answers_is_answered_by_the_room(stage: Stage, where: Whereabouts, nation: Nation) -> None:
    before = {one["id"] for one in (await stage.ask(ROOMS[POLICE], "GET", "/emergencies"))["items"]}
    await press(stage, where, nation.seed, 1)
    assert stage.played.emergencies == 1
    assert {one["id"] for one in (await stage.ask(ROOMS[POLICE], "GET", "/emergencies"))["items"]} <= before


async def test_what_an_earlier_start_left_open_is_closed(stage: Stage, where: Whereabouts, nation: Nation) -> None:
    script = collision(Run("collision", 9, stage.clock.now()), where, nation.seed)
    playing = asyncio.create_task(play(stage, where, script))
    while stage.played.events <= 20:  # noqa: ASYNC110 - the count has no event to wait for
        await asyncio.sleep(0.05)
    playing.cancel()
    await asyncio.wait([playing])
    own = (await stage.ask(ROOMS[POLICE], "POST", "", {**script.opening, "id": None, "source": "call", "title": "A visitor's own"}))["id"]
    assert await close_leftovers(stage, where) == 1
    state = await state_of(stage, script.opening["id"])
    assert (state["status"], state["close_reason"]) == ("closed", ABANDONED)
    assert (await state_of(stage, own))["status"] == "open"
    assert await close_leftovers(stage, where) == 0
