"""Shapes of preservation, retention, erasure and subject access on the wire."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from bluelamp.anpr.schemas.searches import Reason
from bluelamp.spine.wire import Instant

Text = Annotated[str, Field(min_length=1, max_length=1000)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Case = Annotated[str, Field(min_length=1, max_length=120)]
Id = Annotated[str, Field(min_length=1, max_length=36, pattern=r"^[0-9A-Za-z]+$")]


class Question(BaseModel):
    """Members that are not documented are refused, so that a typing error is not taken for a wish."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class PreservationQuestion(Question):
    """Which reads: all that a search finds, some that it shows (`reads`), or a plate in a period."""

    case_reference: Case
    reason: Text
    authority: Name = Field(description="who gave authority: name, rank, and under what")
    review_at: AwareDatetime
    search: Id | None = None
    reads: list[Id] | None = Field(None, min_length=1, max_length=1000)
    vrm: str | None = Field(None, max_length=40)
    start: AwareDatetime | None = Field(None, alias="from")
    end: AwareDatetime | None = Field(None, alias="to")


class PersonShown(BaseModel):
    id: str
    username: str


class Hold(BaseModel):
    """A legal hold. `lift_asked_by`: one person has asked to lift it; a second one's word lifts it."""

    reason: str
    by: PersonShown
    at: Instant
    lift_reason: str
    lift_asked_by: PersonShown | None


class PreservationShown(BaseModel):
    id: str
    kind: Literal["case", "restriction"]
    case_reference: str
    reason: str
    authority: str
    criteria: dict[str, str]
    subjects: list[str]
    created_by: PersonShown
    created_at: Instant
    review_at: Instant
    review_due: bool
    reads: int
    pictures: int
    pictures_missing: int = Field(description="pictures that were gone, or not what their hash said, when the copy was made")
    sha256: str = Field(description="over the hashes of the reads, in order of their ids")
    hold: Hold | None
    released_at: Instant | None
    release_reason: str


class Because(Question):
    reason: Text


class ReviewQuestion(Question):
    review_at: AwareDatetime
    reason: Text


class Released(BaseModel):
    """`erased`: copies deleted; `still_held`: reads that another case keeps."""

    id: str
    erased: int
    pictures_erased: int
    still_held: int


class RetentionRun(BaseModel):
    id: str
    at: Instant
    before: Instant
    deleted: int
    report: dict[str, Any]
    sha256: str


class CopyLeft(BaseModel):
    """One place where reads or plates are kept: what of it is older than the retention, why, and how it goes."""

    what: str
    where: str
    goes: str
    overdue: int | None = Field(description="rows, objects or messages past their time that are there now; null: cannot be counted")
    oldest: Instant | None
    why: str


class RetentionReport(BaseModel):
    retention_days: int
    before: Instant
    looked_at: Instant
    copies: list[CopyLeft]
    preserved_reads: int
    preservations: int
    legal_holds: int
    clean: bool = Field(description="nothing is left that should be gone, but for what `why` explains")
    runs: list[RetentionRun]


class ErasureQuestion(Question):
    """Erase reads for good, or restrict them: set aside, so that no search finds them, until that is lifted."""

    mode: Literal["erase", "restrict"]
    vrm: str = Field(max_length=40)
    start: AwareDatetime = Field(alias="from")
    end: AwareDatetime = Field(alias="to")
    reads: list[Id] | None = Field(None, min_length=1, max_length=1000, description="only these of them")
    authority: Name
    reference: Case
    reason: Text
    preserved_too: bool = Field(False, description="erase copies that a case holds as well; never those under a legal hold")


class Erased(BaseModel):
    """What went, place by place, and what cannot go yet and when it will."""

    id: str
    mode: str
    reads: int
    counts: dict[str, int]
    sha256: str
    remaining: list[str]


class Lifted(BaseModel):
    """`reads` are back in the history; those past their time by now are gone."""

    id: str
    reads: int


class SubjectAccessQuestion(Question):
    vrm: str = Field(max_length=40)
    start: AwareDatetime = Field(alias="from")
    end: AwareDatetime = Field(alias="to")
    reason: Reason
