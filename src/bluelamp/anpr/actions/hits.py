"""Verbs on hits: take, release, decide. Each one transaction, one audit entry and one event for everybody who sees it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from bluelamp.anpr.errors import HitTakenError
from bluelamp.anpr.matching.hits import ACTION_SUBJECT, Hit
from bluelamp.anpr.store import hits as store
from bluelamp.kit.clock import to_rfc3339
from bluelamp.spine import audit, outbox
from bluelamp.spine.audit import Actor
from bluelamp.spine.relational import Connection

OUTCOMES = ("correct", "misread", "clone_suspected", "no_longer_of_interest")


class Person(msgspec.Struct, frozen=True):
    """Who acts, as others see it."""

    actor: Actor
    name: str

    @property
    def columns(self) -> tuple[str, str, str]:
        return self.actor.id, self.name, self.actor.agency


class HitAction(msgspec.Struct, frozen=True, kw_only=True):
    """The event on `anpr.hits.action`: the hit's state after it."""

    hit: str
    action: str
    at: str
    by: dict[str, str]
    agencies: tuple[str, ...]
    taken_by: dict[str, Any] | None
    disposition: dict[str, Any] | None
    owner: str = ""
    """The agency of the entry's list."""
    list_id: str = ""


async def take(connection: Connection, person: Person, hit: Hit, now: int) -> None:
    """Say that this person deals with the hit. Raises `HitTakenError`: somebody else does."""
    state = await store.state_for_update(connection, hit.id)
    if state["taken_by"] == person.actor.id:
        return
    if state["taken_by"]:
        raise HitTakenError(f"{state['taken_by_name']} has taken this hit", **store.state_json(state))
    await store.set_taken(connection, hit.id, person.columns, _moment(now))
    await _tell(connection, person, hit, "taken", now)


async def release(connection: Connection, person: Person, hit: Hit, now: int, *, anyones: bool) -> None:
    """Let go of the hit. Raises `HitTakenError`: somebody else has it, and `anyones` is not allowed."""
    state = await store.state_for_update(connection, hit.id)
    if not state["taken_by"]:
        return
    if state["taken_by"] != person.actor.id and not anyones:
        raise HitTakenError(f"{state['taken_by_name']} has taken this hit", **store.state_json(state))
    await store.set_taken(connection, hit.id, None, _moment(now))
    await _tell(connection, person, hit, "released", now)


async def decide(connection: Connection, person: Person, hit: Hit, outcome: str, note: str, now: int) -> None:
    """Say what came of the hit; a later word replaces an earlier one, and the audit keeps both."""
    await store.state_for_update(connection, hit.id)
    await store.set_disposition(connection, hit.id, outcome, note, person.columns, _moment(now))
    await _tell(connection, person, hit, "decided", now, {"outcome": outcome, "note": note})


async def _tell(connection: Connection, person: Person, hit: Hit, action: str, now: int, detail: dict[str, Any] | None = None) -> None:
    state = store.state_json(await store.state_for_update(connection, hit.id))
    subjects = (hit.id, hit.vrm, hit.read.vrm)
    await audit.record(connection, person.actor, "alteration", f"anpr.hits.{action}", subjects=subjects, detail=detail)
    by = {"id": person.actor.id, "name": person.name, "agency": person.actor.agency}
    event = HitAction(
        hit=hit.id,
        action=action,
        at=to_rfc3339(now),
        by=by,
        agencies=hit.agencies,
        **state,
        owner=hit.entry.agency,
        list_id=hit.entry.list_id,
    )
    await outbox.post(connection, ACTION_SUBJECT, msgspec.json.encode(event))


def _moment(now: int) -> datetime:
    return datetime.fromtimestamp(now / 1000, UTC)
