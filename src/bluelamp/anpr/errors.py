"""The named failures of ANPR. Codes are stable: suppliers branch on them."""

from __future__ import annotations

from bluelamp.spine.errors import BluelampError


class NotThisFormatError(BluelampError):
    """A body in which no item of the named camera format can be told apart: nothing was kept."""

    status = 422
    code = "not_this_format"


class TooManyItemsError(NotThisFormatError):
    """A body with more items or parts than one request may carry: nothing was kept, send it in pieces."""

    status = 413
    code = "too_many_items"
