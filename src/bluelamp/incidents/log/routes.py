"""Doors of incidents: open, list, look, at any second, and the one door for events."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import ValidationError

from bluelamp.incidents.access import INCIDENTS_COMMAND, INCIDENTS_CONTRIBUTE, INCIDENTS_OPEN, INCIDENTS_VIEW
from bluelamp.incidents.authors import author_of
from bluelamp.incidents.domain.events import ADAPTERS, KINDS, PLATFORM_ONLY, AgencyJoined, Opened, plain
from bluelamp.incidents.domain.rules import New
from bluelamp.incidents.domain.state import IncidentState
from bluelamp.incidents.log import merging, queries, receipts
from bluelamp.incidents.log.actions import Result, append, open_incident
from bluelamp.incidents.log.boards import boards_of
from bluelamp.incidents.log.schemas import (
    EventQuestion,
    EventResult,
    EventResults,
    EventShown,
    EventsQuestion,
    IncidentOnBoard,
    IncidentOpened,
    KindShown,
    MergeQuestion,
    OpenQuestion,
    ReceiptQuestion,
    ReceiptShown,
)
from bluelamp.incidents.log.store import moment, number_of
from bluelamp.kit.clock import to_ms, to_rfc3339
from bluelamp.kit.ids import new_id
from bluelamp.kit.mistakes import where_and_what
from bluelamp.kit.paging import decode_cursor, encode_cursor
from bluelamp.spine import audit
from bluelamp.spine.errors import InvalidError
from bluelamp.spine.http import Caller, Id, SpineHere, permit
from bluelamp.spine.wire import Moment, Page

router = APIRouter(tags=["incidents"], prefix="/incidents")

Viewer = Annotated[Caller, permit(INCIDENTS_VIEW)]
Contributor = Annotated[Caller, permit(INCIDENTS_CONTRIBUTE)]
Commander = Annotated[Caller, permit(INCIDENTS_COMMAND)]
CLOCK_SLACK_MS = 2_000
"""A device's clock that is no further off is left alone: the way of the request takes time too."""


@router.get("")
async def list_incidents(
    spine: SpineHere,
    caller: Viewer,
    status: Annotated[list[Literal["open", "closed", "merged"]] | None, Query()] = None,
    cursor: Annotated[str, Query(max_length=200)] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[IncidentOnBoard]:
    """Incidents that your agency and role see, the one with the latest event first; without `status` the open ones."""
    before = None
    if cursor:
        try:
            at, last = decode_cursor(cursor, int, str)
            before = (datetime.fromtimestamp(int(at) / 1000, UTC), str(last).replace("\0", ""))
        except (ValueError, OverflowError, OSError) as error:
            raise InvalidError("not a cursor of this list") from error
    intent = await audit.intend(spine.db, caller.actor, INCIDENTS_VIEW, detail={"list": status or ["open"]})
    rows = await queries.listed(spine, caller, list(status or ["open"]), before, limit + 1)
    await audit.conclude(spine.db, intent, "answered", len(rows[:limit]))
    more = encode_cursor(to_ms(rows[limit - 1]["updated_at"]), rows[limit - 1]["id"]) if len(rows) > limit else None
    boards = await boards_of(spine.db, [row["id"] for row in rows[:limit]], caller.agency)
    return Page(items=[IncidentOnBoard.with_board(row, boards[row["id"]]) for row in rows[:limit]], next=more)


@router.post("", status_code=201)
async def open_incident_now(question: OpenQuestion, spine: SpineHere, caller: Annotated[Caller, permit(INCIDENTS_OPEN)]) -> IncidentOpened:
    """Open an incident that your agency leads, and share it at once. With an `id` of your own, said again it opens nothing."""
    given = question.model_dump(include={"title", "type", "grade", "description", "source", "reference"})
    now = spine.clock()
    called = None if question.called_seconds_ago is None else moment(now - int(question.called_seconds_ago * 1000))
    opened = Opened(number="", lead=caller.agency, place=question.place, called_at=called, **given)
    share = [New(new_id(), "agency.joined", now, plain(AgencyJoined(agency=one.agency, roles=one.roles))) for one in question.share]
    incident = await open_incident(spine, await author_of(spine, caller), opened, incident=question.id or "", share=share)
    return IncidentOpened(id=incident, number=await number_of(spine.db, incident))


@router.get("/kinds")
async def list_kinds(caller: Viewer) -> Page[KindShown]:
    """Every kind of event and the JSON Schema of its data."""
    del caller
    shown = [KindShown(kind=kind, by_clients=kind not in PLATFORM_ONLY, data=shape.model_json_schema()) for kind, shape in KINDS.items()]
    return Page(items=shown, next=None)


@router.get("/{incident}")
async def read_incident(
    incident: Id,
    spine: SpineHere,
    caller: Viewer,
    at: Annotated[Moment | None, Query(description="As it was known at this moment; default: now.")] = None,
) -> IncidentState:
    """An incident as your agency sees it, now or at any second of its past. Opening it is a look, and on record."""
    return IncidentState.model_validate(await queries.shown(spine, caller, incident, at_ms=to_ms(at) if at else None))


@router.get("/{incident}/events")
async def read_incident_log(
    incident: Id,
    spine: SpineHere,
    caller: Viewer,
    after: Annotated[int, Query(ge=0, le=1 << 60)] = 0,
    kind: Annotated[list[str] | None, Query(max_length=40)] = None,
    newest: Annotated[bool, Query(description="The last ones, the newest first; `after` then means before.")] = False,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> Page[EventShown]:
    """The log: what your agency sees of it after an event, in order. `next` is the `after` of the next page."""
    events = await queries.log_of(spine, caller, incident, after, [one[:40] for one in kind or ()], limit, newest=newest)
    more = str(events[-1].sequence) if len(events) == limit else None
    return Page(items=[EventShown.of(event) for event in events], next=more)


@router.post("/{incident}/events")
async def say_events(incident: Id, question: EventsQuestion, spine: SpineHere, caller: Contributor) -> EventResults:
    """Say what happened, oldest first: from a phone's outbox as from a screen. One result for each event, in order.

    An id that was kept before counts as `repeated`, so that a phone may send again whenever it is not sure. One that is `refused`
    says why and keeps none of the others back.
    """
    now = spine.clock()
    ahead = to_ms(question.sent_at) - now if question.sent_at else 0
    ahead = ahead if abs(ahead) > CLOCK_SLACK_MS else 0
    results: dict[str, Result] = {}
    news = []
    for one in question.events:
        try:
            news.append(_new(one, ahead))
        except ValidationError as error:
            results[one.id] = Result(one.id, "refused", 0, "invalid", _first(error))
        except InvalidError as error:
            results[one.id] = Result(one.id, "refused", 0, error.code, error.message)
    author = await author_of(spine, caller, question.device)
    for result in await append(spine, author, incident, news):
        results.setdefault(result.id, result)
    items = [EventResult.of(results[one.id]) for one in question.events]
    return EventResults(items=items, server_time=to_rfc3339(spine.clock()))


def _new(one: EventQuestion, ahead: int) -> New:
    adapter = ADAPTERS.get(one.kind)
    if adapter is None:
        raise InvalidError(f"there is no kind {one.kind!r}: GET /v1/incidents/kinds lists them")
    return New(one.id, one.kind, to_ms(one.happened_at) - ahead, plain(adapter.validate_python(one.data)), tuple(one.audience))


def _first(error: ValidationError) -> str:
    """Without what was sent: it may be a name or a plate."""
    return "; ".join(where_and_what(mistake) for mistake in error.errors(include_input=False)[:3])


@router.post("/{incident}/merge")
async def merge_incidents(incident: Id, question: MergeQuestion, spine: SpineHere, caller: Commander) -> IncidentOpened:
    """The incident goes on in another one that your agency leads, with all that was said of it; its own log stays readable.

    Its agencies, resources and emergencies move there. What a device still sends to it is kept in the other one, and the result says so.
    """
    number = await merging.merge(spine, await author_of(spine, caller), incident, question.into, question.reason)
    return IncidentOpened(id=question.into, number=number)


@router.get("/{incident}/receipts")
async def read_receipts(incident: Id, spine: SpineHere, caller: Viewer) -> Page[ReceiptShown]:
    """How far each person has received and read the log."""
    await queries.head_of(spine, caller, incident)
    intent = await audit.intend(spine.db, caller.actor, INCIDENTS_VIEW, subjects=(incident,), detail={"receipts": True})
    rows = await receipts.of_incident(spine, incident)
    await audit.conclude(spine.db, intent, "answered", len(rows))
    return Page(items=[ReceiptShown(**dict(row)) for row in rows], next=None)


@router.post("/{incident}/receipts", status_code=204)
async def say_received(incident: Id, question: ReceiptQuestion, spine: SpineHere, caller: Contributor) -> None:
    """Say how far your device has received and shown the log. It never goes back."""
    await queries.head_of(spine, caller, incident)
    await receipts.acknowledge(spine, caller, incident, question.delivered, question.read)
