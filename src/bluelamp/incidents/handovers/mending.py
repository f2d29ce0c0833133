"""What a person put right in a message, said over what was sent or would be sent."""

from __future__ import annotations

from typing import Any

from bluelamp.incidents.gateways.message import HandoverMessage, NotThisFormatError, built
from bluelamp.incidents.gateways.registry import FORMATS
from bluelamp.incidents.handovers.partner_store import Partner
from bluelamp.incidents.handovers.store import Transfer
from bluelamp.kit.clock import to_ms

BY_HAND = "hand:"
"""Begins the id of a message, or the shared name of an incident, that nobody could read: a person said what it is."""


def corrected(message: HandoverMessage, mended: dict[str, Any] | None) -> HandoverMessage:
    """Raises `NotThisFormatError`: it would not hold together."""
    return built(**message.model_dump() | mended) if mended else message


def incoming_message(partner: Partner, transfer: Transfer) -> HandoverMessage:
    """What a message that came says, with what a person put right; where nobody can read it, only what the person said.

    Raises:
        NotThisFormatError: it cannot be read, and nobody has said what it is.
    """
    read, body = FORMATS[partner.format].read, transfer.body or b""
    if read is None:
        raise NotThisFormatError(f"{partner.format} is sent only")
    try:
        message = read(body)
    except NotThisFormatError:
        if not transfer.mended:
            raise
        message = HandoverMessage(
            id=f"{BY_HAND}{transfer.id}", kind="create", sender=partner.theirs, receiver=partner.ours, at=to_ms(transfer.created_at)
        )
    if transfer.mended is None:
        return message
    told = corrected(message, transfer.mended)
    return told if told.incident else told.model_copy(update={"incident": f"{BY_HAND}{transfer.id}"})
