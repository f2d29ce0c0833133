"""What can be wrong with what a client sends. None of it reaches anybody else."""

from __future__ import annotations

from bluelamp.spine.errors import BluelampError


class EventError(BluelampError):
    """One event that cannot be used; the next may be good."""

    code = "cot_event_unusable"


class StreamError(BluelampError):
    """The stream itself cannot be followed any more: the connection is over."""

    code = "cot_stream_broken"
