"""Wire shapes of partners and transfers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from bluelamp.incidents.domain.events import AgencyCode, Id, Text
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

    @classmethod
    def of(cls, partner: Partner, keys: list[Record]) -> PartnerShown:
        shown = {name: getattr(partner, name) for name in cls.model_fields if hasattr(partner, name)}
        return cls(**shown, has_their_key=bool(partner.their_key), keys=[KeyShown(**dict(key)) for key in keys])


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

    @classmethod
    def of(cls, row: Record) -> TransferRow:
        return cls(**{name: row[name] for name in cls.model_fields})


class TransferShown(BaseModel):
    """The message itself and what it was answered with, as text."""

    id: str
    direction: str
    kind: str
    state: str
    reason: str
    tries: int
    incident: str | None
    body: str
    answer: str

    @classmethod
    def of(cls, transfer: Transfer) -> TransferShown:
        texts = {name: _readable(getattr(transfer, name)) for name in ("body", "answer")}
        return cls(**{name: getattr(transfer, name) for name in cls.model_fields if name not in texts}, **texts)


def _readable(body: bytes | None) -> str:
    """Whatever it is, as text that every screen can show."""
    return (body or b"").decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
