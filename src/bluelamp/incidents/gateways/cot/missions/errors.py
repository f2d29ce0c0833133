"""Named failures of missions."""

from __future__ import annotations

from bluelamp.spine.errors import ConflictError, ForbiddenError


class NotTakenError(ConflictError):
    """The incident does not take it: it is closed, or it is nothing that incidents have."""

    code = "not_taken"


class NotRemovedError(ForbiddenError):
    """It stays in the incident."""

    code = "not_removed"


class RunInBluelampError(ForbiddenError):
    """Missions are incidents: they are opened, shared and closed there."""

    code = "run_in_bluelamp"

    def __init__(self) -> None:
        super().__init__("missions are incidents: open, change, share and close them in Bluelamp")
