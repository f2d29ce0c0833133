"""Doors of the agencies and of the configured purposes."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from bluelamp.spine import purposes
from bluelamp.spine.http import Caller, get_spine, permit
from bluelamp.spine.identity.access import AGENCIES_MANAGE, AGENCIES_VIEW, PURPOSES_VIEW
from bluelamp.spine.module import Spine
from bluelamp.spine.wire import AgencyRef, Page, Question

from . import agencies

router = APIRouter(tags=["organisations"])


class AgencyQuestion(Question):
    code: str = Field(max_length=8, examples=["KEN"])
    name: str = Field(max_length=120)
    service: str = Field("police", max_length=20, examples=["fire"])


class AgencyItem(AgencyRef):
    service: str
    """`police`, `fire`, `ambulance`, `coastguard` or `other`."""


class PurposeItem(BaseModel):
    """`reference` says what the reference should be; empty: none is asked for."""

    code: str
    name: str
    reference: str
    offence: str = ""
    marking: str = "OFFICIAL"


@router.get("/agencies")
async def list_agencies(spine: Annotated[Spine, Depends(get_spine)], _caller: Annotated[Caller, permit(AGENCIES_VIEW)]) -> Page[AgencyItem]:
    """All agencies, by code."""
    return Page(items=[AgencyItem(**a._asdict()) for a in await agencies.all_agencies(spine.db)], next=None)


@router.post("/agencies", status_code=201)
async def add_agency(
    question: AgencyQuestion, spine: Annotated[Spine, Depends(get_spine)], caller: Annotated[Caller, permit(AGENCIES_MANAGE)]
) -> AgencyItem:
    """Register an agency."""
    async with spine.db.transaction() as connection:
        added = await agencies.add_agency(connection, caller.actor, question.code, question.name, question.service)
    return AgencyItem(**added._asdict())


@router.get("/purposes")
async def list_purposes(
    spine: Annotated[Spine, Depends(get_spine)], _caller: Annotated[Caller, permit(PURPOSES_VIEW)]
) -> Page[PurposeItem]:
    """The purposes that a search may give as its reason."""
    items = [
        PurposeItem(code=p.code, name=p.name, reference=p.reference, offence=p.offence, marking=p.marking)
        for p in purposes.configured(spine.settings)
    ]
    return Page(items=items, next=None)
