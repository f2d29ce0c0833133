"""Who speaks: a caller, with the call sign that they crew."""

from __future__ import annotations

from bluelamp.incidents.domain.rules import Author
from bluelamp.incidents.resources import store
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine


async def author_of(spine: Spine, caller: Caller, device: str = "") -> Author:
    crewed = await store.of_person(spine.db, caller.id)
    call_sign = crewed.call_sign if crewed is not None and crewed.agency == caller.agency else ""
    return Author(caller.actor, caller.name, caller.agency, caller.roles, caller.permissions, call_sign, device)
