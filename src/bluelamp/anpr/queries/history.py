"""Finding reads: from criteria to a page of the history, by whichever table answers soonest.

A new question to the history begins here: its SQL goes to store/history.py, its rules to searching/ (docs/guides/adding-a-question.md).
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable

from bluelamp.anpr.domain import Read
from bluelamp.anpr.errors import TooManyPlatesError
from bluelamp.anpr.lawful import Lawful
from bluelamp.anpr.searching.criteria import Criteria
from bluelamp.anpr.searching.patterns import matches
from bluelamp.anpr.searching.ranking import Found, Position
from bluelamp.anpr.searching.tolerance import CANDIDATES_MAX, candidates
from bluelamp.anpr.store import history, places
from bluelamp.anpr.store.history import Filters, Plate
from bluelamp.spine.module import Spine

FEW_PLATES = 50
"""So many plates are looked up over the whole window at once; more, slice by slice from the newest."""
PATTERN_PLATES_MAX = 500
"""So many plates of a pattern, those seen last, are looked up by name; what is older than all of them is found by a join."""
DAY_MS = 86_400_000
OFFERED_MAX = 500
OFFERED_MIN = {"likely": 600, "possible": 0}
"""Per mille of confidence from which another plate that the camera offered counts."""
PLATE_SLICES_DAYS = (10, 30, 90)
PLACE_SLICES_DAYS = (1 / 24, 0.25, 1, 4, 12)

Ask = Callable[[Lawful, int], Awaitable[list[Found]]]


async def find(spine: Spine, lawful: Lawful, criteria: Criteria, after: Position | None, limit: int) -> list[Found]:
    """Up to `limit` reads after a position, most likely first, then newest."""
    window = lawful.within(criteria.start, criteria.end)
    if window.is_empty:
        return []
    filters = Filters(await places.cameras_in(spine.db, criteria), criteria.direction, criteria.make, criteria.model, criteria.colour)
    if filters.cameras == ():
        return []
    if criteria.vrms:
        return await _by_plate(spine, criteria, window, filters, after, limit)
    if criteria.pattern:
        return await _by_pattern(spine, criteria, window, filters, after, limit)

    async def passing(piece: Lawful, count: int) -> list[Found]:
        return await history.reads_at(spine.columnar, piece, filters, after, count)

    return await _sliced(passing, _until(window, after), PLACE_SLICES_DAYS, limit)


async def find_all(spine: Spine, lawful: Lawful, criteria: Criteria, most: int) -> tuple[list[Found], bool]:
    """Up to `most` reads, and whether there are more."""
    found = await find(spine, lawful, criteria, None, most + 1)
    return found[:most], len(found) > most


async def _by_plate(spine: Spine, criteria: Criteria, window: Lawful, filters: Filters, after: Position | None, limit: int) -> list[Found]:
    wanted: dict[str, int] = {}
    for vrm in criteria.vrms:
        for text, likelihood in candidates(vrm, criteria.tolerance).items():
            wanted[text] = max(wanted.get(text, 0), round(likelihood * 1000))
        if len(wanted) > CANDIDATES_MAX:
            raise TooManyPlatesError("so many plates can be searched for exactly only: set the tolerance to 'exact'")
    if len(wanted) == 1 and criteria.tolerance == "exact":
        return await history.reads_of_plates(spine.columnar, wanted, window, filters, after, limit)
    if criteria.tolerance == "exact":
        known = await history.known_plates(spine.columnar, wanted, window)
        offered: list[Found] = []
    else:
        known, offered = await asyncio.gather(
            history.known_plates(spine.columnar, wanted, window),
            history.reads_offered(spine.columnar, criteria.vrms, window, filters, OFFERED_MAX),
        )
    likelihoods = {vrm: wanted[vrm] for vrm in known}

    async def of_plates(piece: Lawful, count: int) -> list[Found]:
        return await history.reads_of_plates(spine.columnar, likelihoods, piece, filters, after, count)

    if len(likelihoods) > FEW_PLATES and criteria.tolerance == "exact":
        found = await _sliced(of_plates, _until(window, after), PLATE_SLICES_DAYS, limit)
    else:
        found = await of_plates(window, limit)
    least = OFFERED_MIN.get(criteria.tolerance, 0)
    extra = [f for f in offered if f.read.vrm not in wanted and f.likelihood >= least and (after is None or f.position > after)]
    return sorted(found + extra, key=lambda f: f.position)[:limit] if extra else found


async def _by_pattern(
    spine: Spine, criteria: Criteria, window: Lawful, filters: Filters, after: Position | None, limit: int
) -> list[Found]:
    plates = await history.plates_like(spine.columnar, criteria.pattern, window, PATTERN_PLATES_MAX + 1)

    async def of_plates(piece: Lawful, count: int) -> list[Found]:
        seen = {plate.vrm: 1000 for plate in plates if plate.seen >= piece.start}
        return await history.reads_of_plates(spine.columnar, seen, piece, filters, after, count)

    async def of_many(piece: Lawful, count: int) -> list[Found]:
        return await history.reads_like(spine.columnar, criteria.pattern, piece, filters, after, count)

    if len(plates) <= FEW_PLATES:
        return await of_plates(window, limit)
    left = _until(window, after)
    # Later than the last of these plates was seen, no other has been read.
    all_named = left if len(plates) <= PATTERN_PLATES_MAX else left.within(plates[-1].seen + 1, left.end)
    days = PLATE_SLICES_DAYS if after else (_page_days(plates, left.end, limit), *PLATE_SLICES_DAYS)
    found = await _sliced(of_plates, all_named, days, limit)
    if len(found) < limit and all_named.start > left.start:
        found += await _sliced(of_many, left.within(left.start, all_named.start), PLATE_SLICES_DAYS, limit - len(found))
    return found


def _page_days(plates: list[Plate], end: int, limit: int) -> float:
    """How many days before `end` a page is likely to reach; plates are the last seen first.

    Reads that fall on n plates at random are `limit` when n(1 - exp(-limit / n)) plates have been met; a fifth more, for chance.
    """
    met = int(len(plates) * (1 - math.exp(-1.2 * limit / len(plates))))
    return max(0, end - plates[min(met, len(plates) - 1)].seen + 1000) / DAY_MS


def _until(window: Lawful, after: Position | None) -> Lawful:
    """What of a window can still come after a position, where all likelihoods are equal and the newest come first."""
    return window if after is None else window.within(window.start, -after.age + 1)


async def _sliced(ask: Ask, window: Lawful, days: tuple[float, ...], limit: int) -> list[Found]:
    """Newest first, slice by slice, until the page is full: a common plate or a busy road needs only the last slice."""
    found: list[Found] = []
    for piece in window.slices(*days):
        found += await ask(piece, limit - len(found))
        if len(found) >= limit:
            break
    return found


def covers(criteria: Criteria, read: Read, cameras: tuple[int, ...] | None) -> bool:
    """Whether a read is among the answers of a search whose place has these cameras (None: anywhere)."""
    if not criteria.start <= read.captured_at < criteria.end or (cameras is not None and read.camera not in cameras):
        return False
    for name in ("make", "model", "colour"):
        if getattr(criteria, name) and getattr(criteria, name).casefold() != getattr(read, name).casefold():
            return False
    if criteria.direction and criteria.direction != read.direction:
        return False
    if criteria.pattern:
        return matches(criteria.pattern, read.vrm)
    return not criteria.vrms or any(read.vrm in candidates(vrm, criteria.tolerance) for vrm in criteria.vrms)
