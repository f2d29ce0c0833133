"""A simulated second control room: it takes hand-overs in MAIT-style XML, answers with receipts (sometimes late), sends its own.

It shares no code with the platform, so that it reads and writes the messages as another maker's system would.

How to wire it (the platform must be started with `BLUELAMP_INCIDENTS_PARTNER_HOSTS='["127.0.0.1:8471"]'`):

    room = ControlRoom("Orrest control", "ORR", platform_url, port=8471)
    await room.start()
    await room.connect(admin)          # a PlatformClient of the home force's administrator: makes or renews the partner
    shared = await room.hand_over("Walker with a broken leg", "medical", "Medical", "priority", "Sour Milk Gill", 54.47, -3.02)
    await room.update(shared, "Mountain rescue is on the way", {"P2": 1})
    await room.close(shared, "Handed to the ambulance")
    await room.stop()

Whatever the home force's control room shares with the agency ORR then arrives here (`room.heard`) and is acknowledged under
a number of this room's own.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import secrets
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement, tostring

import httpx
from defusedxml.ElementTree import fromstring

from bluelamp.demo.session.client import PlatformClient, RefusedError

log = logging.getLogger(__name__)

SPACE = "urn:bluelamp:incident-transfer:1"
BODY_MAX = 2 << 20
LATE_S = (1.5, 6.0)
SHARE_LATE = 0.25
"""One receipt in four comes later, as a message of its own: a person there had to look first."""


class Heard(NamedTuple):
    """A message that came."""

    id: str
    kind: str
    incident: str
    title: str
    note: str


class ControlRoom:
    """One per simulated agency. `answer` decides how each message is answered; replace it to misbehave."""

    def __init__(
        self, name: str, agency: str, platform_url: str, *, key: str = "", host: str = "127.0.0.1", port: int = 0, seed: int = 1
    ) -> None:
        self.name = name
        self.agency = agency
        self.own_key = secrets.token_urlsafe(24)
        """What whoever calls here must say; the platform is given it as `their_key`."""
        self.home = "KEN"
        self.heard: list[Heard] = []
        self.receipts: list[tuple[str, str, str]] = []
        """(id of our message, outcome, their number), as they came."""
        self.answer: Callable[[Heard], str] = self._usually
        """`now`, `late`, `silent`, `nonsense`, `refused`, or an HTTP status such as `503`."""
        self._key, self._bind, self._chance = key, (host, port), random.Random(seed)  # noqa: S311 - not a secret
        self._http = httpx.AsyncClient(base_url=platform_url, timeout=20, trust_env=False)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._numbers: dict[str, str] = {}
        self._known: set[str] = set()

    @property
    def url(self) -> str:
        if self._server is None:
            raise RuntimeError("start the control room first")
        host, port = self._server.sockets[0].getsockname()[:2]
        return f"http://{host}:{port}/handovers"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, *self._bind, limit=BODY_MAX)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._http.aclose()

    async def connect(self, admin: PlatformClient) -> str:
        """Become a partner of the administrator's agency, or renew what there is; the partner's id."""
        me = await admin.ask("GET", "/v1/me")
        self.home = me["agency"]["code"] if isinstance(me.get("agency"), dict) else self.home
        body = {"name": self.name, "agency": self.agency, "format": "mait", "url": self.url, "their_key": self.own_key}
        try:
            made = await admin.ask("POST", "/v1/incidents/partners", json=body)
        except RefusedError as error:
            if error.code != "partner_exists":
                raise
            page = await admin.ask("GET", "/v1/incidents/partners")
            found = next(one for one in page["items"] if (one["agency"], one["format"]) == (self.agency, "mait"))
            await admin.ask(
                "PATCH", f"/v1/incidents/partners/{found['id']}", json={"url": self.url, "active": True, "their_key": self.own_key}
            )
            for old in found["keys"]:
                await admin.ask("DELETE", f"/v1/incidents/partners/{found['id']}/keys/{old['id']}")
            made = await admin.ask("POST", f"/v1/incidents/partners/{found['id']}/keys")
        self._key = made["key"]
        return str(made["id"])

    async def hand_over(
        self, title: str, code: str, words: str, grade: str, said: str, latitude: float | None = None, longitude: float | None = None
    ) -> str:
        """Begin an incident here and hand it to the home force; the id that both sides know it by."""
        shared = f"{self.agency}-{uuid.uuid4()}"
        message, incident = self._message("create", shared)
        SubElement(incident, "Title").text = title
        SubElement(incident, "Type", code=code).text = words
        SubElement(incident, "Grade", code=grade).text = grade.capitalize()
        location = SubElement(incident, "Location")
        SubElement(location, "Said").text = said
        if latitude is not None and longitude is not None:
            SubElement(location, "Latitude").text = str(latitude)
            SubElement(location, "Longitude").text = str(longitude)
        await self._send(message)
        return shared

    async def update(self, shared: str, note: str, casualties: dict[str, int] | None = None) -> None:
        message, _ = self._message("update", shared)
        counted = SubElement(message, "Casualties")
        for category, count in (casualties or {}).items():
            SubElement(counted, "Casualty", category=category).text = str(count)
        SubElement(message, "Note").text = note
        await self._send(message)

    async def close(self, shared: str, reason: str) -> None:
        message, _ = self._message("close", shared)
        SubElement(message, "Note").text = reason
        await self._send(message)

    def number_of(self, shared: str) -> str:
        """This room's own number for an incident."""
        return self._numbers.setdefault(shared, f"{self.agency}/{len(self._numbers) + 1:04d}")

    def _message(self, kind: str, shared: str, answers: str = "", outcome: str = "") -> tuple[Element, Element]:
        root = Element("IncidentTransfer", {"xmlns": SPACE, "version": "1"})
        header, incident = SubElement(root, "Header"), SubElement(root, "Incident")
        told = {
            "MessageId": str(uuid.uuid4()), "MessageType": kind, "SendingAgency": self.agency, "ReceivingAgency": self.home,
            "Sent": datetime.now(UTC).isoformat(timespec="seconds"), "InResponseTo": answers, "Outcome": outcome,
        }  # fmt: skip
        for name, text in told.items():
            if text:
                SubElement(header, name).text = text
        SubElement(incident, "SharedId").text = shared
        SubElement(incident, "AgencyReference").text = self.number_of(shared)
        return root, incident

    def _receipt(self, heard: Heard, outcome: str) -> bytes:
        root, _ = self._message("receipt", heard.incident, heard.id, outcome)
        SubElement(root, "Note").text = f"{self.name} has it" if outcome == "received" else f"{self.name} cannot take this"
        return bytes(tostring(root, "utf-8"))

    async def _send(self, message: Element) -> None:
        """Until somebody answers; the receipt is kept."""
        body = tostring(message, "utf-8")
        await self._post(body)

    async def _post(self, body: bytes) -> None:
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/xml"}
        for pause in (0.5, 1, 2, 4, 8, 0):
            with contextlib.suppress(httpx.TransportError):
                answer = await self._http.post("/v1/incidents/handovers/mait", content=body, headers=headers)
                if answer.status_code < 500 and answer.status_code != 429:
                    self._keep(answer)
                    return
            await asyncio.sleep(pause)
        log.warning("%s: the platform did not take a hand-over", self.name)

    def _keep(self, answer: httpx.Response) -> None:
        if not answer.headers.get("content-type", "").startswith("application/xml"):
            log.warning("%s: refused with %s", self.name, answer.status_code)
        elif answer.content:
            root = fromstring(answer.content, forbid_dtd=True)
            self.receipts.append(
                (_text(root, "Header/InResponseTo"), _text(root, "Header/Outcome"), _text(root, "Incident/AgencyReference"))
            )

    def _usually(self, heard: Heard) -> str:
        del heard
        return "late" if self._chance.random() < SHARE_LATE else "now"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request a connection: enough of HTTP for this."""
        try:
            async with asyncio.timeout(30):
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                lengths = [line.partition(":")[2] for line in head if line.lower().startswith("content-length:")]
                body = await reader.readexactly(min(int(lengths[0]), BODY_MAX)) if lengths else b""
                known = f"authorization: bearer {self.own_key}".lower() in (line.lower() for line in head)
                status, answer = await self._take(body) if known else (401, b"")
            if status:
                lines = ("content-type: application/xml", f"content-length: {len(answer)}", "connection: close", "", "")
                writer.write("\r\n".join((f"HTTP/1.1 {status} Answer", *lines)).encode() + answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, TimeoutError, ValueError):
            log.debug("%s: a request that was none", self.name)
        finally:
            writer.close()

    async def _take(self, body: bytes) -> tuple[int, bytes]:
        try:
            root = fromstring(body, forbid_dtd=True)
        except (SyntaxError, ValueError):
            return 400, b""
        heard = Heard(
            _text(root, "Header/MessageId"), _text(root, "Header/MessageType"), _text(root, "Incident/SharedId"),
            _text(root, "Incident/Title"), _text(root, "Note"),
        )  # fmt: skip
        if heard.id not in self._known:  # a repeat is the same message
            self._known.add(heard.id)
            self.heard.append(heard)
        if heard.kind == "receipt":
            return 200, b""
        how = self.answer(heard)
        if how == "late":
            task = asyncio.create_task(self._answer_later(heard))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            return 202, b""
        if how == "silent":
            await asyncio.sleep(25)
            return 0, b""
        if how == "nonsense":
            return 200, b"<html><body>It works!</body></html>"
        return (200, self._receipt(heard, "refused" if how == "refused" else "received")) if not how.isdigit() else (int(how), b"")

    async def _answer_later(self, heard: Heard) -> None:
        await asyncio.sleep(self._chance.uniform(*LATE_S))
        await self._post(self._receipt(heard, "received"))


def _text(root: Element, path: str) -> str:
    """The text at a path of local names; empty where there is none."""
    found: Element | None = root
    for name in path.split("/"):
        found = next((child for child in found if child.tag == f"{{{SPACE}}}{name}"), None) if found is not None else None
    return (found.text or "").strip() if found is not None else ""
