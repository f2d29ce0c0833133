"""Wire shapes of rejects."""

from __future__ import annotations

from pydantic import BaseModel, Field

from bluelamp.anpr.queries.rejects import RejectView
from bluelamp.anpr.schemas.cameras import Point, SourceRef
from bluelamp.anpr.store.rejects import Reject
from bluelamp.spine.wire import Instant, Question


class RejectItem(BaseModel):
    """An item that did not become a read. `count`: how often it came; `received_at`: last."""

    id: str
    source: SourceRef
    code: str
    message: str
    bytes: int
    count: int
    first_received_at: Instant
    received_at: Instant
    replayed_at: Instant | None

    @classmethod
    def of(cls, reject: Reject) -> RejectItem:
        return cls.model_validate(_shape(reject))


class Understood(BaseModel):
    """What the source's format makes of the item today."""

    camera: str
    plate: str
    captured_at: str
    confidence: float
    position: Point | None


class RejectDetail(RejectItem):
    """A reject with the item as the camera sent it, as text."""

    body: str
    understood: Understood | None

    @classmethod
    def of_view(cls, view: RejectView) -> RejectDetail:
        understood = None
        if view.understood is not None:
            place = view.understood.position
            understood = view.understood._asdict() | {"position": {"coordinates": place} if place else None}
        return cls.model_validate(_shape(view.reject) | {"body": view.body, "understood": understood})


def _shape(reject: Reject) -> dict[str, object]:
    return reject._asdict() | {
        "id": str(reject.id),
        "source": {"id": str(reject.source), "name": reject.source_name},
        "bytes": reject.size,
        "count": reject.times,
        "first_received_at": reject.first_at,
        "received_at": reject.last_at,
    }


class ReplayQuestion(Question):
    """`ids` or `code` narrow; neither means all of the source, at most 10,000 at a time."""

    source: str = Field(max_length=36)
    ids: list[str] | None = Field(None, max_length=10_000)
    code: str = Field("", max_length=60)


class ReplayAnswer(BaseModel):
    """`accepted` are reads now (or were already); `more`: repeat for the rest."""

    replayed: int
    accepted: int
    still_rejected: int
    more: bool


class RejectTally(BaseModel):
    source: str
    code: str
    count: int


class RejectTallies(BaseModel):
    items: list[RejectTally]
