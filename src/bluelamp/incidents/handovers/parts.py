"""What the application mounts of hand-overs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter

from bluelamp.incidents.handovers import consumer, jobs, routes, sending
from bluelamp.incidents.handovers.door import PREFIX, HandoverDoor
from bluelamp.spine.module import Job, Spine, Work

ROUTERS: tuple[APIRouter, ...] = (routes.router,)
CONSUMERS: dict[str, Work] = {"incident-handovers": consumer.run, "incident-handover-sender": sending.run}
PER_PROCESS: dict[str, Callable[[Spine], Any]] = {"handover-door": HandoverDoor}
JOBS: tuple[Job, ...] = (jobs.RETENTION,)
DOORS = {PREFIX: "handover-door"}
