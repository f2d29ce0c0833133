"""Telling the screens: an event of any capability, in the one log that viewers of `GET /v1/stream` follow."""

from __future__ import annotations

from typing import Any

import msgspec

from bluelamp.spine import outbox
from bluelamp.spine.relational import Connection

SUBJECT = "anpr.hits.told"
"""In the stream that viewers follow, so that one cursor serves all they see."""


class Told(msgspec.Struct, frozen=True):
    """`data` goes to a whole agency's screens, so it names ids and no plate. Only who holds `permission` gets it."""

    kind: str
    agency: str
    permission: str
    data: dict[str, Any]


async def tell(connection: Connection, told: Told) -> None:
    """Shown once the surrounding transaction has committed."""
    await outbox.post(connection, SUBJECT, msgspec.json.encode(told))
