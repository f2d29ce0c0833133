"""Re-wrapping in the background: after a rotation the old data keys move to the new key, with the platform running."""

from __future__ import annotations

import logging
from contextlib import AbstractAsyncContextManager

from bluelamp.spine import audit
from bluelamp.spine.encryption.vault import Rewrapped
from bluelamp.spine.module import Job, Spine

log = logging.getLogger(__name__)

KEYS_LOCK = 7_245_011
"""Held while data keys are re-wrapped or dropped, so that re-wrapping never brings back a key that is being dropped."""


def holding_keys(spine: Spine) -> AbstractAsyncContextManager[None]:
    """One at a time, in all processes."""
    return spine.db.exclusively(KEYS_LOCK)


async def rewrap(spine: Spine, actor: audit.Actor = audit.SYSTEM) -> Rewrapped:
    """Re-wrap what an earlier key wrapped, and put it on record."""
    if spine.blobs.vault.ring.current is None:
        return Rewrapped(0, 0, 0)
    async with holding_keys(spine):
        done = await spine.blobs.vault.rewrap()
    if done.unknown:
        log.warning("%d data keys are wrapped by keys that are not configured; what they seal cannot be opened", done.unknown)
    if done.done:
        async with spine.db.transaction() as connection:
            detail = {"data_keys": done.done, "key": spine.blobs.vault.ring.configured()[0].id}
            await audit.record(connection, actor, "alteration", "platform.keys.rewrap", detail=detail)
    return done


async def _rewrap(spine: Spine) -> None:
    await rewrap(spine)


JOB = Job("keys-rewrap", 300, _rewrap)
