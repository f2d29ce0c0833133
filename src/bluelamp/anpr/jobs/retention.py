"""Retention: reads, evidence, pictures and exports past their time are deleted, and the deletion is on record.

Questions never reach past the retention (`Window.within`), so nothing is shown in the meantime: one day at most for the
order by camera, whose partitions are days; ten for the order by plate, whose partitions are months (docs/decisions/0070).
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from bluelamp.anpr.settings import intake_settings
from bluelamp.anpr.store import exports, retention
from bluelamp.spine import audit
from bluelamp.spine.module import Job, Spine

log = logging.getLogger(__name__)

ACTION = "anpr.retention.delete"
TRIM_LAG = timedelta(days=10)
"""How long reads past their time may lie, unseen, in the month that is not all past its time."""


async def delete_expired(spine: Spine) -> None:
    """One round. Each deletion is put on record before it is done, with its size, so that a crash in between leaves a trace."""
    before = datetime.fromtimestamp(spine.clock() / 1000, UTC) - timedelta(days=intake_settings().retention_days)
    for partition in await retention.expired_partitions(spine.columnar, before):
        await _record(spine, {"table": partition.table, "partition": partition.id, "rows": partition.rows})
        await retention.drop_partition(spine.columnar, partition)
    for table in retention.MONTHS:
        trimmed = await retention.trim_month(spine.columnar, table, before, TRIM_LAG)
        if trimmed:
            await _record(spine, {"table": table, "before": before.isoformat(), "rows": trimmed})
    for day, keys in (await retention.expired_picture_days(spine.blobs, before)).items():
        await _record(spine, {"pictures": day, "objects": len(keys)})
        await spine.blobs.delete(keys)
    forgotten = await retention.forget_plates(spine.columnar, before)
    if forgotten:
        await _record(spine, {"table": "plates", "rows": forgotten})
    await _exports(spine, before)


async def _exports(spine: Spine, before: datetime) -> None:
    """Files of exports go with the reads in them."""
    gone = await exports.exports_before(spine.db, before)
    for export in gone:
        await spine.blobs.delete(await spine.blobs.keys(exports.blob_key(export, "")))
    if gone:
        async with spine.db.transaction() as connection:
            await exports.delete_exports(connection, gone)
            await audit.record(connection, audit.SYSTEM, "erasure", ACTION, detail={"exports": len(gone), "before": before.isoformat()})


async def _record(spine: Spine, what: dict[str, str | int]) -> None:
    log.info("retention deletes %s", what)
    async with spine.db.transaction() as connection:
        await audit.record(connection, audit.SYSTEM, "erasure", ACTION, detail=what)


RETENTION = Job("anpr-retention", 3600, delete_expired)
