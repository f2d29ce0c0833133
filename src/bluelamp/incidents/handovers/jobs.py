"""Retention: what went to and fro between control rooms holds people, and goes when it has long been settled. The log keeps that it was."""

from __future__ import annotations

from datetime import timedelta

from bluelamp.incidents.handovers import clearing
from bluelamp.incidents.log.store import moment
from bluelamp.incidents.settings import incident_settings
from bluelamp.spine import audit
from bluelamp.spine.module import Job, Spine

ACTION = "incidents.handovers.delete"
AT_ONCE = 500


async def delete_old(spine: Spine) -> None:
    """One round, some hundred at a time, each time on record."""
    while await _delete_some(spine):
        pass


async def _delete_some(spine: Spine) -> bool:
    before = moment(spine.clock()) - timedelta(days=incident_settings().handover_days)
    async with spine.db.transaction() as connection:
        messages = await clearing.delete_settled(connection, before, AT_ONCE)
        links = await clearing.delete_ended_links(connection, before, AT_ONCE)
        if messages or links:
            detail = {"messages": messages, "links": links, "settled_before": before.isoformat()}
            await audit.record(connection, audit.SYSTEM, "erasure", ACTION, detail=detail)
    return AT_ONCE in {messages, links}


RETENTION = Job("incidents.handovers.retention", 6 * 3600, delete_old)
