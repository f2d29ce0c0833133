"""Questions about positions: now, with a map's window; and the past, with a reason. Each records itself."""

from __future__ import annotations

from datetime import datetime, timedelta

from bluelamp.incidents.access import CONTROL_ROOM
from bluelamp.incidents.positions.access import POSITIONS_HISTORY, POSITIONS_VIEW
from bluelamp.incidents.positions.book import PositionBook
from bluelamp.incidents.positions.domain import Position, may_see
from bluelamp.incidents.positions.errors import TooManyResourcesError, WindowError
from bluelamp.incidents.positions.store import carriers, history
from bluelamp.kit.geo import Box
from bluelamp.spine import audit, purposes
from bluelamp.spine.audit import Purpose
from bluelamp.spine.errors import NotFoundError
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine

TRACK_MAX = 10_000
WINDOW_MAX = timedelta(days=7)
SHOWN_MAX = 5_000


def controls(caller: Caller) -> bool:
    """Whether the caller works in the control room of their agency."""
    return not caller.roles.isdisjoint(CONTROL_ROOM)


async def shown_now(spine: Spine, caller: Caller, book: PositionBook, box: Box) -> list[Position]:
    """Positions in a box of those that the caller may see: their agency's, and those on the incidents that they see.

    Raises:
        TooManyResourcesError: more than one answer holds.
    """
    intent = await audit.intend(spine.db, caller.actor, POSITIONS_VIEW, detail={"box": [round(edge, 3) for edge in box]})
    joined = await carriers.on_incidents_of(spine.db, caller.agency, caller.roles)
    found = [
        position
        for position in book.within(*box)
        if (position.agency == caller.agency or position.resource in joined) and may_see(position, caller.agency, controls(caller))
    ]
    if len(found) > SHOWN_MAX:
        await audit.conclude(spine.db, intent, "refused", 0)
        raise TooManyResourcesError(f"{len(found)} resources are in this window, at most {SHOWN_MAX} are shown: ask for a smaller one")
    await audit.conclude(spine.db, intent, "answered", len(found))
    return found


def reason_of(spine: Spine, purpose: str, reference: str) -> Purpose:
    """Raises the failures of `purposes.check`: no reason, no look at where colleagues were."""
    return purposes.check(spine.settings, purpose.strip(), reference)


async def _own(spine: Spine, caller: Caller, resources: list[str]) -> list[str]:
    """Those of the asked that are the caller's agency's; another's are told by that agency, or with its incident."""
    known = await carriers.of_resources(spine.db, resources)
    return [resource for resource in resources if resource in known and known[resource].agency == caller.agency]


async def track(
    spine: Spine, caller: Caller, resource: str, start: datetime, end: datetime, every_s: int, reason: Purpose
) -> tuple[list[Position], bool]:
    """Where one resource was, and whether that is all of it.

    Raises:
        WindowError: no window, or too long a one.
        NotFoundError: the agency has no such resource.
    """
    if not start < end or end - start > WINDOW_MAX:
        raise WindowError(f"ask for a time that begins before it ends, of at most {WINDOW_MAX.days} days")
    intent = await audit.intend(
        spine.db, caller.actor, POSITIONS_HISTORY, why=reason, subjects=(resource,),
        detail={"from": start.isoformat(), "to": end.isoformat()},
    )  # fmt: skip
    if not await _own(spine, caller, [resource]):
        await audit.conclude(spine.db, intent, "refused", 0)
        raise NotFoundError("your agency has no such resource")
    found = await history.track(spine.columnar, resource, start, end, every_s, TRACK_MAX + 1)
    await audit.conclude(spine.db, intent, "answered", min(len(found), TRACK_MAX))
    return [position for position in found[:TRACK_MAX] if not position.gone], len(found) <= TRACK_MAX


async def whereabouts(spine: Spine, caller: Caller, resources: list[str], at: datetime, back_s: int, reason: Purpose) -> list[Position]:
    """Where each of the agency's among these resources was at a moment."""
    wanted = list(dict.fromkeys(resources))
    intent = await audit.intend(
        spine.db, caller.actor, POSITIONS_HISTORY, why=reason, subjects=tuple(wanted), detail={"at": at.isoformat()}
    )
    own = await _own(spine, caller, wanted)
    found = await history.where_at(spine.columnar, own, at, back_s) if own else []
    await audit.conclude(spine.db, intent, "answered", len(found))
    return found
