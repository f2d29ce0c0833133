"""Whose a resource is, and who may speak for it."""

from __future__ import annotations

from bluelamp.incidents.access import CONTROL_ROOM
from bluelamp.incidents.errors import NoSuchResourceError, NotYoursError
from bluelamp.incidents.resources import store
from bluelamp.incidents.resources.store import Resource
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Connection


async def own(connection: Connection, caller: Caller, resource: str) -> Resource:
    """One of the caller's agency that is in use, locked. Raises `NoSuchResourceError`, also where it is hidden from the caller."""
    found = await store.by_id(connection, resource, lock=True)
    hidden = found is not None and found.covert and caller.roles.isdisjoint(CONTROL_ROOM | {"admin"})
    if found is None or found.agency != caller.agency or found.closed or hidden:
        raise NoSuchResourceError("your agency has no such resource")
    return found


async def moved_by(spine: Spine, caller: Caller, resource: str) -> Resource:
    """The resource, where the caller may say how it stands: its crew, or the control room for it.

    Raises:
        NoSuchResourceError: none of the agency's.
        NotYoursError: neither its crew nor the control room.
    """
    async with spine.db.connection() as connection:
        known = await own(connection, caller, resource)
        crewed = await store.of_person(connection, caller.id)
    if (crewed is None or crewed.id != resource) and caller.roles.isdisjoint(CONTROL_ROOM):
        raise NotYoursError("you do not crew this resource: book on to it first, or ask your control room")
    return known
