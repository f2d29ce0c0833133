"""Named failures of dispatch."""

from __future__ import annotations

from bluelamp.spine.errors import InvalidError


class AreaTooFineForOnceError(InvalidError):
    code = "area_too_fine"
