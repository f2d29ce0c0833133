"""Every door turns away who is nobody, who lacks the permission, and who belongs elsewhere. Made from the routes: a new one is tested.

- nobody: 401;
- somebody without the permission: 403, and the refusal is in the audit;
- somebody of another force with every permission: 404 for what belongs to Kentmere, word for word as for what nobody has.
"""

from __future__ import annotations

import pytest

from bluelamp.app.wiring import MODULES
from tests.house.doorman import GUARDED, filled, missing_examples, parameters, request, request_with_queries, stranger
from tests.house.examples import EXAMPLES, NATIONAL_DOORS, Open, Room
from tests.house.routes import Door
from tests.support.platform import RunningPlatform

WITH_THINGS = [door for door in GUARDED if any(not isinstance(EXAMPLES.get(key), Open) for key in parameters(door.path))]


@pytest.fixture(scope="module")
async def room(platform: RunningPlatform) -> Room:
    return Room(platform)


@pytest.fixture(scope="module")
async def permissions(platform: RunningPlatform) -> dict[str, set[str]]:
    """What each demonstration account may, as it is told itself."""
    return {name: set((await platform.client(name).get("/v1/me")).json()["permissions"]) for name in list(platform.tokens)}


def test_every_parameter_has_an_example() -> None:
    missing = missing_examples()
    assert not missing, (
        f"no example for {', '.join(missing)}: add each to EXAMPLES in tests/house/examples.py, with a function that makes such a "
        "thing of Kentmere's and returns its id (or Open(why, value) where it is nobody's)"
    )
    doors = {key for door in GUARDED for key in parameters(door.path)}
    assert doors >= EXAMPLES.keys(), f"examples for addresses that are gone: {sorted(EXAMPLES.keys() - doors)}"
    assert {str(door) for door in GUARDED} >= NATIONAL_DOORS.keys()


@pytest.mark.parametrize("door", GUARDED, ids=str)
async def test_nobody_is_turned_away(platform: RunningPlatform, door: Door) -> None:
    for headers in ({}, {"Authorization": "Bearer blt_" + "A" * 43}, {"Cookie": "bluelamp_session=" + "A" * 43, "X-Bluelamp": "1"}):
        asked = request(platform, door)
        answer = await platform.client().request(door.method, door.path, **asked | {"headers": asked.get("headers", {}) | headers})
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), f"{door} answers {answer.status_code} to nobody"


@pytest.mark.parametrize("door", GUARDED, ids=str)
async def test_who_lacks_the_permission_is_refused_and_noted(
    platform: RunningPlatform, permissions: dict[str, set[str]], door: Door
) -> None:
    (needed,) = door.markers
    without = [name for name, held in permissions.items() if needed not in held]
    if not without:
        pytest.skip(f"every account may {needed}")
    name = without[0]
    answer = await platform.client(name).request(door.method, door.path, **request(platform, door))
    told = answer.json()
    assert (answer.status_code, told["code"]) == (403, "forbidden"), f"{door} answers {answer.status_code} to {name}, who lacks {needed}"
    assert told["permission"] == needed
    params = {"person": name, "action": needed, "limit": 5}
    entries = (await platform.client("auditor").get("/v1/audit", params=params)).json()["items"]
    assert any(entry["kind"] == "refusal" and entry["detail"]["path"] == door.path for entry in entries), (
        f"{door}: the refusal left no entry"
    )


@pytest.mark.parametrize("door", WITH_THINGS, ids=str)
async def test_another_forces_things_are_not_there(platform: RunningPlatform, room: Room, door: Door) -> None:
    if str(door) in NATIONAL_DOORS:
        pytest.skip(NATIONAL_DOORS[str(door)])
    address, asked = await filled(room, door.path), await request_with_queries(room, door)
    client = platform.client(await stranger(platform))
    answer = await client.request(door.method, address.path, **asked)
    assert answer.status_code == 404, (
        f"{door} answers {answer.status_code} ({answer.text[:200]}) to somebody of another force. It must be 404, as if there were none. "
        "If the request itself was refused (422), give what it needs in QUERIES of tests/house/examples.py"
    )
    none = await client.request(door.method, address.nowhere, **asked)
    told, expected = answer.json(), none.json()
    assert (told["code"], told["detail"]) == (expected["code"], expected["detail"]), f"{door} tells what exists from what does not"


@pytest.mark.parametrize("prefix", sorted({prefix for module in MODULES for prefix in module.doors}))
async def test_doors_before_the_framework_turn_away_nobody(platform: RunningPlatform, prefix: str) -> None:
    """Their own tests know more of them; this one says that none stands open."""
    for name in ("native", "nothing"):
        for headers in ({}, {"Authorization": "Bearer " + "A" * 40}, {"Authorization": f"Bearer {platform.tokens['admin']}"}):
            answer = await platform.client().post(f"{prefix}{name}", content=b"{}", headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
