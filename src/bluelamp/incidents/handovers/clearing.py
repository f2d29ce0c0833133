"""SQL of what goes after its time: messages that are settled, and links of incidents that have ended."""

from __future__ import annotations

from datetime import datetime

from bluelamp.spine.relational import Connection

_OLD = (
    "NOT EXISTS (SELECT FROM incidents i WHERE i.id = {0}.incident AND (i.status = 'open' OR i.updated_at >= $1))"
    " AND NOT EXISTS (SELECT FROM incidents i WHERE i.id = {0}.shared AND i.status = 'open')"
)


async def delete_settled(connection: Connection, before: datetime, limit: int) -> int:
    """Messages that were settled before a moment and whose incident ended before it; how many. What waits for a person stays."""
    deleted = await connection.execute(
        "DELETE FROM handover_transfers WHERE id IN (SELECT t.id FROM handover_transfers t"
        " WHERE t.state IN ('received', 'refused', 'dropped')"
        f" AND coalesce(t.settled_at, t.sent_at, t.created_at) < $1 AND {_OLD.format('t')} ORDER BY t.id LIMIT $2 FOR UPDATE SKIP LOCKED)",
        before, limit,
    )  # fmt: skip
    return int(deleted.split()[-1])


async def delete_ended_links(connection: Connection, before: datetime, limit: int) -> int:
    """Links, with what was said last, of such incidents, once no message of theirs is left; how many."""
    deleted = await connection.execute(
        "DELETE FROM handover_links WHERE (partner, shared) IN (SELECT l.partner, l.shared FROM handover_links l"
        f" WHERE {_OLD.format('l')} AND EXISTS (SELECT FROM incidents i WHERE i.id = l.incident) AND NOT EXISTS"
        " (SELECT FROM handover_transfers t WHERE t.partner = l.partner AND t.shared = l.shared) LIMIT $2 FOR UPDATE SKIP LOCKED)",
        before, limit,
    )  # fmt: skip
    return int(deleted.split()[-1])
