"""What ANPR tells of a vehicle that somebody records on an incident: what lists say of it, and where it was seen lately.

It is the person's own search: with their purpose, under policy, in the audit, and among their searches to be opened again.
"""

from __future__ import annotations

from typing import Any

from bluelamp.anpr.access import HITS_VIEW, SEARCHES_RUN
from bluelamp.anpr.actions.criteria import reason_of
from bluelamp.anpr.queries import searches
from bluelamp.anpr.schemas.searches import Reason
from bluelamp.anpr.searching.criteria import Criteria
from bluelamp.anpr.store import lists
from bluelamp.contracts.lookups import Wanted
from bluelamp.kit.vrm import VrmError, normalise
from bluelamp.spine import audit
from bluelamp.spine.errors import ForbiddenError, InvalidError
from bluelamp.spine.http import Caller
from bluelamp.spine.identity.standing import person_now
from bluelamp.spine.module import Spine

DAYS = 7
SHOWN = 5


class AnprLookups:
    """Fills `contracts/lookups.py`."""

    def __init__(self, spine: Spine) -> None:
        self._spine = spine

    async def look_up(self, wanted: Wanted) -> dict[str, Any] | None:
        """`warnings` of the lists, `seen` (the latest reads), `search` (its id); or `refused` with the reason."""
        caller = await person_now(self._spine, person=wanted.person, agency=wanted.agency)
        if caller is None or not caller.may(SEARCHES_RUN):
            return None
        try:
            vrm = normalise(wanted.vrm)
            why = reason_of(self._spine, Reason(purpose=wanted.purpose, reference=wanted.reference))
            now = self._spine.clock()
            criteria = Criteria(start=now - DAYS * 86_400_000, end=now, vrms=(vrm,))
            search, page = await searches.make(self._spine, caller, criteria, why, SHOWN, open_start=True)
        except VrmError:
            return {"refused": "this is not a number plate as the platform reads one"}
        except (ForbiddenError, InvalidError) as error:
            return {"refused": error.message}
        seen = [
            {"at": item.captured_at, "camera": item.camera.name, "position": item.camera.position, "direction": item.direction}
            for item in page.items
        ]
        return {"days": DAYS, "seen": seen, "more": page.next is not None, "search": search, "warnings": await self._warnings(caller, vrm)}

    async def _warnings(self, caller: Caller, vrm: str) -> list[dict[str, Any]]:
        if not caller.may(HITS_VIEW):
            return []
        intent = await audit.intend(self._spine.db, caller.actor, HITS_VIEW, subjects=(vrm,), detail={"lists": True})
        rows = await lists.entries_in_force(self._spine.db, vrm, caller.agency)
        await audit.conclude(self._spine.db, intent, "answered", len(rows))
        return [{name: row[name] for name in ("reason", "marker", "instruction", "priority")} for row in rows]
