"""A package: the whole incident as one agency may see it, as a ZIP that opens without the platform. Made while it is sent."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import msgspec

from bluelamp.incidents.domain.fold import Event
from bluelamp.incidents.export import page, signing, store, tracks, words
from bluelamp.incidents.export.drawing import Track, draw
from bluelamp.incidents.export.times import KINDS as TIMED
from bluelamp.incidents.export.times import Stopwatch
from bluelamp.incidents.export.verifying import MANIFEST, SIGNATURE
from bluelamp.incidents.export.zipping import StreamedZip, gathered, of
from bluelamp.incidents.log.schemas import EventShown
from bluelamp.incidents.log.stays import Stays
from bluelamp.incidents.media import originals
from bluelamp.incidents.media import store as media_store
from bluelamp.incidents.media.formats import FORMATS
from bluelamp.incidents.media.schemas import MediaShown
from bluelamp.incidents.media.store import Media
from bluelamp.kit.clock import to_rfc3339
from bluelamp.spine.blobs import BlobMissingError
from bluelamp.spine.module import Spine

FORMAT = "bluelamp incident package 1"


class Order(NamedTuple):
    """What is packed, for whom. `state`: as `fold.view` shows it to `agency` at event `sequence`."""

    id: str
    incident: str
    agency: str
    state: dict[str, Any]
    sequence: int
    made_at: int
    made_by: str
    reason: str
    signer: signing.Signer


class Packed(NamedTuple):
    """What was packed, once it was."""

    files: int
    bytes: int
    manifest_sha256: str


class Packer:
    """One package. `packed` is set with its last bytes."""

    def __init__(self, spine: Spine, order: Order) -> None:
        self._spine, self._order = spine, order
        self._zip = StreamedZip(order.made_at)
        self._watch, self._stays = Stopwatch(), Stays()
        self._drawn: list[Track] = []
        self._figures: list[str] = []
        self._left_out: list[dict[str, Any]] = []
        self.packed: Packed | None = None

    async def parts(self) -> AsyncIterator[bytes]:
        """The ZIP's bytes."""
        order = self._order
        for name, content in (
            ("README.txt", _readme(order).encode()),
            ("incident.json", msgspec.json.format(msgspec.json.encode(order.state), indent=1)),
        ):
            async for part in self._zip.add(name, of([content])):
                yield part
        async for part in self._zip.add("log.jsonl", gathered(self._log_lines())):
            yield part
        async for part in self._zip.add("decisions.json", gathered(self._decisions_json())):
            yield part
        stays = self._stays.until(order.made_at)
        positions = tracks.geojson(self._spine.columnar, order.agency, stays, self._drawn)
        async for part in self._zip.add("positions.geojson", positions):
            yield part
        statistics = msgspec.json.format(self._watch.times().model_dump_json().encode(), indent=1)
        async for part in self._zip.add("statistics.json", of([statistics])):
            yield part
        async for part in self._media():
            yield part
        async for part in self._pages():
            yield part
        async for part in self._sealed():
            yield part

    async def _log_lines(self) -> AsyncIterator[str]:
        order = self._order
        async for event in store.events(self._spine.db, order.incident, order.agency, order.sequence):
            if event.kind in TIMED:
                self._watch.see(event)
            self._stays.see(event)
            yield EventShown.of(event).model_dump_json() + "\n"

    def _decisions(self) -> AsyncIterator[Event]:
        order = self._order
        return store.events(self._spine.db, order.incident, order.agency, order.sequence, ["decision.made"])

    async def _decisions_json(self) -> AsyncIterator[str]:
        between = "[\n"
        async for event in self._decisions():
            yield between + EventShown.of(event).model_dump_json()
            between = ",\n"
        yield "\n]\n" if between != "[\n" else "[]\n"

    async def _media(self) -> AsyncIterator[bytes]:
        """Originals and thumbnails; what is hidden is named, and not in it."""
        order, blobs = self._order, self._spine.blobs
        hidden = await media_store.hidden_of(self._spine.db, order.incident)
        described: list[dict[str, Any]] = []
        async for one in store.media(self._spine.db, order.incident, order.agency, order.sequence):
            told = MediaShown.of(one, hidden.get(one.id, "")).model_dump(mode="json")
            name = f"media/{one.id}.{FORMATS[one.content_type].suffix}"
            described.append(told | {"file": "" if one.id in hidden else name})
            if one.id in hidden:
                self._left_out.append({"what": name, "why": f"hidden: {hidden[one.id]}", "sha256": one.sha256})
                self._figures.append(page.figure(told, "", ""))
                continue
            async for part in self._zip.add(name, self._original(one), packed=False):
                yield part
            thumbnail = ""
            if one.thumbnails:
                thumbnail, content = (
                    f"thumbnails/{one.id}.jpg",
                    await originals.get_thumbnail(blobs, one.incident, one.id, one.thumbnails[0]),
                )
                async for part in self._zip.add(thumbnail, of([content]), packed=False):
                    yield part
            self._figures.append(page.figure(told, name, thumbnail))
        here = {told["id"] for told in described}
        for media, told in order.state["media"].items():
            if media not in here:
                self._left_out.append({"what": f"media/{media}", "why": "kept by the region that sent it", "sha256": told["sha256"]})
        async for part in self._zip.add("media.json", of([msgspec.json.format(msgspec.json.encode(described), indent=1)])):
            yield part

    async def _original(self, media: Media) -> AsyncIterator[bytes]:
        """Raises BlobMissingError: it is not what was kept; a package with something else in its place is never made."""
        counted = hashlib.sha256()
        pieces = await media_store.pieces_of(self._spine.db, media.id)
        async for part in originals.read(self._spine.blobs, media.incident, pieces, 0, media.bytes):
            counted.update(part)
            yield part
        if counted.hexdigest() != media.sha256:
            raise BlobMissingError(media.id)

    async def _pages(self) -> AsyncIterator[bytes]:
        order = self._order
        seen = await store.count_shown(self._spine.db, order.incident, order.agency, order.sequence)
        pages = max(1, -(-seen // page.LOG_PAGE))
        last = [0]
        for number in range(1, pages + 1):
            async for part in self._zip.add(page.page_name(number), gathered(self._page(number, pages, last))):
                yield part

    async def _page(self, number: int, pages: int, last: list[int]) -> AsyncIterator[str]:
        """`last`: the number of the last event of the page before; set to that of this one."""
        order = self._order

        async def of_page() -> AsyncIterator[Event]:
            count = 0
            async for event in store.events(self._spine.db, order.incident, order.agency, order.sequence, None, last[0]):
                yield event
                count, last[0] = count + 1, event.sequence
                if count == page.LOG_PAGE:
                    return

        if number == 1:
            about = {
                "Made": f"{to_rfc3339(order.made_at)} by {order.made_by}, for {order.agency}, up to event {order.sequence}",
                "Why": order.reason,
            }
            yield page.front(order.state, about, self._watch.times(), draw(order.state, self._drawn))
            yield "<h2>Decisions</h2>"
            async for event in self._decisions():
                yield page.decision(event)
            yield "<h2>Pictures, films and documents</h2>"
            for figure in self._figures:
                yield figure
            yield "<h2>Log</h2>"
        async for text in page.log_page(of_page(), number, pages, f"{order.state['number']} {order.state['title']}"):
            yield text

    async def _sealed(self) -> AsyncIterator[bytes]:
        order = self._order
        content = msgspec.json.format(
            msgspec.json.encode(
                {
                    "format": FORMAT,
                    "incident": order.incident,
                    "number": order.state["number"],
                    "agency": order.agency,
                    "made_at": to_rfc3339(order.made_at),
                    "made_by": order.made_by,
                    "reason": order.reason,
                    "export": order.id,
                    "sequence": order.sequence,
                    "files": [filed._asdict() for filed in self._zip.filed],
                    "left_out": self._left_out,
                }
            ),
            indent=1,
        )
        files, size = len(self._zip.filed), sum(filed.bytes for filed in self._zip.filed)
        digest = hashlib.sha256(content).hexdigest()
        async for part in self._zip.add(MANIFEST, of([content])):
            yield part
        async for part in self._zip.add(SIGNATURE, of([signing.sign(order.signer, digest)]), packed=False):
            yield part
        self.packed = Packed(files, size, digest)
        yield self._zip.end()


def _readme(order: Order) -> str:
    where = words.place_in_words(order.state["place"])
    return f"""Incident {order.state["number"]}: {order.state["title"]}
{where}

Made {to_rfc3339(order.made_at)} by {order.made_by}, of what {order.agency} may see, up to event {order.sequence}.
Why: {order.reason}

OPEN index.html in any browser. It needs no network and no other program.

index.html, log-2.html ..  to read: times, map, casualties, decisions, pictures, log
log.jsonl                  every event, one JSON object a line
decisions.json             the decisions
incident.json              the incident as of the last event
statistics.json            how long things took
positions.geojson          where resources were while they were on it (WGS 84)
media/, media.json         the originals, untouched, and what was said of them; thumbnails/ are for index.html
manifest.json              every file with its size and SHA-256, and what was left out and why
SIGNATURE                  the platform's signature over manifest.json

IS IT UNCHANGED?
With the platform's program, which needs no platform for it:
    bluelamp verify incident THIS.zip --key 'KEY'
KEY is the platform's public key as you know it, from its audit's check-points. This package says that it is
    {order.signer.public}
Compare the two: without a key that you know already, the check only proves that the package fits itself.

Without that program: the first three lines of SIGNATURE, each with its line end, are what is signed. What follows the second + of the
key is, in base64, one byte 01 and then the 32 bytes of an Ed25519 public key (RFC 8032). The third line has the SHA-256 of
manifest.json, which has that of every other file (sha256sum tells it).
"""
