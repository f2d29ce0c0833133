"""Verbs on authorisations: asked for, given, refused, taken in an emergency, given up, revoked. Each with its entry and its event."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from bluelamp.accountability.access import (
    AUTHORISATIONS_ASK,
    AUTHORISATIONS_DECIDE,
    AUTHORISATIONS_OVERRIDE,
    AUTHORISATIONS_REVOKE,
)
from bluelamp.accountability.authorisations import store
from bluelamp.accountability.authorisations.circumstances import facts_about, moment
from bluelamp.accountability.authorisations.domain import Authorisation, Kind
from bluelamp.accountability.authorisations.errors import AlreadyDecidedError, NoSuchAuthorisationError, TooManyWaitingError
from bluelamp.accountability.settings import authorisation_settings
from bluelamp.contracts.telling import Told, tell
from bluelamp.kit.clock import to_ms
from bluelamp.kit.ids import new_id
from bluelamp.spine import audit
from bluelamp.spine.audit import Purpose
from bluelamp.spine.deciding import demand, facts_of
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Connection

DAY_MS = 86_400_000


class Scope(NamedTuple):
    """What authority is asked for: vehicles or a place, and the period of the reads."""

    vrms: tuple[str, ...]
    pattern: str
    place: dict[str, Any] | None
    data_from: datetime
    data_to: datetime


async def ask(spine: Spine, caller: Caller, why: Purpose, scope: Scope, grounds: str, hours: int) -> Authorisation:
    """Ask for authority.

    Raises:
        PolicyRefusedError: this purpose opens nothing older, whoever gives authority.
        TooManyWaitingError: as many of the caller's requests wait as may.
    """
    age = max(0, -(-(spine.clock() - to_ms(scope.data_from)) // DAY_MS))
    deepest = spine.policy.rules.tiers[-1].days
    facts = facts_of(caller, AUTHORISATIONS_ASK, purpose=why.purpose, age_days=min(age, deepest), relation="own", mine=True)
    await demand(spine, caller, facts, subjects=scope.vrms, why=why)
    now = moment(spine)
    waits_until = now + timedelta(hours=authorisation_settings().authority_wait_hours_max)
    made = _made(caller, "authority", why, scope, grounds, hours, now, waits_until)
    most = authorisation_settings().authority_waiting_max
    async with spine.db.transaction() as connection:
        if await store.count_waiting(connection, caller.id, now) >= most:
            raise TooManyWaitingError(f"{most} requests of yours wait already: take one back, or wait for an answer")
        await store.insert(connection, made)
        await audit.record(
            connection, caller.actor, "alteration", AUTHORISATIONS_ASK, subjects=made.subjects, why=why,
            detail=_detail(made) | {"grounds": grounds},
        )  # fmt: skip
        await _tell(connection, "authority_asked", made, AUTHORISATIONS_DECIDE)
    return made


async def override(spine: Spine, caller: Caller, why: Purpose, scope: Scope, grounds: str) -> Authorisation:
    """Look at once where life is in danger: in force for minutes, for one case, loud, and due for review."""
    facts = facts_of(caller, AUTHORISATIONS_OVERRIDE, purpose=why.purpose, relation="own", mine=True)
    await demand(spine, caller, facts, subjects=scope.vrms, why=why)
    now = moment(spine)
    until = now + timedelta(minutes=authorisation_settings().override_minutes)
    made = _made(caller, "override", why, scope, grounds, 1, now, until)._replace(
        state="granted", decided_at=now, decided_by=caller.id, decided_by_name=caller.name, decision=grounds, review_state="due"
    )
    async with spine.db.transaction() as connection:
        await store.insert(connection, made)
        await audit.record(
            connection, caller.actor, "alteration", AUTHORISATIONS_OVERRIDE, subjects=made.subjects, why=why,
            detail=_detail(made) | {"grounds": grounds, "review": "due"},
        )  # fmt: skip
        await _tell(connection, "authority_override", made, AUTHORISATIONS_DECIDE)
    return made


def _made(
    caller: Caller, kind: Kind, why: Purpose, scope: Scope, grounds: str, hours: int, now: datetime, expires_at: datetime
) -> Authorisation:
    return Authorisation(
        id=new_id(), kind=kind, state="asked", person=caller.id, username=caller.username, person_name=caller.name, agency=caller.agency,
        manager=caller.manager, purpose=why.purpose, reference=why.reference, vrms=scope.vrms, pattern=scope.pattern, place=scope.place,
        data_from=scope.data_from, data_to=scope.data_to, grounds=grounds, hours=hours, asked_at=now, decided_at=None, decided_by="",
        decided_by_name="", decision="", expires_at=expires_at, ended_at=None, review_state="",
    )  # fmt: skip


async def decide(spine: Spine, caller: Caller, authorisation: str, *, grant: bool, reason: str, hours: int | None) -> Authorisation:
    """Give or refuse the authority that somebody asked for.

    Raises:
        NoSuchAuthorisationError: none of the caller's agency.
        PolicyRefusedError: not by this person: it is their own, or their rank does not give authority.
        AlreadyDecidedError: it waits no longer.
    """
    held = await store.by_id(spine.db, authorisation)
    if held is None or held.agency != caller.agency:
        raise NoSuchAuthorisationError("your agency has no such authorisation")
    facts = await facts_about(spine, caller, held, AUTHORISATIONS_DECIDE)
    await demand(spine, caller, facts, subjects=held.subjects, why=held.why, detail={"authorisation": held.id})
    now = moment(spine)
    lasts = min(hours or held.hours, authorisation_settings().authority_days_max * 24)
    changes: dict[str, Any] = {
        "state": "granted" if grant else "refused", "decided_at": now, "decided_by": caller.id, "decided_by_name": caller.name,
        "decision": reason,
    }  # fmt: skip
    if grant:
        # Reminded of while it waited, its holder is still to be told when it ends.
        changes |= {"expires_at": now + timedelta(hours=lasts), "hours": lasts, "reminded_at": None}
    async with spine.db.transaction() as connection:
        fresh = await store.by_id(connection, authorisation, lock=True)
        if fresh is None or fresh.state != "asked" or fresh.expires_at <= now:
            state = fresh.state if fresh else "expired"
            raise AlreadyDecidedError(f"this waits no longer for a decision: it is {state}", state=state)
        await store.update(connection, authorisation, changes)
        await audit.record(
            connection, caller.actor, "alteration", AUTHORISATIONS_DECIDE, subjects=(*held.subjects, held.person), why=held.why,
            detail=_detail(held) | {"granted": grant, "reason": reason, "hours": lasts if grant else 0, "deputy": facts.deputy},
        )  # fmt: skip
        decided = fresh._replace(**{name: value for name, value in changes.items() if name in Authorisation._fields})
        await _tell(connection, "authority_decided", decided, AUTHORISATIONS_ASK)
    return decided


async def revoke(spine: Spine, caller: Caller, authorisation: str, reason: str) -> Authorisation:
    """End an authority, or take back a question; from now on it opens nothing.

    Raises:
        NoSuchAuthorisationError: none that the caller may see.
        PolicyRefusedError: neither the caller's own nor in their power.
        AlreadyDecidedError: it is over.
    """
    held = await store.by_id(spine.db, authorisation)
    if held is None or held.agency != caller.agency:
        raise NoSuchAuthorisationError("there is no such authorisation")
    facts = await facts_about(spine, caller, held, AUTHORISATIONS_REVOKE)
    await demand(spine, caller, facts, subjects=held.subjects, why=held.why, detail={"authorisation": held.id})
    now = moment(spine)
    async with spine.db.transaction() as connection:
        fresh = await store.by_id(connection, authorisation, lock=True)
        if fresh is None or fresh.state not in ("asked", "granted") or fresh.expires_at <= now:
            state = fresh.state if fresh else "expired"
            raise AlreadyDecidedError(f"it is over already: {state}", state=state)
        await store.update(connection, authorisation, {"state": "revoked", "ended_at": now, "ended_by": caller.id})
        await audit.record(
            connection, caller.actor, "alteration", AUTHORISATIONS_REVOKE, subjects=(*held.subjects, held.person), why=held.why,
            detail=_detail(held) | {"reason": reason},
        )  # fmt: skip
        ended = held._replace(state="revoked", ended_at=now)
        await _tell(connection, "authority_decided", ended, AUTHORISATIONS_ASK)
    return ended


async def end_those_over(spine: Spine) -> int:
    """Expire what has run its time; how many."""
    now = moment(spine)
    async with spine.db.transaction() as connection:
        ended = await store.over(connection, now, 200)
        for held in ended:
            await store.update(connection, held.id, {"state": "expired", "ended_at": now})
            await audit.record(
                connection, audit.SYSTEM, "alteration", "accountability.authorisations.expire", subjects=(*held.subjects, held.person),
                why=held.why, detail=_detail(held),
            )  # fmt: skip
            await _tell(connection, "authority_decided", held._replace(state="expired"), AUTHORISATIONS_ASK)
    return len(ended)


async def remind(spine: Spine) -> int:
    """Tell the holders of authorities that end soon, and who may decide of requests that wait; how many. Each is told of once."""
    now, settings = moment(spine), authorisation_settings()
    async with spine.db.transaction() as connection:
        soon = await store.ending(connection, now + timedelta(hours=settings.authority_reminder_hours), 200)
        waiting = await store.waiting(connection, now - timedelta(minutes=settings.authority_waiting_minutes), 200)
        for held in (*soon, *waiting):
            await store.update(connection, held.id, {"reminded_at": now})
        for held in soon:
            await _tell(connection, "authority_ending", held, AUTHORISATIONS_ASK)
        for held in waiting:
            await _tell(connection, "authority_waiting", held, AUTHORISATIONS_DECIDE)
    return len(soon) + len(waiting)


def _detail(held: Authorisation) -> dict[str, Any]:
    return {
        "authorisation": held.id, "kind": held.kind, "person": held.person, "from": held.data_from.isoformat(),
        "to": held.data_to.isoformat(), **({"place": held.place} if held.place and "cameras" not in held.place else {}),
    }  # fmt: skip


async def _tell(connection: Connection, kind: str, held: Authorisation, permission: str) -> None:
    """Ids and no plate: it goes to a whole agency."""
    data = {"id": held.id, "state": held.state, "kind": held.kind, "person": held.person, "person_name": held.person_name}
    await tell(connection, Told(kind, held.agency, permission, data))
