"""What another region's word means for this one's own records: resources, emergencies and pictures of the incident."""

from __future__ import annotations

from bluelamp.incidents.domain.fold import Event
from bluelamp.incidents.emergencies import store as emergencies
from bluelamp.incidents.federation import store
from bluelamp.incidents.log import store as log_store
from bluelamp.incidents.media import elsewhere as media
from bluelamp.incidents.resources import store as resources
from bluelamp.spine.relational import Connection


async def follow(connection: Connection, event: Event, sender: str) -> None:
    """In the transaction that keeps the event. Records that are another region's are not here, so nothing happens to them.

    What was carried here moves a record of ours only where its own agency said so: then our own log vouches for it (`receive.py`).
    """
    data = event.data
    if event.kind == "incident.closed" or (event.kind == "incident.merged" and data["direction"] == "into"):
        await resources.take_off(connection, None, event.incident)
    elif event.kind == "agency.left":
        await resources.take_off_agency(connection, data["agency"], event.incident)
    elif event.kind == "resource.assigned":
        await store.put_on(connection, data["resource"], event.incident, data.get("agency") or event.agency)
        if event.carried is not None:
            await store.put_own_on(connection, data["resource"], event.incident, event.agency)
    elif event.kind == "resource.released":
        await store.take_off(connection, data["resource"], event.incident)
        if event.carried is not None:
            await store.take_own_off(connection, data["resource"], event.incident, event.agency)
    elif event.kind == "emergency.raised" and event.carried is not None:
        await emergencies.move(connection, data["emergency"], event.incident, event.agency)
    elif event.kind == "media.added":
        await media.begin(connection, event, sender)
        if event.carried is not None and await media.told_by(connection, data["media"], event.agency):
            await log_store.show_media_in(connection, event.incident, [(data["media"], event.sequence)])
