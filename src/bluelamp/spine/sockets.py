"""WebSockets as capabilities meet them: one that is asked for, one that is open, and who listens to it. No task, no queue for either.

The server accepts through `Opening`; what is sent is a whole frame, encoded once for however many take it.
"""

from __future__ import annotations

from typing import Protocol

from websockets.frames import Frame as WireFrame
from websockets.frames import Opcode

MESSAGE_BYTES_MAX = 64 << 10
"""What a client may send at once, however many frames it comes in."""
EXTENSION = "bluelamp.socket"
"""Under this name among a scope's extensions is the `Opening`."""

GOING_AWAY = 1001
UNREADABLE = 1007
POLICY = 1008
TRY_AGAIN = 1013
SIGNED_OUT = 4401
"""Close codes. Those from 4000 on are ours: 4000 and the HTTP status that says the same."""


class Socket(Protocol):
    """An open WebSocket. Not to be waited for: `paused` says whether the other side takes what it is sent."""

    paused: bool
    heard_at: float
    """When anything last came from the other side, by the event loop's clock; pongs count."""

    def send(self, frame: bytes) -> None:
        """Send a whole frame, such as `text_frame` makes. After the end it does nothing."""

    def ping(self) -> None:
        """Ask the other side for a sign of life."""

    def close(self, code: int, reason: str = "") -> None:
        """Say why, and end."""


class Listener(Protocol):
    """Who holds the other end. Everything is called from the event loop, and must not wait."""

    def heard(self, message: bytes) -> None:
        """A whole message of at most `MESSAGE_BYTES_MAX`; a text may be invalid UTF-8."""

    def drained(self) -> None:
        """The other side takes what it is sent again (`paused` is False)."""

    def lost(self) -> None:
        """It is over, whoever ended it. Called once."""


class Opening(Protocol):
    """A WebSocket that is asked for: the door accepts it, or answers as any door does."""

    def accept(self) -> Socket | None:
        """Open it; None: the other side has gone, or did not ask as RFC 6455 says, and was told so. Follow with `listen`."""

    def listen(self, listener: Listener) -> None:
        """From here on messages go there."""


def text_frame(text: bytes) -> bytes:
    """A text as a server sends it (RFC 6455 section 5): the same bytes for everybody."""
    return WireFrame(Opcode.TEXT, text).serialize(mask=False)
