"""The detector is always on: whenever an agency's people have looked at something, its looks are gone through again."""

from __future__ import annotations

import asyncio
import json
import logging
import sys

from bluelamp.accountability.misuse import actions, store
from bluelamp.accountability.misuse.settings import misuse_settings
from bluelamp.spine.module import Job, Spine

log = logging.getLogger(__name__)


async def watch(spine: Spine) -> None:
    """One pass over every agency that is due, one after another."""
    settings = misuse_settings()
    for agency, number in await store.due(spine.db, settings.pause_seconds, settings.pause_factor):
        await _in_own_process(spine.db.url, agency, number)


async def _in_own_process(database_url: str, agency: str, number: int) -> None:
    """Beside the matcher a pass would hold up alerts, and its memory would stay. The address goes by pipe, where nobody sees it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bluelamp.accountability.misuse.passes",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    asked = json.dumps({"database_url": database_url, "agency": agency, "number": number}).encode()
    try:
        told, wrong = await process.communicate(asked)
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        last = wrong.decode(errors="replace").strip().splitlines()[-1:] or ["nothing said"]
        raise RuntimeError(f"a misuse pass over {agency} ended with {process.returncode}: {last[0][:300]}")
    log.info("misuse pass over %s: %s", agency, told.decode())


async def tidy(spine: Spine) -> None:
    """Erase directories that nobody renewed, and decided findings past their time."""
    await actions.erase_expired(spine.db, misuse_settings().findings_days)


WATCH = Job("accountability.misuse", 15, watch)
TIDY = Job("accountability.misuse-tidy", 3600, tidy)
