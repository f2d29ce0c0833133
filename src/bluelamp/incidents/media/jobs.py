"""Uploads that nothing comes for any more are given up, and what came of them is deleted."""

from __future__ import annotations

import logging
from datetime import timedelta

from bluelamp.incidents.access import INCIDENTS_CONTRIBUTE
from bluelamp.incidents.log.store import moment
from bluelamp.incidents.media import originals, store
from bluelamp.incidents.media.settings import media_settings
from bluelamp.spine import audit
from bluelamp.spine.module import Job, Spine

log = logging.getLogger(__name__)

AT_ONCE_MAX = 500
ELSEWHERE_DAYS = 30
"""How long another region is asked for a picture that it does not give: as long as what it says is kept for us."""


async def give_up_abandoned(spine: Spine) -> int:
    """One round; how many were given up."""
    now = moment(spine.clock())
    before, before_elsewhere = now - timedelta(hours=media_settings().abandoned_hours), now - timedelta(days=ELSEWHERE_DAYS)
    given_up = 0
    for media in await store.abandoned(spine.db, before, before_elsewhere, AT_ONCE_MAX):
        async with spine.db.transaction() as connection:
            upload = await store.find(connection, media, lock=True)
            if upload is None or upload.state != "receiving":
                continue
            await store.end(connection, media, "abandoned", "nothing came for it for too long")
            detail = {"media": media, "upload": "abandoned", "held": upload.held}
            await audit.record(connection, audit.SYSTEM, "erasure", INCIDENTS_CONTRIBUTE, subjects=(upload.incident,), detail=detail)
        await originals.forget(spine.blobs, upload.incident, media)
        given_up += 1
    return given_up


async def _run(spine: Spine) -> None:
    if given_up := await give_up_abandoned(spine):
        log.info("%d abandoned uploads were given up and deleted", given_up)


GIVE_UP = Job("incidents.media.abandoned", 900.0, _run)
