"""Doors of terms: an agency's own words for types, grades and status codes."""

from __future__ import annotations

import csv
import io
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from bluelamp.incidents.access import INCIDENTS_VIEW, TERMS_MANAGE
from bluelamp.incidents.checklists import TEMPLATES
from bluelamp.incidents.errors import TermsFileError
from bluelamp.incidents.terms import store
from bluelamp.incidents.terms.defaults import FREE, MEANINGS, Kind, Term
from bluelamp.spine import audit
from bluelamp.spine.http import Caller, SpineHere, permit
from bluelamp.spine.wire import Page, Question

router = APIRouter(tags=["incidents"], prefix="/incidents/terms")

KINDS: tuple[Kind, ...] = ("type", "grade", "status")
TERMS_MAX = 500
COLUMNS = ["kind", "code", "name", "meaning"]


class TermShown(BaseModel):
    kind: Kind
    code: str
    name: str
    meaning: str
    free: bool
    """Of a status: a resource in it may be sent."""


class ChecklistShown(BaseModel):
    code: str
    title: str
    types: list[str]
    items: list[str]


class TermsShown(Page[TermShown]):
    meanings: dict[str, dict[str, str]]
    """What the words of all agencies mean, by kind."""
    checklists: list[ChecklistShown]


class TermsQuestion(Question):
    """All words of the kinds that the file names, in the order in which they are shown."""

    csv: Annotated[str, Field(min_length=1, max_length=200_000)]
    """Columns kind, code, name, meaning, with a first line that names them."""


@router.get("")
async def list_terms(spine: SpineHere, caller: Annotated[Caller, permit(INCIDENTS_VIEW)]) -> TermsShown:
    """Your agency's words for types, grades and status codes, what each means to all, and the checklists."""
    terms = [term for kind in KINDS for term in await store.terms_of(spine.db, caller.agency, kind)]
    shown = [TermShown(**term._asdict(), free=term.kind == "status" and term.meaning in FREE) for term in terms]
    lists = [ChecklistShown(code=code, title=one.title, types=list(one.types), items=list(one.items)) for code, one in TEMPLATES.items()]
    return TermsShown(items=shown, next=None, meanings=MEANINGS, checklists=lists)


@router.put("")
async def set_terms(question: TermsQuestion, spine: SpineHere, caller: Annotated[Caller, permit(TERMS_MANAGE)]) -> TermsShown:
    """Replace your agency's words of the kinds that the file names. Nothing changes where a row is wrong; the answer says which."""
    terms = _read(question.csv)
    async with spine.db.transaction() as connection:
        for kind in KINDS:
            if of_kind := [term for term in terms if term.kind == kind]:
                await store.replace(connection, caller.agency, kind, of_kind)
        detail = {"terms": [list(term) for term in terms[:50]], "count": len(terms)}
        await audit.record(connection, caller.actor, "alteration", TERMS_MANAGE, subjects=(caller.agency,), detail=detail)
    return await list_terms(spine, caller)


def _read(text: str) -> list[Term]:
    """Raises `TermsFileError`: names the first rows that are wrong, and what would be right."""
    reader = csv.DictReader(io.StringIO(text))
    if reader.fieldnames is None or [name.strip().lower() for name in reader.fieldnames] != COLUMNS:
        raise TermsFileError(f"the first line must name the columns {','.join(COLUMNS)}")
    terms: list[Term] = []
    wrong: list[str] = []
    seen: set[tuple[str, str]] = set()
    for number, row in enumerate(reader, 2):
        kind, code, name, meaning = ((row.get(column) or "").strip() for column in reader.fieldnames)
        if kind not in MEANINGS:
            wrong.append(f"line {number}: kind is one of {', '.join(MEANINGS)}")
        elif meaning not in MEANINGS[kind]:
            wrong.append(f"line {number}: a {kind} means one of {', '.join(MEANINGS[kind])}")
        elif not 1 <= len(code) <= 60 or not 1 <= len(name) <= 120:
            wrong.append(f"line {number}: a code has 1 to 60 characters and a name 1 to 120")
        elif (kind, code.casefold()) in seen:
            wrong.append(f"line {number}: {kind} {code} is there twice")
        else:
            seen.add((kind, code.casefold()))
            terms.append(Term(kind, code, name, meaning))  # type: ignore[arg-type]
        if len(wrong) == 20 or len(terms) > TERMS_MAX:
            break
    if wrong or not terms or len(terms) > TERMS_MAX:
        raise TermsFileError("; ".join(wrong) or f"a file has 1 to {TERMS_MAX} words", errors=wrong)
    return terms
