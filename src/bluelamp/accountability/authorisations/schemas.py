"""Wire shapes of authorisations and deputies."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, Field

from bluelamp.accountability.authorisations.domain import Authorisation
from bluelamp.kit.clock import to_ms, to_rfc3339
from bluelamp.spine.wire import Instant, Question

Line = Annotated[str, Field(max_length=120, pattern=r"^[^\x00-\x1f\x7f]*$")]
Words = Annotated[str, Field(min_length=3, max_length=2000, pattern=r"^[^\x00]*$")]
Degrees = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]


class ScopeQuestion(Question):
    """For which case, vehicles or place, and period. The members are those of a search."""

    purpose: Line
    reference: Line
    vrms: list[Line] = Field(default_factory=list, max_length=100)
    pattern: Line = ""
    bbox: list[Degrees] | None = Field(None, description="west, south, east, north")
    area: dict[str, Any] | None = Field(None, description="GeoJSON polygon")
    cameras: list[Annotated[str, Field(max_length=36)]] | None = Field(None, max_length=5000)
    start: AwareDatetime = Field(alias="from", description="oldest read that is to be opened")
    end: AwareDatetime | None = Field(None, alias="to", description="default: now")
    grounds: Words = Field(description="why the older reads are necessary and proportionate, for who decides")


class AskQuestion(ScopeQuestion):
    hours: int = Field(168, ge=1, le=8784, description="how long it is to last once given")


class DecisionQuestion(Question):
    grant: bool
    reason: Words
    hours: int | None = Field(None, ge=1, le=8784, description="how long it lasts; default: as asked")


class ReasonQuestion(Question):
    reason: Words


class PersonShown(BaseModel):
    id: str
    username: str
    name: str
    agency: str


class AuthorisationShown(BaseModel):
    """An authorisation. `can_decide`: by who reads this, now; otherwise `why_not`."""

    id: str
    kind: Literal["authority", "override"]
    state: Literal["asked", "granted", "refused", "revoked", "expired"]
    person: PersonShown
    purpose: str
    purpose_name: str
    reference: str
    vrms: list[str]
    pattern: str
    place: dict[str, Any] | None
    start: Instant = Field(serialization_alias="from")
    end: Instant = Field(serialization_alias="to")
    grounds: str
    hours: int
    asked_at: Instant
    expires_at: Instant
    decided_at: Instant | None
    decided_by: str
    decision: str
    review: str = Field(description="`due`: an override that nobody has reviewed yet")
    mine: bool
    can_decide: bool
    why_not: str


class DeciderShown(BaseModel):
    """`stands_in_for`: the name of who is off duty; empty where the rank is the person's own."""

    username: str
    name: str
    rank: str
    stands_in_for: str


class DeputyQuestion(Question):
    username: Line
    start: AwareDatetime = Field(alias="from")
    end: AwareDatetime = Field(alias="to")


class DeputyShown(BaseModel):
    id: str
    principal: str
    deputy: str
    start: Instant = Field(serialization_alias="from")
    end: Instant = Field(serialization_alias="to")
    mine: bool


def shown(held: Authorisation, caller: str, purpose_name: str, *, can_decide: bool, why_not: str) -> AuthorisationShown:
    """An authorisation for an answer."""
    return AuthorisationShown(
        id=held.id,
        kind=held.kind,
        state=held.state,
        person=PersonShown(id=held.person, username=held.username, name=held.person_name, agency=held.agency),
        purpose=held.purpose,
        purpose_name=purpose_name,
        reference=held.reference,
        vrms=list(held.vrms),
        pattern=held.pattern,
        place=held.place,
        start=to_rfc3339(to_ms(held.data_from)),
        end=to_rfc3339(to_ms(held.data_to)),
        grounds=held.grounds,
        hours=held.hours,
        asked_at=to_rfc3339(to_ms(held.asked_at)),
        expires_at=to_rfc3339(to_ms(held.expires_at)),
        decided_at=to_rfc3339(to_ms(held.decided_at)) if held.decided_at else None,
        decided_by=held.decided_by_name,
        decision=held.decision,
        review=held.review_state,
        mine=held.person == caller,
        can_decide=can_decide,
        why_not=why_not,
    )
