"""Sends things as a phone does: announced, then piece by piece."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from bluelamp.kit.ids import new_id
from tests.incidents.conftest import IncidentRoom


@dataclass
class Phone:
    room: IncidentRoom
    who: str = "officer"

    def client(self, who: str = "") -> httpx.AsyncClient:
        return self.room.platform.client(who or self.who)

    async def announce(self, incident: str, content: bytes, status: int = 201, who: str = "", **more: Any) -> dict[str, Any]:
        body = {"id": new_id(), "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()} | more
        return dict(await self.room.ask(who or self.who, "POST", f"/{incident}/media", status, json=body))

    async def patch(self, incident: str, media: str, offset: int, piece: bytes, who: str = "") -> httpx.Response:
        headers = {"Upload-Offset": str(offset), "Content-Type": "application/octet-stream"}
        return await self.client(who).patch(f"/v1/incidents/{incident}/media/{media}", content=piece, headers=headers)

    async def send(self, incident: str, content: bytes, size: int = 1 << 20, who: str = "", **more: Any) -> str:
        """Announce and send all; its id."""
        media = str((await self.announce(incident, content, who=who, **more))["id"])
        answer = await self.send_rest(incident, media, content, size, who)
        assert answer.status_code == 200, answer.text
        assert answer.json()["state"] == "kept", answer.text
        return media

    async def send_rest(
        self, incident: str, media: str, content: bytes, size: int = 1 << 20, who: str = "", held: int = 0
    ) -> httpx.Response:
        while True:
            answer = await self.patch(incident, media, held, content[held : held + size], who)
            if answer.status_code != 200 or (held := answer.json()["offset"]) >= len(content):
                return answer

    async def open(self, incident: str, media: str, what: str = "", who: str = "", **headers: str) -> httpx.Response:
        return await self.client(who).get(f"/v1/incidents/{incident}/media/{media}{what}", headers=headers)


@pytest.fixture
async def phone(room: IncidentRoom) -> Phone:
    return Phone(room)
