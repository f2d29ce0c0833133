"""Which server this is, who is connected, and the small questions that clients ask when they connect."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

import bluelamp
from bluelamp.incidents.access import INCIDENTS_VIEW
from bluelamp.incidents.gateways.cot.fanout.client import Client
from bluelamp.incidents.gateways.cot.gateway import Gateway, Identity
from bluelamp.incidents.gateways.cot.marti.door import Asked, Doors, Frame, json
from bluelamp.incidents.gateways.cot.missions.shapes import answer
from bluelamp.incidents.gateways.cot.wire import xml
from bluelamp.incidents.gateways.cot.wire.event import CotEvent
from bluelamp.kit.clock import to_rfc3339
from bluelamp.spine import audit
from bluelamp.spine.errors import NotFoundError

GROUP = "com.bbn.marti.remote.groups.Group"


class People:
    """Each device is told of those on its own map, and of nobody else."""

    def __init__(self, frame: Frame, gateway: Gateway) -> None:
        self._spine = frame.spine
        self._gateway = gateway

    def mount(self, doors: Doors) -> None:
        doors.add("GET", "/Marti/api/version", self.version)
        doors.add("GET", "/Marti/api/version/config", self.config)
        doors.add("GET", "/Marti/api/clientEndPoints", self.endpoints)
        doors.add("GET", "/Marti/api/contacts/all", self.contacts)
        doors.add("GET", "/Marti/api/cot/xml/{uid}", self.event)
        doors.add("GET", "/Marti/api/groups/all", self.groups)
        doors.add("GET", "/Marti/api/groups/groupCacheEnabled", self.cached)
        doors.add("GET", "/Marti/api/util/user/roles", self.roles)
        doors.add("GET", "/Marti/api/util/isAdmin", self.admin)
        doors.add("GET", "/Marti/api/device/profile/connection", self.profile)

    async def version(self, asked: Asked) -> Response:  # noqa: ARG002 - the same to all
        return Response(f"Bluelamp {bluelamp.__version__}", media_type="text/plain")

    async def config(self, asked: Asked) -> Response:
        told = {"version": bluelamp.__version__, "api": "3", "hostname": asked.request.url.hostname or ""}
        return json(answer("ServerConfig", told))

    async def groups(self, asked: Asked) -> Response:
        """The agency, in which the device sees and is seen. Incidents come and go, so they are missions and no channels."""
        caller = asked.caller
        one = {
            "name": caller.agency,
            "description": caller.agency_name,
            "created": "2026-01-01",
            "type": "SYSTEM",
            "bitpos": 2,
            "active": True,
        }
        return json(answer(GROUP, [{**one, "direction": direction} for direction in ("IN", "OUT")]))

    async def cached(self, asked: Asked) -> Response:  # noqa: ARG002 - the same to all
        return json(answer("java.lang.Boolean", data=False))

    async def roles(self, asked: Asked) -> Response:  # noqa: ARG002 - nobody administers over this door
        return json(["ROLE_ANONYMOUS"])

    async def admin(self, asked: Asked) -> Response:  # noqa: ARG002 - nobody administers over this door
        return json(told=False)

    async def profile(self, asked: Asked) -> Response:  # noqa: ARG002 - there are no settings to push
        return Response(status_code=204)

    def _seen(self, asked: Asked) -> list[tuple[Client, Identity, CotEvent]]:
        found = []
        for client, identity in self._gateway.present():
            parcel = self._gateway.hub.last(client.uid) if client.uid else None
            if parcel is not None and not parcel.audience.isdisjoint(asked.identity.groups):
                found.append((client, identity, parcel.event()))
        return found

    async def endpoints(self, asked: Asked) -> Response:
        intent = await audit.intend(self._spine.db, asked.caller.actor, INCIDENTS_VIEW, detail={"tak_contacts": "endpoints"})
        told = [self._contact(client, event) | _presence(identity, event) for client, identity, event in self._seen(asked)]
        await audit.conclude(self._spine.db, intent, "answered", len(told))
        return json(answer("com.bbn.marti.remote.ClientEndpoint", told))

    async def contacts(self, asked: Asked) -> Response:
        intent = await audit.intend(self._spine.db, asked.caller.actor, INCIDENTS_VIEW, detail={"tak_contacts": "all"})
        told = [
            self._contact(client, event) | {"filterGroups": None, "notes": identity.agency} for client, identity, event in self._seen(asked)
        ]
        await audit.conclude(self._spine.db, intent, "answered", len(told))
        return json(told)

    def _contact(self, client: Client, event: CotEvent) -> dict[str, Any]:
        group, software = event.detail.find("__group"), event.detail.find("takv")
        return {
            "uid": client.uid, "callsign": client.call_sign, "team": "" if group is None else group.get("name", ""),
            "role": "" if group is None else group.get("role", ""),
            "takv": "" if software is None else f"{software.get('platform', '')} {software.get('version', '')}".strip(),
        }  # fmt: skip

    async def event(self, asked: Asked) -> Response:
        """What is on the device's map under this uid."""
        uid = asked.path["uid"]
        intent = await audit.intend(
            self._spine.db, asked.caller.actor, INCIDENTS_VIEW, subjects=(uid[:256],), detail={"tak_marker": "shown"}
        )
        parcel = self._gateway.hub.last(uid)
        if parcel is None or parcel.audience.isdisjoint(asked.identity.groups):
            await audit.conclude(self._spine.db, intent, "refused", 0)
            raise NotFoundError("there is nothing of this uid on your map")
        await audit.conclude(self._spine.db, intent, "answered", 1)
        return Response(xml.write(parcel.event()), media_type="application/xml")


def _presence(identity: Identity, event: CotEvent) -> dict[str, Any]:
    username = identity.caller.username if identity.caller is not None else ""
    return {"username": username, "lastEventTime": to_rfc3339(event.time), "lastStatus": "Connected"}
