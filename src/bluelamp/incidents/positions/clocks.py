"""Clocks of devices: how far one is off, told from the time that it says it sends. Pure."""

from __future__ import annotations

AHEAD_MS = 2_000
"""A device cannot send before now, so more than this ahead is its clock."""
BEHIND_MS = 60_000
"""A slow line makes a request look old; no request takes longer than this, so more behind is its clock."""
JITTER_MS = 2_000


def clock_off(sent_at: int, received_at: int) -> int:
    """By how many milliseconds the sender's clock is ahead (negative: behind); 0 where the difference may as well be the line's."""
    off = sent_at - received_at
    return off if off > AHEAD_MS or off < -BEHIND_MS else 0
