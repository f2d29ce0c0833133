"""Every hour: remind owners of entries that end soon, and forget mutes that ended a month ago."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from bluelamp.anpr.matching.hits import REMINDER_SUBJECT, entry_id
from bluelamp.anpr.matching.settings import MatchingSettings
from bluelamp.anpr.store import lists as store
from bluelamp.anpr.store import mutes as mute_store
from bluelamp.kit.clock import to_ms, to_rfc3339
from bluelamp.spine import audit, outbox
from bluelamp.spine.module import Job, Spine

_AT_ONCE = 500


class Reminder(msgspec.Struct, frozen=True, kw_only=True):
    """The event on `anpr.hits.reminder`: an entry ends soon."""

    entry: str
    vrm: str
    expires: str
    list_id: str
    list_name: str
    agency: str


async def remind(spine: Spine) -> None:
    """Tell of each ending entry once; a change of the entry makes it due again."""
    now = datetime.fromtimestamp(spine.clock() / 1000, UTC)
    while await _remind_some(spine, now + timedelta(days=MatchingSettings().remind_days)):
        pass
    async with spine.db.transaction() as connection:
        await mute_store.delete_ended_mutes(connection, now - timedelta(days=30))


async def _remind_some(spine: Spine, expires_before: datetime) -> bool:
    async with spine.db.transaction() as connection:
        rows = await store.take_reminders(connection, expires_before, _AT_ONCE)
        for row in rows:
            reminder = Reminder(
                entry=entry_id(row["number"]),
                vrm=row["vrm"],
                expires=to_rfc3339(to_ms(row["expires_at"])),
                list_id=row["list"],
                list_name=row["list_name"],
                agency=row["agency"],
            )
            await outbox.post(connection, REMINDER_SUBJECT, msgspec.json.encode(reminder))
        if rows:
            detail = {"entries": len(rows)}
            await audit.record(connection, audit.SYSTEM, "disclosure", "anpr.lists.remind", detail=detail)
    return len(rows) == _AT_ONCE


JOB = Job("anpr.lists.remind", 3600, remind)
