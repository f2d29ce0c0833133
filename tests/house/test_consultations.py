"""Every look at what others did or own leaves an audit entry: each door that shows something is opened, and the witness looks on.

tests/support/witness.py fails any answer without an entry, here and in every other test of the running platform.
"""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from bluelamp.app.http import make_app
from bluelamp.spine import audit
from tests.house.doorman import GUARDED, filled, missing_examples, request_with_queries
from tests.house.examples import Room
from tests.house.routes import DOORS, Door
from tests.support.platform import RunningPlatform, serving
from tests.support.witness import UNAUDITED_LOOKS, Witness

LOOKS = [door for door in GUARDED if door.method == "GET"]
ENDLESS = {"GET /v1/stream", "GET /v1/live/events"}
NO_ANSWER = {"GET /v1/live"}
"""Opens a WebSocket; in plain HTTP it shows nothing."""
ASKED_FIRST = ("analyst", "supervisor", "control", "admin", "auditor", "officer")


@pytest.fixture(scope="module")
async def room(platform: RunningPlatform) -> Room:
    return Room(platform)


async def who_may(platform: RunningPlatform, door: Door) -> str:
    for name in ASKED_FIRST:
        if door.markers[0] in (await platform.client(name).get("/v1/me")).json()["permissions"]:
            return name
    raise AssertionError(f"no demonstration account may {door.markers[0]}")


@pytest.mark.parametrize("door", LOOKS, ids=str)
async def test_a_look_leaves_an_entry(platform: RunningPlatform, room: Room, door: Door) -> None:
    if str(door) in ENDLESS:
        pytest.skip(UNAUDITED_LOOKS[str(door)])
    if str(door) in NO_ANSWER:
        pytest.skip("it opens a WebSocket, and in plain HTTP shows nothing")
    assert not missing_examples(), "see test_authorisation.py::test_every_parameter_has_an_example"
    address, asked = await filled(room, door.path), await request_with_queries(room, door)
    answer = await platform.client(await who_may(platform, door)).get(address.path, **asked)
    assert answer.status_code < 300, (
        f"{door} answers {answer.status_code} ({answer.text[:300]}). A 500 means that the answer left no audit entry: use audit.intend "
        "before the question and audit.conclude before the answer. A 4xx means that the request lacks something: see QUERIES in "
        "tests/house/examples.py"
    )


def test_the_exceptions_exist_and_are_needed() -> None:
    gone = UNAUDITED_LOOKS.keys() - {str(door) for door in DOORS}
    assert not gone, f"take these off UNAUDITED_LOOKS in tests/support/witness.py: {sorted(gone)}"


async def test_a_removed_entry_is_noticed(platform: RunningPlatform, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same doors with their entries taken away, one kind after another: the witness fails each."""

    async def forgotten(*_values: object, **_named: object) -> str:
        return "0" * 26

    app = make_app(replace(platform.spine))
    app.add_middleware(Witness)
    async with serving(app) as url, httpx.AsyncClient(base_url=url, timeout=30) as client:
        for door in LOOKS:
            if str(door) in UNAUDITED_LOOKS or str(door) in NO_ANSWER:
                continue
            name = await who_may(platform, door)
            address, asked = await filled(room, door.path), await request_with_queries(room, door)
            with monkeypatch.context() as patch:
                patch.setattr(audit, "intend", forgotten)
                patch.setattr(audit, "record", forgotten)
                patch.setattr(audit, "conclude", forgotten)
                answer = await client.get(address.path, headers={"Authorization": f"Bearer {platform.tokens[name]}"}, **asked)
            assert answer.status_code == 500, f"{door} left no entry, and nobody noticed"
