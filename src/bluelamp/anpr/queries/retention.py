"""What retention has done, and what is left now: the report that an auditor asks for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from bluelamp.anpr.access import RETENTION_VIEW
from bluelamp.anpr.settings import intake_settings
from bluelamp.anpr.store import copies, retention
from bluelamp.kit.clock import to_ms, to_rfc3339
from bluelamp.spine import audit
from bluelamp.spine.audit import Actor
from bluelamp.spine.module import Spine

RUNS_SHOWN = 20


def told(moment: datetime | None) -> str | None:
    return to_rfc3339(to_ms(moment)) if moment else None


def described(left: copies.Left) -> dict[str, Any]:
    """A place as reports show it."""
    place = left.place
    return {
        "what": place.what, "where": place.where, "goes": place.goes, "overdue": left.overdue, "oldest": told(left.oldest),
        "why": place.left,
    }  # fmt: skip


def is_clean(found: list[copies.Left], before: datetime) -> bool:
    """Whether nothing is left but what the month in between explains, and what became due since the last round."""
    for left in found:
        grace = timedelta(days=11) if left.place.what in retention.MONTHS else timedelta(hours=50)
        if left.overdue and (left.oldest is None or before - left.oldest > grace):
            return False
    return True


async def report(spine: Spine, actor: Actor) -> dict[str, Any]:
    """Looks at every place where reads are kept, now."""
    now = datetime.fromtimestamp(spine.clock() / 1000, UTC)
    days = intake_settings().retention_days
    before = now - timedelta(days=days)
    intent = await audit.intend(spine.db, actor, RETENTION_VIEW)
    found = await copies.look(spine, before)
    runs = await retention.runs(spine.db, RUNS_SHOWN)
    held = await retention.held(spine.db)
    await audit.conclude(spine.db, intent, "answered", len(runs))
    return {
        "retention_days": days,
        "before": told(before),
        "looked_at": told(now),
        "copies": [described(left) for left in found],
        "preserved_reads": held["reads"],
        "preservations": held["preservations"],
        "legal_holds": held["holds"],
        "clean": is_clean(found, before),
        "runs": [
            {"id": run["id"], "at": told(run["at"]), "before": told(run["before"]), "deleted": run["deleted"], "report": run["report"],
             "sha256": run["sha256"]}
            for run in runs
        ],
    }  # fmt: skip
