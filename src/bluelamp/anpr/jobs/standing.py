"""Standing searches: run again and again; their owner is told once of every read that was not there before."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import msgspec

from bluelamp.anpr.access import SEARCHES_KEEP
from bluelamp.anpr.errors import NeedsAuthorityError
from bluelamp.anpr.queries import history, searches
from bluelamp.anpr.queries.lawful import rule
from bluelamp.anpr.settings import history_settings
from bluelamp.anpr.store import searches as store
from bluelamp.anpr.store.searches import Search
from bluelamp.kit.ids import new_id
from bluelamp.spine import audit, outbox
from bluelamp.spine.deciding import PolicyRefusedError
from bluelamp.spine.errors import BluelampError
from bluelamp.spine.identity.standing import person_now
from bluelamp.spine.module import Job, Spine
from bluelamp.spine.policy.rules import ERROR

log = logging.getLogger(__name__)

SUBJECT = "anpr.hits.standing"
LOOK_BACK_MS = 86_400_000
"""Every run looks at the last day, since reads may come late; later ones are found by opening the search."""
NEW_READS_MAX = 500


async def run_standing(spine: Spine) -> None:
    """Every standing search once. One that fails does not stop the others, and is run again next time."""
    for search, looked_at in await store.standing_searches(spine.db):
        try:
            await _run(spine, search, looked_at)
        except BluelampError as error:
            log.warning("standing search %s failed: %s", search.id, error.message)
    async with spine.db.transaction() as connection:
        await store.forget_findings(connection, _moment(spine.clock()) - timedelta(days=3))


async def _run(spine: Spine, search: Search, looked_at: datetime | None) -> None:
    """The first run notes what is there already and tells nobody. Policy decides each time, on what its owner is by now."""
    owner = await person_now(spine, person=search.owner, agency=search.agency)
    if owner is None or not owner.may(SEARCHES_KEEP):
        await _end(spine, search)
        return
    now = spine.clock()
    criteria = msgspec.structs.replace(search.criteria, start=now - LOOK_BACK_MS, end=now + 300_000)
    try:
        ruling = await rule(spine, owner, SEARCHES_KEEP, criteria, search.why)
    except (NeedsAuthorityError, PolicyRefusedError) as error:
        if ERROR in error.members["policies"]:
            raise
        # It would be refused again every few seconds, an entry each time.
        await _end(spine, search)
        return
    found = await history.find(spine, ruling.lawful, criteria, None, NEW_READS_MAX)
    by_id = {f.read.id: f for f in found}
    async with spine.db.transaction() as connection:
        new = await store.add_findings(connection, search.id, list(by_id), _moment(now))
        if not new or looked_at is None:
            return
        newest = max((by_id[read] for read in new), key=lambda f: f.read.captured_at)
        notice = new_id()
        await store.add_notice(connection, notice, search, len(new), (newest.read.id, newest.read.vrm), _moment(now))
        await audit.record(
            connection, search.actor, "consultation", "anpr.searches.standing", subjects=search.criteria.subjects, why=search.why,
            detail={"search": search.id, "new": len(new), **searches.described(search.criteria)},
        )  # fmt: skip
        event = StandingFound(notice, search.id, search.owner, search.agency, len(new))
        await outbox.post(connection, SUBJECT, msgspec.json.encode(event))


async def _end(spine: Spine, search: Search) -> None:
    """Its owner has left, or what it looks for is open to them no more: it looks no further."""
    async with spine.db.transaction() as connection:
        await store.update_search(connection, search.id, {"standing": False})
        await audit.record(
            connection, audit.SYSTEM, "alteration", "anpr.searches.end_standing", subjects=search.criteria.subjects, why=search.why,
            detail={"search": search.id, "owner": search.owner},
        )  # fmt: skip


class StandingFound(msgspec.Struct, frozen=True):
    """The event on `anpr.hits.standing`: tells the owner's screens to ask. It goes to a whole agency, so it names no plate."""

    notice: str
    search: str
    person: str
    agency: str
    count: int


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


STANDING = Job("anpr-standing-searches", history_settings().standing_seconds, run_standing)
