"""The emergency button: raised, acknowledged, escalated until somebody does, closed. Told before everything else, never dropped.

An emergency stands for itself; where its caller is on an incident, each step also joins that incident's log.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Literal

from bluelamp.incidents.access import EMERGENCIES_ANSWER, EMERGENCIES_RAISE
from bluelamp.incidents.authors import author_of
from bluelamp.incidents.domain.events import (
    Data,
    EmergencyAcknowledged,
    EmergencyCancelled,
    EmergencyClosed,
    EmergencyEscalated,
    EmergencyRaised,
    plain,
)
from bluelamp.incidents.domain.fold import Event
from bluelamp.incidents.domain.places import Place
from bluelamp.incidents.domain.rules import Author, New
from bluelamp.incidents.emergencies import store
from bluelamp.incidents.errors import NoSuchEmergencyError
from bluelamp.incidents.log.actions import changing_survivor, keep
from bluelamp.incidents.log.states import states_of
from bluelamp.incidents.log.store import moment
from bluelamp.incidents.resources import store as resources
from bluelamp.incidents.settings import incident_settings
from bluelamp.incidents.tables import subject_of
from bluelamp.incidents.told import encode, told_of
from bluelamp.kit.clock import to_ms
from bluelamp.kit.ids import new_id
from bluelamp.spine import audit, outbox
from bluelamp.spine.errors import EngineDownError
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Connection, Record

TRIES_MAX = 20
LEVEL_PARTNERS = 2
LEVEL_MAX = 5
"""After so many it is not told again by itself; it stays on every screen until it is acknowledged."""


async def _tell(connection: Connection, spine: Spine, author: Author, emergency: Record, kind: str, data: dict[str, Any], at: int) -> None:
    """Into the incident's log where there is one, and to the agencies that are to hear it."""
    new = New(new_id(), kind, at, data)
    if emergency["incident"]:
        by_platform = author._replace(platform=True)
        [result], _ = await keep(connection, spine, states_of(spine.db), by_platform, emergency["incident"], [new])
        hearing = _partners(emergency)
        if result.state == "refused":  # the incident has ended; whoever is in danger has not
            hearing = {emergency["agency"]: (), **hearing}
        if not hearing:
            return
    else:
        hearing = {emergency["agency"]: (), **_partners(emergency)}
    event = Event(
        "", 0, new.id, kind, at, at, author.actor.id, author.name, author.agency, author.call_sign, author.device, (),
        {**data, "raised_by": emergency["agency"]},
    )  # fmt: skip
    await outbox.post(connection, subject_of(""), encode(told_of(event, hearing)), urgent=True)


def _partners(emergency: Record) -> dict[str, tuple[str, ...]]:
    """Control rooms beside the own one, once it has gone unanswered."""
    if emergency["level"] < LEVEL_PARTNERS:
        return {}
    return dict.fromkeys(incident_settings().emergency_partners.get(emergency["agency"], []), ("control", "supervisor", "dispatcher"))


def partners_of(agency: str) -> list[str]:
    """Agencies whose unanswered emergencies this agency is to hear."""
    return [owner for owner, partners in incident_settings().emergency_partners.items() if agency in partners]


async def raise_emergency(
    spine: Spine, caller: Caller, emergency: str, place: Place | None, pressed_at: int, incident: str, device: str
) -> Record:
    """The caller is in danger. Said again under the same id it raises nothing, and answers how it stands.

    Where the caller's resource is on an incident, that is the incident; one that the caller does not see is left out rather than refused.
    """
    now, author = spine.clock(), await author_of(spine, caller, device)
    crewed = await resources.of_person(spine.db, caller.id)
    incident = (crewed.incident if crewed else "") or incident
    async with changing_survivor(spine, incident) as (connection, going_on):
        joined = going_on if await store.may_join(connection, going_on, caller.agency) else ""
        row = {
            "id": emergency,
            "agency": caller.agency,
            "person": caller.id,
            "person_name": caller.name,
            "call_sign": author.call_sign,
            "resource": crewed.id if crewed else None,
            "incident": joined or None,
            "place": place.model_dump(mode="json", exclude_none=True) if place else None,
            "pressed_at": moment(min(pressed_at, now)),
            "received_at": moment(now),
            "state": "raised",
            "escalates_at": moment(now) + timedelta(seconds=incident_settings().emergency_escalates_s),
        }
        fresh = await store.add(connection, row)
        found = await store.by_id(connection, emergency)
        assert found is not None  # noqa: S101 - added just now, or known
        if found["person"] != caller.id:
            raise NoSuchEmergencyError("this id belongs to another emergency: make a new one")
        if fresh:
            told = EmergencyRaised(
                emergency=emergency, person_name=caller.name, call_sign=author.call_sign, agency=caller.agency, place=place
            )
            await _tell(connection, spine, author, found, "emergency.raised", plain(told), min(pressed_at, now))
        detail = {"incident": joined, "call_sign": author.call_sign, "repeated": not fresh}
        kind: audit.Kind = "collection" if fresh else "consultation"
        await audit.record(connection, caller.actor, kind, EMERGENCIES_RAISE, subjects=(emergency,), detail=detail)
    return found


@asynccontextmanager
async def _changing(spine: Spine, emergency: str) -> AsyncIterator[Connection]:
    """A transaction with the emergency and the turn of the incident that it is on, which a merging may change."""
    for _ in range(TRIES_MAX):
        known = await store.by_id(spine.db, emergency)
        incident = known["incident"] or "" if known else ""
        async with states_of(spine.db).changing(spine.db, incident) as connection:
            held = await store.by_id(connection, emergency, lock=True)
            if held is not None and (held["incident"] or "") != incident:
                continue
            yield connection
            return
    raise EngineDownError("the emergency's incident is being merged; try again in a moment")


async def acknowledge(spine: Spine, caller: Caller, emergency: str) -> Record:
    """Somebody in a control room has it; the first one counts.

    Raises:
        NoSuchEmergencyError: none that this agency is to answer.
    """
    return await _answer(spine, caller, emergency, "acknowledged", {})


async def close(spine: Spine, caller: Caller, emergency: str, outcome: Literal["resolved", "false_alarm"], note: str) -> Record:
    """It is over.

    Raises:
        NoSuchEmergencyError: none that this agency is to answer.
    """
    return await _answer(spine, caller, emergency, "closed", {"outcome": outcome, "note": note})


async def cancel(spine: Spine, caller: Caller, emergency: str, device: str) -> Record:
    """Who pressed says that it is over. It changes nothing but what the control room is told: it is answered and closed there as before,
    and told again until it is answered, since nobody can see from afar who held the device.

    Raises:
        NoSuchEmergencyError: none that the caller raised.
    """
    author = await author_of(spine, caller, device)
    async with _changing(spine, emergency) as connection:
        found = await store.by_id(connection, emergency, lock=True)
        if found is None or found["person"] != caller.id:
            raise NoSuchEmergencyError("there is no such emergency of yours")
        if found["state"] == "closed" or found["cancelled_at"] is not None:
            await audit.record(connection, caller.actor, "consultation", EMERGENCIES_RAISE, subjects=(emergency,))
            return found
        now = spine.clock()
        await store.change(connection, emergency, {"cancelled_at": moment(now)})
        await _tell(connection, spine, author, found, "emergency.cancelled", plain(EmergencyCancelled(emergency=emergency)), now)
        await audit.record(connection, caller.actor, "alteration", EMERGENCIES_RAISE, subjects=(emergency,), detail={"cancelled": True})
        changed = await store.by_id(connection, emergency)
        assert changed is not None  # noqa: S101 - locked above
        return changed


async def _answer(spine: Spine, caller: Caller, emergency: str, state: Literal["acknowledged", "closed"], said: dict[str, str]) -> Record:
    author = await author_of(spine, caller)
    async with _changing(spine, emergency) as connection:
        found = await store.seen(connection, emergency, caller.agency, list(caller.roles), partners_of(caller.agency))
        if found is None:
            raise NoSuchEmergencyError("there is no such emergency, or it is not your agency's to answer")
        if found["state"] == "closed" or (found["state"] == "acknowledged" and state == "acknowledged"):
            await audit.record(connection, caller.actor, "consultation", EMERGENCIES_ANSWER, subjects=(emergency,))
            return found
        now = spine.clock()
        answered = {f"{state}_at": moment(now), f"{state}_by": caller.name}
        await store.change(connection, emergency, {"state": state, "escalates_at": None, **answered, **said})
        shape: Data = (
            EmergencyAcknowledged(emergency=emergency) if state == "acknowledged" else EmergencyClosed(emergency=emergency, **said)
        )
        await _tell(connection, spine, author, found, f"emergency.{state}", plain(shape), now)
        detail = {"state": state, **said}
        await audit.record(connection, caller.actor, "alteration", EMERGENCIES_ANSWER, subjects=(emergency,), detail=detail)
        changed = await store.by_id(connection, emergency)
        assert changed is not None  # noqa: S101 - locked above
        return changed


async def escalate(spine: Spine) -> int:
    """Tell those again that nobody acknowledged in time, from the second time on to partners too; how many."""
    now, every = spine.clock(), timedelta(seconds=incident_settings().emergency_escalates_s)
    told = 0
    for one in await store.due(spine.db, moment(now)):
        told += await _escalate(spine, one["id"], now, every)
    return told


async def _escalate(spine: Spine, emergency: str, now: int, every: timedelta) -> int:
    async with _changing(spine, emergency) as connection:
        found = await store.by_id(connection, emergency, lock=True)
        if found is None or found["state"] != "raised" or found["escalates_at"] is None or to_ms(found["escalates_at"]) > now:
            return 0
        level = found["level"] + 1
        again = moment(now) + every if level < LEVEL_MAX else None
        await store.change(connection, emergency, {"level": level, "escalates_at": again})
        risen = await store.by_id(connection, emergency)
        assert risen is not None  # noqa: S101 - locked above
        author = Author(audit.SYSTEM, "Bluelamp", found["agency"], frozenset(), frozenset(), platform=True)
        await _tell(
            connection, spine, author, risen, "emergency.escalated", plain(EmergencyEscalated(emergency=emergency, level=level)), now
        )
        detail = {"level": level, "partners": sorted(_partners(risen))}
        await audit.record(connection, audit.SYSTEM, "disclosure", EMERGENCIES_RAISE, subjects=(emergency,), detail=detail)
        return 1
