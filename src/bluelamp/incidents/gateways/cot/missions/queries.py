"""Looks at missions: each asks anew whether the person sees the incident, and is on record."""

from __future__ import annotations

from typing import Any, NamedTuple

from bluelamp.incidents.access import INCIDENTS_VIEW
from bluelamp.incidents.domain.state import IncidentState
from bluelamp.incidents.errors import NoSuchIncidentError
from bluelamp.incidents.gateways.cot.missions import changes, picture, shapes, store
from bluelamp.incidents.gateways.cot.missions.changes import Change
from bluelamp.incidents.gateways.cot.missions.names import NAME_LENGTH_MAX, incident_of
from bluelamp.incidents.gateways.cot.missions.picture import Shown
from bluelamp.incidents.log import store as log_store
from bluelamp.incidents.log.queries import state_now
from bluelamp.kit.clock import to_ms, to_rfc3339
from bluelamp.spine import audit
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine

LISTED_MAX = 2_000
CHANGES_MAX = 2_000


class Mission(NamedTuple):
    """An incident as a caller's agency sees it."""

    state: IncidentState
    picture: list[Shown]
    aliases: dict[str, store.Alias]


async def find(spine: Spine, caller: Caller, name: str, guid: str = "") -> str:
    """Id of the incident behind a mission's name, or guid.

    Raises:
        NoSuchIncidentError: none that the caller sees.
    """
    name = incident_of(guid) if guid else name.strip()
    found = await store.incident_named(spine.db, name, caller.agency, caller.roles) if 0 < len(name) <= NAME_LENGTH_MAX else ""
    if not found:
        raise NoSuchIncidentError
    return found


async def listed(spine: Spine, caller: Caller) -> list[dict[str, Any]]:
    """Open incidents, without their contents."""
    intent = await audit.intend(spine.db, caller.actor, INCIDENTS_VIEW, detail={"tak_missions": "list"})
    rows = await log_store.listed(spine.db, caller.agency, caller.roles, ["open"], None, LISTED_MAX)
    await audit.conclude(spine.db, intent, "answered", len(rows))
    return [
        shapes.mission(row["id"], row["number"], row["title"], to_rfc3339(to_ms(row["opened_at"])), row["lead"], [row["lead"]])
        for row in rows
    ]


async def seen(spine: Spine, caller: Caller, incident: str, look: str) -> Mission:
    """Raises `NoSuchIncidentError`, also where the agency was put out a moment ago."""
    intent = await audit.intend(spine.db, caller.actor, INCIDENTS_VIEW, subjects=(incident,), detail={"tak_mission": look})
    state = await state_now(spine, incident)  # incidents are never deleted, and `find` has just found it
    if not state.sees(caller.agency, caller.roles):
        await audit.conclude(spine.db, intent, "refused", 0)
        raise NoSuchIncidentError
    aliases = await store.aliases(spine.db, state.features)
    shown = [one for one in picture.events_of(state, aliases, spine.clock()) if one.seen_by(caller.agency)]
    await audit.conclude(spine.db, intent, "answered", len(shown))
    return Mission(state, shown, aliases)


async def changes_of(spine: Spine, caller: Caller, mission: Mission, begin: int, end: int, *, squash: bool) -> list[Change]:
    """In order of the log, the newest `CHANGES_MAX` of the time between (epoch milliseconds)."""
    state = mission.state
    events = await log_store.events_shown(spine.db, state.id, caller.agency, 0, list(changes.KINDS), CHANGES_MAX, newest=True)
    events = [event for event in reversed(events) if begin <= event.at <= end]
    drawn = {event.data["feature"] for event in events if "feature" in event.data}
    aliases = mission.aliases | await store.aliases(spine.db, drawn - state.features.keys())
    shown = {one.event.uid: shapes.details(one.event) for one in mission.picture}
    found = [
        change
        for event in events
        if (change := changes.change_of(event, picture.uid_of(event.data.get("feature", ""), aliases), shown, state)) is not None
        and (not change.audience or caller.agency in change.audience)
    ]
    return changes.squashed(found) if squash else found
