"""Subscriptions to missions: kept, and in memory for the telling. A notice goes to devices that subscribed and see the incident now."""

from __future__ import annotations

from bluelamp.incidents.access import INCIDENTS_VIEW
from bluelamp.incidents.domain.fold import Event
from bluelamp.incidents.domain.state import IncidentState
from bluelamp.incidents.gateways.cot import groups
from bluelamp.incidents.gateways.cot.fanout.parcel import Parcel
from bluelamp.incidents.gateways.cot.gateway import Gateway
from bluelamp.incidents.gateways.cot.missions import changes, notices, picture, shapes, store
from bluelamp.incidents.told import Told
from bluelamp.spine import audit
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Record


class Following:
    """One per process."""

    def __init__(self, spine: Spine, gateway: Gateway) -> None:
        self._spine = spine
        self._gateway = gateway
        self._devices: dict[str, set[str]] = {}
        """Incident -> devices that want to be told."""

    async def start(self) -> None:
        for row in await store.all_subscriptions(self._spine.db):
            self._devices.setdefault(row["incident"], set()).add(row["device"])

    async def subscribe(self, caller: Caller, device: str, incident: str, uid: str) -> Record:
        async with self._spine.db.transaction() as connection:
            row = await store.subscribe(connection, device, incident, uid)
            detail = {"subscription": "begun", "device": device}
            await audit.record(connection, caller.actor, "alteration", INCIDENTS_VIEW, subjects=(incident,), detail=detail)
        self._devices.setdefault(incident, set()).add(device)
        return row

    async def unsubscribe(self, caller: Caller, device: str, incident: str) -> None:
        async with self._spine.db.transaction() as connection:
            await store.unsubscribe(connection, device, incident)
            detail = {"subscription": "ended", "device": device}
            await audit.record(connection, caller.actor, "alteration", INCIDENTS_VIEW, subjects=(incident,), detail=detail)
        self._devices.get(incident, set()).discard(device)

    def wanted(self, incident: str) -> bool:
        """Whether anybody who is connected is to be told: most incidents are nobody's mission, and then nothing is made."""
        devices = self._devices.get(incident, set())
        return any(identity.device in devices for _, identity in self._gateway.present())

    async def changed(self, told: Told, number: str, state: IncidentState) -> None:
        """Tell subscribers what an event of the log changes in the mission, where it changes something that clients see."""
        if told.kind not in changes.KINDS or told.kind.startswith("incident."):
            return
        feature = told.data.get("feature", "")
        aliases = await store.aliases(self._spine.db, {feature, *state.features})
        shown = {one.event.uid: shapes.details(one.event) for one in picture.events_of(state, aliases, self._spine.clock())}
        event = Event(
            told.incident, told.sequence, told.id, told.kind, told.at, told.happened_at, told.person, told.name, told.agency,
            told.call_sign, "", told.audience, told.data,
        )  # fmt: skip
        change = changes.change_of(event, picture.uid_of(feature, aliases), shown, state)
        if change is not None:
            notice = notices.notice(notices.CHANGED, told.incident, number, change.by, self._spine.clock(), (change,))
            self._hand(Parcel(notice, groups.of_told(told.incident, change.audience)), told.incident)

    def created(self, told: Told) -> None:
        """An incident was opened: devices that see it can offer it as a mission."""
        event = notices.notice(notices.CREATED, told.incident, told.data["number"], told.call_sign or told.name, self._spine.clock())
        self._gateway.hub.publish(Parcel(event, groups.of_told(told.incident, ())))

    async def drop_unseen(self, incident: str, number: str) -> None:
        """Tell subscribers who no longer see the incident that the mission is gone, and end their subscriptions."""
        wanting, group = self._devices.get(incident, set()), groups.of_incident(incident)
        for client, identity in self._gateway.present():
            if identity.device not in wanting or group in client.groups:
                continue
            event = notices.notice(notices.GONE, incident, number, "", self._spine.clock())
            client.write(Parcel(event, client.groups).bytes_in(client.form))
            wanting.discard(identity.device)
            await store.unsubscribe(self._spine.db, identity.device, incident)

    def _hand(self, parcel: Parcel, incident: str) -> None:
        wanting = self._devices.get(incident, set())
        self._gateway.hub.hand(parcel, [client for client, identity in self._gateway.present() if identity.device in wanting])
