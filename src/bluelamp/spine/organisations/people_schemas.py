"""Wire shapes of units, posts and imports of people."""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel, Field

from bluelamp.spine.organisations.people import PostTerms
from bluelamp.spine.wire import AgencyRef, Instant, Question

Code = Field(max_length=32, examples=["RPU"])


class UnitItem(BaseModel):
    """A part of an agency. `parent` is the code of the unit above; empty at the top. `people` hold a post in it now."""

    id: str
    code: str
    name: str
    parent: str
    people: int


class UnitsAnswer(BaseModel):
    """The agency's units by code, and the configured ranks, lowest first."""

    items: list[UnitItem]
    ranks: list[str]
    next: str | None = None


class UnitQuestion(Question):
    code: str = Field(max_length=32, examples=["RPU"])
    name: str = Field(max_length=200)
    parent: str = Field("", max_length=32)


class UnitChange(Question):
    name: str | None = Field(None, max_length=200)
    parent: str | None = Field(None, max_length=32, description="Code of the unit above; empty: the top.")


class MembershipItem(BaseModel):
    """A post: present (`in_force`), past, planned, or offered (`accepted` false)."""

    id: str
    person: str
    username: str
    name: str
    home: str
    agency: AgencyRef
    kind: str
    roles: list[str]
    unit: str
    rank: str
    manager: str
    shift_pattern: str
    starts: Instant
    ends: Instant | None
    accepted: bool
    in_force: bool


class PostQuestion(Question):
    """A home post. `manager` is a username; `starts` left out: now; `agency` left out: yours."""

    roles: list[str] = Field(min_length=1, max_length=20, examples=[["officer"]])
    agency: str | None = Field(None, max_length=8)
    unit: str = Field("", max_length=32)
    rank: str = Field("", max_length=60)
    manager: str = Field("", max_length=64)
    shift_pattern: str = Field("", max_length=200)
    starts: AwareDatetime | None = None
    ends: AwareDatetime | None = None

    def terms(self, agency: str) -> PostTerms:
        return PostTerms(
            self.agency or agency, frozenset(self.roles), self.unit, self.rank, self.manager, self.shift_pattern, self.starts, self.ends
        )


class PostChange(Question):
    """What is given changes. `ends` null takes a planned end back."""

    manager: str | None = Field(None, max_length=64)
    shift_pattern: str | None = Field(None, max_length=200)
    ends: AwareDatetime | None = None


class LeaveQuestion(Question):
    """`at` left out: now, everywhere."""

    at: AwareDatetime | None = None


class LeaveAnswer(BaseModel):
    sessions_ended: int


class SecondmentQuestion(Question):
    """An offer to another agency; that agency says as what it takes the person in."""

    agency: str = Field(max_length=8, examples=["IRW"])
    starts: AwareDatetime | None = None
    ends: AwareDatetime | None = None


class AcceptQuestion(Question):
    """As what a person on loan works here."""

    roles: list[str] = Field(min_length=1, max_length=20)
    unit: str = Field("", max_length=32)
    rank: str = Field("", max_length=60)
    manager: str = Field("", max_length=64)
    shift_pattern: str = Field("", max_length=200)

    def terms(self) -> PostTerms:
        return PostTerms("", frozenset(self.roles), self.unit, self.rank, self.manager, self.shift_pattern)


class ActingQuestion(Question):
    """Id of one of your posts in force."""

    post: str = Field(max_length=36)


class PeopleImportError(BaseModel):
    """`line` as an editor shows it; the heading is line 1."""

    line: int
    username: str
    message: str


class PeopleImportAnswer(BaseModel):
    """What became of every row."""

    rows: int
    joined: int
    moved: int
    amended: int
    left: int
    unchanged: int
    rejected: list[PeopleImportError]
