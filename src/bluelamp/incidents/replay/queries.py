"""Where the resources of an incident were while they were on it: all that a replay needs, asked for and put on record once."""

from __future__ import annotations

from typing import NamedTuple

from bluelamp.incidents.export import store as events_store
from bluelamp.incidents.log.queries import head_of
from bluelamp.incidents.log.stays import KINDS as STAY_KINDS
from bluelamp.incidents.log.stays import Stay, Stays
from bluelamp.incidents.log.store import moment, number_of
from bluelamp.incidents.positions.access import POSITIONS_HISTORY
from bluelamp.incidents.positions.domain import Position, may_see
from bluelamp.incidents.positions.store import carriers, history
from bluelamp.incidents.replay.sharing import KINDS as SHARED_KINDS
from bluelamp.incidents.replay.sharing import Shared
from bluelamp.spine import audit
from bluelamp.spine.audit import Purpose
from bluelamp.spine.errors import InvalidError
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine

POINTS_MAX = 60_000
"""Of one answer; a track has at most `OF_ONE_MAX`. Longer or larger incidents are thinned evenly in time."""
OF_ONE_MAX = 2_400
RESOURCES_MAX = 500


class Track(NamedTuple):
    """A resource while it was on the incident: from when until when (more than once, where it came back), and where."""

    stays: list[Stay]
    positions: list[Position]


class Tracks(NamedTuple):
    """`start` and `end`: epoch milliseconds. `complete` False: some of the positions did not fit."""

    start: int
    end: int
    every_s: int
    tracks: list[Track]
    complete: bool


async def tracks_of(spine: Spine, caller: Caller, incident: str) -> Tracks:
    """The tracks that the caller's control room may see.

    Raises:
        NoSuchIncidentError: none that the caller sees.
        InvalidError: too many resources for one answer.
    """
    head, now = await head_of(spine, caller, incident), spine.clock()
    stays, shared = Stays(), Shared(caller.agency)
    async for event in events_store.events(spine.db, incident, caller.agency, head.sequence, [*STAY_KINDS, *SHARED_KINDS]):
        stays.see(event)
        shared.see(event)
    mine = await _not_covert(spine, caller.agency, shared.seen_of(stays.until(now), now))
    resources = sorted({stay.resource for stay in mine})
    # The incident is the reason, and its number the reference: nothing is told but what happened on it.
    why = Purpose(reference=await number_of(spine.db, incident))
    intent = await audit.intend(
        spine.db, caller.actor, POSITIONS_HISTORY, why=why, subjects=(incident, *resources[:RESOURCES_MAX]), detail={"replay": True}
    )
    if len(resources) > RESOURCES_MAX:
        await audit.conclude(spine.db, intent, "refused", 0)
        raise InvalidError(f"{len(resources)} resources were on this incident; positions of at most {RESOURCES_MAX} are replayed")
    found = await _tracks(spine, caller.agency, mine, resources)
    await audit.conclude(spine.db, intent, "answered", sum(len(track.positions) for track in found.tracks))
    return found


async def _not_covert(spine: Spine, agency: str, stays: list[Stay]) -> list[Stay]:
    """Without those of others that are covert now: the mark takes them off every screen at once, those of the past too."""
    others = sorted({stay.resource for stay in stays if stay.agency != agency})
    hidden = {resource for resource, one in (await carriers.of_resources(spine.db, others)).items() if one.covert}
    return [stay for stay in stays if stay.resource not in hidden]


async def _tracks(spine: Spine, agency: str, stays: list[Stay], resources: list[str]) -> Tracks:
    if not stays:
        return Tracks(0, 0, 1, [], complete=True)
    start, end = min(stay.start for stay in stays), max(stay.end for stay in stays)
    of_one = min(OF_ONE_MAX, POINTS_MAX // len(resources))
    every_s = max(1, -(-(end - start) // 1000 // of_one))
    found = await history.tracks(spine.columnar, resources, moment(start), moment(end + 1), every_s, POINTS_MAX + 1)
    of_resource: dict[str, list[Position]] = {}
    for position in found[:POINTS_MAX]:
        # Only control rooms replay positions.
        if may_see(position, agency, controls=True):
            of_resource.setdefault(position.resource, []).append(position)
    tracks = []
    for resource in resources:
        own = [stay for stay in stays if stay.resource == resource]
        on_it = [p for p in of_resource.get(resource, []) if any(stay.start <= p.at <= stay.end for stay in own)]
        tracks.append(Track(own, on_it))
    return Tracks(start, end, every_s, tracks, complete=len(found) <= POINTS_MAX)
