"""Every ten minutes: keep the rejects of every source within their bounds."""

from __future__ import annotations

from bluelamp.anpr.actions.rejects import trim
from bluelamp.spine.module import Job

JOB = Job("anpr.rejects.trim", 600, trim)
