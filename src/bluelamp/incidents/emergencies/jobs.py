"""Escalation by time."""

from __future__ import annotations

import logging

from bluelamp.incidents.emergencies import actions
from bluelamp.spine.module import Job, Spine

log = logging.getLogger(__name__)


async def _escalate(spine: Spine) -> None:
    if told := await actions.escalate(spine):
        log.warning("%d emergencies were not acknowledged in time and told again", told)


ESCALATE = Job("incidents.escalate", 2.0, _escalate)
