"""The demonstration from end to end, for whoever has a running platform's address and two tokens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bluelamp.demo.anpr.sense import POPULATION_MIN, PlateSense, build_sense, sized_for
from bluelamp.demo.incidents.cast import Person, everybody
from bluelamp.demo.incidents.live import TOLD, LiveIncidents
from bluelamp.demo.incidents.stage import Played
from bluelamp.demo.session import founding, looks, past
from bluelamp.demo.session.client import RefusedError
from bluelamp.demo.session.live import LiveNation, Sent
from bluelamp.demo.session.state import State, StateFile
from bluelamp.demo.world.nation import build_nation
from bluelamp.demo.world.stories import STORIES

TOKENS_LAST_S = 30 * 86400.0
"""Tokens of the cast that end sooner are made anew at the start."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was asked for on the command line. `seed` and `cameras` of an earlier start win."""

    rate: float
    """Reads a second."""
    history: int
    history_days: int
    cameras: int
    seed: int
    picture_share: float


@dataclass(frozen=True, slots=True)
class Reports:
    """Whom to tell."""

    step: Callable[[str], None]
    past_begins: Callable[[int], None]
    past_grows: Callable[[int], None]
    past_ends: Callable[[int], None]
    ready: Callable[[], None]
    trouble: Callable[[str], None]


class DemoNation:
    """Builds the nation once; `run` founds it, fills its past and streams its present until stopped."""

    def __init__(self, state_path: Path, wishes: Wishes, partner_port: int = 0) -> None:
        """`partner_port`: where the neighbour's control room may listen; 0: there is none."""
        self._file = StateFile(state_path)
        kept = self._file.load()
        self.continued = kept is not None and kept.founded
        self.state = kept or State(wishes.seed, wishes.cameras, time.time())
        self._wishes = wishes
        self._partner_port = partner_port
        self.sent = Sent()
        self.played = Played()

    def strangers(self) -> tuple[Person, ...]:
        """Who plays in the incidents and has no token that lasts for a while: all of them on the first start."""
        lasting = self.state.people if self.state.people_until_s > time.time() + TOKENS_LAST_S else {}
        return tuple(person for person in everybody() if person.username not in lasting)

    def introduce(self, tokens: dict[str, str], until_s: float) -> None:
        """Their tokens, by username, and when those end."""
        self.state.people |= tokens
        if len(tokens) == len(everybody()):
            self.state.people_until_s = until_s
        self._file.save(self.state)

    def build(self) -> PlateSense:
        """Some seconds of arithmetic; needs no platform."""
        return sized_for(build_sense(build_nation(self.state.seed, POPULATION_MIN), self.state.cameras), self._wishes.rate)

    async def run(self, sense: PlateSense, base_url: str, tokens: dict[str, str], reports: Reports, stop: asyncio.Event) -> None:
        """`tokens`: see `founding.found`. Returns when `stop` is set.

        Raises:
            RefusedError: the platform refused to be set up.
        """
        if not self.state.founded:
            await founding.found(sense, self.state, base_url, tokens, reports.step)
            self.state.founded = True
            self._file.save(self.state)
        streaming = asyncio.create_task(self._stream(sense, base_url, stop))
        playing = asyncio.create_task(self._play(sense, base_url, reports, stop))
        try:
            reports.ready()
            if self._wishes.history and not self.state.past_days and not stop.is_set():
                await self._fill(sense, base_url, reports, stop)
            await streaming
            await playing
        finally:
            streaming.cancel()
            playing.cancel()

    async def _fill(self, sense: PlateSense, base_url: str, reports: Reports, stop: asyncio.Event) -> None:
        reports.past_begins(self._wishes.history)
        days = self._wishes.history_days
        filling = asyncio.create_task(past.fill(sense, self.state, base_url, self._wishes.history, days, reports.past_grows))
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({filling, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if filling.done():
                reports.past_ends(filling.result())
                self.state.past_days = days
                self._file.save(self.state)
        finally:
            filling.cancel()
            stopping.cancel()

    async def _stream(self, sense: PlateSense, base_url: str, stop: asyncio.Event) -> None:
        live = LiveNation(sense, self.state, base_url, self._wishes.picture_share)
        self.sent = live.sent
        await live.run(stop)

    async def _play(self, sense: PlateSense, base_url: str, reports: Reports, stop: asyncio.Event) -> None:
        """The incidents. The cameras go on where the platform does not take them."""
        if not self.state.people:
            return
        live = LiveIncidents(sense.nation, self.state.first_s, base_url, self.state.people, self._partner_port)
        self.played = live.played
        try:
            await live.run(stop)
        except* RefusedError as errors:
            reports.trouble(f"The incidents are not played: {errors.exceptions[0]}")


def stories_told() -> list[str]:
    """What to try: each planted story with its plates and what is then seen."""
    lines = []
    for story in STORIES:
        plates = ", ".join(sorted({player.mark for player in story.players}))
        lines.append(f"{story.title} ({plates}): {story.tell}")
    return [*TOLD, *lines, *looks.TOLD]
