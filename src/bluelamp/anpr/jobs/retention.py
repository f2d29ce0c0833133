"""Retention: reads, evidence, pictures and exports past their time are deleted, and the deletion is on record.

Questions never reach past the retention (`Window.within`), so nothing is shown in the meantime: one day at most for the
order by camera, whose partitions are days; ten for the order by plate, whose partitions are months (docs/decisions/0070).
"""

from __future__ import annotations

import hashlib
import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from bluelamp.anpr.queries.retention import described, is_clean
from bluelamp.anpr.settings import intake_settings
from bluelamp.anpr.store import copies, exports, preservation, retention
from bluelamp.spine import audit
from bluelamp.spine.encryption.rotation import holding_keys
from bluelamp.spine.module import Job, Spine

log = logging.getLogger(__name__)

ACTION = "anpr.retention.delete"
TRIM_LAG = timedelta(days=10)
"""How long reads past their time may lie, unseen, in the month that is not all past its time."""


async def delete_expired(spine: Spine) -> None:
    """One round. Each deletion is put on record before it is done, with its size, so that a crash in between leaves a trace.

    Then it looks again at every place where reads are kept, and leaves a tombstone: counts before and after, and a hash.
    """
    now = datetime.fromtimestamp(spine.clock() / 1000, UTC)
    before = now - timedelta(days=intake_settings().retention_days)
    steps: list[dict[str, Any]] = []
    await _history(spine, before, steps)
    await _pictures(spine, before, steps)
    await _exports(spine, before, steps)
    await _asked(spine, before, steps)
    deleted = sum(step["count"] for step in steps)
    if deleted or await retention.proof_due(spine.db, now - timedelta(days=1)):
        await _prove(spine, now, before, steps, deleted)


async def _history(spine: Spine, before: datetime, steps: list[dict[str, Any]]) -> None:
    for partition in await retention.expired_partitions(spine.columnar, before):
        await _record(spine, {"table": partition.table, "partition": partition.id, "rows": partition.rows})
        await retention.drop_partition(spine.columnar, partition)
        left = await retention.rows_in(spine.columnar, partition)
        steps.append(
            {"what": partition.table, "how": "partition dropped", "partition": partition.id, "count": partition.rows, "after": left}
        )
    for table in retention.MONTHS:
        trimmed = await retention.trim_month(spine.columnar, table, before, TRIM_LAG)
        if trimmed:
            await _record(spine, {"table": table, "before": before.isoformat(), "rows": trimmed})
            steps.append({"what": table, "how": "month trimmed", "count": trimmed})
    forgotten = await retention.forget_plates(spine.columnar, before)
    if forgotten:
        await _record(spine, {"table": "plates", "rows": forgotten})
        steps.append({"what": "plates", "how": "plates forgotten", "count": forgotten})


async def _pictures(spine: Spine, before: datetime, steps: list[dict[str, Any]]) -> None:
    """The data keys of a day first: from then on no copy of its objects can be opened, wherever it is."""
    for day, keys in (await retention.expired_picture_days(spine.blobs, before)).items():
        await _record(spine, {"pictures": day, "objects": len(keys)})
        async with holding_keys(spine):
            dropped = await spine.blobs.vault.drop(f"pictures/{day}")
        await spine.blobs.delete(keys)
        left = len(await spine.blobs.keys(f"pictures/{day}"))
        steps.append({"what": "pictures", "how": "day deleted", "day": day, "count": len(keys), "data_keys": dropped, "after": left})


async def _asked(spine: Spine, before: datetime, steps: list[dict[str, Any]]) -> None:
    """What people asked for, and what they were told of it, name plates too."""
    async with spine.db.transaction() as connection:
        gone = await retention.delete_asked(connection, before)
        gone["restricted reads"] = await preservation.delete_restricted(connection, before)
        if any(gone.values()):
            await audit.record(connection, audit.SYSTEM, "erasure", ACTION, detail={**gone, "before": before.isoformat()})
    steps += [{"what": table, "how": "rows deleted", "count": count} for table, count in gone.items() if count]


async def _prove(spine: Spine, now: datetime, before: datetime, steps: list[dict[str, Any]], deleted: int) -> None:
    """Look again, independently of what was just done."""
    found = await copies.look(spine, before)
    left = [described(one) for one in found]
    report = {"steps": steps, "left": left, "clean": is_clean(found, before)}
    content = json.dumps({"at": now.isoformat(), "before": before.isoformat(), "report": report}, sort_keys=True, separators=(",", ":"))
    sha256 = hashlib.sha256(content.encode()).hexdigest()
    async with spine.db.transaction() as connection:
        run = await retention.add_run(connection, now, before, deleted, report, sha256)
        overdue = {one.place.what: one.overdue for one in found if one.overdue}
        detail = {"run": run, "before": before.isoformat(), "deleted": deleted, "left": overdue}
        await audit.record(
            connection, audit.SYSTEM, "erasure", "anpr.retention.prove", detail={**detail, "clean": report["clean"], "sha256": sha256}
        )
    if not report["clean"]:
        log.error("the retention is not complete: %s", overdue)


async def _exports(spine: Spine, before: datetime, steps: list[dict[str, Any]]) -> None:
    """Files of exports go with the reads in them; the data keys of whole days of them too."""
    for group in await retention.expired_export_groups(spine.blobs, before):
        async with holding_keys(spine):
            await spine.blobs.vault.drop(group)
    gone = await exports.exports_before(spine.db, before)
    for export in gone:
        await spine.blobs.delete(await spine.blobs.keys(exports.blob_key(export, "")))
    if gone:
        async with spine.db.transaction() as connection:
            await exports.delete_exports(connection, gone)
            await audit.record(connection, audit.SYSTEM, "erasure", ACTION, detail={"exports": len(gone), "before": before.isoformat()})
        steps.append({"what": "exports", "how": "files and rows deleted", "count": len(gone)})


async def _record(spine: Spine, what: dict[str, str | int]) -> None:
    log.info("retention deletes %s", what)
    async with spine.db.transaction() as connection:
        await audit.record(connection, audit.SYSTEM, "erasure", ACTION, detail=what)


RETENTION = Job("anpr-retention", 3600, delete_expired)
