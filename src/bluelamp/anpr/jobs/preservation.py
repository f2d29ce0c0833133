"""Every hour: remind of preservations to be reviewed, and delete objects that a crash left without a copy to belong to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from bluelamp.anpr.store import preservation as store
from bluelamp.kit.clock import to_ms, to_rfc3339
from bluelamp.spine import audit, outbox
from bluelamp.spine.encryption.rotation import holding_keys
from bluelamp.spine.module import Job, Spine

REVIEW_SUBJECT = "anpr.hits.preservation_review"
REMIND_DAYS = 14
_AT_ONCE = 500


class ReviewDue(msgspec.Struct, frozen=True):
    """The event on `anpr.hits.preservation_review`: somebody is to say whether a case still needs its reads."""

    preservation: str
    agency: str
    case_reference: str
    review_at: str
    reads: int


async def remind(spine: Spine) -> None:
    """Tell the agency once of each; setting a new date makes it due again."""
    now = datetime.fromtimestamp(spine.clock() / 1000, UTC)
    async with spine.db.transaction() as connection:
        rows = await store.take_due(connection, now + timedelta(days=REMIND_DAYS), now, _AT_ONCE)
        for row in rows:
            due = ReviewDue(row["id"], row["agency"], row["case_reference"], to_rfc3339(to_ms(row["review_at"])), row["reads"])
            await outbox.post(connection, REVIEW_SUBJECT, msgspec.json.encode(due))
        if rows:
            await audit.record(connection, audit.SYSTEM, "disclosure", "anpr.preservations.remind", detail={"preservations": len(rows)})


async def sweep(spine: Spine) -> None:
    """Objects of copies that were never written, or were released while the process ended; and data keys of days without copies."""
    async with store.holding(spine.db):
        known = await store.objects(spine.db)
        stray = [key for key in await spine.blobs.keys("preserved/") if key not in known]
        for key in stray:
            await spine.blobs.shred(key)
        days = {place.split("/")[1] for place in known}
        idle = {name.split("/")[2] for name in await spine.blobs.vault.names("preserved")} - days
        if idle:
            async with holding_keys(spine):
                for day in idle:
                    await spine.blobs.vault.drop(f"preserved/{day}")
    if stray:
        async with spine.db.transaction() as connection:
            await audit.record(connection, audit.SYSTEM, "erasure", "anpr.preservations.sweep", detail={"objects": len(stray)})


async def _hourly(spine: Spine) -> None:
    await remind(spine)
    await sweep(spine)


JOB = Job("anpr-preservation", 3600, _hourly)
