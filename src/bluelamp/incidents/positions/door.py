"""The door that every position comes in by: whose it is, whether it is tracked, what of it is taken, and off to the stream."""

from __future__ import annotations

from collections.abc import Callable

from bluelamp.incidents.positions.batches import Batches
from bluelamp.incidents.positions.carriers import Carriers
from bluelamp.incidents.positions.clocks import clock_off
from bluelamp.incidents.positions.domain import Position
from bluelamp.incidents.positions.reports import Account, Carrier, Limits, Report, judge, untracked
from bluelamp.incidents.positions.settings import PositionSettings
from bluelamp.spine.module import Spine


class PositionDoor:
    """One per process."""

    def __init__(self, spine: Spine, settings: PositionSettings, last_word: Callable[[str], Position | None]) -> None:
        """`last_word` is what the process knows of a resource: with it repeats and late ones are told apart."""
        self._spine = spine
        self._limits = Limits(settings.late_hours * 3_600_000)
        self._last_word = last_word
        self.carriers = Carriers(spine.db)
        self.batches = Batches(spine.bus, settings.batch_milliseconds / 1000)

    def start(self, on_change: Callable[[str], None] = lambda _resource: None) -> None:
        """`on_change` hears which resource's record changed; an empty string: any may have."""
        self.batches.start()
        self.carriers.start(on_change)

    async def close(self) -> None:
        self.carriers.close()
        await self.batches.close()

    async def of_person(
        self, person: str, agency: str, reports: list[Report], *, source: str, sent_at: int | None = None, wait: bool = True
    ) -> Account:
        """Positions of whatever `person` crews in `agency`; see `take`.

        Somebody who crews nothing, or whose resource is off duty, is not tracked: the reports are dropped here and the account says so.
        """
        carrier = await self.carriers.of_person(person)
        if carrier is not None and carrier.agency != agency:
            carrier = None
        return await self.take(carrier, reports, source=source, sent_at=sent_at, wait=wait)

    async def of_resource(
        self, resource: str, reports: list[Report], *, source: str, sent_at: int | None = None, wait: bool = True
    ) -> Account:
        """Positions of a resource by its id, from a device that sits in it; see `take`."""
        return await self.take(await self.carriers.of_resource(resource), reports, source=source, sent_at=sent_at, wait=wait)

    async def take(
        self, carrier: Carrier | None, reports: list[Report], *, source: str, sent_at: int | None = None, wait: bool = True
    ) -> Account:
        """Judge, and publish what is good. With `wait` it comes back when that is on disk; without, at once.

        `sent_at` is the device's own time of sending: with it a clock that is off is found and put right.

        Raises:
            EngineDownError: it is not known to be kept; send it again.
            TooManyError: more waits than can be written soon.
        """
        if carrier is None or not carrier.on_duty:
            return untracked()
        now = self._spine.clock()
        off_ms = 0 if sent_at is None else clock_off(sent_at, now)
        positions, account = judge(reports, carrier, source, off_ms, now, self._last_word(carrier.resource), self._limits)
        if positions:
            done = self.batches.put(positions)
            if wait:
                await done
        return account
