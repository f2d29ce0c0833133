"""Files and data packages at the addresses that clients ask ("enterprise sync"): uploaded, found, fetched by hash, deleted."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from starlette.responses import Response, StreamingResponse

from bluelamp.incidents.access import INCIDENTS_CONTRIBUTE, INCIDENTS_VIEW
from bluelamp.incidents.gateways.cot.files import keeping, packages, store
from bluelamp.incidents.gateways.cot.files.attaching import Attaching
from bluelamp.incidents.gateways.cot.files.errors import NoSuchFileError
from bluelamp.incidents.gateways.cot.files.sharing import Sharing
from bluelamp.incidents.gateways.cot.files.store import File
from bluelamp.incidents.gateways.cot.marti.door import Asked, Doors, Frame, body, json
from bluelamp.incidents.gateways.cot.marti.multipart import file_of
from bluelamp.incidents.gateways.cot.missions import queries
from bluelamp.incidents.gateways.cot.missions.shapes import answer
from bluelamp.incidents.gateways.cot.settings import CotSettings
from bluelamp.incidents.media import queries as media
from bluelamp.incidents.media import store as media_store
from bluelamp.kit.clock import to_rfc3339
from bluelamp.spine import audit
from bluelamp.spine.errors import ForbiddenError, InvalidError

SECONDS_MAX = 600.0
LISTED_MAX = 500
TOOL_BYTES_MAX = 64
SAFE = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store"}
PACKAGE = "missionpackage"
_HASH = re.compile(r"[0-9a-f]{64}")


class Files:
    """The addresses."""

    def __init__(self, frame: Frame, attaching: Attaching, sharing: Sharing, settings: CotSettings) -> None:
        self._frame = frame
        self._spine = frame.spine
        self._attaching = attaching
        self._sharing = sharing
        self._settings = settings

    def mount(self, doors: Doors) -> None:
        doors.add("POST PUT", "/Marti/sync/upload", self.upload, INCIDENTS_CONTRIBUTE, SECONDS_MAX)
        doors.add("POST PUT", "/Marti/sync/missionupload", self.upload_package, INCIDENTS_CONTRIBUTE, SECONDS_MAX)
        doors.add("GET", "/Marti/sync/missionquery", self.query)
        doors.add("GET", "/Marti/sync/content", self.content, INCIDENTS_VIEW, SECONDS_MAX)
        doors.add("GET", "/Marti/sync/search", self.search)
        doors.add("GET", "/Marti/api/sync/search", self.search_api)
        doors.add("GET", "/Marti/sync/{hash}/metadata", self.metadata)
        doors.add("GET", "/Marti/api/sync/metadata/{hash}/tool", self.tool)
        doors.add("PUT", "/Marti/api/sync/metadata/{hash}/tool", self.set_tool, INCIDENTS_CONTRIBUTE)
        doors.add("DELETE", "/Marti/sync/delete", self.delete, INCIDENTS_CONTRIBUTE)
        doors.add("GET", "/files/api/config", self.config)

    async def _find(self, asked: Asked, sha256: str) -> File:
        caller, sha256 = asked.caller, sha256.lower()
        known = _HASH.fullmatch(sha256)
        file = await store.find(self._spine.db, caller.id, caller.agency, keeping.readers_of(asked.identity), sha256) if known else None
        if file is None:
            raise NoSuchFileError
        return file

    async def _receive(self, asked: Asked, name: str) -> File:
        announced = asked.query.get("hash", "").lower()
        self._frame.own(asked, asked.query.get("creatorUid", ""))
        if not 0 < len(name) <= 200 or (announced and not _HASH.fullmatch(announced)):
            raise InvalidError(
                "say with `name` or `filename` what the file is called (200 characters), and its SHA-256 with `hash`, if at all"
            )
        said = asked.query.getlist("keyword") + asked.query.get("keywords", "").split(",")
        keywords = tuple(dict.fromkeys(word.strip()[:60] for word in said if word.strip()))[:20]
        return await keeping.receive(self._spine, asked.identity, self._settings, file_of(asked.request), name, announced, keywords)

    async def upload(self, asked: Asked) -> Response:
        """A file for whoever it will be sent to, or attached to."""
        file = await self._receive(asked, asked.query.get("name", ""))
        # The library of CloudTAK reads the text itself, so it is not called JSON.
        return Response(msgspec.json.encode(_content(file)), media_type="text/plain")

    async def upload_package(self, asked: Asked) -> Response:
        """A data package; with the keyword `missionpackage` for all of the agency. One that names a mission is put into that incident."""
        file = await self._receive(asked, asked.query.get("filename", ""))
        if file.content_type == packages.CONTENT_TYPE:
            package = await keeping.opened(await keeping.whole(self._spine, file.id, file.bytes))
            if package.mission:
                incident = await queries.find(self._spine, asked.caller, package.mission, guid_in(package.mission))
                await self._attaching.package(asked.identity, incident, package)
        if PACKAGE in file.keywords:
            await self._share(asked, file, "public")
        return Response(self._sharing.address(file.sha256), media_type="text/plain")

    async def query(self, asked: Asked) -> Response:
        """Whether a file is here already: clients do not send it again then."""
        file = await self._find(asked, asked.query.get("hash", ""))
        return Response(self._sharing.address(file.sha256), media_type="text/plain")

    async def content(self, asked: Asked) -> Response:
        """A file that was sent to this person, or an attachment of an incident that they see."""
        sha256 = asked.query.get("hash", "").lower()
        for row in await store.media_by_hash(self._spine.db, sha256, asked.caller.agency, asked.caller.roles):
            if row["id"] in await media_store.hidden_of(self._spine.db, row["incident"], [row["id"]]):
                continue  # also for those who may open it in the console: what is hidden is on no device
            opened = await media.open_original(self._spine, asked.caller, row["incident"], row["id"], "")
            return _streamed(opened.parts, opened.media.content_type, opened.length, sha256, opened.media.caption or row["id"])
        intent = await audit.intend(self._spine.db, asked.caller.actor, INCIDENTS_VIEW, detail={"tak_file": sha256[:64]})
        try:
            file = await self._find(asked, sha256)
        except NoSuchFileError:
            await audit.conclude(self._spine.db, intent, "refused", 0)
            raise
        await audit.conclude(self._spine.db, intent, "answered", 1)
        return _streamed(keeping.read(self._spine, file.id, file.bytes), file.content_type, file.bytes, sha256, file.name)

    async def _listed(self, asked: Asked) -> list[File]:
        caller, query = asked.caller, asked.query
        intent = await audit.intend(self._spine.db, caller.actor, INCIDENTS_VIEW, detail={"tak_files": "list"})
        found = await store.listed(self._spine.db, caller.id, caller.agency, keeping.readers_of(asked.identity), LISTED_MAX)
        word, tool, name = query.get("keywords", ""), query.get("tool", ""), query.get("name", "")
        found = [f for f in found if (not word or word in f.keywords) and (not tool or f.tool == tool) and (not name or name in f.name)]
        await audit.conclude(self._spine.db, intent, "answered", len(found))
        return found

    async def search(self, asked: Asked) -> Response:
        results = [_content(file) for file in await self._listed(asked)]
        return json({"resultCount": len(results), "results": results})

    async def search_api(self, asked: Asked) -> Response:
        told = [
            {
                "filename": file.name, "name": file.name, "keywords": list(file.keywords), "mimeType": file.content_type, "uid": file.id,
                "submissionTime": to_rfc3339(file.at), "submitter": file.username, "size": file.bytes, "hash": file.sha256,
            }
            for file in await self._listed(asked)
        ]  # fmt: skip
        return json(answer("Metadata", told))

    async def metadata(self, asked: Asked) -> Response:
        return json(_content(await self._find(asked, asked.path["hash"])))

    async def tool(self, asked: Asked) -> Response:
        return Response((await self._find(asked, asked.path["hash"])).tool, media_type="text/plain")

    async def set_tool(self, asked: Asked) -> Response:
        """`public`: for everybody of the agency; `private`: for those whom it is sent to."""
        file = await self._own(asked, asked.path["hash"])
        said = (await body(asked.request, TOOL_BYTES_MAX)).strip()
        await self._share(asked, file, "public" if said == b"public" else "private")
        return Response(status_code=200)

    async def _own(self, asked: Asked, sha256: str) -> File:
        file = await self._find(asked, sha256)
        if file.person != asked.caller.id:
            raise ForbiddenError("a file is changed and deleted by who sent it")
        return file

    async def _share(self, asked: Asked, file: File, tool: str) -> None:
        async with self._spine.db.transaction() as connection:
            await store.set_tool(connection, file.id, tool)
            if tool == "public":
                await store.let_read(connection, file.id, [file.agency])
            else:
                await store.keep_from(connection, file.id, file.agency)
            detail = {"tak_file": file.id, "tool": tool}
            await audit.record(connection, asked.caller.actor, "alteration", INCIDENTS_CONTRIBUTE, detail=detail)

    async def delete(self, asked: Asked) -> Response:
        file = await self._own(asked, asked.query.get("hash", ""))
        async with self._spine.db.transaction() as connection:
            await store.remove(connection, file.id)
            await audit.record(connection, asked.caller.actor, "erasure", INCIDENTS_CONTRIBUTE, detail={"tak_file": file.id})
        await keeping.forget(self._spine, file.id)
        return Response(status_code=200)

    async def config(self, asked: Asked) -> Response:  # noqa: ARG002 - the same to all
        return json({"uploadSizeLimit": self._settings.file_bytes_max >> 20})


def guid_in(mission: str) -> str:
    """The name itself where it is a guid; empty: it is an incident's number."""
    return mission if re.fullmatch(r"[0-9a-fA-F-]{36}", mission) else ""


def _streamed(parts: AsyncIterator[bytes], kind: str, size: int, sha256: str, name: str) -> Response:
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", name)[:100]
    headers = SAFE | {"Content-Length": str(size), "ETag": f'"{sha256}"', "Content-Disposition": f'attachment; filename="{plain}"'}
    return StreamingResponse(parts, media_type=kind, headers=headers)


def _content(file: File) -> dict[str, Any]:
    return {
        "UID": file.id, "SubmissionDateTime": to_rfc3339(file.at), "Keywords": list(file.keywords), "MIMEType": file.content_type,
        "SubmissionUser": file.username, "PrimaryKey": file.id, "Hash": file.sha256, "CreatorUid": file.username, "Name": file.name,
        "Size": str(file.bytes), "EXPIRATION": "-1", "Tool": file.tool,
    }  # fmt: skip
