"""From devices to incidents: positions to the positions' door, the rest to the log of the incident that the person is on.

Routing to other devices does not wait for this, but for what an incident's room says: that is told when it is kept.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NamedTuple

from bluelamp.incidents.access import INCIDENTS_CONTRIBUTE
from bluelamp.incidents.domain.rules import New
from bluelamp.incidents.domain.state import IncidentState
from bluelamp.incidents.emergencies.actions import cancel, raise_emergency
from bluelamp.incidents.gateways.cot import groups
from bluelamp.incidents.gateways.cot.fanout.client import Client
from bluelamp.incidents.gateways.cot.gateway import Identity
from bluelamp.incidents.gateways.cot.joining import reading, store
from bluelamp.incidents.gateways.cot.joining.expected import Expected
from bluelamp.incidents.gateways.cot.joining.origins import Origins
from bluelamp.incidents.gateways.cot.missions import contents
from bluelamp.incidents.gateways.cot.missions.errors import NotTakenError
from bluelamp.incidents.gateways.cot.missions.names import NAME_LENGTH_MAX
from bluelamp.incidents.gateways.cot.wire.event import CotEvent
from bluelamp.incidents.log.actions import Result
from bluelamp.incidents.log.queries import state_now
from bluelamp.incidents.positions.service import PositionService
from bluelamp.incidents.resources import store as resources
from bluelamp.kit.ids import new_id
from bluelamp.spine import audit, telemetry
from bluelamp.spine.errors import BluelampError, EngineDownError
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine
from bluelamp.spine.steady import start_steadily

log = logging.getLogger(__name__)

WAITING_MAX = 5_000
TRIES = 30
ALERTS_OF_DEVICE_MAX = 8
"""Alerts of one device that wait to be raised: with so many it is known that its owner is in danger."""
REMEMBERED_MAX = 50_000
AT_ONCE = 4
AGAIN_S_MAX = 2.0
"""An emergency is tried again this often for as long as the process lives."""
TOLD_MAX = 10_000


class _Said(NamedTuple):
    client: Client
    caller: Caller
    device: str
    event: CotEvent
    incident: str
    """Named by the event; empty: the one that the person's resource is on."""
    emergency: str = ""
    """Of a cancel: what it cancels; empty: one that was raised before this process began."""


@dataclass
class _Alert:
    """An alert that is not raised yet. Its id is made once: a try that broke off may have raised it."""

    said: _Said
    emergency: str = ""
    cancelled: bool = False
    """Still raised, for people to close; pressed again later, it is another."""


class Incoming:
    """One per process."""

    def __init__(self, spine: Spine, positions: PositionService, origins: Origins, expected: Expected) -> None:
        self._spine = spine
        self._expected = expected
        self._positions = positions
        self._origins = origins
        self._moved: OrderedDict[str, tuple[Caller, CotEvent]] = OrderedDict()
        """Newest position by person: what waits is superseded, not queued."""
        self._woken = asyncio.Event()
        self._pressed: OrderedDict[tuple[str, str], _Alert] = OrderedDict()
        """By device and uid of the alert: no number of other things, and no repeat, can keep one out."""
        self._alarmed = asyncio.Event()
        self._waiting: asyncio.Queue[_Said] = asyncio.Queue(WAITING_MAX)
        self._alerts: OrderedDict[tuple[str, str], str] = OrderedDict()
        """Device and uid of an alert -> the emergency that it is, while it lasts."""
        self._seen: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._started = spine.clock()
        self._tasks: list[asyncio.Task[None]] = []
        self.offer: Callable[[Client, CotEvent], Awaitable[None]]
        """Hands on what a device offers of files."""
        self._told: set[tuple[str, str]] = set()
        self._notes: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        self._tasks = [
            start_steadily("cot-emergencies", self._raise),
            start_steadily("cot-said", self._work),
            start_steadily("cot-reports", self._report),
        ]

    async def close(self) -> None:
        ending = [*self._tasks, *self._notes]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)

    def take(self, client: Client, identity: Identity, event: CotEvent) -> frozenset[str]:
        """Note what an event means; the groups of devices that it goes to now."""
        caller = identity.caller
        if caller is None:
            return identity.audience
        if event.uid == client.uid and reading.is_position(event):
            self._moved[caller.id] = (caller, event)
            self._woken.set()
            return identity.audience
        if event.type == reading.CHAT:
            return self._take_chat(client, identity, caller, event)
        if event.type == reading.CANCEL:
            self._cancel(_Said(client, caller, identity.device, event, ""))
        elif reading.is_emergency(event):
            self._press(_Said(client, caller, identity.device, event, ""))
        elif event.type == reading.FILE:
            self._put(_Said(client, caller, identity.device, event, ""))
            return frozenset()  # handed on when it is known that there is such a file
        elif reading.is_drawing(event) or event.type in {reading.CASUALTY_EVACUATION, reading.DELETE}:
            return self._take_drawing(client, identity, caller, event)
        return identity.audience

    def _take_chat(self, client: Client, identity: Identity, caller: Caller, event: CotEvent) -> frozenset[str]:
        incident = self._origins.numbers.get(reading.room_of(event), "")
        if not incident:
            return identity.audience
        if groups.of_incident(incident) in identity.groups:
            self._put(_Said(client, caller, identity.device, event, incident))
        return frozenset()

    def _take_drawing(self, client: Client, identity: Identity, caller: Caller, event: CotEvent) -> frozenset[str]:
        """Into the missions that it names, or that its device added it to before; else into the incident that the person is on."""
        named = reading.missions_of(event)
        incidents = [incident for name in named if (incident := self._origins.incident_of(name))]
        if not named and (expected := self._expected.where(identity.device, event.uid)):
            incidents = [expected]
        seen = [incident for incident in incidents if groups.of_incident(incident) in identity.groups]
        if not caller.may(INCIDENTS_CONTRIBUTE):
            seen, incidents = [], incidents or [""]
        if len(seen) < max(len(named), len(incidents)):
            self._refused(caller, identity.device, event)
        for incident in seen or ([] if named or incidents else [""]):
            self._put(_Said(client, caller, identity.device, event, incident))
        if event.type == reading.DELETE and any(uid.startswith(reading.OURS) for uid in reading.deleted(event)):
            return frozenset()  # the platform's own: gone from devices when the incident says so
        if named or incidents:
            return frozenset(groups.of_incident(incident) for incident in seen)
        return identity.audience

    def _refused(self, caller: Caller, device: str, event: CotEvent) -> None:
        """On record once for each device and kind of event: a device repeats what it is not told of."""
        if (device, event.type) in self._told or len(self._told) > TOLD_MAX:
            return
        self._told.add((device, event.type))

        async def note() -> None:
            async with self._spine.db.transaction() as connection:
                named = [name[:NAME_LENGTH_MAX] for name in reading.missions_of(event)]
                detail = {"missions": named, "type": event.type, "tak_device": device}
                await audit.record(connection, caller.actor, "refusal", INCIDENTS_CONTRIBUTE, detail=detail)

        task = asyncio.create_task(note(), name="cot-refusal")
        self._notes.add(task)
        task.add_done_callback(self._notes.discard)

    def _cancel(self, said: _Said) -> None:
        """Of this device's own alert: another's is refused by its uid, and one of the phone's button is not ended here."""
        key = (said.device, said.event.uid)
        if (pressed := self._pressed.get(key)) is not None:
            pressed.cancelled = True  # told when it is raised
        if pressed is None and (key in self._alerts or key not in self._seen):
            self._put(said._replace(emergency=self._alerts.pop(key, "")))

    async def _told_off(self, said: _Said) -> None:
        """The control room hears that who pressed says it is over; it stays theirs to close."""
        emergency = said.emergency or await store.open_emergency_of(self._spine.db, said.caller.id, self._started)
        if emergency:
            await cancel(self._spine, said.caller, emergency, said.device)

    def _press(self, said: _Said) -> None:
        key = (said.device, said.event.uid)
        if (known := self._pressed.get(key)) is not None:
            known.cancelled = False
        if known is not None or key in self._alerts:
            return  # a device repeats its alert until it is cancelled
        waiting = Counter(device for device, _ in self._pressed)[said.device] if len(self._pressed) >= ALERTS_OF_DEVICE_MAX else 0
        if waiting < ALERTS_OF_DEVICE_MAX:
            self._pressed[key] = _Alert(said)
            self._alarmed.set()

    def _put(self, said: _Said) -> None:
        try:
            self._waiting.put_nowait(said)
        except asyncio.QueueFull:
            # The records are away and thousands wait: a client that is let go keeps what it could not send.
            said.client.let_go("what it says cannot be kept now")

    async def _raise(self) -> None:
        """Emergencies, each tried until it is raised, whatever goes wrong: none waits for another's failure."""
        wait_s = 0.1
        while True:
            if not self._pressed:
                await self._alarmed.wait()
            self._alarmed.clear()
            for at in range(0, len(some := list(self._pressed)), AT_ONCE):
                await asyncio.gather(*(self._try(key, self._pressed[key]) for key in some[at : at + AT_ONCE]))
            wait_s = min(wait_s * 2, AGAIN_S_MAX) if self._pressed else 0.1
            if self._pressed:
                await asyncio.sleep(wait_s)

    async def _try(self, key: tuple[str, str], alert: _Alert) -> None:
        try:
            await self._alarm(key, alert)
        except EngineDownError as error:
            log.warning("an emergency of a TAK device waits: %s", error.message)
        except Exception:
            log.exception("an emergency of a TAK device could not be raised and is tried again")
            telemetry.RESTARTS.labels(work="cot-emergencies").inc()
        else:
            del self._pressed[key]

    async def _work(self) -> None:
        while True:
            said = await self._waiting.get()
            for attempt in range(TRIES):
                try:
                    await self._keep(said)
                except EngineDownError:
                    await asyncio.sleep(min(0.2 * 2**attempt, 5))
                    continue
                except BluelampError as error:
                    log.info("a TAK device's %s is not kept: %s", said.event.type, error.code)
                except Exception:
                    log.exception("a TAK device's %s is not kept", said.event.type)
                break

    async def _keep(self, said: _Said) -> None:
        if said.event.type == reading.CANCEL:
            await self._told_off(said)
            return
        if said.event.type == reading.FILE:
            await self.offer(said.client, said.event)
            return
        incident = said.incident
        if not incident:
            crewed = await resources.of_person(self._spine.db, said.caller.id)
            incident = crewed.incident if crewed is not None and crewed.agency == said.caller.agency else ""
        news = reading.events_of(said.device, said.event)
        if incident and news:
            if said.incident and said.event.type != reading.CHAT:
                news = _of(said.incident, news)
            await self._append(said.client, said.caller, said.device, incident, said.event, news)

    async def draw(self, identity: Identity, incident: str, event: CotEvent) -> None:
        """Put a marker that devices have already into an incident.

        Raises:
            NotTakenError: what it is has no place in an incident, or the incident does not take it now.
        """
        assert identity.caller is not None  # noqa: S101 - devices behind certificates have one
        news = [new for new in reading.events_of(identity.device, event) if new.kind in {"feature.drawn", "casualty.found"}]
        if not news:
            raise NotTakenError("markers, drawings and casualties are added to incidents; this is none of them")
        results = await self._append(None, identity.caller, identity.device, incident, event, _of(incident, news))
        if refused := [result for result in results if result.state == "refused"]:
            raise NotTakenError(refused[0].message)

    async def _append(
        self, client: Client | None, caller: Caller, device: str, incident: str, event: CotEvent, news: list[New]
    ) -> list[Result]:
        if any(new.kind == "feature.drawn" for new in news):
            state = await state_now(self._spine, incident)
            news = [_as_known(new, state) for new in news]
        for new in news:
            if client is not None:
                self._origins.say(new.id, client)
            if new.kind == "feature.drawn":
                self._origins.call(new.data["feature"], event.uid)
        await contents.remember(self._spine, event, news)
        results = await contents.say(self._spine, caller, device, incident, news)
        for result in results:
            if result.state != "accepted":
                self._origins.forget(result.id)
                log.debug("a TAK device's %s: %s %s", event.type, result.state, result.code)
        return results

    async def _alarm(self, key: tuple[str, str], alert: _Alert) -> None:
        said = alert.said
        if not alert.emergency:
            # A device repeats its alert until it is cancelled: one that a restart of ours forgot is still the same, once.
            known = await store.open_emergency_of(self._spine.db, said.caller.id, self._started) if key not in self._seen else ""
            alert.emergency = known or new_id()
        self._origins.alert(alert.emergency, said.event.uid)
        place = reading.place_of(said.event)
        await raise_emergency(self._spine, said.caller, alert.emergency, place, said.event.time, "", said.device)
        if alert.cancelled:
            await cancel(self._spine, said.caller, alert.emergency, said.device)
        else:
            self._alerts[key] = alert.emergency
        self._seen[key] = None
        for remembered in (self._alerts, self._seen):
            while len(remembered) > REMEMBERED_MAX:
                remembered.popitem(last=False)

    async def _report(self) -> None:
        """Positions of people, the newest of each."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            while self._moved:
                person, (caller, event) = self._moved.popitem(last=False)
                try:
                    await self._positions.door.of_person(person, caller.agency, [reading.report_of(event)], source="cot", wait=False)
                except EngineDownError as error:
                    self._moved.setdefault(person, (caller, event))
                    log.warning("positions of TAK devices wait: %s", error.message)
                    await asyncio.sleep(1)
                except BluelampError as error:
                    log.info("a TAK device's position is not kept: %s", error.code)
                    await asyncio.sleep(0.1)
                except Exception:
                    log.exception("a TAK device's position is not kept")
                    await asyncio.sleep(0.1)


def _of(incident: str, news: list[New]) -> list[New]:
    """The same for an incident that was named: one marker may go into several, and each has an event of its own."""
    return [new._replace(id=reading.id_of(incident, new.id)) for new in news]


def _as_known(new: New, state: IncidentState) -> New:
    """A hazard that a device moved is still a hazard, and what is for some agencies still theirs only, though devices know neither."""
    known = state.features.get(new.data.get("feature", ""))
    if known is None:
        return new
    kind = known.type if known.geometry.type == new.data["geometry"]["type"] else new.data["type"]
    still = [agency for agency in known.audience if agency in state.agencies]
    return new._replace(data=new.data | {"type": kind}, audience=tuple(still or known.audience))
