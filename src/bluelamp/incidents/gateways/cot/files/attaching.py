"""Files that become a part of an incident: pictures, films and documents as its media, the same way as a phone's; markers as drawings."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable

from bluelamp.incidents.gateways.cot.files import keeping, packages
from bluelamp.incidents.gateways.cot.files.store import File
from bluelamp.incidents.gateways.cot.gateway import Identity
from bluelamp.incidents.gateways.cot.joining.reading import id_of
from bluelamp.incidents.gateways.cot.wire.event import CotEvent
from bluelamp.incidents.log.queries import state_now
from bluelamp.incidents.media import actions as media
from bluelamp.incidents.media.store import Media
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine

Draw = Callable[[Identity, str, CotEvent], Awaitable[None]]


class Attaching:
    """`draw` puts a marker into an incident."""

    def __init__(self, spine: Spine, draw: Draw) -> None:
        self._spine = spine
        self._draw = draw

    async def file(self, identity: Identity, incident: str, file: File) -> None:
        """A file that came before, into an incident; the same again changes nothing.

        Raises:
            NoSuchIncidentError, and what the incident's media are refused with: the format, the size, too many.
        """
        assert identity.caller is not None  # noqa: S101 - devices behind certificates have one
        if file.content_type == packages.CONTENT_TYPE:
            await self.package(identity, incident, await keeping.opened(await keeping.whole(self._spine, file.id, file.bytes)))
            return
        parts = keeping.read(self._spine, file.id, file.bytes)
        await self._media(identity.caller, identity.device, incident, parts, file.sha256, file.bytes, file.name)

    async def package(self, identity: Identity, incident: str, package: packages.Package) -> None:
        """All of a data package, into an incident. Raises as `file` does."""
        assert identity.caller is not None  # noqa: S101 - devices behind certificates have one
        for event in package.events:
            await self._draw(identity, incident, event)
        for name, attached in package.media:
            parts, sha256 = _pieces(attached), hashlib.sha256(attached).hexdigest()
            await self._media(identity.caller, identity.device, incident, parts, sha256, len(attached), name)

    async def _media(
        self, caller: Caller, device: str, incident: str, parts: AsyncIterator[bytes], sha256: str, size: int, name: str
    ) -> None:
        state = await state_now(self._spine, incident)
        if any(one.sha256 == sha256 and (not one.audience or caller.agency in one.audience) for one in state.media.values()):
            return
        number = id_of("tak media", incident, caller.id, sha256)
        wanted = Media(
            number, incident, caller.id, caller.name, caller.agency, device, size, sha256, None, None, name[:200], (), "receiving", 0, "",
            self._spine.clock(), "", 0, 0, {}, (), "", 0,
        )  # fmt: skip
        upload, _ = await media.begin_upload(self._spine, caller, wanted)
        at = 0
        async for part in parts:
            if upload.state == "kept":
                return
            if at + len(part) > upload.held:  # what an earlier try brought is there already
                upload = await media.take_piece(self._spine, caller, incident, number, at, _pieces(part))
            at += len(part)


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(content), keeping.PIECE_BYTES):
        yield content[at : at + keeping.PIECE_BYTES]
