"""One car, several events: the first event is the read, later ones amend it, and the best plate wins."""

from __future__ import annotations

from typing import NamedTuple

from bluelamp.anpr.domain import vrm_key

from .rows import Row

VERSIONS_MAX = 250
"""A camera that amends for ever is listened to no further; the version is one byte."""


class CarState(NamedTuple):
    """What is stored of a passing car so far."""

    row: Row
    """The read as it stands after its last version."""
    seen_at: int
    """When its last event was received, milliseconds."""


class Cars:
    """The cars of the last minutes, by camera and the vendor's name for the car."""

    def __init__(self, minutes_max: int = 15, cars_max: int = 500_000) -> None:
        self._keep_ms = minutes_max * 60_000
        self._cars_max = cars_max
        self._states: dict[tuple[int, str], CarState] = {}

    def meet(self, row: Row, staged: dict[tuple[int, str], CarState]) -> Row:
        """The row to store for an event of a car: itself if it is the first, else the amended read.

        Nothing is remembered but in `staged`, which `settle` takes over once the row is safely stored.
        """
        name = (row.camera, row.car)
        state = staged.get(name) or self._states.get(name)
        if state is not None and row.received_at - state.seen_at > self._keep_ms:
            state = None
        stored = row if state is None else amend(state.row, row)
        staged[name] = CarState(stored, row.received_at)
        return stored

    def settle(self, staged: dict[tuple[int, str], CarState], now: int) -> None:
        """Remember what is now stored, newest last, and forget the oldest."""
        for name, state in staged.items():
            self._states.pop(name, None)
            self._states[name] = state
        while self._states:
            name, state = next(iter(self._states.items()))
            if len(self._states) <= self._cars_max and now - state.seen_at <= self._keep_ms:
                break
            del self._states[name]


def amend(read: Row, event: Row) -> Row:
    """The read after one more event of its car: same camera, time and id; the plate of the surer event; all plates kept.

    What the surer event leaves unsaid is taken from the other.
    """
    better, other = (event, read) if event.confidence > read.confidence else (read, event)
    variants = dict((*other.variants, *better.variants))
    if other.vrm != better.vrm:
        variants[other.vrm] = max(other.confidence, variants.get(other.vrm, 0))
    variants.pop(better.vrm, None)
    return better._replace(
        captured_at=read.captured_at,
        received_at=event.received_at,
        direction=better.direction or other.direction,
        lane=better.lane or other.lane,
        make=better.make or other.make,
        model=better.model or other.model,
        colour=better.colour or other.colour,
        vehicle_class=better.vehicle_class or other.vehicle_class,
        characters=better.characters or (other.characters if other.vrm == better.vrm else b""),
        first_key=read.first_key or vrm_key(read.vrm),
        version=min(read.version + 1, VERSIONS_MAX),
        replaces=read.vrm if better.vrm != read.vrm else "",
        variants=tuple(sorted(variants.items(), key=lambda item: -item[1])[:20]),
    )
