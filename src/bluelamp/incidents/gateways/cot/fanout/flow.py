"""Whether a client reads what it is sent, by what its TCP tells ours: so that positions wait here, where newer ones replace them,
and not by the second in buffers of operating systems, where nothing can.

A peer's window shrinks by what its program has not read (RFC 9293, 3.8.6). Each acknowledgement tells it as of when data arrived, so
what was written last is still among the unread; what was written before that should not be.
"""

from __future__ import annotations

import socket
import struct
import sys
import time
from typing import Protocol

_INFO_BYTES = 232
_NUMBER = struct.Struct("@I")
_UNACKNOWLEDGED_AT, _NOT_SENT_AT, _WINDOW_AT = 24, 144, 228
"""Offsets of `tcpi_unacked`, `tcpi_notsent_bytes` and `tcpi_snd_wnd` in Linux's `struct tcp_info` (include/uapi/linux/tcp.h; since 5.4)."""

SLACK_BYTES = 4 << 10
LOOK_S = 0.05
"""How often a client that keeps up is looked at, and how often one that does not is asked with a small piece."""
LOOK_BYTES = 8 << 10
"""With less written since the last look there is nothing to see."""
PIECE_BYTES_MIN, PIECE_BYTES_MAX = 4 << 10, 32 << 10


class Options(Protocol):
    """The part of a socket that is needed here."""

    def getsockopt(self, level: int, option: int, size: int, /) -> bytes: ...


class Flow:
    """How much may be written to one client now. Where the system does not tell, everything, up to its own buffers."""

    def __init__(self, opened: Options | None) -> None:
        self._socket = opened if sys.platform == "linux" else None
        self._window_max = 0
        self._written = 0
        self._looked_at = 0.0
        self._piece = PIECE_BYTES_MAX // 4

    def wrote(self, size: int) -> None:
        self._written += size

    def _look(self) -> tuple[int, bool]:
        """Bytes that were not read as of the last acknowledgement, and whether that was for all that was written."""
        if self._socket is None:
            return 0, True
        try:
            info = self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO_BYTES)
        except (OSError, ValueError):
            return 0, True  # it is closed (uvloop then asks of descriptor -1), or not TCP
        if len(info) < _INFO_BYTES:
            self._socket = None  # an older system
            return 0, True
        unacknowledged, not_sent, window = (_NUMBER.unpack_from(info, at)[0] for at in (_UNACKNOWLEDGED_AT, _NOT_SENT_AT, _WINDOW_AT))
        self._window_max = max(window, self._window_max)
        return self._window_max - window + not_sent, not unacknowledged and not not_sent

    def lags(self) -> bool:
        """Of a client that kept up until now: whether it has not read what was written before the last look."""
        if self._written < LOOK_BYTES or self._socket is None or time.monotonic() - self._looked_at < LOOK_S:
            return False
        behind = self._look()[0] > self._written + SLACK_BYTES
        self._looked()
        if behind:
            self._piece = PIECE_BYTES_MIN
        return behind

    def room(self) -> int:
        """Bytes that may be written to a client that is behind: 0 for not now, 1 for a small piece that makes its system tell."""
        unread, current = self._look()
        if not current:
            return 0
        if unread <= self._written + SLACK_BYTES:
            self._looked()
            piece, self._piece = self._piece, min(self._piece * 2, PIECE_BYTES_MAX)
            return piece
        self._piece = max(self._piece // 2, PIECE_BYTES_MIN)
        if time.monotonic() - self._looked_at < LOOK_S:
            return 0
        # A system that has given a connection less memory for good must not look like a program that does not read.
        self._window_max -= unread >> 6
        self._looked()
        return 1

    def _looked(self) -> None:
        self._looked_at = time.monotonic()
        self._written = 0
