"""A person's own list, told as it changes: incidents that come and go, and a bell where something about their own unit is different.

Nothing here has a cursor. What could not be told is owed, and paid with a bell: look anew (decision 0185).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable

from bluelamp.incidents.access import INCIDENTS_VIEW
from bluelamp.incidents.live import frames
from bluelamp.incidents.live.book import Book
from bluelamp.incidents.live.frames import Frame
from bluelamp.incidents.live.happenings import Happening
from bluelamp.incidents.live.viewers import Viewer, add_to, discard_from
from bluelamp.incidents.log.schemas import IncidentRow
from bluelamp.incidents.positions.carriers import PERSON, Carriers
from bluelamp.spine.errors import EngineDownError
from bluelamp.spine.relational import Database

log = logging.getLogger(__name__)

LISTING = frozenset(
    {
        "incident.opened", "incident.amended", "incident.closed", "incident.reopened", "incident.merged", "agency.joined", "agency.left",
        "lead.passed",
    }
)  # fmt: skip
"""Events that change what stands on somebody's list."""
TOLD_IN_ONE_GO = 500
CREWS_AT_ONCE = 4

Rows = Callable[[list[str]], Awaitable[dict[str, bytes]]]


def rows_of(db: Database) -> Rows:
    """Reads open incidents as `GET /v1/incidents/me` shows them, by id, as JSON."""

    async def read(incidents: list[str]) -> dict[str, bytes]:
        found = await db.fetch("SELECT * FROM incidents WHERE id = ANY($1) AND status = 'open'", incidents)
        return {row["id"]: IncidentRow.of(row).model_dump_json().encode() for row in found}

    return read


class Mine:
    """One per process."""

    def __init__(self, book: Book, rows: Rows) -> None:
        self._book = book
        self._rows = rows
        self._carriers: Carriers | None = None
        self._by_agency: dict[str, set[Viewer]] = {}
        self._by_person: dict[str, set[Viewer]] = {}
        self._by_unit: dict[str, set[Viewer]] = {}
        self._listing: dict[str, list[Happening]] = {}
        """Incident -> what happened to it and is not yet told."""
        self._telling: asyncio.Task[None] | None = None
        self._crews_due: dict[str, None] = {}
        self._crews_asked: set[str] = set()
        self._crew_workers: set[asyncio.Task[None]] = set()
        self._changed_meanwhile: set[str] = set()
        """Units that changed while it was asked who crews what: their crews are rung when they are known."""

    def attach(self, carriers: Carriers) -> None:
        """Who crews what, and word of when that changes."""
        self._carriers = carriers
        carriers.watchers.append(self._heard)

    async def close(self) -> None:
        tasks = [*self._crew_workers, *([self._telling] if self._telling is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # Who follows

    def put(self, viewer: Viewer) -> None:
        """From here on the viewer is told of its own list, if it wants that."""
        self.take_off(viewer)
        if not viewer.mine:
            viewer.mine_owed = False
            return
        add_to(self._by_agency, viewer.caller.agency, viewer)
        add_to(self._by_person, viewer.caller.id, viewer)
        viewer.mine_as = (viewer.caller.agency, viewer.caller.id)
        self._ask_crew(viewer.caller.id)

    def take_off(self, viewer: Viewer) -> None:
        if viewer.mine_as is None:
            return
        agency, person = viewer.mine_as
        viewer.mine_as = None
        discard_from(self._by_agency, agency, viewer)
        discard_from(self._by_person, person, viewer)
        discard_from(self._by_unit, viewer.unit, viewer)
        viewer.unit = ""

    # One's own unit

    def unit_changed(self, resource: str) -> None:
        """It was sent somewhere, or released, or stands otherwise: its crew looks."""
        if self._crews_due or self._crews_asked:
            self._changed_meanwhile.add(resource)
        for viewer in tuple(self._by_unit.get(resource, ())):
            self._ring(viewer)

    def _heard(self, what: str) -> None:
        if not what:  # anything may have changed; that few crews are asked about at once keeps all from looking at once
            for viewers in self._by_person.values():
                for viewer in viewers:
                    viewer.mine_owed = True
            for person in tuple(self._by_person):
                self._ask_crew(person)
        elif what.startswith(PERSON):
            if what[len(PERSON) :] in self._by_person:
                self._ask_crew(what[len(PERSON) :], ring=True)
        else:
            self.unit_changed(what)

    def _ask_crew(self, person: str, *, ring: bool = False) -> None:
        for viewer in self._by_person.get(person, ()):
            viewer.mine_owed |= ring
        self._crews_due[person] = None
        if len(self._crew_workers) < CREWS_AT_ONCE:
            worker = asyncio.create_task(self._find_crews(), name="live-mine-crews")
            self._crew_workers.add(worker)
            worker.add_done_callback(self._crew_workers.discard)

    async def _find_crews(self) -> None:
        # Nobody is asked about twice at a time: of two answers the older might come last.
        while (person := next((one for one in self._crews_due if one not in self._crews_asked), None)) is not None:
            del self._crews_due[person]
            self._crews_asked.add(person)
            try:
                await self._find_crew(person)
            finally:
                self._crews_asked.discard(person)
        if not self._crews_asked:
            self._changed_meanwhile.clear()

    async def _find_crew(self, person: str) -> None:
        if self._carriers is None:
            return
        try:
            carrier = await self._carriers.of_person(person)
        except EngineDownError as error:
            log.warning("whose unit changes is not known for a while: %s", error)
            await asyncio.sleep(1)
            self._crews_due[person] = None
            return
        if person in self._crews_due:
            return  # it has changed again meanwhile
        for viewer in tuple(self._by_person.get(person, ())):
            discard_from(self._by_unit, viewer.unit, viewer)
            viewer.unit = carrier.resource if carrier is not None else ""
            if viewer.unit:
                add_to(self._by_unit, viewer.unit, viewer)
                viewer.mine_owed |= viewer.unit in self._changed_meanwhile
            # Only now: whoever looks at the bell's sound is told of every change after it.
            self.pay(viewer)

    def _ring(self, viewer: Viewer) -> None:
        viewer.mine_owed = True
        self.pay(viewer)

    def pay(self, viewer: Viewer) -> None:
        """Ring now if a bell is owed and the viewer takes anything."""
        if viewer.mine_owed and viewer.takes:
            viewer.mine_owed = False
            viewer.sink.send(frames.mine())

    # Incidents that come and go

    def happened(self, happening: Happening) -> None:
        """An event, of which the book knows already."""
        if happening.kind in LISTING and happening.incident and not self._by_agency.keys().isdisjoint(_concerned(happening)):
            self._listing.setdefault(happening.incident, []).append(happening)
            if self._telling is None:
                self._telling = asyncio.create_task(self._tell(), name="live-mine-lists")

    async def _tell(self) -> None:
        try:
            while self._listing:
                incident = next(iter(self._listing))
                # All that happened to it: what is told is how it stands now, once for all whom any of it concerns.
                await self._tell_one(incident, self._listing.pop(incident))
        finally:
            self._telling = None

    async def _tell_one(self, incident: str, happened: list[Happening]) -> None:
        agencies = set().union(*map(_concerned, happened)) & self._by_agency.keys()
        try:
            row = (await self._rows([incident])).get(incident)
        except Exception as error:
            # Whatever it is, a list that has changed must not stay as it was.
            log.warning("lists are told later: %s", error, exc_info=not isinstance(error, EngineDownError))
            for viewer in self._of(agencies):
                viewer.mine_owed = True
            return
        listed = None if row is None else frames.listed(row)
        for told, viewer in enumerate(self._of(agencies), 1):
            self._tell_viewer(viewer, incident, happened, listed)
            if told % TOLD_IN_ONE_GO == 0:
                await asyncio.sleep(0)

    def _tell_viewer(self, viewer: Viewer, incident: str, happened: list[Happening], listed: Frame | None) -> None:
        caller = viewer.caller
        if viewer.lost or not caller.may(INCIDENTS_VIEW):
            return
        sees = self._book.sees(incident, caller.agency, caller.roles)
        if not viewer.takes:
            viewer.mine_owed = True
        elif sees and listed is not None:
            viewer.sink.send(listed)
        elif sees or any(one.told_to(caller.agency, caller.roles) for one in happened):
            viewer.sink.send(frames.unlisted(incident))
        elif any(one.kind == "agency.joined" and one.named.agency == caller.agency for one in happened):
            # It may have been theirs while more roles saw it: the list itself says so, and this names nothing.
            self._ring(viewer)

    def _of(self, agencies: Iterable[str]) -> list[Viewer]:
        return [viewer for agency in agencies for viewer in self._by_agency.get(agency, ())]


def _concerned(happening: Happening) -> set[str]:
    """Agencies on whose people's lists it changes anything."""
    return {happening.named.agency} if happening.kind in {"agency.joined", "agency.left"} else set(happening.agencies)
