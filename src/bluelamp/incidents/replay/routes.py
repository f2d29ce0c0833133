"""The door of a replay's positions."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter

from bluelamp.incidents.positions.access import POSITIONS_HISTORY
from bluelamp.incidents.positions.routes import Service
from bluelamp.incidents.replay import queries
from bluelamp.incidents.replay.schemas import IncidentTracksShown
from bluelamp.spine.http import Caller, Id, SpineHere, permit

router = APIRouter(tags=["incidents"], prefix="/incidents")


@router.get("/{incident}/tracks")
async def read_incident_tracks(
    incident: Id, spine: SpineHere, service: Service, caller: Annotated[Caller, permit(POSITIONS_HISTORY)]
) -> IncidentTracksShown:
    """Where resources were while they were on the incident, all at once, so that a replay asks once and can be moved freely.

    Your agency's, and others' while the incident was shared with you; covert ones for their own control room only. One look, on
    record under the incident and every resource, with the incident's number as its reference.
    """
    return IncidentTracksShown.of(await queries.tracks_of(spine, caller, incident), service.stale_ms)
