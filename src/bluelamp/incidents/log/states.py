"""States of incidents in memory: brought forward by the events they do not have yet. One per process and spine."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from weakref import WeakKeyDictionary

from bluelamp.incidents.domain.fold import Event, apply
from bluelamp.incidents.domain.state import IncidentState
from bluelamp.incidents.log import store
from bluelamp.spine.relational import Connection, Database

KEPT_MAX = 300
"""Incidents whose state is kept in memory; a state of a large incident is some megabytes."""
READ_AT_ONCE = 5_000


async def state_at(connection: Connection | Database, incident: str, sequence: int) -> IncidentState:
    """The fold as of an event, from the last snapshot before it."""
    state = await store.newest_snapshot(connection, incident, sequence) or IncidentState(id=incident)
    await bring_forward(connection, state, sequence)
    return state


async def bring_forward(connection: Connection | Database, state: IncidentState, sequence: int) -> None:
    """Fold what is missing up to an event."""
    while state.sequence < sequence:
        events: list[Event] = await store.events_between(connection, state.id, state.sequence, sequence, READ_AT_ONCE)
        if not events:
            raise LookupError(f"incident {state.id}: no events after {state.sequence} up to {sequence}")
        for event in events:
            apply(state, event)


class States:
    """What is kept has been committed. Whoever reads or appends holds the incident's turn, so nobody sees half a change."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, IncidentState] = OrderedDict()
        self._turns: dict[str, asyncio.Lock] = {}
        self._wanting: Counter[str] = Counter()

    @asynccontextmanager
    async def turn(self, incident: str) -> AsyncIterator[None]:
        """One at a time in this process; between processes PostgreSQL's row lock decides."""
        self._wanting[incident] += 1
        try:
            async with self._turns.setdefault(incident, asyncio.Lock()):
                yield
        finally:
            self._wanting[incident] -= 1
            if not self._wanting[incident]:
                del self._wanting[incident], self._turns[incident]

    @asynccontextmanager
    async def changing(self, db: Database, *incidents: str) -> AsyncIterator[Connection]:
        """The turns of these incidents and a transaction. Where it fails, what was folded meanwhile is forgotten with it."""
        async with AsyncExitStack() as stack:
            for incident in sorted({*incidents} - {""}):  # everybody takes turns in the same order
                await stack.enter_async_context(self.turn(incident))
            try:
                async with db.transaction() as connection:
                    yield connection
            except BaseException:
                for incident in incidents:
                    self._kept.pop(incident, None)
                raise

    async def as_of(self, connection: Connection | Database, incident: str, sequence: int) -> IncidentState:
        """The state as of the incident's last event, for whoever has the turn. Not to be changed but by `append`."""
        state = self._kept.get(incident)
        if state is None or state.sequence > sequence:
            state = await state_at(connection, incident, sequence)
        else:
            await bring_forward(connection, state, sequence)
        self._kept[incident] = state
        self._kept.move_to_end(incident)
        while len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)
        return state


_STATES: WeakKeyDictionary[Database, States] = WeakKeyDictionary()


def states_of(db: Database) -> States:
    """The process's states over this database."""
    return _STATES.setdefault(db, States())
