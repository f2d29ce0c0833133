"""One connected device as the fan-out sees it: what it may have, whether it keeps up, and what waits for it if it does not."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import Protocol

from bluelamp.incidents.gateways.cot.fanout.flow import Flow
from bluelamp.incidents.gateways.cot.fanout.parcel import Form, Parcel

KEPT_BYTES_MAX = 4 << 20
"""Chat and emergencies that wait for one client. With more it is let go: it comes back and is caught up."""


class Pipe(Protocol):
    """The part of an asyncio transport that is needed here."""

    def write(self, data: bytes) -> None: ...
    def get_write_buffer_size(self) -> int: ...
    def abort(self) -> None: ...
    def is_closing(self) -> bool: ...


class Client:
    """Compared by identity."""

    def __init__(self, pipe: Pipe, groups: frozenset[str], flow: Flow | None = None) -> None:
        self.pipe = pipe
        self.flow = flow or Flow(None)
        self.groups = groups
        self.form: Form = "xml"
        self.uid = ""
        """The device's own, once it has said it."""
        self.call_sign = ""
        self.behind = False
        self.superseded = 0
        self.let_go_because = ""
        self._positions: dict[str, Parcel] = {}
        """In the order of the first that was held: one that moves often does not push in front."""
        self._newest = ""
        self._urgent: deque[Parcel] = deque()
        self._kept: deque[Parcel] = deque()
        self._kept_bytes = 0

    @property
    def waiting(self) -> int:
        """Parcels that wait for it."""
        return len(self._positions) + len(self._urgent) + len(self._kept)

    @property
    def keeps_up(self) -> bool:
        """Whether our system has taken everything that was written so far, and its program reads."""
        return not self.behind and not self.pipe.get_write_buffer_size() and not self.flow.lags()

    def write(self, data: bytes) -> None:
        """At once, to one that keeps up."""
        self.flow.wrote(len(data))
        self.pipe.write(data)

    def start_with(self, positions: dict[str, Parcel]) -> None:
        """Everything that it may see now, before anything newer."""
        self._positions = positions | self._positions
        self.behind = True

    def hold(self, parcels: list[Parcel]) -> None:
        """Keep for later what it cannot take now: of positions the newest, of everything else all."""
        self.behind = True
        positions = self._positions
        for parcel in parcels:
            if parcel.sender is self:
                continue
            if parcel.key:
                if parcel.key in positions:
                    self.superseded += 1
                positions[parcel.key] = parcel
                self._newest = parcel.key
                continue
            for key in parcel.ends:
                positions.pop(key, None)  # it would come after its own end, and stay
            (self._urgent if parcel.urgent else self._kept).append(parcel)
            self._kept_bytes += len(parcel.bytes_in(self.form))
        if self._kept_bytes > KEPT_BYTES_MAX:
            self.let_go("it does not read what is sent to it")

    def drain(self, now: int) -> bool:
        """Write some of what waits, emergencies first; whether it keeps up again."""
        room = 0 if self.pipe.get_write_buffer_size() else self.flow.room()
        if not room:
            return False
        chunk: list[bytes] = []
        size = 0
        while size < room and (queue := self._urgent or self._kept):
            chunk.append(queue.popleft().bytes_in(self.form))
            size += len(chunk[-1])
            self._kept_bytes -= len(chunk[-1])
        while size < room and self._positions:
            for key in list(islice(self._positions, 1 + (room - size) // 1024)):
                parcel = self._positions.pop(key)
                if parcel.stale > now:
                    chunk.append(parcel.bytes_in(self.form))
                    size += len(chunk[-1])
        if newest := self._positions.pop(self._newest, None):
            # However long the others wait for their turn, what moved last is seen with every piece.
            chunk.append(newest.bytes_in(self.form))
        if chunk:
            self.write(b"".join(chunk))
        self.behind = self.waiting > 0
        return not self.behind

    def forget_unseen(self) -> None:
        """Drop what waits and may not be seen any more."""
        seen = self.groups
        self._positions = {key: p for key, p in self._positions.items() if not seen.isdisjoint(p.audience)}
        self._urgent = deque(p for p in self._urgent if not seen.isdisjoint(p.audience))
        self._kept = deque(p for p in self._kept if not seen.isdisjoint(p.audience))
        self._kept_bytes = sum(len(p.bytes_in(self.form)) for queue in (self._urgent, self._kept) for p in queue)

    def let_go(self, why: str) -> None:
        """End the connection at once, with whatever still waits."""
        if not self.let_go_because:
            self.let_go_because = why
            self.pipe.abort()
