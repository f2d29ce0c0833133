"""Out: what is said here of an incident goes to each other region that has an agency on it, and all that was said before it joined."""

from __future__ import annotations

from bluelamp.incidents import told
from bluelamp.incidents.domain.fold import Event
from bluelamp.incidents.federation.link import Link
from bluelamp.incidents.federation.parcels import Parcel, send
from bluelamp.incidents.federation.settings import FederationSettings
from bluelamp.incidents.log import store
from bluelamp.incidents.tables import INCIDENTS_STREAM
from bluelamp.incidents.told import Told, told_of
from bluelamp.spine.bus import Message
from bluelamp.spine.module import Spine

AT_ONCE = 200
"""Events in one message: well below what a server takes."""


def receivers(settings: FederationSettings, event: Told) -> set[str]:
    """The regions that are to have it: with an agency that sees it. What came from a region goes back to none."""
    if event.region or not event.incident:
        return set()
    seeing = [agency for agency in event.agencies if not event.audience or agency in event.audience]
    return {region for agency in seeing if (region := settings.region_of(agency))}


async def forward(spine: Spine, link: Link, event: Told) -> None:
    """Publish it for each region; repeated without harm."""
    joining = link.settings.region_of(event.data["agency"]) if event.kind == "agency.joined" else ""
    for region in receivers(link.settings, event):
        if region == joining:
            await _send_history(spine, link, region, event)
        else:
            await _send(spine, link, region, event.incident, (event,), event.id)


async def _send_history(spine: Spine, link: Link, region: str, last: Told) -> None:
    """All that was said so far, by whomever."""
    after = 0
    while after < last.sequence:
        events: list[Event] = await store.events_between(spine.db, last.incident, after, last.sequence, AT_ONCE)
        if not events:
            return
        after = events[-1].sequence
        there = dict.fromkeys(link.settings.regions[region], ())
        parts = tuple(told_of(e, last.agencies) for e in events if not e.audience or not there.keys().isdisjoint(e.audience))
        if parts:
            await _send(spine, link, region, last.incident, parts, f"{last.id}-{after}")


async def _send(spine: Spine, link: Link, region: str, incident: str, events: tuple[Told, ...], message_id: str) -> None:
    lead = await store.lead_of(spine.db, incident)
    await send(link, region, Parcel(incident, lead, events), message_id)


async def run(spine: Spine, link: Link) -> None:
    """Follow this region's incidents for ever."""

    async def handle(messages: list[Message]) -> None:
        for message in messages:
            await forward(spine, link, told.decode(message.payload))

    await spine.bus.consume(INCIDENTS_STREAM, "incident-federation", handle, batch_max=64)
