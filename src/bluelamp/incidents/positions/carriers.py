"""Who carries what, remembered: the records are asked once, and again when PostgreSQL tells that something has changed."""

from __future__ import annotations

from collections.abc import Callable

from bluelamp.incidents.positions.reports import Carrier
from bluelamp.incidents.positions.store import carriers as store
from bluelamp.spine.relational import Database

REMEMBERED_MAX = 400_000
PERSON = "person:"


class Carriers:
    """One per process. An answer is never older than the last word of the records."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._crews: dict[str, tuple[str, int] | None] = {}
        """Person -> the resource that they crew, and since when."""
        self._resources: dict[str, Carrier | None] = {}
        self._change = 0
        self.watchers: list[Callable[[str], None]] = []
        """Told of every change: a resource's id, `person:` and an id, or an empty string where any may have changed."""
        self._heard = False
        """Whether changes are heard of: until then nothing is remembered."""
        self._end_listening: Callable[[], object] = lambda: None

    def start(self, on_change: Callable[[str], None]) -> None:
        """Follow changes. `on_change` gets a resource's id, or an empty string where any may have changed."""

        def missed() -> None:
            self._heard = True
            self._change += 1
            self._crews.clear()
            self._resources.clear()
            on_change("")
            self._tell("")

        def hear(what: str) -> None:
            self._change += 1
            if what.startswith(PERSON):
                self._crews.pop(what[len(PERSON) :], None)
            else:
                self._resources.pop(what, None)
                on_change(what)
            self._tell(what)

        self._end_listening = self._db.listen(store.CHANNEL, missed, hear)

    def close(self) -> None:
        """Hear no more."""
        self._end_listening()

    def _tell(self, what: str) -> None:
        for watcher in self.watchers:
            watcher(what)

    async def of_person(self, person: str) -> Carrier | None:
        """What somebody crews now; None: nothing.

        Raises:
            EngineDownError: the records do not answer.
        """
        if person in self._crews:
            crewed = self._crews[person]
        else:
            change = self._change
            crewed = await store.crewed_by(self._db, person)
            if self._may_remember(change, len(self._crews)):
                self._crews[person] = crewed
        if crewed is None:
            return None
        carrier = await self.of_resource(crewed[0])
        return None if carrier is None else carrier._replace(since=crewed[1])

    async def of_resource(self, resource: str) -> Carrier | None:
        """A resource by its id; None: there is none. Raises `EngineDownError`."""
        if resource in self._resources:
            return self._resources[resource]
        change = self._change
        found = (await store.of_resources(self._db, [resource])).get(resource)
        if self._may_remember(change, len(self._resources)):
            self._resources[resource] = found
        return found

    def _may_remember(self, change: int, held: int) -> bool:
        """Not where something changed while the records were asked: the answer may be the one from before."""
        return self._heard and change == self._change and held < REMEMBERED_MAX
