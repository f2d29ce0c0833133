"""SQL of what a package and the statistics are made from: the log up to an event, as one agency sees it, in pages."""

from __future__ import annotations

from collections.abc import AsyncIterator

from bluelamp.incidents.domain.fold import Event
from bluelamp.incidents.log.store import events_shown
from bluelamp.incidents.media.store import Media
from bluelamp.incidents.media.store import shown as media_shown
from bluelamp.spine.relational import Database

READ_AT_ONCE = 1000


async def count_shown(db: Database, incident: str, agency: str, up_to: int) -> int:
    """How many events up to `up_to` the agency sees; the same as `events_shown` counts."""
    found = await db.fetchval(
        "SELECT count(*) FROM incident_events WHERE incident = $1 AND sequence <= $3 AND (audience = '{}' OR $2 = ANY(audience))"
        " AND (kind <> 'vehicle.looked_up' OR agency = $2)",
        incident, agency, up_to,
    )  # fmt: skip
    return int(found)


async def events(
    db: Database, incident: str, agency: str, up_to: int, kinds: list[str] | None = None, after: int = 0
) -> AsyncIterator[Event]:
    """Events after `after` up to `up_to`, in order, some hundred in memory at a time."""
    while True:
        page = await events_shown(db, incident, agency, after, kinds or [], READ_AT_ONCE, newest=False)
        for event in page:
            if event.sequence > up_to:
                return
            yield event
        if len(page) < READ_AT_ONCE:
            return
        after = page[-1].sequence


async def media(db: Database, incident: str, agency: str, up_to: int) -> AsyncIterator[Media]:
    """What the agency sees of the imagery that the log told of up to `up_to`."""
    after = ""
    while page := await media_shown(db, incident, agency, after, READ_AT_ONCE):
        for one in page:
            if one.sequence <= up_to:
                yield one
        after = page[-1].id
