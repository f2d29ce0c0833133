"""What the tests of all doors share: people made for them, addresses filled in, and clear words about what is missing."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from bluelamp.app.openapi import METHODS
from bluelamp.spine.identity import actions
from bluelamp.spine.policy import ROLES
from tests.house.examples import EXAMPLES, QUERIES, Open, Room
from tests.house.instances import request_of
from tests.house.routes import DOORS, Door
from tests.support.platform import RunningPlatform, token_for

GUARDED = [door for door in DOORS if door.path.startswith("/v1/") and door.markers != ("public",)]
NATIONAL = frozenset({"auditor", "national_admin"})
STRANGER = "house-stranger"
NOWHERE = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
PARAMETER = re.compile(r"\{[^}]+\}")


def parameters(path: str) -> list[str]:
    """The address up to each of its parameters."""
    return [path[: found.end()] for found in PARAMETER.finditer(path)]


def missing_examples() -> list[str]:
    return sorted({key for door in GUARDED for key in parameters(door.path) if key not in EXAMPLES})


class Filled(NamedTuple):
    """An address with real ids, and the same with ids that nobody has."""

    path: str
    nowhere: str


async def filled(room: Room, path: str) -> Filled:
    real, nowhere = path, path
    for key in parameters(path):
        example = EXAMPLES[key]
        name = PARAMETER.findall(key)[-1]
        if isinstance(example, Open):
            value = example.value if isinstance(example.value, str) else await example.value(room)
            nowhere = nowhere.replace(name, value)
        else:
            value = await example(room)
            nowhere = nowhere.replace(name, "999999999" if value.isdigit() else NOWHERE[: len(value)].ljust(len(value), "0"))
        real = real.replace(name, value)
    return Filled(real, nowhere)


def request(platform: RunningPlatform, door: Door) -> dict[str, Any]:
    assert door.method.lower() in METHODS
    return request_of(platform.app.openapi(), door.method, door.path)


async def request_with_queries(room: Room, door: Door) -> dict[str, Any]:
    asked = request(room.platform, door)
    if str(door) in QUERIES:
        asked["params"] = asked["params"] | await QUERIES[str(door)](room)
    return asked


async def stranger(platform: RunningPlatform) -> str:
    """Somebody of another force who holds every role that stays within one's own agency; their username."""
    db = platform.spine.db
    if not await db.fetchval("SELECT true FROM users WHERE username = $1", STRANGER):
        async with db.transaction() as connection:
            roles = frozenset(ROLES) - NATIONAL
            await actions.create_user(connection, actions.PLATFORM, STRANGER, "Stella Ranger", "IRW", roles)
    if STRANGER not in platform.tokens:
        platform.tokens[STRANGER] = await token_for(platform.spine, STRANGER)
    return STRANGER
