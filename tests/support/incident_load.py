"""Devices and outboxes under load: they come back by themselves, repeat what was not acknowledged, and remember all that they were told."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from bluelamp.kit.clock import now_ms, to_rfc3339
from bluelamp.kit.ids import new_id
from tests.incidents.cot.device import Device
from tests.incidents.cot.examples import chat, emergency, position

AGAIN = {429, 502, 503}
BACK_S = 0.3


class Line:
    """A device on the live stream: follows by cursor, for as long as it is let."""

    def __init__(self, url: str, who: str, token: str, incidents: list[str], *, agency: bool = False) -> None:
        self.who = who
        self.told: list[tuple[str, str]] = []
        """(incident, event id) in the order in which they came."""
        self.dangers: set[str] = set()
        self.moved: dict[str, str] = {}
        """Resource -> the latest time that it was seen at."""
        self.cursor = ""
        self.returns = 0
        self.heard_at = ""
        """The platform's time of its last heartbeat."""
        self.gaps = 0
        self.wrong: list[str] = []
        self.ready = asyncio.Event()
        self._url = url.replace("http", "ws") + "/v1/live"
        self._headers = {"Authorization": f"Bearer {token}"}
        self._wanted = {"type": "follow", "incidents": incidents, "agency": agency}

    async def run(self) -> None:
        while True:
            try:
                async with connect(self._url, additional_headers=self._headers, proxy=None, open_timeout=30, ping_interval=None) as line:
                    await line.send(json.dumps(self._wanted | ({"since": self.cursor} if self.cursor else {})))
                    async for said in line:
                        self._take(json.loads(said))
            except (OSError, TimeoutError, ConnectionClosed, InvalidHandshake, EOFError):
                pass
            self.returns += 1
            await asyncio.sleep(BACK_S)

    def _take(self, told: dict[str, Any]) -> None:
        kind = told["type"]
        if kind == "ready":
            self.gaps += bool(self.cursor) and not told["resumed"]
            self.ready.set()
        elif kind == "event":
            event = told["event"]
            self.told.append((event["incident"], event["id"]))
            if event["kind"] == "emergency.raised":
                self.dangers.add(event["data"]["emergency"])
        elif kind == "positions":
            for item in told["items"]:
                if "at" in item:
                    self.moved[item["resource"]] = max(item["at"], self.moved.get(item["resource"], ""))
        elif kind in {"signed_out", "refused"}:
            self.wrong.append(json.dumps(told))
        self.cursor = told.get("cursor", self.cursor)
        self.heard_at = told.get("server_time", self.heard_at)

    def has(self, event: str) -> bool:
        return any(one == event for _, one in self.told)


class Outbox:
    """Says things of an incident, a few at a time, until each is acknowledged."""

    def __init__(self, http: httpx.AsyncClient, incident: str, make: Callable[[], list[dict[str, Any]]]) -> None:
        self.acknowledged: list[str] = []
        self.tried_again = 0
        self.wrong: list[str] = []
        self.ending = asyncio.Event()
        self._http, self._incident, self._make = http, incident, make

    async def run(self) -> None:
        while not self.ending.is_set():
            await self.say(*self._make())
            await asyncio.sleep(0.1)

    async def say(self, *events: dict[str, Any]) -> None:
        answer = await until_answered(self._http, "POST", f"/v1/incidents/{self._incident}/events", {"events": list(events)}, self)
        for result in answer["items"]:
            if result["state"] == "refused":
                self.wrong.append(json.dumps(result))
            else:
                self.acknowledged.append(result["id"])


async def until_answered(http: httpx.AsyncClient, method: str, path: str, body: Any = None, counting: Outbox | None = None) -> Any:
    """As a phone's outbox does it: the same again until there is an answer. What is no answer is a failure of the platform."""
    while True:
        try:
            answer = await http.request(method, path, json=body)
        except httpx.TransportError:
            pass
        else:
            if answer.status_code < 300:
                return answer.json()
            if answer.status_code not in AGAIN:
                raise AssertionError(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        if counting is not None:
            counting.tried_again += 1
        await asyncio.sleep(0.2)


class Presser:
    """Somebody who calls for help again and again."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.raised: list[str] = []
        self.ending = asyncio.Event()
        self._http = http

    async def run(self) -> None:
        while not self.ending.is_set():
            number = new_id()
            await until_answered(self._http, "POST", "/v1/incidents/emergencies", {"id": number, "pressed_at": to_rfc3339(now_ms())})
            self.raised.append(number)
            await asyncio.sleep(2)


class Handset:
    """A TAK device that comes back by itself."""

    def __init__(self, port: int, who: str, uid: str, context: ssl.SSLContext) -> None:
        self.who, self.uid = who, uid
        self.chats: Counter[str] = Counter()
        """Messages by their id."""
        self.alerts: set[str] = set()
        self.moved: dict[str, int] = {}
        self.returns = 0
        self.device: Device | None = None
        self._port, self._context = port, context

    async def run(self) -> None:
        while True:
            try:
                async with Device.at(self._port, self._context) as device:
                    self.device = device
                    device.send(position(self.uid, self.uid))
                    while not device.closed.is_set():
                        device.heard.clear()
                        self._take(device)
                        await device.heard.wait()
                    self._take(device)
            except OSError:
                pass
            self.device = None
            self.returns += 1
            await asyncio.sleep(BACK_S)

    def _take(self, device: Device) -> None:
        events, device.events = device.events, []
        for event in events:
            if event.type == "b-t-f" and (said := event.detail.find("__chat")) is not None:
                self.chats[said.get("messageId", "")] += 1
            elif event.type.startswith("b-a-o"):
                self.alerts.add(event.uid)
            elif event.type.startswith("a-f"):
                self.moved[event.uid] = max(event.time, self.moved.get(event.uid, 0))

    async def talk(self, room: str, every_s: float) -> None:
        """Says things in an incident's room; what was said into a dead line is lost, as TAK's protocol acknowledges nothing."""
        number = 0
        while True:
            if self.device is not None:
                number += 1
                self.device.send(
                    position(self.uid, self.uid, lat=54.3 + number / 1e5),
                    chat(self.uid, self.uid, f"word {number}", room, number=f"w-{number}"),
                )
            await asyncio.sleep(every_s)

    def alarm(self) -> None:
        if self.device is not None:
            self.device.send(emergency(self.uid, self.uid))

    def cancel(self) -> None:
        if self.device is not None:
            self.device.send(emergency(self.uid, self.uid).replace(b"b-a-o-tbl", b"b-a-o-can"))


async def until(condition: Callable[[], bool | Awaitable[bool]], what: str, seconds: float = 120, told: Callable[[], object] = str) -> None:
    """Until it holds. The time is a limit for a test that fails, not a measure; `told` says then how things stand."""
    try:
        async with asyncio.timeout(seconds):
            while True:
                found = condition()
                if found if isinstance(found, bool) else await found:
                    return
                await asyncio.sleep(0.2)
    except TimeoutError:
        raise AssertionError(f"it did not come true: {what}: {told()}") from None
