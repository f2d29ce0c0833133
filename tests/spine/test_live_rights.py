"""Live streams end with the right to them: no heartbeat is waited for, the change itself cuts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from bluelamp.spine import live_routes
from bluelamp.spine.errors import EngineDownError
from bluelamp.spine.identity import store
from tests.spine.identity.conftest import NewPerson, Person, new_person  # noqa: F401
from tests.support.platform import RunningPlatform

Lines = AsyncIterator[str]


@pytest.fixture(autouse=True)
def _no_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    """A heartbeat asks for the caller too; without one, only the change can have cut the stream."""
    monkeypatch.setattr(live_routes, "HEARTBEAT_S", 3600.0)


@asynccontextmanager
async def following(platform: RunningPlatform, person: Person) -> AsyncIterator[Lines]:
    async with asyncio.timeout(60), platform.client().stream("GET", "/v1/stream", headers=person.bearer, timeout=60) as answer:
        assert answer.status_code == 200
        lines = answer.aiter_lines()
        await until(lines, "event: heartbeat")  # the caller was asked for once, and now the stream waits
        yield lines


async def until(lines: Lines, wanted: str) -> None:
    async for line in lines:
        if line == wanted:
            return
    raise AssertionError(f"the stream ended before {wanted!r}")


async def is_cut(lines: Lines) -> bool:
    await until(lines, "event: signed_out")
    return [line async for line in lines][-1:] == [""]


async def test_a_closed_account_is_cut_off(platform: RunningPlatform, new_person: NewPerson) -> None:  # noqa: F811
    person = await new_person()
    async with following(platform, person) as lines:
        assert (await platform.client("admin").patch(f"/v1/users/{person.id}", json={"active": False})).status_code == 200
        assert await is_cut(lines)


async def _sign_out(platform: RunningPlatform, person: Person) -> None:
    async with platform.spine.db.transaction() as connection:
        await store.end_sessions(connection, person.id)


async def _end_post(platform: RunningPlatform, person: Person) -> None:
    async with platform.spine.db.transaction() as connection:
        await connection.execute("UPDATE memberships SET ends_at = now() WHERE person = $1", person.id)
        await store.announce(connection, person.id)


@pytest.mark.parametrize("end", [_sign_out, _end_post], ids=["session", "post"])
async def test_what_another_process_ends_is_cut_by_notification(
    platform: RunningPlatform,
    new_person: NewPerson,  # noqa: F811
    end: Callable[[RunningPlatform, Person], Awaitable[None]],
) -> None:
    person = await new_person()
    async with following(platform, person) as lines:
        await end(platform, person)
        assert await is_cut(lines)


async def test_a_post_that_ends_by_its_date_cuts_by_itself(platform: RunningPlatform, new_person: NewPerson) -> None:  # noqa: F811
    person = await new_person()
    await platform.spine.db.execute("UPDATE memberships SET ends_at = now() + interval '2 seconds' WHERE person = $1", person.id)
    async with following(platform, person) as lines:
        assert await is_cut(lines)


async def test_other_peoples_streams_are_left_alone(platform: RunningPlatform, new_person: NewPerson) -> None:  # noqa: F811
    leaver, stays = await new_person(), await new_person()
    async with following(platform, leaver) as ended, following(platform, stays) as lines:
        await platform.client("admin").patch(f"/v1/users/{leaver.id}", json={"active": False})
        assert await is_cut(ended)
        await platform.client("admin").patch(f"/v1/users/{stays.id}", json={"active": False})
        seen = [line async for line in lines if line.startswith("event: ")]
        assert seen.count("event: heartbeat") == 0, "it was not even asked again for the other's sake"
        assert seen[-1] == "event: signed_out"


async def test_a_stream_whose_rights_cannot_be_asked_for_ends_as_it_should(
    platform: RunningPlatform,
    new_person: NewPerson,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    person = await new_person()
    async with following(platform, person) as lines:

        async def away(*_values: object) -> None:
            raise EngineDownError("PostgreSQL does not answer")

        monkeypatch.setattr("bluelamp.spine.identity.identify.store.find_session", away)
        platform.app.state.identify.forget(person.id)
        assert [line async for line in lines if line.startswith("event: ")] == [], "and nothing was shown meanwhile"
