"""The verb at the end of a shift: hand over what is still open."""

from __future__ import annotations

from typing import Any

from bluelamp.anpr.actions.lists import checked_text
from bluelamp.anpr.store import handovers as store
from bluelamp.kit.ids import new_id
from bluelamp.spine import audit
from bluelamp.spine.audit import Actor
from bluelamp.spine.relational import Connection, Record


async def hand_over(connection: Connection, actor: Actor, name: str, note: str, summary: dict[str, Any]) -> Record:
    """Keep a note with the summary of open hits for the next shift. Raises `InvalidError`."""
    note = checked_text(note, "note", 5000)
    row = {"id": new_id(), "agency": actor.agency, "by": actor.id, "by_name": name, "note": note, "summary": summary}
    made = await store.insert_handover(connection, row)
    await audit.record(connection, actor, "collection", "anpr.handovers.write", subjects=(made["id"],))
    return made
