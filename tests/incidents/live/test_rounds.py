"""Positions: the newest of each resource, to who follows it and may see it, once a second at most."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bluelamp.incidents.access import RESOURCES_DISPATCH
from bluelamp.incidents.live.book import Book, Known, Standing
from bluelamp.incidents.live.frames import Window
from bluelamp.incidents.live.rounds import SLOTS, Rounds
from bluelamp.incidents.live.viewers import Credentials, Viewer
from bluelamp.incidents.positions.book import PositionBook
from bluelamp.incidents.positions.domain import Position
from tests.incidents.live.scene import PERMISSIONS, Memory, Screen, caller


class Streets:
    """Resources that move, and screens that follow."""

    def __init__(self) -> None:
        self.book = Book(Memory())
        self.positions = PositionBook()
        self.rounds = Rounds(self.book, self.book.sees)
        self.rounds.positions = self.positions
        self.book.on_reassigned = self.rounds.reassigned
        self.clock = 1_000

    def moves(self, resource: str, latitude: float = 54.0, longitude: float = -2.7, agency: str = "KEN", **more: Any) -> None:
        self.clock += 1
        self.positions.update(Position(resource, self.clock, latitude, longitude, agency, self.clock, **more))

    def follow(self, *incidents: str, agency: bool = False, window: Window | None = None, by: Any = None, room: int = 1 << 30) -> Screen:
        screen = Screen(room)
        viewer = Viewer(by or caller(), Credentials("", "token"), screen, 0)
        viewer.incidents, viewer.agency, viewer.window = frozenset(incidents), agency, window
        self.rounds.put(viewer)
        return screen

    def second(self) -> None:
        for slot in range(SLOTS):
            self.rounds.listen()
            self.rounds.turn(slot)


def seen(screen: Screen) -> list[dict[str, Any]]:
    """What the last round brought."""
    told = [item for frame in screen.frames for item in json.loads(frame.text)["items"]]
    screen.frames.clear()
    return told


def names(screen: Screen) -> list[str]:
    return sorted(item["resource"] + ("-" if item.get("gone") else "") for item in seen(screen))


@pytest.fixture
async def streets() -> Streets:
    made = Streets()
    incidents = {"a": Known(1, {"KEN": (), "KFR": ("dispatcher",)}), "b": Known(1, {"KEN": ()})}
    made.book._records = Begin(Standing(incidents, {"car": ("a", "KEN"), "bike": ("b", "KEN"), "engine": ("a", "KFR")}))  # type: ignore[assignment]
    await made.book.load()
    return made


class Begin:
    def __init__(self, standing: Standing) -> None:
        self._standing = standing

    async def standing(self) -> Standing:
        return self._standing


async def test_a_screen_gets_what_is_on_its_incidents_once_and_then_what_moves(streets: Streets) -> None:
    for resource in ("car", "bike", "van"):
        streets.moves(resource)
    screen = streets.follow("a")
    streets.second()
    (item,) = seen(screen)
    assert item == {
        "resource": "car", "call_sign": "", "kind": "", "agency": "KEN", "latitude": 54.0, "longitude": -2.7,
        "at": "1970-01-01T00:00:01.001Z", "source": "", "incident": "a",
    }  # fmt: skip
    streets.second()
    assert screen.frames == []
    for latitude in (54.1, 54.2, 54.3):
        streets.moves("car", latitude)
    streets.second()
    assert [item["latitude"] for item in seen(screen)] == [54.3], "the newest, once"


async def test_who_follows_the_same_gets_the_same_bytes(streets: Streets) -> None:
    streets.moves("car")
    screens = [streets.follow("a") for _ in range(5)]
    streets.second()
    streets.moves("car", 55.0)
    streets.second()
    assert len({id(screen.frames[-1]) for screen in screens}) == 1
    assert len(screens[0].frames) == 2


async def test_a_slow_screen_is_passed_over_and_gets_the_newest_later(streets: Streets) -> None:
    streets.moves("car")
    slow, quick = streets.follow("a", room=1), streets.follow("a")
    streets.second()
    for latitude in (54.1, 54.2):
        streets.moves("car", latitude)
        streets.second()
    assert len(slow.frames) == 1
    assert len(quick.frames) == 3
    seen(slow)
    slow.room = 1 << 30
    streets.second()
    assert [item["latitude"] for item in seen(slow)] == [54.2]


async def test_a_window_shows_what_is_in_it_and_tells_what_leaves(streets: Streets) -> None:
    streets.moves("car", 54.0, -2.7)
    streets.moves("far", 50.0, 1.0)
    streets.moves("theirs", 54.0, -2.7, agency="KFR")
    streets.moves("engine", 54.0, -2.7, agency="KFR")
    screen = streets.follow(window=(-3.0, 53.0, -2.0, 55.0))
    streets.second()
    assert names(screen) == ["car", "engine"], "of the own agency, or on an incident that it sees"
    streets.moves("car", 56.0)
    streets.moves("far", 54.0, -2.5)
    streets.second()
    assert {item["resource"]: item["latitude"] for item in seen(screen)} == {"far": 54.0, "car": 56.0}
    streets.moves("car", 57.0)
    streets.second()
    assert names(screen) == [], "it left, and that was told"
    across = streets.follow(window=(170.0, 53.0, -2.0, 60.0))
    streets.second()
    assert names(across) == ["car", "engine", "far"]


async def test_what_joins_or_leaves_an_incident_comes_and_goes_without_moving(streets: Streets) -> None:
    streets.moves("van")
    screen = streets.follow("a")
    streets.second()
    assert names(screen) == []
    streets.book._assign("van", "a", "KEN")
    streets.second()
    assert names(screen) == ["van"]
    wide = streets.follow(agency=True, by=caller("KFR", "dispatcher"))
    streets.second()
    assert names(wide) == ["van"]
    streets.book._release("van", "a")
    streets.second()
    assert names(wide) == ["van-"], "no longer theirs to see"


async def test_covert_resources_are_for_their_own_control_room(streets: Streets) -> None:
    streets.moves("car")
    streets.moves("bike", covert=True)
    control = caller("KEN", "control", PERMISSIONS | {RESOURCES_DISPATCH})
    officer, room, fire = (
        streets.follow("a", "b"),
        streets.follow("a", "b", by=control),
        streets.follow("a", by=caller("KFR", "dispatcher")),
    )
    streets.second()
    assert (names(officer), names(room), names(fire)) == (["car"], ["bike", "car"], ["car"])
    streets.moves("car", covert=True)
    streets.moves("bike", covert=True)
    streets.second()
    assert (names(officer), names(room), names(fire)) == (["car-"], ["bike", "car"], ["car-"])
    streets.moves("car", covert=True, gone=True)
    streets.second()
    assert (names(officer), names(room)) == ([], ["car-"])


async def test_who_may_not_see_the_incident_or_positions_gets_none(streets: Streets) -> None:
    streets.moves("car")
    nobody = streets.follow("a", agency=True, by=caller(permissions=frozenset()))
    wrong_role = streets.follow("a", by=caller("KFR", "responder"))
    streets.second()
    assert names(nobody) == names(wrong_role) == []


async def test_what_is_gone_and_told_is_forgotten(streets: Streets) -> None:
    streets.moves("car")
    screen = streets.follow("a")
    streets.second()
    streets.moves("car", gone=True)
    streets.second()
    assert names(screen) == ["car", "car-"]
    streets.rounds.forget()
    assert streets.rounds._latest == streets.rounds._by_incident == {}
