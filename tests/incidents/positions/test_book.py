"""The last position of every resource."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluelamp.incidents.positions.book import PositionBook
from bluelamp.incidents.positions.domain import Position, may_see


def position(resource="R1", at=1000, latitude=54.0, longitude=-2.0, received_at=None, **more) -> Position:
    return Position(resource, at, latitude, longitude, "KMP", at if received_at is None else received_at, **more)


def test_newest_by_the_devices_time_wins():
    book = PositionBook()
    assert book.update(position(at=2000, latitude=54.2))
    assert not book.update(position(at=1000, latitude=54.1, received_at=9000))
    assert not book.update(position(at=2000, latitude=54.2))
    assert book.latest("R1").latitude == 54.2
    assert book.update(position(at=2000, latitude=54.2, received_at=2001, covert=True))
    assert book.latest("R1").covert
    assert book.latest("R2") is None
    assert len(book) == 1


def test_changes_come_once_each_in_order_and_newest():
    book = PositionBook()
    for at, resource in enumerate(["A", "B", "A", "C", "B"], 1):
        book.update(position(resource, at))
    changes, number = book.changed_since(0)
    assert [(p.resource, p.at) for p in changes] == [("A", 3), ("C", 4), ("B", 5)]
    assert number == book.number
    assert book.changed_since(number) == ([], number)
    book.update(position("A", 6))
    changes, number = book.changed_since(number)
    assert [p.resource for p in changes] == ["A"]


def test_one_that_leaves_is_told_and_not_found():
    book = PositionBook()
    book.update(position("A"))
    number = book.number
    assert book.update(position("A", at=2000, gone=True))
    assert book.latest("A") is None
    assert book.last_word("A").gone
    assert book.within(-180, -90, 180, 90) == []
    assert len(book) == 0
    changes, _ = book.changed_since(number)
    assert [(p.resource, p.gone) for p in changes] == [("A", True)]
    assert not book.update(position("A", at=1500))
    assert book.update(position("A", at=3000))
    assert [p.resource for p in book.within(-3, 53, -1, 55)] == ["A"]


def test_within_a_box_and_across_the_meridian():
    book = PositionBook()
    book.update(position("here"))
    book.update(position("east", longitude=179.5))
    book.update(position("west", longitude=-179.5))
    assert [p.resource for p in book.within(-2, 54, -2, 54)] == ["here"]
    assert {p.resource for p in book.within(179, 50, -179, 60)} == {"east", "west"}
    book.update(position("here", at=5000, latitude=10.0))
    assert book.within(-2, 54, -2, 54) == []
    assert PositionBook().within(-1, -1, 1, 1) == []


def test_what_is_old_is_forgotten_and_its_room_used_again():
    book = PositionBook()
    book.update(position("old", at=1000))
    book.update(position("gone", at=1500, gone=True))
    book.update(position("new", at=2000))
    assert book.forget_before(2000) == 2
    assert book.latest("old") is None
    assert len(book) == 1
    book.update(position("next", at=3000, latitude=1.0))
    assert [p.resource for p in book.within(-180, 0, 180, 2)] == ["next"]
    assert {p.resource for p in book.changed_since(0)[0]} == {"new", "next"}


def test_a_covert_resource_exists_for_its_own_control_room_only():
    covert = position(covert=True)
    assert may_see(covert, "KMP", controls=True)
    assert not may_see(covert, "KMP", controls=False)
    assert not may_see(covert, "KFR", controls=True)
    assert may_see(position(), "KFR", controls=False)


moves = st.lists(
    st.builds(
        position,
        resource=st.sampled_from("ABCDEF"),
        at=st.integers(0, 20),
        latitude=st.floats(-90, 90),
        longitude=st.floats(-180, 180),
        gone=st.booleans(),
    ),
    max_size=60,
)


@given(moves, st.integers(0, 60), st.tuples(*[st.floats(-180, 180)] * 2), st.tuples(*[st.floats(-90, 90)] * 2))
def test_against_the_plain_definition(done, cut, longitudes, latitudes):
    book = PositionBook()
    plain: dict[str, Position] = {}
    changed: list[str] = []
    number = 0
    for step, move in enumerate(done):
        known = plain.get(move.resource)
        newer = known is None or move.at > known.at
        assert book.update(move) is newer
        if newer:
            plain[move.resource] = move
            if step >= cut:
                changed.append(move.resource)
        if step < cut:
            number = book.number
    changes, _ = book.changed_since(number)
    assert changes == [plain[r] for r in sorted(set(changed), key=lambda r: len(changed) - changed[::-1].index(r))]
    here = {r: p for r, p in plain.items() if not p.gone}
    assert {p.resource for p in plain.values() if book.latest(p.resource)} == set(here)
    (west, east), (south, north) = sorted(longitudes), sorted(latitudes)
    inside = {r for r, p in here.items() if west <= p.longitude <= east and south <= p.latitude <= north}
    assert {p.resource for p in book.within(west, south, east, north)} == inside


@pytest.mark.parametrize("form", ["json", "msgpack"])
def test_a_position_survives_the_wire(form):
    codec = getattr(msgspec, form)
    sent = [position(call_sign="KM12", accuracy_m=4.5, course_deg=180.0), position("R2", gone=True)]
    assert codec.decode(codec.encode(sent), type=list[Position]) == sent
