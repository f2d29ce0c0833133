"""What a message says, for a person who looks at it: as it was sent, or as it would be made now."""

from __future__ import annotations

from bluelamp.incidents.gateways.message import HandoverMessage, NotThisFormatError
from bluelamp.incidents.gateways.registry import FORMATS
from bluelamp.incidents.handovers import partner_store
from bluelamp.incidents.handovers.mending import corrected, incoming_message
from bluelamp.incidents.handovers.outgoing import message_of
from bluelamp.incidents.handovers.store import Transfer
from bluelamp.incidents.log.queries import state_now
from bluelamp.spine.errors import InvalidError, NotFoundError
from bluelamp.spine.module import Spine


async def says(spine: Spine, transfer: Transfer) -> HandoverMessage | None:
    """None: nothing of it can be read, or there is nothing to make it of."""
    partner = await partner_store.by_id(spine.db, transfer.partner)
    if partner is None:
        return None
    try:
        if transfer.direction == "in":
            return incoming_message(partner, transfer)
        read = FORMATS[partner.format].read
        if transfer.body is not None:
            return read(transfer.body) if read is not None else None
        state = await state_now(spine, transfer.incident or "")
        async with spine.db.connection() as connection:
            return corrected(await message_of(connection, partner, transfer, state, spine.clock()), transfer.mended)
    except (NotThisFormatError, NotFoundError, InvalidError):
        return None
