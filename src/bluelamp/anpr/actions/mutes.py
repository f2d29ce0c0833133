"""Verbs on mutes: no alerts from a noisy camera or entry for a while, for one's own agency."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bluelamp.anpr.actions.lists import checked_text
from bluelamp.anpr.errors import NoSuchMuteError
from bluelamp.anpr.matching.hits import entry_id
from bluelamp.anpr.store import mutes as store
from bluelamp.kit.ids import new_id
from bluelamp.spine import audit
from bluelamp.spine.audit import Actor
from bluelamp.spine.errors import InvalidError
from bluelamp.spine.relational import Connection

MINUTES_MAX = 24 * 60


async def mute(
    connection: Connection, actor: Actor, name: str, camera: str | None, entry: int | None, minutes: int, reason: str, now: int
) -> str:
    """Mute a camera or an entry; returns the mute's id. Its hits are listed, not alerted. Raises `InvalidError`."""
    if (camera is None) == (entry is None):
        raise InvalidError("give a camera or an entry to mute, one of the two")
    mute_id = new_id()
    row = {
        "id": mute_id,
        "agency": actor.agency,
        "camera": camera,
        "entry": entry,
        "reason": checked_text(reason, "reason", 500, needed=True),
        "until": datetime.fromtimestamp(now / 1000, UTC) + timedelta(minutes=minutes),
        "by": actor.id,
        "by_name": name,
    }
    await store.insert_mute(connection, row)
    subjects = (mute_id, f"camera:{camera}" if camera else entry_id(entry or 0))
    detail = {"minutes": minutes, "reason": reason}
    await audit.record(connection, actor, "alteration", "anpr.mutes.add", subjects=subjects, detail=detail)
    return mute_id


async def unmute(connection: Connection, actor: Actor, mute_id: str) -> None:
    """End a mute. Raises `NoSuchMuteError`."""
    row = await store.delete_mute(connection, mute_id, actor.agency)
    if row is None:
        raise NoSuchMuteError("your agency has no such mute")
    await audit.record(connection, actor, "alteration", "anpr.mutes.remove", subjects=(mute_id,))
