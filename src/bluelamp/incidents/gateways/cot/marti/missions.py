"""Missions ("Data Sync") at the addresses that ATAK, CloudTAK and their libraries ask. An incident that the person sees is a mission."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response, StreamingResponse

from bluelamp.incidents.access import INCIDENTS_CONTRIBUTE, INCIDENTS_VIEW
from bluelamp.incidents.domain.events import LogWritten, plain
from bluelamp.incidents.domain.rules import New
from bluelamp.incidents.gateways.cot import groups
from bluelamp.incidents.gateways.cot.files import archives, keeping
from bluelamp.incidents.gateways.cot.files import store as files
from bluelamp.incidents.gateways.cot.files.attaching import Attaching, Draw
from bluelamp.incidents.gateways.cot.files.errors import NoSuchFileError
from bluelamp.incidents.gateways.cot.gateway import Gateway
from bluelamp.incidents.gateways.cot.joining.expected import Expected
from bluelamp.incidents.gateways.cot.marti.door import Asked, Doors, Frame, body, json, json_of, number
from bluelamp.incidents.gateways.cot.missions import changes, contents, queries, shapes, store
from bluelamp.incidents.gateways.cot.missions.errors import RunInBluelampError
from bluelamp.incidents.gateways.cot.missions.following import Following
from bluelamp.incidents.gateways.cot.missions.queries import Mission
from bluelamp.incidents.gateways.cot.wire import xml
from bluelamp.incidents.gateways.cot.wire.errors import EventError
from bluelamp.incidents.gateways.cot.wire.event import TEXT_LENGTH_MAX, parse_time
from bluelamp.incidents.log import store as log_store
from bluelamp.kit.clock import to_ms, to_rfc3339
from bluelamp.kit.ids import new_id
from bluelamp.spine.errors import InvalidError, NotFoundError
from bluelamp.spine.relational import Record

MISSIONS = "/Marti/api/missions"
SUBSCRIPTION = "com.bbn.marti.sync.model.MissionSubscription"
LOG = "com.bbn.marti.sync.model.LogEntry"
NAMED_MAX = 200
"""Markers and attachments that one request names."""


class Added(msgspec.Struct):
    """What a client adds to a mission."""

    uids: list[str] = []
    hashes: list[str] = []


class LogEntry(msgspec.Struct):
    content: str
    missionNames: list[str]  # noqa: N815 - as clients write it
    creatorUid: str = ""  # noqa: N815


class Missions:
    """The addresses. `draw` puts a marker that the gateway has into an incident; `most`: bytes of a data package."""

    def __init__(
        self, frame: Frame, gateway: Gateway, following: Following, expected: Expected, draw: Draw, attaching: Attaching, most: int
    ) -> None:
        self._frame = frame
        self._spine = frame.spine
        self._gateway = gateway
        self._following = following
        self._expected = expected
        self._draw = draw
        self._attaching = attaching
        self._most = most

    def mount(self, doors: Doors) -> None:
        doors.add("GET", MISSIONS, self.show_all)
        for path in (f"{MISSIONS}/invitations", f"{MISSIONS}/all/invitations"):
            doors.add("GET", path, self.invitations)
        doors.add("POST", f"{MISSIONS}/logs/entries", self.write_log, INCIDENTS_CONTRIBUTE)
        doors.add("PUT DELETE", f"{MISSIONS}/logs/entries", self.refuse, INCIDENTS_CONTRIBUTE)
        for base in (f"{MISSIONS}/guid/{{guid}}", f"{MISSIONS}/{{name}}"):
            doors.add("GET", base, self.show)
            doors.add("PUT POST DELETE", base, self.refuse)
            doors.add("GET", f"{base}/cot", self.cot)
            doors.add("GET", f"{base}/changes", self.changes)
            doors.add("GET", f"{base}/log", self.read_log)
            doors.add("GET", f"{base}/role", self.role)
            doors.add("GET", f"{base}/subscription", self.subscription)
            doors.add("PUT", f"{base}/subscription", self.subscribe)
            doors.add("DELETE", f"{base}/subscription", self.unsubscribe)
            doors.add("GET", f"{base}/subscriptions", self.subscribers)
            doors.add("GET", f"{base}/subscriptions/roles", self.subscribers)
            doors.add("GET", f"{base}/invitations", self.invitations)
            doors.add("GET", f"{base}/contacts", self.contacts)
            doors.add("PUT", f"{base}/contents", self.add, INCIDENTS_CONTRIBUTE, 120)
            doors.add("PUT POST", f"{base}/contents/missionpackage", self.add_package, INCIDENTS_CONTRIBUTE, 600)
            doors.add("GET", f"{base}/archive", self.archive, INCIDENTS_VIEW, 600)
            doors.add("DELETE", f"{base}/contents", self.remove, INCIDENTS_CONTRIBUTE)
            doors.add("PUT", f"{base}/role", self.refuse)
            doors.add("PUT POST DELETE", f"{base}/keywords", self.refuse)
            doors.add("PUT DELETE", f"{base}/invite/{{type}}/{{invitee}}", self.refuse)

    async def _find(self, asked: Asked) -> str:
        return await queries.find(self._spine, asked.caller, asked.path.get("name", ""), asked.path.get("guid", ""))

    async def _seen(self, asked: Asked, look: str) -> Mission:
        return await queries.seen(self._spine, asked.caller, await self._find(asked), look)

    def _writes(self, asked: Asked) -> bool:
        return asked.caller.may(INCIDENTS_CONTRIBUTE)

    async def show_all(self, asked: Asked) -> Response:
        return json(shapes.answer("Mission", await queries.listed(self._spine, asked.caller)))

    async def show(self, asked: Asked) -> Response:
        mission = await self._seen(asked, "whole")
        made = self._whole(asked, mission)
        if asked.query.get("changes") == "true":
            made["missionChanges"] = await self._changes(asked, mission)
        if asked.query.get("logs") == "true":
            made["logs"] = await self._log(asked, mission)
        return json(shapes.answer("Mission", [made]))

    def _whole(self, asked: Asked, mission: Mission) -> dict[str, Any]:
        made = shapes.whole(mission.state, mission.picture, asked.caller.agency)
        return made | {"defaultRole": shapes.role(writes=self._writes(asked))}

    async def cot(self, asked: Asked) -> Response:
        mission = await self._seen(asked, "cot")
        events = b"".join(xml.write(shown.event) for shown in mission.picture)
        return Response(b'<?xml version="1.0" encoding="UTF-8"?>\n<events>' + events + b"</events>", media_type="application/xml")

    async def changes(self, asked: Asked) -> Response:
        return json(shapes.answer("MissionChange", await self._changes(asked, await self._seen(asked, "changes"))))

    async def _changes(self, asked: Asked, mission: Mission) -> list[dict[str, Any]]:
        now, query = self._spine.clock(), asked.query
        begin = now - number(query, "secago", now // 1000, now // 1000) * 1000
        try:
            begin = max(begin, parse_time(query["start"])) if query.get("start") else begin
            end = parse_time(query["end"]) if query.get("end") else now
        except EventError as error:
            raise InvalidError(error.message) from None
        squash = query.get("squashed", "true") != "false"
        found = await queries.changes_of(self._spine, asked.caller, mission, begin, end, squash=squash)
        return [changes.shape(change, mission.state.id, mission.state.number) for change in found]

    async def read_log(self, asked: Asked) -> Response:
        return json(shapes.answer(LOG, await self._log(asked, await self._seen(asked, "log"))))

    async def _log(self, asked: Asked, mission: Mission) -> list[dict[str, Any]]:
        state = mission.state
        events = await log_store.events_shown(self._spine.db, state.id, asked.caller.agency, 0, ["log.written"], 500, newest=True)
        return [
            {
                "id": event.id, "content": event.data["text"], "creatorUid": event.call_sign or event.name, "missionNames": [state.number],
                "servertime": to_rfc3339(event.at), "dtg": to_rfc3339(event.happened_at), "created": to_rfc3339(event.at),
                "contentHashes": [], "keywords": [], "entryUid": event.id,
            }
            for event in reversed(events)
        ]  # fmt: skip

    async def write_log(self, asked: Asked) -> Response:
        """An entry of the incident's log; entries are never changed."""
        entry = await json_of(asked.request, LogEntry)
        self._frame.own(asked, entry.creatorUid)
        if len(entry.missionNames) != 1 or not 0 < len(entry.content.strip()) <= 4000:
            raise InvalidError("an entry has 1 to 4000 characters, and names one mission")
        incident = await queries.find(self._spine, asked.caller, entry.missionNames[0])
        now = self._spine.clock()
        new = New(new_id(), "log.written", now, plain(LogWritten(text=entry.content)))
        (result,) = await contents.say(self._spine, asked.caller, asked.identity.device, incident, [new])
        if result.state == "refused":
            raise InvalidError(result.message)
        kept = {
            "id": new.id, "content": entry.content, "creatorUid": entry.creatorUid, "missionNames": entry.missionNames,
            "servertime": to_rfc3339(now), "dtg": to_rfc3339(now), "created": to_rfc3339(now), "contentHashes": [], "keywords": [],
        }  # fmt: skip
        return json(shapes.answer(LOG, kept), 201)

    async def role(self, asked: Asked) -> Response:
        await self._find(asked)
        return json(shapes.answer("MissionRole", shapes.role(writes=self._writes(asked))))

    async def subscribe(self, asked: Asked) -> Response:
        uid = asked.query.get("uid", "")
        if not 0 < len(uid) <= TEXT_LENGTH_MAX:
            raise InvalidError("say with `uid` which device wants to be told")
        self._frame.own(asked, uid)
        row = await self._following.subscribe(asked.caller, asked.identity.device, await self._find(asked), uid)
        told = shapes.subscription(uid, asked.caller.username, to_ms(row["at"]), writes=self._writes(asked))
        return json(shapes.answer(SUBSCRIPTION, told), 201)

    async def unsubscribe(self, asked: Asked) -> Response:
        self._frame.own(asked, asked.query.get("uid", ""))
        await self._following.unsubscribe(asked.caller, asked.identity.device, await self._find(asked))
        return Response(status_code=200)

    async def subscription(self, asked: Asked) -> Response:
        rows = await self._subscribers(asked, await self._find(asked))
        own = next((row for row in rows if row["device"] == asked.identity.device), None)
        if own is None:
            raise NotFoundError("this device has not subscribed to the mission")
        told = shapes.subscription(own["uid"], own["username"], to_ms(own["at"]), writes=self._writes(asked))
        return json(shapes.answer(SUBSCRIPTION, told))

    async def _subscribers(self, asked: Asked, incident: str) -> list[Record]:
        caller, controls = asked.caller, not asked.caller.roles.isdisjoint(groups.CONTROL_ROLES)
        return await store.subscribers(self._spine.db, incident, caller.agency, asked.identity.device, controls=controls)

    async def subscribers(self, asked: Asked) -> Response:
        mission = await self._seen(asked, "subscribers")
        rows = await self._subscribers(asked, mission.state.id)
        if asked.request.url.path.endswith("/roles"):
            told: list[Any] = [shapes.subscription(row["uid"], row["username"], to_ms(row["at"]), writes=True) for row in rows]
        else:
            told = [row["uid"] for row in rows]
        return json(shapes.answer(SUBSCRIPTION, told))

    async def contacts(self, asked: Asked) -> Response:
        mission = await self._seen(asked, "contacts")
        rows = await self._subscribers(asked, mission.state.id)
        return json(
            [{"uid": row["uid"], "callsign": row["call_sign"], "team": row["agency"], "role": "", "takv": "", "notes": ""} for row in rows]
        )

    async def invitations(self, asked: Asked) -> Response:
        """None: who sees an incident needs no invitation, and who does not is not let in by one."""
        if "name" in asked.path or "guid" in asked.path:
            await self._find(asked)
        return json(shapes.answer("MissionInvitation", []))

    async def refuse(self, asked: Asked) -> Response:
        if asked.path.get("name") or asked.path.get("guid"):
            await self._find(asked)
        raise RunInBluelampError

    async def add(self, asked: Asked) -> Response:
        """Markers by uid: those that the gateway has are drawn into the incident now, others when the device sends them."""
        self._frame.own(asked, asked.query.get("creatorUid", ""))
        added = await json_of(asked.request, Added)
        if len(added.uids) + len(added.hashes) > NAMED_MAX:
            raise InvalidError(f"at most {NAMED_MAX} markers and attachments at once")
        if any(len(uid) > TEXT_LENGTH_MAX for uid in added.uids):
            raise InvalidError(f"a uid has at most {TEXT_LENGTH_MAX} characters")
        incident = await self._find(asked)
        for uid in added.uids:
            self._frame.own(asked, uid)
            parcel = self._gateway.hub.last(uid)
            if parcel is None or asked.identity.groups.isdisjoint(parcel.audience):
                self._expected.expect(asked.identity.device, uid, incident)
            elif not uid.startswith("bluelamp-"):
                await self._draw(asked.identity, incident, parcel.event())
        for sha256 in added.hashes:
            await self._attach(asked, incident, sha256.lower())
        return json(shapes.answer("Mission", [self._whole(asked, await queries.seen(self._spine, asked.caller, incident, "whole"))]))

    async def _attach(self, asked: Asked, incident: str, sha256: str) -> None:
        """A file that was uploaded or sent to this person; one that the incident has already stays."""
        caller, readers = asked.caller, keeping.readers_of(asked.identity)
        file = await files.find(self._spine.db, caller.id, caller.agency, readers, sha256)
        if file is not None:
            await self._attaching.file(asked.identity, incident, file)
            return
        has = await files.media_by_hash(self._spine.db, sha256, caller.agency, caller.roles)
        if incident not in {row["incident"] for row in has}:
            raise NoSuchFileError

    async def add_package(self, asked: Asked) -> Response:
        """A data package: its markers and pictures become the incident's."""
        self._frame.own(asked, asked.query.get("creatorUid", ""))
        incident = await self._find(asked)
        await self._attaching.package(asked.identity, incident, await keeping.opened(await body(asked.request, self._most)))
        return json(shapes.answer("Mission", [self._whole(asked, await queries.seen(self._spine, asked.caller, incident, "whole"))]))

    async def archive(self, asked: Asked) -> Response:
        """The incident as a data package: its markers as CoT, and its pictures, films and documents."""
        mission = await self._seen(asked, "archive")
        parts = archives.made(self._spine, asked.caller, mission)
        headers = {"Content-Disposition": f'attachment; filename="{mission.state.number}.zip"', "Cache-Control": "no-store"}
        return StreamingResponse(parts, media_type="application/zip", headers=headers)

    async def remove(self, asked: Asked) -> Response:
        self._frame.own(asked, asked.query.get("creatorUid", ""))
        mission = await self._seen(asked, "whole")
        caller, device = asked.caller, asked.identity.device
        uid, sha256 = asked.query.get("uid", ""), asked.query.get("hash", "").lower()
        if not uid and not sha256:
            raise InvalidError("say with `uid` or `hash` what is to be removed")
        if uid:
            await contents.remove_marker(self._spine, caller, device, mission.state, uid)
        if sha256:
            await contents.remove_media(self._spine, caller, device, mission.state, sha256)
        return json(shapes.answer("Mission", [self._whole(asked, await queries.seen(self._spine, caller, mission.state.id, "whole"))]))
