"""Where resources on a shared incident are, told between regions: the newest of each, while the line holds, kept by nobody on the way.

Nothing waits: what cannot be told now is superseded by what is newer, and all is told anew every few seconds, so that a line that was cut
needs no catching up. Events have a stream of their own and never wait for these.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from bluelamp.incidents.federation import store
from bluelamp.incidents.federation.link import Link, positions_subject
from bluelamp.incidents.federation.store import SharedResource
from bluelamp.incidents.positions.book import PositionBook
from bluelamp.incidents.positions.domain import FEDERATED, Position
from bluelamp.incidents.positions.feed import Feed
from bluelamp.incidents.positions.reports import replaced
from bluelamp.incidents.positions.settings import position_settings
from bluelamp.incidents.positions.tables import POSITIONS_SUBJECT, encode_batch
from bluelamp.spine.module import Spine

log = logging.getLogger(__name__)

EVERY_S = 1.0
AGAIN_S = 10.0
"""All anew, whether it moved or not."""
AT_ONCE = 1_000
WAITING_MAX = 50_000
TAKEN_EVERY_S = 0.25


class Moved(NamedTuple):
    """A position on its way to another region, with the incident that it is told for."""

    incident: str
    position: Position


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Moved]).decode


class Teller:
    """What each region is told, and was told."""

    def __init__(self, region_of: dict[str, str], book: PositionBook) -> None:
        """`region_of`: agency -> the other region where it is at home."""
        self._region_of = region_of
        self._book = book
        self._told: dict[tuple[str, str], tuple[Position, float]] = {}

    def due(self, shared: Iterable[SharedResource], now_s: float) -> dict[str, list[Moved]]:
        """By region what is to be told now. Covert ones are not, but for the word that one has left that was seen before it became so."""
        due: dict[str, list[Moved]] = {}
        told: dict[tuple[str, str], tuple[Position, float]] = {}
        for one in shared:
            key = (self._region_of[one.agency], one.resource)
            position, before = self._book.last_word(one.resource), self._told.get(key)
            if key in told or position is None:
                continue
            if one.covert or position.covert:
                if before is None:
                    continue
                last = before[0]
                position = last if last.gone else replaced(last, gone=True, at=last.at + 1, received_at=last.received_at + 1)
            if before is None or before[0] != position or now_s - before[1] >= AGAIN_S:
                due.setdefault(key[0], []).append(Moved(one.incident, position))
                before = (position, now_s)
            told[key] = before
        self._told = told
        return due


async def tell(spine: Spine, link: Link) -> None:
    """Tell the other regions, for ever."""
    book = PositionBook()
    feed = Feed(spine, book, position_settings())
    settings = link.settings
    teller = Teller({agency: settings.region_of(agency) for agency in settings.elsewhere}, book)
    await feed.start()
    try:
        while True:
            shared = await store.shared_resources(spine.db, settings.elsewhere)
            for region, moved in teller.due(shared, asyncio.get_running_loop().time()).items():
                for at in range(0, len(moved), AT_ONCE):
                    await link.bus.whisper(positions_subject(settings.region, region), _encode(moved[at : at + AT_ONCE]))
            await asyncio.sleep(EVERY_S)
    finally:
        await feed.close()


class Taker:
    """What a region tells, until it is published here: the newest of each resource."""

    def __init__(self) -> None:
        self._waiting: dict[str, Moved] = {}
        self.woken = asyncio.Event()

    def hear(self, payload: bytes) -> None:
        try:
            told: list[Moved] = _decode(payload)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            log.warning("a region told positions that are none; passed over")
            return
        for one in told[:AT_ONCE]:
            known = self._waiting.get(one.position.resource)
            if (known is None or known.position.at <= one.position.at) and (known is not None or len(self._waiting) < WAITING_MAX):
                self._waiting[one.position.resource] = one
        self.woken.set()

    def taken(self) -> list[Moved]:
        waiting, self._waiting = self._waiting, {}
        self.woken.clear()
        return list(waiting.values())


async def take(spine: Spine, link: Link, sender: str) -> None:
    """Publish what a region tells among our own positions, for ever: of its agencies' resources on incidents that are seen here."""
    taker = Taker()
    heard = await link.bus.overhear(positions_subject(sender, link.settings.region), taker.hear)
    try:
        while True:
            await taker.woken.wait()
            await publish(spine, taker.taken(), link.settings.regions[sender])
            await asyncio.sleep(TAKEN_EVERY_S)
    finally:
        await heard()


async def publish(spine: Spine, moved: list[Moved], at_home: list[str]) -> int:
    """How many were taken."""
    on = await store.theirs_on_incidents(spine.db, [one.position.resource for one in moved], at_home)
    now = spine.clock()
    good = [
        replaced(one.position, at=min(one.position.at, now), received_at=min(one.position.received_at, now), source=FEDERATED, covert=False)
        for one in moved
        if on.get(one.position.resource) == one.incident and one.position.agency in at_home and _is_place(one.position)
    ]
    if good:
        await spine.bus.publish(POSITIONS_SUBJECT, encode_batch(good))
    return len(good)


def _is_place(position: Position) -> bool:
    numbers = (position.latitude, position.longitude, position.accuracy_m, position.speed_mps, position.course_deg, position.altitude_m)
    finite = all(number is None or math.isfinite(number) for number in numbers)
    return finite and not position.covert and -90 <= position.latitude <= 90 and -180 <= position.longitude <= 180
