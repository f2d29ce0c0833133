"""What an agency may share of ANPR with another: its lists with their entries, and the hits on them."""

from __future__ import annotations

from bluelamp.anpr.store.lists import list_name
from bluelamp.spine.relational import Connection
from bluelamp.spine.sharing import Shareable

SHARED_LISTS = "lists"
SHARED_HITS = "hits"


async def _name_of(connection: Connection, list_id: str, agency: str) -> str | None:
    return await list_name(connection, list_id, agency)


SHARES = (
    Shareable(SHARED_LISTS, "vehicles of interest: lists and their entries, to look at", _name_of),
    Shareable(SHARED_HITS, "hits on our lists, with their pictures, to look at, live too", _name_of),
)
"""Either is of everything or of one list. A hit belongs to the owner of the list: a force shares no other force's hit at its camera."""
