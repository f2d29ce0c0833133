"""Authorities end when their time is over, and their holders are reminded before."""

from __future__ import annotations

from bluelamp.accountability.authorisations.actions import end_those_over, remind
from bluelamp.spine.module import Job, Spine


async def _keep_time(spine: Spine) -> None:
    while await end_those_over(spine):
        pass
    while await remind(spine):
        pass


JOB = Job("accountability-authorisations", 30, _keep_time)
