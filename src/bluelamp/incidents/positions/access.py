"""Named permissions of positions and places, and the roles that hold them."""

from __future__ import annotations

from bluelamp.incidents.access import CONTROL_ROOM, RESPONDING
from bluelamp.spine.policy import Permission

POSITIONS_REPORT = "incidents.positions.report"
POSITIONS_VIEW = "incidents.positions.view"
POSITIONS_HISTORY = "incidents.positions.history"
PLACES_FIND = "incidents.places.find"

POSITION_PERMISSIONS = (
    Permission(POSITIONS_REPORT, "tell where you are, while you crew a resource on duty", RESPONDING),
    Permission(POSITIONS_VIEW, "see where resources of your agency and of its incidents are now", RESPONDING),
    Permission(POSITIONS_HISTORY, "see where resources of your agency were, with a reason", CONTROL_ROOM),
    Permission(PLACES_FIND, "find a place in any form that people say it", RESPONDING),
)
