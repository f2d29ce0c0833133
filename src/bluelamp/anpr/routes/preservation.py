"""Doors of preservation: reads kept for a case, held, reviewed and released."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from bluelamp.anpr.access import PRESERVATION_HOLD, PRESERVATION_MAKE, PRESERVATION_RELEASE, PRESERVATION_VIEW
from bluelamp.anpr.actions import preservation as actions
from bluelamp.anpr.errors import NoSuchPreservationError
from bluelamp.anpr.queries import preservation as queries
from bluelamp.anpr.schemas.preservation import (
    Because,
    Hold,
    PersonShown,
    PreservationQuestion,
    PreservationShown,
    Released,
    ReviewQuestion,
)
from bluelamp.kit.clock import to_ms, to_rfc3339
from bluelamp.kit.paging import decode_cursor, encode_cursor
from bluelamp.spine.errors import InvalidError
from bluelamp.spine.http import Caller, Id, SpineHere, permit
from bluelamp.spine.relational import Record
from bluelamp.spine.wire import Page

router = APIRouter(prefix="/anpr/preservations", tags=["preservation"])

Keeper = Annotated[Caller, permit(PRESERVATION_MAKE)]
Viewer = Annotated[Caller, permit(PRESERVATION_VIEW)]
Holder = Annotated[Caller, permit(PRESERVATION_HOLD)]


def _person(row: Record, name: str) -> PersonShown | None:
    return PersonShown(id=row[name], username=row[f"{name}_name"]) if row[name] else None


def preservation_shown(row: Record, now: int) -> PreservationShown:
    by = _person(row, "held_by")
    hold = by and Hold(
        reason=row["hold_reason"],
        by=by,
        at=to_rfc3339(to_ms(row["held_at"])),
        lift_reason=row["lift_reason"],
        lift_asked_by=_person(row, "lift_asked_by"),
    )
    same = ("id", "kind", "case_reference", "reason", "authority", "criteria", "subjects", "reads", "pictures", "pictures_missing")
    return PreservationShown(
        **{name: row[name] for name in (*same, "release_reason")},
        created_by=PersonShown(id=row["created_by"], username=row["created_by_name"]),
        created_at=to_rfc3339(to_ms(row["created_at"])),
        review_at=to_rfc3339(to_ms(row["review_at"])),
        review_due=row["released_at"] is None and to_ms(row["review_at"]) <= now,
        sha256=row["digest"],
        hold=hold,
        released_at=to_rfc3339(to_ms(row["released_at"])) if row["released_at"] else None,
    )


@router.post("", status_code=201)
async def preserve(question: PreservationQuestion, spine: SpineHere, caller: Keeper) -> PreservationShown:
    """Copy reads and their pictures for a case, so that they outlive the twelve months."""
    return preservation_shown(await actions.preserve(spine, caller, question), spine.clock())


@router.get("")
async def list_preservations(
    spine: SpineHere,
    caller: Viewer,
    released: bool = False,
    cursor: Annotated[str, Query(max_length=200, pattern=r"^[0-9A-Za-z_-]*$")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[PreservationShown]:
    """Your agency's preservations, newest first."""
    before = ""
    if cursor:
        try:
            before = str(decode_cursor(cursor, str)[0])
        except ValueError as error:
            raise InvalidError(str(error)) from None
    if "\0" in before:
        raise InvalidError("not a cursor of this list")
    rows = await queries.listed(spine, caller, released=released, before=before, count=limit + 1)
    more = encode_cursor(rows[limit - 1]["id"]) if len(rows) > limit else None
    return Page(items=[preservation_shown(row, spine.clock()) for row in rows[:limit]], next=more)


@router.get("/{preservation}")
async def open_preservation(preservation: Id, spine: SpineHere, caller: Viewer) -> PreservationShown:
    """One preservation. Its reads are found by a search that names its case as the reference."""
    row = await queries.opened(spine, caller, preservation)
    if row is None:
        raise NoSuchPreservationError("there is no such preservation")
    return preservation_shown(row, spine.clock())


@router.post("/{preservation}/review")
async def review_preservation(preservation: Id, question: ReviewQuestion, spine: SpineHere, caller: Keeper) -> PreservationShown:
    """Say that it is still needed, why, and when to look again."""
    row = await actions.review(spine, caller, preservation, question.review_at, question.reason)
    return preservation_shown(row, spine.clock())


@router.post("/{preservation}/hold")
async def hold_preservation(preservation: Id, question: Because, spine: SpineHere, caller: Holder) -> PreservationShown:
    """A legal hold: neither release nor erasure until two people have lifted it."""
    return preservation_shown(await actions.hold(spine, caller, preservation, question.reason), spine.clock())


@router.post("/{preservation}/lift")
async def lift_hold(preservation: Id, question: Because, spine: SpineHere, caller: Holder) -> PreservationShown:
    """Ask for the legal hold to be lifted; asked by a second person, it is."""
    return preservation_shown(await actions.lift(spine, caller, preservation, question.reason), spine.clock())


@router.post("/{preservation}/release")
async def release_preservation(
    preservation: Id, question: Because, spine: SpineHere, caller: Annotated[Caller, permit(PRESERVATION_RELEASE)]
) -> Released:
    """Let the reads go: copies that no other case holds are deleted."""
    erased, pictures, still = await actions.release(spine, caller, preservation, question.reason)
    return Released(id=preservation, erased=erased, pictures_erased=pictures, still_held=still)
