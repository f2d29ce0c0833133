"""From incidents to devices: follows the stream of incidents and the positions of resources, and hands on what each may see.

Drawings, casualties and scenes are remembered as they are now, so that who connects, or whose agency joins, has them at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, NamedTuple

import msgspec

from bluelamp.incidents.errors import NoSuchIncidentError
from bluelamp.incidents.gateways.cot import groups, negotiation
from bluelamp.incidents.gateways.cot.fanout.client import Client
from bluelamp.incidents.gateways.cot.fanout.parcel import Parcel
from bluelamp.incidents.gateways.cot.gateway import Gateway, Identity
from bluelamp.incidents.gateways.cot.joining import store, writing
from bluelamp.incidents.gateways.cot.joining.origins import Origins
from bluelamp.incidents.gateways.cot.missions import store as missions
from bluelamp.incidents.gateways.cot.missions.following import Following
from bluelamp.incidents.gateways.cot.missions.picture import events_of, named, uid_of
from bluelamp.incidents.gateways.cot.trust.keeper import CertificateKeeper
from bluelamp.incidents.gateways.cot.wire.event import CotEvent
from bluelamp.incidents.log.queries import state_now
from bluelamp.incidents.positions.service import PositionService
from bluelamp.incidents.tables import INCIDENTS_STREAM
from bluelamp.incidents.told import Told, decode
from bluelamp.spine.bus import Message
from bluelamp.spine.errors import EngineDownError
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Record
from bluelamp.spine.steady import start_steadily

log = logging.getLogger(__name__)

CHANGES_WHO_SEES = frozenset(
    {
        "incident.opened", "incident.closed", "incident.reopened", "incident.merged", "agency.joined", "agency.left", "lead.passed",
        "resource.assigned", "resource.released",
    }
)  # fmt: skip
POSITIONS_EVERY_S = 0.25
DANGERS_MAX = 2_000
"""The latest; all of them are in the records and on every control room's screen."""


class Danger(NamedTuple):
    """An emergency that is not over: who hears of it, and what there is to say."""

    audience: frozenset[str]
    data: dict[str, Any]


class Outgoing:
    """One per process."""

    def __init__(
        self, spine: Spine, gateway: Gateway, keeper: CertificateKeeper, positions: PositionService, origins: Origins, following: Following
    ) -> None:
        self._spine = spine
        self._following = following
        self._gateway = gateway
        self._keeper = keeper
        self._positions = positions
        self._origins = origins
        self._assigned: dict[str, str] = {}
        """Resource -> incident that it is on."""
        self._dangers: OrderedDict[str, Danger] = OrderedDict()
        """Emergencies that are not over, which whoever comes is told of at once."""
        self._seen = 0
        self._moved = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        reached = await self._spine.bus.last_sequence(INCIDENTS_STREAM)
        self._assigned = await store.assigned(self._spine.db)
        for row in await store.open_incidents(self._spine.db):
            await self._show(row["id"])
        for row in await store.merged_incidents(self._spine.db):
            self._origins.numbers[row["number"]] = row["id"]
        for row in await store.open_emergencies(self._spine.db):
            self._dangers[row["emergency"]] = Danger(_hearing_of(row), dict(row))
        self._gateway.greet = self._greet
        self._positions.feed.told.append(self._moved.set)
        self._moved.set()
        self._tasks = [
            asyncio.create_task(self._spine.bus.replay(INCIDENTS_STREAM, reached, self._take), name="cot-incidents"),
            start_steadily("cot-positions", self._follow_positions),
        ]

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _take(self, message: Message) -> None:
        try:
            told = decode(message.payload)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return  # another subject of the same stream
        try:
            await self._tell(told)
        except EngineDownError:
            raise  # once more when the records answer: who sees what must not stay as it was
        except Exception:
            # One event that cannot be shown must not end the picture of all others.
            log.exception("event %d of incident %s is not shown to TAK devices", told.sequence, told.incident)

    async def _tell(self, told: Told) -> None:
        if told.kind in CHANGES_WHO_SEES:
            await self._change(told)
        await self._tell_followers(told)
        sender = self._origins.sender(told.id)
        if sender is not None and not told.kind.startswith("chat."):
            return  # devices have had it as its own device sent it
        if told.kind == "feature.drawn":
            alias = (await missions.aliases(self._spine.db, [told.data["feature"]])).get(told.data["feature"])
            self._publish(told, named(writing.drawing(told.data, told.at, self._now()), alias), told.audience)
        elif told.kind == "feature.removed":
            self._remove(told, await self._uid_of(told.data["feature"]))
        elif told.kind.startswith("casualty."):
            await self._casualty(told)
        elif told.kind == "chat.said" and told.carried is None:
            self._chat(told, sender)
        elif told.kind in {"emergency.raised", "emergency.escalated", "emergency.closed"}:
            await self._emergency(told)

    async def _change(self, told: Told) -> None:
        """Who sees an incident, or which a resource is on, has changed: clients' groups first, then what there is to see."""
        if told.kind == "incident.opened":
            self._origins.numbers[told.data["number"]] = told.incident
        elif told.kind == "incident.merged" and told.data["direction"] == "into":
            self._follow_merging(told)
        if told.kind in {"resource.assigned", "resource.released"}:
            self._move(told.data["resource"], told.incident if told.kind == "resource.assigned" else "")
            await self._keeper.again_of_crew(told.data["resource"])
        else:
            if told.kind == "agency.left":
                self._keeper.shut_out(told.data["agency"], told.incident)
            agencies = {*told.agencies, told.data.get("agency", "")}
            await self._keeper.again(lambda identity: identity.agency in agencies)
            await self._following.drop_unseen(told.incident, self._origins.number_of(told.incident))
        if told.kind in {"incident.opened", "incident.reopened"}:
            await self._show(told.incident)
        if told.kind == "incident.opened":
            self._following.created(told)

    async def _tell_followers(self, told: Told) -> None:
        """Notices for those who follow the incident as a mission, its own device included: it learns that its marker is kept."""
        if not told.incident or not self._following.wanted(told.incident):
            return
        state = await state_now(self._spine, told.incident)
        await self._following.changed(told, self._origins.number_of(told.incident), state)

    def _move(self, resource: str, incident: str) -> None:
        """Those who saw a resource by its incident alone see it no more; those of the new one do at once."""
        if held := self._gateway.hub.forget(writing.resource_uid(resource)):
            gone = negotiation.gone(writing.resource_uid(resource), "a-f-G", self._now())
            self._gateway.hub.publish(Parcel(gone, held.audience))
        if incident:
            self._assigned[resource] = incident
        else:
            self._assigned.pop(resource, None)
        self._show_resource(resource)

    def _follow_merging(self, told: Told) -> None:
        """The ended one's marker goes; what is said in its room is said in the other one's from now on."""
        self._remove(told, f"bluelamp-i-{told.incident}")
        numbers = self._origins.numbers
        for number in [number for number, incident in numbers.items() if incident == told.incident]:
            del numbers[number]  # behind the other one's own, which is the name of its room
            numbers[number] = told.data["incident"]

    async def _show(self, incident: str) -> None:
        """Everything of an incident that has a place; its room and mission are known by its number."""
        try:
            state = await state_now(self._spine, incident)
        except NoSuchIncidentError:
            return
        self._origins.numbers[state.number] = incident
        aliases = await missions.aliases(self._spine.db, state.features)
        for feature, alias in aliases.items():
            self._origins.call(feature, alias.uid)
        for shown in events_of(state, aliases, self._now()):
            self._gateway.hub.publish(Parcel(shown.event, groups.of_told(incident, shown.audience), shown.event.uid))

    async def _casualty(self, told: Told) -> None:
        state = await state_now(self._spine, told.incident)
        found = state.casualties.get(told.data["casualty"])
        if found is None or found.struck:
            self._remove(told, writing.casualty_uid(told.data["casualty"]))
        elif found.place is not None and found.place.point is not None:
            event = writing.casualty(found.id, found.model_dump(), told.at, self._now())
            self._publish(told, event, found.audience or told.audience)

    def _chat(self, told: Told, sender: Client | None) -> None:
        room = self._origins.number_of(told.incident)
        uid = sender.uid if sender is not None and sender.uid else f"bluelamp-p-{told.person}"
        call_sign = told.call_sign or told.name
        event = writing.chat(room, told.id, uid, call_sign, told.data["text"], told.at)
        self._gateway.hub.publish(Parcel(event, groups.of_told(told.incident, told.audience), "", sender))

    async def _emergency(self, told: Told) -> None:
        number = told.data["emergency"]
        uid = self._origins.alerts.get(number, "")
        if told.carried is not None and (told.kind != "emergency.raised" or not await store.is_open(self._spine.db, number)):
            return  # it is over, or was told again already
        hearing = _hearing(told) | (self._dangers[number].audience if number in self._dangers else frozenset())
        if told.kind == "emergency.closed":
            self._dangers.pop(number, None)
            event = writing.emergency_over(number, self._now())
        else:
            data = told.data if told.kind == "emergency.raised" else await store.emergency(self._spine.db, number) or told.data
            self._dangers[number] = Danger(hearing, data)
            while len(self._dangers) > DANGERS_MAX:
                self._dangers.popitem(last=False)
            if uid and told.kind == "emergency.raised" and told.carried is None:
                return  # devices have it as its own device sent it
            event = writing.emergency(number, data, told.at, self._now())
        event.uid = uid or event.uid
        self._gateway.hub.publish(Parcel(event, hearing if told.kind == "emergency.closed" else _hearing(told), urgent=True))

    def _greet(self, identity: Identity, known: frozenset[str]) -> list[Parcel]:
        """Who is in danger now, of those that the client could not see before."""
        told = []
        for number, danger in self._dangers.items():
            if danger.audience.isdisjoint(identity.groups) or not danger.audience.isdisjoint(known):
                continue
            event = writing.emergency(number, danger.data, self._now(), self._now())
            event.uid = self._origins.alerts.get(number, "") or event.uid
            told.append(Parcel(event, danger.audience, urgent=True))
        return told

    def _publish(self, told: Told, event: CotEvent, audience: Iterable[str]) -> None:
        self._gateway.show(Parcel(event, groups.of_told(told.incident, audience), event.uid))

    async def _uid_of(self, feature: str) -> str:
        return self._origins.uid_of_feature(feature) or uid_of(feature, await missions.aliases(self._spine.db, [feature]))

    def _remove(self, told: Told, uid: str) -> None:
        held = self._gateway.hub.forget(uid)
        audience = held.audience if held is not None else groups.of_told(told.incident, told.audience)
        self._gateway.hub.publish(Parcel(negotiation.gone(uid, "b-m-p-s-m", self._now()), audience))

    async def _follow_positions(self) -> None:
        while True:
            await self._moved.wait()
            self._moved.clear()
            changed, self._seen = self._positions.book.changed_since(self._seen)
            for position in changed:
                try:
                    self._show_resource(position.resource)
                except Exception:
                    log.exception("the position of resource %s is not shown to TAK devices", position.resource)
            await asyncio.sleep(POSITIONS_EVERY_S)

    def _show_resource(self, resource: str) -> None:
        position, hub = self._positions.book.latest(resource), self._gateway.hub
        uid = writing.resource_uid(resource)
        if position is None:
            if held := hub.forget(uid):
                hub.publish(Parcel(negotiation.gone(uid, "a-f-G", self._now()), held.audience))
            return
        if position.source == "cot":
            return  # the device itself is on the map
        event = writing.resource(position, self._positions.stale_ms.get(position.kind, self._positions.stale_ms["default"]))
        if event.stale > self._now():
            audience = groups.of_resource(position.agency, self._assigned.get(resource, ""), covert=position.covert)
            self._gateway.show(Parcel(event, audience, uid))

    def _now(self) -> int:
        return self._spine.clock()


def _hearing(told: Told) -> frozenset[str]:
    """Who hears an emergency: the incident, and the agencies that are told of it, some their control rooms alone."""
    found = set(groups.of_told(told.incident, told.audience)) if told.incident else set()
    for agency, roles in told.agencies.items():
        if not told.incident:
            found.add(f"{agency}/control" if roles and set(roles) <= groups.CONTROL_ROLES else agency)
    return frozenset(found)


def _hearing_of(row: Record) -> frozenset[str]:
    """The same of one that was raised before this process began."""
    return groups.of_told(row["incident"], ()) if row["incident"] else frozenset({row["agency"]})
