"""Wire shapes of partners and transfers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from bluelamp.incidents.domain.events import AgencyCode, Id, Text
from bluelamp.incidents.gateways import message
from bluelamp.incidents.handovers.partner_store import Partner
from bluelamp.incidents.handovers.store import Transfer
from bluelamp.spine.relational import Record
from bluelamp.spine.wire import Instant, Question

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Url = Annotated[str, StringConstraints(max_length=500)]
Address = Annotated[str, StringConstraints(max_length=120)]
Secret = Annotated[str, StringConstraints(max_length=500, pattern=r"^[!-~]*$")]
FormatName = Literal["mait", "eido", "ucri2", "cap", "sitrep"]
State = Literal["queued", "sending", "sent", "reading", "received", "refused", "dead", "dropped"]


class PartnerQuestion(Question):
    name: Name
    agency: AgencyCode
    """The other control room's agency here: what is shared with it is handed over. For alerts and reports: any code."""
    format: FormatName
    url: Url = ""
    """Where their messages go, at a host that the operator allows; empty: they only send."""
    address: Address = ""
    """What they are called in the format, where that is not the agency's code (an OID in UCRI2, a sender in CAP)."""
    own_address: Address = ""
    their_key: Secret = ""
    """The key that they gave us, sent as `Authorization: Bearer`. It is not shown again."""


class PartnerChange(Question):
    """What is absent stays."""

    name: Name | None = None
    url: Url | None = None
    address: Address | None = None
    own_address: Address | None = None
    their_key: Secret | None = None
    active: bool | None = None


class KeyShown(BaseModel):
    id: str
    prefix: str
    created_at: Instant


class LineShown(BaseModel):
    """How the line to a partner stands."""

    state: Literal["off", "failing", "waiting", "up", "unused"]
    """`failing`: what waits was tried in vain, or what went last is dead; `waiting`: on its way or without a receipt; `up`: neither."""
    heard_at: Instant | None
    """When they sent something last."""
    taken_at: Instant | None
    """When they took something of ours last."""
    waiting: int
    unanswered: int
    """Sent, and no receipt yet."""
    dead: int
    """These wait for a person, both ways."""
    refused: int
    failing: str
    """Why it does not get through."""

    @classmethod
    def of(cls, partner: Partner, row: Record) -> LineShown:
        told = {name: row[name] for name in cls.model_fields if name != "state"}
        busy = row["waiting"] or row["unanswered"]
        used = row["heard_at"] or row["taken_at"] or row["dead"] or row["refused"]
        state = "failing" if row["failing"] else "waiting" if busy else "up" if used else "unused"
        return cls(state="off" if not partner.active else state, **told)


class PartnerShown(BaseModel):
    id: str
    name: str
    agency: str
    format: str
    url: str
    address: str
    own_address: str
    has_their_key: bool
    active: bool
    created_at: Instant
    changed_at: Instant
    keys: list[KeyShown]
    """Live keys that they call us with, by their first characters."""
    line: LineShown

    @classmethod
    def of(cls, partner: Partner, keys: list[Record], line: Record) -> PartnerShown:
        shown = {name: getattr(partner, name) for name in cls.model_fields if hasattr(partner, name)}
        return cls(
            **shown, has_their_key=bool(partner.their_key), keys=[KeyShown(**dict(key)) for key in keys], line=LineShown.of(partner, line)
        )


class KeyIssued(BaseModel):
    """The key is shown this once: give it to the other control room."""

    id: str
    key_id: str
    key: str


class HandoverQuestion(Question):
    partner: Id
    note: Text = ""
    """What is new, for the other control room; of an alert, what the public reads."""


class HandoverQueued(BaseModel):
    id: str


class DropQuestion(Question):
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class MendQuestion(Question):
    """What is put right in a message; what is absent stays as it was sent, or as the incident says it."""

    kind: Literal["create", "update", "close"] | None = None
    """Of a message that came: what it was to be."""
    incident: Id | None = None
    """Of a message that came: the incident of yours that it belongs to; without it, the one that both sides know it by, or a new one."""
    title: message.Line | None = None
    type: message.Coded | None = None
    """A code of yours or what it means to all; of a message to them, their code and the words beside it."""
    grade: message.Coded | None = None
    place: message.Where | None = None
    description: message.Text | None = None
    note: message.Text | None = None


class TransferRow(BaseModel):
    """A message to or from another control room."""

    id: str
    partner: str
    name: str
    agency: str
    format: str
    direction: Literal["out", "in"]
    kind: str
    """create, update, close or receipt; empty: it could not be read."""
    message_id: str
    incident: str | None
    state: State
    """`dead` waits for a person."""
    tries: int
    next_at: Instant
    reason: str
    created_at: Instant
    sent_at: Instant | None
    settled_at: Instant | None
    settled_by: str
    mended_by: str
    """Who put something right in it; empty: nobody."""
    number: str
    """Of the incident, where your role sees it; otherwise empty."""
    title: str

    @classmethod
    def of(cls, row: Record) -> TransferRow:
        return cls(**{name: row[name] for name in cls.model_fields})


class MessageShown(BaseModel):
    """What a message says, in the words of neither format. Empty and null: it does not say."""

    kind: str
    incident: str
    """The name that both sides know the incident by."""
    reference: str
    title: str
    type: message.Coded
    grade: message.Coded
    place: message.Where | None
    description: str
    note: str
    persons: int
    casualties: dict[str, int]

    @classmethod
    def of(cls, told: message.HandoverMessage) -> MessageShown:
        return cls(**told.model_dump(include=set(cls.model_fields) - {"persons"}), persons=len(told.persons))


class TransferShown(BaseModel):
    """The message itself and what it was answered with, as text; and as far as it can be read, what it says."""

    id: str
    partner: str
    direction: Literal["out", "in"]
    kind: str
    state: State
    reason: str
    tries: int
    incident: str | None
    created_at: Instant
    sent_at: Instant | None
    settled_at: Instant | None
    settled_by: str
    mended_by: str
    mendable: bool
    """Whether it waits, and its fields can be put right."""
    says: MessageShown | None
    """With what was put right; null: nothing of it can be read."""
    body: str
    answer: str

    @classmethod
    def of(cls, transfer: Transfer, says: message.HandoverMessage | None, *, mendable: bool) -> TransferShown:
        texts = {name: _readable(getattr(transfer, name)) for name in ("body", "answer")}
        shown = {name: getattr(transfer, name) for name in cls.model_fields if hasattr(transfer, name) and name not in texts}
        return cls(**shown, **texts, mendable=mendable, says=MessageShown.of(says) if says else None)


def _readable(body: bytes | None) -> str:
    """Whatever it is, as text that every screen can show."""
    return (body or b"").decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
