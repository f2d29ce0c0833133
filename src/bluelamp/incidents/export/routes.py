"""Doors of what remains after an incident: the package, and how long things took."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse

from bluelamp.incidents.access import INCIDENTS_EXPORT, INCIDENTS_VIEW
from bluelamp.incidents.export import actions, queries
from bluelamp.incidents.export.schemas import ExportQuestion
from bluelamp.incidents.export.times import Times
from bluelamp.spine.http import Caller, Id, SpineHere, permit

router = APIRouter(tags=["incidents"], prefix="/incidents")

PACKAGE: dict[int | str, dict[str, Any]] = {200: {"content": {"application/zip": {}}, "description": "The package"}}


@router.post("/{incident}/export", response_class=Response, responses=PACKAGE)
async def export_incident(
    incident: Id, question: ExportQuestion, spine: SpineHere, caller: Annotated[Caller, permit(INCIDENTS_EXPORT)]
) -> Response:
    """The whole incident as your agency may see it: a signed ZIP that opens in a browser without the platform.

    It is made while it is sent: one that broke off is no whole ZIP, ask again. `bluelamp verify incident FILE` tells whether
    it is unchanged.
    """
    package = await actions.export_incident(spine, caller, incident, question.reason)
    headers = {
        "Content-Disposition": f'attachment; filename="{package.name}"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return StreamingResponse(package.parts, media_type="application/zip", headers=headers)


@router.get("/{incident}/statistics")
async def read_incident_statistics(incident: Id, spine: SpineHere, caller: Annotated[Caller, permit(INCIDENTS_VIEW)]) -> Times:
    """How long things took: opened, first sent, first at the scene, closed; for each agency; and how soon emergencies were answered."""
    return await queries.times(spine, caller, incident)
