"""Doors of a person's rights: what is held on a vehicle as a bundle, and reads erased or restricted by authority."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from bluelamp.anpr.access import SUBJECTS_DISCLOSE, SUBJECTS_ERASE
from bluelamp.anpr.actions import erasure, subject_access
from bluelamp.anpr.actions.criteria import reason_of
from bluelamp.anpr.queries.lawful import duty
from bluelamp.anpr.schemas.preservation import Because, Erased, ErasureQuestion, Lifted, SubjectAccessQuestion
from bluelamp.spine.http import Caller, Id, SpineHere, permit

router = APIRouter(prefix="/anpr", tags=["rights"])

Eraser = Annotated[Caller, permit(SUBJECTS_ERASE)]


@router.post("/subject-access", response_class=Response, responses={200: {"content": {"application/zip": {}}}})
async def gather_subject(
    question: SubjectAccessQuestion, spine: SpineHere, caller: Annotated[Caller, permit(SUBJECTS_DISCLOSE)]
) -> Response:
    """What is held on a vehicle, as a ZIP with a manifest: reads, pictures, hits, list entries, preserved copies, and who looked."""
    why = reason_of(spine, question.reason)
    criteria = subject_access.asked(question.vrm, question.start, question.end)
    lawful = await duty(spine, caller, SUBJECTS_DISCLOSE, criteria, why)
    bundle, _ = await subject_access.gather(spine, caller.actor, lawful, criteria, why)
    headers = {
        "Content-Disposition": 'attachment; filename="subject-access.zip"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return Response(bundle, media_type="application/zip", headers=headers)


@router.post("/erasures", status_code=201)
async def erase_reads(question: ErasureQuestion, spine: SpineHere, caller: Eraser) -> Erased:
    """Erase reads for good, or restrict them, by authority; leaves a tombstone without the plate."""
    return Erased.model_validate(await erasure.erase(spine, caller, question))


@router.post("/erasures/{restriction}/lift")
async def lift_restriction(restriction: Id, question: Because, spine: SpineHere, caller: Eraser) -> Lifted:
    """Put restricted reads back where searches find them."""
    return Lifted(id=restriction, reads=await erasure.lift(spine, caller, restriction, question.reason))
