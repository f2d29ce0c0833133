"""The one way the platform asks for the time, so that a test can hold it still."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], int]
"""Returns milliseconds since 1970-01-01T00:00Z."""


def now_ms() -> int:
    """Wall-clock time in milliseconds since the epoch, UTC."""
    return time.time_ns() // 1_000_000


def to_rfc3339(ms: int) -> str:
    """Milliseconds since the epoch as RFC 3339 UTC with exactly three decimals: `2026-03-02T10:17:18.252Z`."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


def from_rfc3339(text: str) -> int:
    """An RFC 3339 time with a zone as milliseconds since the epoch.

    Raises:
        ValueError: not a time, or without a zone (a local time is ambiguous, so it is never guessed).
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"the time {text!r} has no zone: end it with Z or an offset such as +01:00")
    return to_ms(moment)


def to_ms(moment: datetime) -> int:
    """An aware datetime as milliseconds since the epoch, without the rounding of floating point."""
    whole = moment.astimezone(UTC)
    return int(whole.replace(microsecond=0).timestamp()) * 1000 + whole.microsecond // 1000
