"""A position of a resource, and who may see it. Pure."""

from __future__ import annotations

import msgspec

FEDERATED = "region"
"""Source of positions that another region told: their resource has no record here."""


class Position(msgspec.Struct, frozen=True, gc=False, array_like=True, omit_defaults=True):
    """Where a resource was at one moment, with what a viewer must know to show it. On the wire an array, in this order.

    Times are epoch milliseconds. It holds nothing that can form a cycle, so the garbage collector need not walk 300,000.
    """

    resource: str
    at: int
    """When it was there: the device's time, corrected where its clock was found to be off."""
    latitude: float
    longitude: float
    agency: str
    """Code of the agency that the resource belongs to."""
    received_at: int
    """When the platform heard of it. Of two with the same `at`, the later word holds: it may carry a changed mark."""
    kind: str = ""
    """Kind of the resource, such as `vehicle` or `person`: how soon it is stale depends on it."""
    call_sign: str = ""
    source: str = ""
    """How it came: `phone`, `vehicle`, `cot`, `console`, `region` (another one's)."""
    covert: bool = False
    """Shown to nobody but the control room of its own agency."""
    gone: bool = False
    """No position: the resource went off duty or was withdrawn, and is to leave every screen."""
    accuracy_m: float | None = None
    speed_mps: float | None = None
    course_deg: float | None = None
    """Direction of travel over ground, degrees clockwise from true north."""
    altitude_m: float | None = None
    clock_off_ms: int = 0
    """By how much the device's clock was found to be ahead (positive) and `at` was corrected."""


def may_see(position: Position, agency: str, controls: bool) -> bool:
    """Whether a person of `agency` may see this position at all; `controls`: they work in that agency's control room.

    A covert resource does not exist for anyone else. Everything narrower (incident, group, map window) is the viewer's business.
    """
    return not position.covert or (controls and position.agency == agency)
