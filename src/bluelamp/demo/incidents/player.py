"""Plays a script on the platform: each person says their lines when it is time, each resource goes where it is sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

from bluelamp.demo.incidents.cast import NEIGHBOUR, POLICE, ROOMS
from bluelamp.demo.incidents.script import Go, Leave, Say, Script, Show, Step
from bluelamp.demo.incidents.stage import EVENTS_AT_ONCE, Stage, stamp
from bluelamp.demo.incidents.whereabouts import Whereabouts
from bluelamp.demo.session.client import RefusedError
from bluelamp.kit.ids import new_id

WITHIN_S = 1.0
"""Lines of one person that are so close together go out in one request, as a phone's outbox sends them."""
ABOUT_RESOURCES = frozenset({"resource.assigned", "resource.status", "resource.released"})
ABANDONED = "The demonstration was stopped in the middle of it"


async def play(stage: Stage, whereabouts: Whereabouts, script: Script) -> str:
    """The incident's id, when the story is over.

    Raises:
        RefusedError: it could not even be opened.
    """
    whereabouts.claim(script.call_signs)
    try:
        incident = str((await stage.ask(script.opener, "POST", "", script.opening))["id"])
        stage.played.incidents += 1
        for number, group in enumerate(_groups(script.steps)):
            await stage.clock.until(script.run.began_s + group[0].at_s)
            await _act(stage, whereabouts, script, incident, group, number)
    finally:
        for call_sign in script.call_signs:
            whereabouts.dismiss(call_sign)
    return incident


def _groups(steps: Sequence[Step]) -> Iterator[list[Step]]:
    """Steps that belong into one request: lines of one person, close together. Any other step stands alone."""
    group: list[Step] = []
    for step in steps:
        if group and not _together(group, step):
            yield group
            group = []
        group.append(step)
    if group:
        yield group


def _together(group: list[Step], step: Step) -> bool:
    first = group[0]
    return (
        isinstance(step, Say) and isinstance(first, Say) and step.who == first.who and step.at_s - first.at_s <= WITHIN_S
        and len(group) < EVENTS_AT_ONCE
    )  # fmt: skip


async def _act(stage: Stage, whereabouts: Whereabouts, script: Script, incident: str, group: list[Step], number: int) -> None:
    lines = [step for step in group if isinstance(step, Say)]
    if lines:
        await _say(stage, script, incident, lines, number)
        return
    [step] = group
    if isinstance(step, Go):
        whereabouts.take(step.call_sign, step.duty)
    elif isinstance(step, Leave):
        whereabouts.let_go(step.call_sign, step.here, stage.clock.now())
    elif isinstance(step, Show):
        await _show(stage, script, incident, step)


async def _say(stage: Stage, script: Script, incident: str, lines: list[Say], number: int) -> None:
    events = [
        {"id": script.run.thing("event", number, place), "kind": line.kind, "happened_at": stamp(), "data": _data(stage, line),
         "audience": list(line.audience)}
        for place, line in enumerate(lines)
    ]  # fmt: skip
    who = lines[0].who
    try:
        answer = await stage.ask(who, "POST", f"/{incident}/events", {"sent_at": stamp(), "device": "demonstration", "events": events})
    except RefusedError as error:
        stage.played.refuse(f"{script.run.story}: {who.username} {lines[0].kind}: {error}")
        return
    for result, line in zip(answer["items"], lines, strict=True):
        if result["state"] == "refused":
            stage.played.refuse(f"{script.run.story}: {who.username} {line.kind}: {result['code']} {result['message']}")
            continue
        stage.played.events += 1
        stage.played.repeated += result["state"] == "repeated"
        stage.played.closed += line.kind == "incident.closed"


async def _show(stage: Stage, script: Script, incident: str, step: Show) -> None:
    """Announced, then sent in one piece. A repeat is told how much is there already."""
    told = {"id": step.picture, "bytes": len(step.content), "sha256": sha256(step.content).hexdigest(), "caption": step.caption}
    told |= {"place": step.place, "taken_at": stamp(), "sent_at": stamp(), "device": "demonstration"}
    try:
        begun = await stage.ask(step.who, "POST", f"/{incident}/media", told)
        if begun["offset"] < len(step.content):
            await stage.send(step.who, f"/{incident}/media/{step.picture}", step.content, begun["offset"])
        stage.played.pictures += 1
    except RefusedError as error:
        stage.played.refuse(f"{script.run.story}: {step.who.username} picture: {error}")


def _data(stage: Stage, line: Say) -> dict[str, Any]:
    """Scripts name resources by call sign, the platform by id."""
    return {**line.data, "resource": stage.resources[line.data["resource"]]} if line.kind in ABOUT_RESOURCES else line.data


async def set_status(stage: Stage, whereabouts: Whereabouts, call_sign: str, code: str) -> None:
    """The control room sets the status of a resource that is on no incident."""
    room = ROOMS[whereabouts.units[call_sign].agency]
    try:
        await stage.ask(room, "POST", f"/resources/{stage.resources[call_sign]}/status", {"code": code, "happened_at": stamp()})
    except RefusedError as error:
        stage.played.refuse(f"status of {call_sign}: {error}")


def _is_ours(state: dict[str, Any]) -> bool:
    """Whether the cast opened it, or the simulated neighbour handed it over."""
    told: str = state["reference"]
    return state["source"] == "demonstration" or (state["source"] == "handover" and told.startswith(f"{NEIGHBOUR}/"))


async def close_leftovers(stage: Stage, whereabouts: Whereabouts) -> int:
    """Ends what an earlier start left open: its incidents, its emergencies, and statuses that nobody will change any more."""
    room = ROOMS[POLICE]
    closed = 0
    for row in await stage.every(room, ""):
        if row["lead"] != POLICE or not _is_ours(await stage.ask(room, "GET", f"/{row['id']}")):
            continue
        end = {"id": new_id(), "kind": "incident.closed", "happened_at": stamp(), "data": {"reason": ABANDONED}}
        await stage.ask(room, "POST", f"/{row['id']}/events", {"events": [end]})
        closed += 1
    names = {unit.crew.name for unit in whereabouts.units.values()}
    for emergency in (await stage.ask(room, "GET", "/emergencies"))["items"]:
        if emergency["person_name"] in names:
            await stage.ask(room, "POST", f"/emergencies/{emergency['id']}/close", {"outcome": "false_alarm", "note": ABANDONED})
    return closed
