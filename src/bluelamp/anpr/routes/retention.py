"""The door to the retention report: what was deleted after its time, what is left, and why."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from bluelamp.anpr.access import RETENTION_VIEW
from bluelamp.anpr.queries import retention
from bluelamp.anpr.schemas.preservation import RetentionReport
from bluelamp.spine.http import Caller, get_spine, permit
from bluelamp.spine.module import Spine

router = APIRouter(prefix="/anpr/retention", tags=["retention"])


@router.get("")
async def retention_report(
    spine: Annotated[Spine, Depends(get_spine)], caller: Annotated[Caller, permit(RETENTION_VIEW)]
) -> RetentionReport:
    """Looks at every place where reads are kept, and tells the last rounds of the deletion."""
    return RetentionReport.model_validate(await retention.report(spine, caller.actor))
