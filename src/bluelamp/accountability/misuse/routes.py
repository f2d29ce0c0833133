"""Doors of misuse detection: findings for supervisors, the directory for administrators."""

from __future__ import annotations

import tempfile
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from bluelamp.accountability.misuse import actions, queries
from bluelamp.accountability.misuse.access import DIRECTORY_LOAD, DIRECTORY_VIEW, FINDINGS_VIEW
from bluelamp.accountability.misuse.schemas import DirectoryAnswer, DirectoryShown, FindingItem, RejectedFact, State
from bluelamp.kit.paging import decode_cursor, encode_cursor
from bluelamp.spine.errors import InvalidError, TooLargeError, UnsupportedMediaError
from bluelamp.spine.http import Caller, Id, SpineHere, permit
from bluelamp.spine.wire import Page

router = APIRouter(prefix="/misuse", tags=["misuse"])

SUFFIXES = {"text/csv": ".csv", "application/json": ".json", "application/x-ndjson": ".ndjson"}
BODY: dict[str, Any] = {"requestBody": {"required": True, "content": {kind: {"schema": {"type": "string"}} for kind in SUFFIXES}}}


@router.get("/findings")
async def show_findings(
    spine: SpineHere,
    caller: Annotated[Caller, permit(FINDINGS_VIEW)],
    state: State | None = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[FindingItem]:
    """What the detector found about people of your agency, the newest first; never about yourself or your own line."""
    try:
        before = str(decode_cursor(cursor, str)[0]) if cursor else ""
    except ValueError as error:
        raise InvalidError(str(error)) from None
    if "\0" in before:
        raise InvalidError("not a cursor of this list")
    rows = await queries.findings(spine, caller, state or "", before, limit + 1)
    more = encode_cursor(rows[limit - 1]["id"]) if len(rows) > limit else None
    return Page(items=[FindingItem.of(row) for row in rows[:limit]], next=more)


@router.get("/findings/{finding}")
async def show_finding(
    finding: Id,
    spine: SpineHere,
    caller: Annotated[Caller, permit(FINDINGS_VIEW)],
) -> FindingItem:
    """One finding with its reasons."""
    return FindingItem.of(await queries.finding(spine, caller, finding))


@router.get("/directory")
async def show_directory(spine: SpineHere, caller: Annotated[Caller, permit(DIRECTORY_VIEW)]) -> DirectoryShown:
    """When your agency's directory was loaded. What it says of people is shown to nobody."""
    row = await queries.directory(spine, caller)
    return DirectoryShown(facts=0, at=None, expires_at=None) if row is None else DirectoryShown.model_validate(dict(row))


@router.post("/directory", openapi_extra=BODY)
async def load_directory(request: Request, spine: SpineHere, caller: Annotated[Caller, permit(DIRECTORY_LOAD)]) -> DirectoryAnswer:
    """Replace your agency's directory by CSV, JSON or NDJSON (docs/misuse.md); bad rows are told by line."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in SUFFIXES:
        raise UnsupportedMediaError(f"send the directory as one of {', '.join(SUFFIXES)}")
    total = 0
    with tempfile.NamedTemporaryFile(suffix=SUFFIXES[kind]) as file:
        async for chunk in request.stream():
            total += len(chunk)
            if total > spine.settings.import_bytes_max:
                raise TooLargeError(f"the file has more than {spine.settings.import_bytes_max} bytes: use bluelamp misuse directory FILE")
            file.write(chunk)
        file.flush()
        done = await actions.load_directory(spine.db, caller.actor, FilePath(file.name), spine.clock())
    rejected = [RejectedFact(line=bad.line, message=bad.message) for bad in done.rejected]
    return DirectoryAnswer.model_validate(
        {"facts": done.facts, "rejected": rejected, "rejected_total": done.rejected_total, "expires_at": done.expires_at}
    )


@router.delete("/directory", status_code=204)
async def erase_directory(spine: SpineHere, caller: Annotated[Caller, permit(DIRECTORY_LOAD)]) -> Response:
    """Erase your agency's directory; the signals that need it fall silent."""
    async with spine.db.transaction() as connection:
        await actions.erase_directory(connection, caller.actor)
    return Response(status_code=204)
