"""Wire shapes of packages."""

from __future__ import annotations

from bluelamp.incidents.domain.events import Reason
from bluelamp.spine.wire import Question


class ExportQuestion(Question):
    """Why the incident leaves the platform: it stands in the audit and in the package."""

    reason: Reason
