"""Follows the incidents' stream, so that partners are told."""

from __future__ import annotations

import logging

from bluelamp.incidents import told
from bluelamp.incidents.handovers import outgoing
from bluelamp.incidents.tables import EVENTS, INCIDENTS_STREAM
from bluelamp.spine.bus import Message
from bluelamp.spine.errors import BluelampError, EngineDownError
from bluelamp.spine.module import Spine

log = logging.getLogger(__name__)


async def run(spine: Spine) -> None:
    """For ever."""

    async def handle(messages: list[Message]) -> None:
        for message in messages:
            if not message.subject.startswith(EVENTS):
                continue
            try:
                await outgoing.follow(spine, told.decode(message.payload))
            except EngineDownError:
                raise
            except BluelampError as error:
                log.warning("an event was not handed over: %s", error.code)

    await spine.bus.consume(INCIDENTS_STREAM, "incidents-handovers", handle, batch_max=64)
