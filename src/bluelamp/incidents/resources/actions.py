"""Verbs of resources: add, change, book on and off, say where one stands."""

from __future__ import annotations

from bluelamp.incidents.access import INCIDENTS_CONTRIBUTE, RESOURCES_MANAGE
from bluelamp.incidents.log.store import moment
from bluelamp.incidents.resources import store
from bluelamp.incidents.resources.queries import own
from bluelamp.incidents.resources.store import Resource
from bluelamp.incidents.terms.store import meaning_of, terms_of
from bluelamp.kit.ids import new_id
from bluelamp.spine import audit
from bluelamp.spine.errors import ConflictError
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine


async def add(spine: Spine, caller: Caller, call_sign: str, kind: str, skills: tuple[str, ...], *, covert: bool) -> Resource:
    """A new resource of the caller's agency, off duty until it says otherwise.

    Raises:
        CallSignTakenError: the agency has one of that name.
    """
    now = spine.clock()
    async with spine.db.transaction() as connection:
        terms = await terms_of(connection, caller.agency, "status")
        off = next((term for term in terms if term.meaning == "off_duty"), terms[-1])
        made = Resource(new_id(), caller.agency, call_sign, kind, skills, covert, off.code, off.meaning, moment(now), "", closed=False)
        await store.add(connection, made, now)
        await audit.record(connection, caller.actor, "collection", RESOURCES_MANAGE, subjects=(made.id,), detail={"call_sign": call_sign})
    return made


async def change(spine: Spine, caller: Caller, resource: str, wanted: dict[str, object]) -> Resource:
    """Change call sign, type, skills, covert; with `closed` it is no longer used.

    Raises:
        NoSuchResourceError, CallSignTakenError: as named.
        ConflictError: it is on an incident and cannot be closed.
    """
    async with spine.db.transaction() as connection:
        known = await own(connection, caller, resource)
        closed = bool(wanted.pop("closed", False))
        if closed and known.incident:
            raise ConflictError(f"{known.call_sign} is on an incident: release it first")
        changed = known._replace(**wanted, closed=closed)  # type: ignore[arg-type]
        await store.change(connection, changed, closed_at=moment(spine.clock()) if closed else None)
        detail = {**{name: list(v) if isinstance(v, tuple) else v for name, v in wanted.items()}, "closed": closed}
        await audit.record(connection, caller.actor, "alteration", RESOURCES_MANAGE, subjects=(resource,), detail=detail)
    return changed


async def book_on(spine: Spine, caller: Caller, resource: str) -> Resource:
    """The caller crews this resource from now on, and no other.

    Raises:
        NoSuchResourceError: none that the caller may crew.
    """
    async with spine.db.transaction() as connection:
        found = await own(connection, caller, resource)
        await store.crew(connection, resource, caller.id, spine.clock())
        await audit.record(
            connection, caller.actor, "alteration", INCIDENTS_CONTRIBUTE, subjects=(resource, caller.id), detail={"crew": "on"}
        )
    return found


async def book_off(spine: Spine, caller: Caller) -> None:
    """The caller crews nothing any more; said again it changes nothing."""
    async with spine.db.transaction() as connection:
        left = await store.leave_crew(connection, caller.id)
        detail = {"crew": "off", "was_on": left}
        await audit.record(connection, caller.actor, "alteration", INCIDENTS_CONTRIBUTE, subjects=(caller.id,), detail=detail)


async def set_status(spine: Spine, caller: Caller, resource: str, code: str, happened_at: int) -> None:
    """A status in the agency's own code, of a resource that is on no incident (there it joins the incident's log).

    Raises:
        UnknownTermError: the agency has no such code.
    """
    async with spine.db.transaction() as connection:
        meaning = await meaning_of(connection, caller.agency, "status", code)
        await store.set_status(connection, resource, code, meaning, min(happened_at, spine.clock()))
        detail = {"status": code, "meaning": meaning}
        await audit.record(connection, caller.actor, "alteration", INCIDENTS_CONTRIBUTE, subjects=(resource,), detail=detail)
