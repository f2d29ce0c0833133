"""The fan-out. Clients that may see the same and speak the same form are a cohort; what a cohort gets is joined once a tick.

A client that does not keep up leaves the fast path: for it positions are superseded by newer ones and the rest waits, so that it
costs the others nothing. When it has caught up it comes back.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import NamedTuple

from bluelamp.incidents.gateways.cot.fanout.client import Client
from bluelamp.incidents.gateways.cot.fanout.parcel import Form, Parcel
from bluelamp.kit.clock import Clock, now_ms

log = logging.getLogger(__name__)

TICK_S = 0.01
"""Events of this time are written together: one call of the operating system for each client instead of one for each event."""
SNAPSHOT_KEPT_S = 5.0
"""How long the positions of a cohort are kept at hand after a client joined it: many join at once."""


class Counts(NamedTuple):
    """Since the start."""

    events: int
    superseded: int
    """Positions that a slow client did not get, because a newer one came before it read."""
    let_go: int
    """Clients that were disconnected because they did not read what may not be dropped."""


class _Cohort:
    def __init__(self, groups: frozenset[str], form: Form) -> None:
        self.groups = groups
        self.form: Form = form
        self.clients: set[Client] = set()
        self.batch: list[Parcel] = []
        self.snapshot: dict[str, Parcel] | None = None

    def sees(self, audience: frozenset[str]) -> bool:
        return not self.groups.isdisjoint(audience)


class Hub:
    """One per process; belongs to the event loop."""

    def __init__(self, contacts_max: int, clock: Clock = now_ms, tick_s: float = TICK_S) -> None:
        self._contacts_max = contacts_max
        self._clock = clock
        self._tick_s = tick_s
        self._cohorts: dict[tuple[frozenset[str], Form], _Cohort] = {}
        self._routes: dict[frozenset[str], list[_Cohort]] = {}
        """Audience -> the cohorts that see it: rebuilt when cohorts come and go."""
        self._last: dict[str, Parcel] = {}
        self._behind: set[Client] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._events = self._superseded = self._let_go = 0

    @property
    def clients(self) -> Iterable[Client]:
        return (client for cohort in self._cohorts.values() for client in cohort.clients)

    @property
    def contacts(self) -> int:
        """Positions that are remembered for those who join."""
        return len(self._last)

    def counts(self) -> Counts:
        live = list(self.clients)
        superseded = self._superseded + sum(client.superseded for client in live)
        return Counts(self._events, superseded, self._let_go)

    def join(self, client: Client, *, greeting: bytes = b"") -> None:
        """Let a client have what it may see: first the last position of everybody, then what comes."""
        cohort = self._enter(client)
        if greeting:
            client.write(greeting)
        if cohort.snapshot is None:
            now = self._clock()
            cohort.snapshot = {key: p for key, p in self._last.items() if p.stale > now and cohort.sees(p.audience)}
            asyncio.get_running_loop().call_later(SNAPSHOT_KEPT_S, self._drop_snapshot, cohort)
        if cohort.snapshot:
            client.start_with(cohort.snapshot)
            self.attend(client)

    def leave(self, client: Client) -> None:
        self._exit(client)
        self._behind.discard(client)
        self._superseded += client.superseded
        client.superseded = 0
        self._let_go += bool(client.let_go_because)

    def speak(self, client: Client, form: Form, last_words: bytes) -> None:
        """From now on a client is sent this form; `last_words` are the last in the old one."""
        self._flush()
        self._exit(client)
        client.write(last_words)
        client.form = form
        self._enter(client)

    def regroup(self, client: Client, groups: frozenset[str]) -> list[str]:
        """Change what a client may see: the keys that it no longer may. Of those not even what waits is sent; what it gains is."""
        self._flush()
        before = client.groups
        self._exit(client)
        client.groups = groups
        client.forget_unseen()
        self._enter(client)
        gained, lost = {}, []
        for key, parcel in self._last.items():
            saw, sees = not before.isdisjoint(parcel.audience), not groups.isdisjoint(parcel.audience)
            if sees and not saw:
                gained[key] = parcel
            elif saw and not sees:
                lost.append(key)
        if gained:
            client.start_with(gained)
            self.attend(client)
        return lost

    def publish(self, parcel: Parcel) -> None:
        """Hand a parcel to all who may see it, but the sender."""
        self._events += 1
        cohorts = self._routed(parcel.audience)
        for cohort in cohorts:
            # Written first, where a failure is the sender's: no batch, and nobody who comes, must fail for what one of many sent.
            parcel.bytes_in(cohort.form)
        if (held := self._last.get(parcel.key)) is not None and held.audience != parcel.audience:
            self.forget(parcel.key)  # also where it is kept at hand for those who come and may not see it any more
        if parcel.key and (parcel.key in self._last or len(self._last) < self._contacts_max):
            self._last[parcel.key] = parcel
        for cohort in cohorts:
            cohort.batch.append(parcel)
            if parcel.key and cohort.snapshot is not None:
                cohort.snapshot[parcel.key] = parcel
        if parcel.urgent:
            self._flush()
        else:
            self._wake()

    def hand(self, parcel: Parcel, clients: Iterable[Client]) -> None:
        """Hand a parcel to these, of whom each must see something of its audience."""
        self._events += 1
        for client in clients:
            if not client.groups.isdisjoint(parcel.audience):
                client.hold([parcel])
                self.attend(client)

    def attend(self, client: Client) -> None:
        """Something was put into what waits for a client: write it with the next tick."""
        self._behind.add(client)
        self._wake()

    def forget(self, key: str) -> Parcel | None:
        """Take a position out of what those who join are shown."""
        for cohort in self._cohorts.values():
            if cohort.snapshot is not None:
                cohort.snapshot.pop(key, None)
        return self._last.pop(key, None)

    def last(self, key: str) -> Parcel | None:
        return self._last.get(key)

    def tidy(self) -> None:
        """Forget what has gone stale; call it now and then."""
        now = self._clock()
        for key in [key for key, parcel in self._last.items() if parcel.stale <= now]:
            self.forget(key)

    def _enter(self, client: Client) -> _Cohort:
        key = (client.groups, client.form)
        cohort = self._cohorts.get(key)
        if cohort is None:
            cohort = self._cohorts[key] = _Cohort(*key)
            self._routes.clear()
        cohort.clients.add(client)
        return cohort

    def _exit(self, client: Client) -> None:
        cohort = self._cohorts.get((client.groups, client.form))
        if cohort is None:
            return
        cohort.clients.discard(client)
        if not cohort.clients:
            del self._cohorts[client.groups, client.form]
            self._routes.clear()

    def _drop_snapshot(self, cohort: _Cohort) -> None:
        cohort.snapshot = None

    def _routed(self, audience: frozenset[str]) -> list[_Cohort]:
        found = self._routes.get(audience)
        if found is None:
            if len(self._routes) > 10_000:
                self._routes.clear()
            found = self._routes[audience] = [cohort for cohort in self._cohorts.values() if cohort.sees(audience)]
        return found

    def _wake(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._tick_s, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._flush()
        if self._behind:
            self._wake()

    def _flush(self) -> None:
        now = self._clock()
        for client in list(self._behind):
            try:
                if client.drain(now):
                    self._behind.discard(client)
            except Exception:
                log.exception("writing to a CoT client failed, it is let go")
                self._cut_off(client)
        for cohort in self._cohorts.values():
            if cohort.batch:
                self._flush_cohort(cohort)

    def _flush_cohort(self, cohort: _Cohort) -> None:
        batch, cohort.batch = cohort.batch, []
        senders = {parcel.sender for parcel in batch}
        joined = b"".join([parcel.bytes_in(cohort.form) for parcel in batch])
        for client in tuple(cohort.clients):
            try:
                if not client.keeps_up:
                    client.hold(batch)
                    self._behind.add(client)
                elif client not in senders:
                    client.write(joined)
                elif others := b"".join([p.bytes_in(cohort.form) for p in batch if p.sender is not client]):
                    client.write(others)
            except Exception:
                log.exception("writing to a CoT client failed, it is let go")
                self._cut_off(client)
        for parcel in batch:
            parcel.settle()

    def _cut_off(self, client: Client) -> None:
        """It failed; the others go on."""
        self._behind.discard(client)
        client.let_go("writing to it failed")
