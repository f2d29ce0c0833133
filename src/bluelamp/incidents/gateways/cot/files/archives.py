"""An incident as a data package, made while it is sent."""

from __future__ import annotations

from collections.abc import AsyncIterator

from bluelamp.incidents.export.zipping import StreamedZip, of
from bluelamp.incidents.gateways.cot.files import packages
from bluelamp.incidents.gateways.cot.missions import shapes
from bluelamp.incidents.gateways.cot.missions.names import guid_of
from bluelamp.incidents.gateways.cot.missions.queries import Mission
from bluelamp.incidents.gateways.cot.wire import xml
from bluelamp.incidents.media import queries as media
from bluelamp.incidents.media.formats import FORMATS
from bluelamp.spine.errors import TooLargeError
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine

BYTES_MAX = 256 << 20
"""Of attachments. A larger incident is taken out as its signed export, in the control room."""


def made(spine: Spine, caller: Caller, mission: Mission) -> AsyncIterator[bytes]:
    """Each picture is a look of its own, on record; an agency put out meanwhile gets no further ones.

    Raises:
        TooLargeError: the attachments are more than a device should fetch at once.
    """
    attached = [one for one in mission.state.media.values() if shapes.media_shown(one, caller.agency)]
    if sum(one.bytes for one in attached) > BYTES_MAX:
        raise TooLargeError("the incident has more pictures than one package takes: fetch them one by one", bytes_max=BYTES_MAX)
    pictures = {one.id: f"{one.id}/{one.id}.{FORMATS[one.content_type].suffix}" for one in attached if one.content_type in FORMATS}
    return _parts(spine, caller, mission, pictures)


async def _parts(spine: Spine, caller: Caller, mission: Mission, pictures: dict[str, str]) -> AsyncIterator[bytes]:
    state, archive = mission.state, StreamedZip(spine.clock())
    events = [(f"markers/{at}.cot", shown.event) for at, shown in enumerate(mission.picture, 1)]
    entries = [(path, event.uid) for path, event in events] + [(path, "") for path in pictures.values()]
    listed = packages.manifest(guid_of(state.id), f"{state.number} {state.title}", state.number, entries)
    async for part in archive.add(packages.MANIFEST, of([listed])):
        yield part
    for path, event in events:
        async for part in archive.add(path, of([xml.write(event)])):
            yield part
    for number, path in pictures.items():
        opened = await media.open_original(spine, caller, state.id, number, "")
        async for part in archive.add(path, opened.parts, packed=False):
            yield part
    yield archive.end()
