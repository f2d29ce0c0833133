"""Packing an incident is a disclosure: on record before the first byte, and once more, with the manifest's hash, before the last."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

from bluelamp.incidents.access import INCIDENTS_EXPORT
from bluelamp.incidents.domain.fold import view
from bluelamp.incidents.errors import NoSuchIncidentError
from bluelamp.incidents.export import signing
from bluelamp.incidents.export.package import Order, Packer
from bluelamp.incidents.log import store as log_store
from bluelamp.incidents.log.states import states_of
from bluelamp.kit.ids import new_id
from bluelamp.spine import audit
from bluelamp.spine.errors import TooManyError
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine

AT_ONCE_MAX = 4
LOOK_MS = 250
"""How often it is asked anew whether the agency still sees what it is being sent."""
_running: set[str] = set()
"""Packages that this process makes now."""


class Package(NamedTuple):
    """On its way out."""

    name: str
    parts: AsyncIterator[bytes]


async def export_incident(spine: Spine, caller: Caller, incident: str, reason: str) -> Package:
    """The whole incident as the caller's agency may see it now.

    Raises:
        NoSuchIncidentError: none that the caller sees.
        TooManyError: this process makes as many packages as it does at once.
    """
    states = states_of(spine.db)
    async with states.turn(incident):
        head = await log_store.head(spine.db, incident, caller.agency, caller.roles)
        if head is None:
            raise NoSuchIncidentError
        shown = view(await states.as_of(spine.db, incident, head.sequence), caller.agency)
    if len(_running) >= AT_ONCE_MAX:
        raise TooManyError(f"{AT_ONCE_MAX} packages are being made already: try again when one is done", 30)
    order = Order(
        new_id(), incident, caller.agency, shown, head.sequence, spine.clock(), f"{caller.name} ({caller.username})", reason,
        await signing.signer_of(spine),
    )  # fmt: skip
    detail = {"export": order.id, "up_to": head.sequence, "reason": reason}
    entry = await _note(spine, caller, incident, detail)
    return Package(f"{shown['number']}-{order.id}.zip", _made(spine, caller, order, entry))


async def _note(spine: Spine, caller: Caller, incident: str, detail: dict[str, Any]) -> str:
    async with spine.db.transaction() as connection:
        return await audit.record(connection, caller.actor, "disclosure", INCIDENTS_EXPORT, subjects=(incident,), detail=detail)


async def _still_seen(spine: Spine, caller: Caller, incident: str) -> None:
    """Raises NoSuchIncidentError: it was put out meanwhile; what it has is no whole package."""
    if await log_store.head(spine.db, incident, caller.agency, caller.roles) is None:
        raise NoSuchIncidentError


async def _made(spine: Spine, caller: Caller, order: Order, entry: str) -> AsyncIterator[bytes]:
    """The last bytes go out when the outcome is on record; what broke before is on record as failed."""
    _running.add(order.id)
    packer, waiting, outcome = Packer(spine, order), b"", "failed"
    try:
        looked = spine.clock()
        async for part in packer.parts():
            if waiting:
                yield waiting
            if spine.clock() - looked >= LOOK_MS:
                await _still_seen(spine, caller, order.incident)
                looked = spine.clock()
            waiting = part
        await _still_seen(spine, caller, order.incident)
        if packer.packed is not None:
            detail = {"export": order.id, **packer.packed._asdict()}
            await _note(spine, caller, order.incident, detail)
        outcome = "answered"
        yield waiting
    finally:
        _running.discard(order.id)
        # Also when the reader has gone and this is being cancelled.
        await asyncio.shield(audit.conclude(spine.db, entry, outcome, packer.packed.files if packer.packed else 0))
