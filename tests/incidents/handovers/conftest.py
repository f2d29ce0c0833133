"""Partners of Kentmere's for tests: a simulated control room of Orrest, and settings that let the platform speak to this machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest

from bluelamp.demo.incidents import control_room
from bluelamp.demo.incidents.control_room import ControlRoom
from bluelamp.incidents.settings import IncidentSettings, incident_settings
from bluelamp.kit.ids import new_id
from tests.incidents.conftest import IncidentRoom


@dataclass
class Handovers:
    """What tests do about partners and messages."""

    room: IncidentRoom
    settings: IncidentSettings

    def allow(self, url: str) -> None:
        parts = urlsplit(url)
        self.settings.partner_hosts.append(f"{parts.hostname}:{parts.port}")

    async def partner(self, url: str, *, format: str = "mait", agency: str = "ORR", **more: Any) -> dict[str, Any]:  # noqa: A002
        """A partner of Kentmere's; what was there of this agency and format is renamed away first."""
        await self.room.platform.spine.db.execute(
            "UPDATE handover_partners SET agency = 'X' || substr(id, 20), active = false WHERE owner = 'KEN' AND agency = $1", agency
        )
        if url:
            self.allow(url)
        body = {"name": f"{agency} {new_id()}", "agency": agency, "format": format, "url": url}
        return dict(await self.room.ask("admin", "POST", "/partners", 201, json=body | more))

    async def transfers(self, incident: str = "", **params: Any) -> list[dict[str, Any]]:
        path = f"/{incident}/handovers" if incident else "/transfers"
        return list((await self.room.ask("control", "GET", path, params=params))["items"])

    async def until(self, incident: str, *states: str) -> list[dict[str, Any]]:
        """The messages about an incident, the oldest first, once they stand like this."""
        async with asyncio.timeout(40):
            while True:
                found = (await self.transfers(incident))[::-1]
                if [one["state"] for one in found] == list(states):
                    return found
                await asyncio.sleep(0.05)

    async def post(self, key: str, body: bytes, name: str = "mait", status: int = 200) -> bytes:
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/xml"}
        answer = await self.room.platform.client().post(f"/v1/incidents/handovers/{name}", content=body, headers=headers)
        assert answer.status_code == status, f"{answer.status_code} {answer.text[:400]}"
        return answer.content


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> IncidentSettings:
    """Pauses that a test can wait for. The settings are one object, which every module reads when it needs one."""
    settings = incident_settings()
    for name, value in {
        "partner_hosts": [], "handover_timeout_s": 1.0, "handover_receipt_s": 1.0, "handover_backoff_s": 0.05, "handover_tries_max": 4,
    }.items():  # fmt: skip
        monkeypatch.setattr(settings, name, value)
    monkeypatch.setattr(control_room, "LATE_S", (0.05, 0.1))
    return settings


@pytest.fixture
async def handovers(room: IncidentRoom, quick: IncidentSettings) -> Handovers:
    return Handovers(room, quick)


@pytest.fixture
async def orrest(handovers: Handovers) -> AsyncIterator[ControlRoom]:
    """The control room of Orrest, running and connected; it answers at once."""
    there = ControlRoom("Orrest control", "ORR", handovers.room.platform.url)
    await there.start()
    made = await handovers.partner(there.url, their_key=there.own_key)
    there._key = made["key"]
    there.answer = lambda _heard: "now"
    yield there
    await there.stop()
