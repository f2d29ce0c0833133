"""Doors of emergencies: press, see, acknowledge, close."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from bluelamp.incidents.access import EMERGENCIES_ANSWER, EMERGENCIES_RAISE, INCIDENTS_VIEW
from bluelamp.incidents.domain.events import Id as ChosenId
from bluelamp.incidents.domain.events import Line
from bluelamp.incidents.domain.places import Place
from bluelamp.incidents.emergencies import actions, store
from bluelamp.kit.clock import to_ms
from bluelamp.spine import audit
from bluelamp.spine.http import Caller, Id, SpineHere, permit
from bluelamp.spine.relational import Record
from bluelamp.spine.wire import Instant, Moment, Page, Question

router = APIRouter(tags=["incidents"], prefix="/incidents/emergencies")

CALLS_PER_MINUTE_MAX = 240
"""Of one person: a phone repeats its call every few seconds. Other requests, however many, take nothing of it."""

Answering = Annotated[Caller, permit(EMERGENCIES_ANSWER)]


class EmergencyQuestion(Question):
    id: ChosenId
    """Chosen by the phone, which repeats the call under it until somebody has acknowledged it."""
    pressed_at: Moment
    place: Place | None = None
    incident: ChosenId | None = None
    device: Annotated[str, Field(max_length=60)] = ""


class CloseQuestion(Question):
    outcome: Literal["resolved", "false_alarm"]
    note: Line = ""


class EmergencyShown(BaseModel):
    id: str
    agency: str
    person_name: str
    call_sign: str
    resource: str | None
    incident: str | None
    place: dict[str, Any] | None
    pressed_at: Instant
    received_at: Instant
    state: str
    level: int
    """How often it went unanswered."""
    acknowledged_at: Instant | None
    acknowledged_by: str
    cancelled_at: Instant | None
    """When who pressed said that it is over. It is open until it is closed: ask them."""
    closed_at: Instant | None
    closed_by: str
    outcome: str
    note: str

    @classmethod
    def of(cls, row: Record) -> EmergencyShown:
        return cls(**{name: row[name] for name in cls.model_fields})


@router.post("")
async def raise_emergency(
    question: EmergencyQuestion,
    spine: SpineHere,
    caller: Annotated[Caller, permit(EMERGENCIES_RAISE, even_locked=True, own_budget=CALLS_PER_MINUTE_MAX)],
) -> EmergencyShown:
    """Call for help. Send it again, under the same id, until `state` is `acknowledged`: it is raised once.

    A locked session may: who is in danger proves nothing first.
    """
    pressed = to_ms(question.pressed_at)
    row = await actions.raise_emergency(spine, caller, question.id, question.place, pressed, question.incident or "", question.device)
    return EmergencyShown.of(row)


@router.get("")
async def list_emergencies(spine: SpineHere, caller: Annotated[Caller, permit(INCIDENTS_VIEW)]) -> Page[EmergencyShown]:
    """Emergencies that are not closed: of your agency, on incidents that you see, and those of partners that nobody answered."""
    intent = await audit.intend(spine.db, caller.actor, INCIDENTS_VIEW, detail={"emergencies": True})
    rows = await store.open_ones(spine.db, caller.agency, list(caller.roles), actions.partners_of(caller.agency))
    await audit.conclude(spine.db, intent, "answered", len(rows))
    return Page(items=[EmergencyShown.of(row) for row in rows], next=None)


@router.post("/{emergency}/acknowledge")
async def acknowledge_emergency(emergency: Id, spine: SpineHere, caller: Answering) -> EmergencyShown:
    """You have it. The caller's phone shows your name."""
    return EmergencyShown.of(await actions.acknowledge(spine, caller, emergency))


@router.post("/{emergency}/close")
async def close_emergency(emergency: Id, question: CloseQuestion, spine: SpineHere, caller: Answering) -> EmergencyShown:
    """It is over, or was a false alarm."""
    return EmergencyShown.of(await actions.close(spine, caller, emergency, question.outcome, question.note))
